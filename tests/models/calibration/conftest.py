"""A small world with people, and a bundle of three of them."""

from dataclasses import dataclass, replace

import pytest

from models.bundle import Bundle
from models.config import ExperimentConfig
from models.data import load_bank_of, load_trials
from models.train import train
from replay.world import load_world

WORLD = """
name = "small"
seed = 5
channels = ["O1", "Oz", "O2", "Pz", "P3", "P4"]
reference = "Fz"
sfreq = 128
[pictures]
dim = 16
categories = 4
train_concepts = 4
test_concepts = 4
pictures = 12
test = "new-pictures"
[presentation]
soa = 0.5
[evoked]
components = 6
snr = 0.35
"""


@dataclass(frozen=True)
class Small:
    """A world's file, and what is trained on it."""

    path: str
    bundle: Bundle

    def record(self, person, n_events, seed=3, split="train"):
        return load_world(self.path, person).record(split, n_events, seed=seed)[0]


def experiment(path, **changes):
    sections = {
        "name": "small",
        "data": {"reader": "world", "paths": [path], "subjects": ["1", "2", "3"], "options": {"events": 160}},
        "preprocess": {
            "channels": ["O1", "Oz", "O2", "Pz", "P3", "P4"],
            "highpass": 0.5,
            "lowpass": 25.0,
            "sfreq": 64.0,
            "tmax": 0.6,
            "scale": "whiten",
            "whitening": "ledoit-wolf",
        },
        "targets": {"kind": "world"},
        "decoder": {"name": "lda"},
        "train": {"epochs": 4, "batch": 64, "lr": 3e-3},
        "evaluation": {"protocol": "closed-set", "by": "subject"},
    }  # fmt: skip
    for section, values in changes.items():
        sections[section] = {**sections[section], **values}
    return ExperimentConfig.model_validate(sections)


@pytest.fixture(scope="session")
def world_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("people") / "small.toml"
    path.write_text(WORLD, encoding="utf-8")
    return str(path)


@pytest.fixture(scope="session")
def small_with(world_file):
    """Train a bundle on people 1 to 3; keyword arguments replace keys in sections of its config."""

    def make(**changes):
        config = experiment(world_file, **changes)
        return Small(world_file, train(load_trials(config), load_bank_of(config), config))

    return make


def made(folder, changes, **sections):
    """Write the world with some of its text replaced, and train on people 1 to 3 of it."""
    text = WORLD
    for before, after in changes.items():
        assert before in text
        text = text.replace(before, after)
    path = folder / "small.toml"
    path.write_text(text, encoding="utf-8")
    config = experiment(str(path), **sections)
    return Small(str(path), train(load_trials(config), load_bank_of(config), config))


@pytest.fixture(scope="session")
def small_sampled(tmp_path_factory):
    """The small world by an amplifier with sampled triggers at 512 Hz."""
    changes = {"sfreq = 128": "sfreq = 512", "soa = 0.5": 'soa = 0.5\ntrigger = "sampled"'}
    sampled = made(tmp_path_factory.mktemp("sampled"), changes)
    events = sampled.bundle.events.model_copy(update={"lock": ("[a-z]+-[0-9]+",)})
    config = sampled.bundle.config.model_copy(update={"events": events})
    return replace(sampled, bundle=replace(sampled.bundle, config=config))


@pytest.fixture(scope="session")
def small_epoc(tmp_path_factory):
    """The small world by a headset whose reference is P3, on its large offset."""
    changes = {'"P3", "P4"': '"P4", "P8"', '"Fz"': '"P3"', "snr = 0.35": "snr = 0.35\n[noise]\noffset_uv = 4200"}
    channels = ["O1", "Oz", "O2", "Pz", "P4", "P8"]
    return made(tmp_path_factory.mktemp("epoc"), changes, preprocess={"channels": channels})


@pytest.fixture(scope="session")
def small(small_with):
    return small_with()


@pytest.fixture(scope="session")
def small_network(small_with):
    return small_with(decoder={"name": "eeg_project", "options": {"dim": 8, "width": 32, "dropout": 0.1}})
