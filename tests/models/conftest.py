"""A small world whose EEG is linear in the picture vectors, and decoders that are trained on it."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest

from bci.bank import Bank, BankKey
from bci.preprocess import scale_epochs
from bci.types import Channel, TrialSet
from models.config import ExperimentConfig
from models.runtime import load_decoder
from models.train import train
from models.training_set import training_set
from replay.trials import take

CHANNELS = ("O1", "Oz", "O2", "Pz")
SFREQ, N_TIMES = 64.0, 32


@dataclass(frozen=True)
class Tiny:
    """Trials of a small world, the bank of their concepts, and how to train on them."""

    trials: TrialSet
    bank: Bank
    config: ExperimentConfig

    def part(self, rows: Any) -> "Tiny":
        """Keep some of the trials."""
        return replace(self, trials=take(self.trials, np.asarray(rows)))

    def training_set(self):
        return training_set(self.trials, self.bank, self.config)


def make_config(**changes: dict[str, Any]) -> ExperimentConfig:
    sections: dict[str, Any] = {
        "name": "tiny",
        "data": {"reader": "none"},
        "preprocess": {
            "channels": CHANNELS,
            "sfreq": SFREQ,
            "tmax": N_TIMES / SFREQ,
            "scale": "whiten",
            "whitening": "channel",
        },
        "targets": {"kind": "world"},
        "decoder": {"name": "channel_attention", "options": {"dim": 16, "hidden": 16, "width": 8, "heads": 2}},
        "train": {"epochs": 3, "batch": 32, "lr": 3e-3},
        "evaluation": {"protocol": "seen-concept/new-trial", "by": "repetition"},
    }  # fmt: skip
    for section, values in changes.items():
        sections[section] = {**sections.get(section, {}), **values}
    return ExperimentConfig.model_validate(sections)


def make_tiny(n_trials: int = 96, n_concepts: int = 6, seed: int = 0, **changes: dict[str, Any]) -> Tiny:
    rng = np.random.default_rng(seed)
    per_concept, dim = 3, 12
    prototypes = rng.normal(size=(n_concepts, dim)).astype(np.float32)
    owner = np.repeat(np.arange(n_concepts), per_concept)
    pictures = (prototypes[owner] + 0.3 * rng.normal(size=(len(owner), dim))).astype(np.float32)
    concepts = np.arange(n_trials) % n_concepts
    images = concepts * per_concept + rng.integers(per_concept, size=n_trials)
    response = rng.normal(size=(dim, len(CHANNELS), N_TIMES))
    signal = np.einsum("nd,dct->nct", pictures[images], response)
    noise = rng.normal(scale=2.0, size=signal.shape)
    names = tuple(f"concept {number}" for number in range(n_concepts))
    repetition = np.arange(n_trials) // n_concepts
    trials = TrialSet(
        data=(10 * (signal + noise)).astype(np.float32),
        sfreq=SFREQ,
        tmin=0.0,
        channels=tuple(Channel(label) for label in CHANNELS),
        concept_names=names,
        concepts=concepts,
        images=images,
        groups={
            "subject": np.full(n_trials, "1"),
            "session": np.full(n_trials, "1"),
            "recording": np.where(repetition % 2, "b", "a"),
            "repetition": repetition,
        },
        provenance={"source": "made for this test", "held_out": ["c"]},
    )
    key = BankKey(vision_model="made for this test", normalisation="unit", weights="none")
    bank = Bank(names, prototypes, key, images=pictures, owner=owner)
    return Tiny(trials, bank, make_config(**changes))


@pytest.fixture(scope="session")
def tiny_with():
    """Make a tiny world; keyword arguments replace keys in sections of its config."""
    return make_tiny


@pytest.fixture(scope="session")
def tiny() -> Tiny:
    return make_tiny()


@pytest.fixture(scope="session")
def trained(tiny):
    return train(tiny.trials, tiny.bank, tiny.config)


def give_decoder(config, name, **options):
    decoder = config.decoder.model_copy(update={"name": name, "options": options})
    return config.model_copy(update={"decoder": decoder})


@pytest.fixture(scope="session")
def as_decoder():
    """Give a config another decoder, whose options are keyword arguments."""
    return give_decoder


@pytest.fixture(scope="session")
def fitted():
    """Train a decoder on a tiny world; its options are keyword arguments."""
    return lambda tiny, name, **options: train(tiny.trials, tiny.bank, give_decoder(tiny.config, name, **options))


@pytest.fixture(scope="session")
def scores_of():
    """Score trials by a bundle, (n, N)."""

    def score(bundle, trials):
        epochs = scale_epochs(trials.data, bundle.preprocess, bundle.whitening)
        return load_decoder(bundle, device="cpu").scores(epochs)

    return score
