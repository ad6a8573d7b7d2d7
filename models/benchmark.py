"""How fast training is beside the bare network, and how much memory it takes; measured in one run, side by side.

What is trained is noise of the size asked for: figures are of time and memory alone.
"""

import statistics
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass
from itertools import count

import numpy as np
import torch
from torch import Tensor

from bci.bank import Bank, BankKey
from bci.memory import looking_at_memory
from bci.types import Channel, TrialSet, read_only
from models.aligner import build_aligner
from models.batches import Sampler, make_sampler
from models.config import ExperimentConfig
from models.devices import launch
from models.feed import make_feed
from models.loop import Training
from models.losses import infonce, similarities
from models.progress import OnProgress, Progress, silent
from models.training_set import TrainingSet, training_set
from replay.spill import gather

__all__ = ["TrainingSpeed", "bench_training"]

CONCEPTS, PICTURES, FEATURES = 1654, 10, 512
"""Of THINGS-EEG2, with the picture vectors of CLIP ViT-B/32."""

ROUNDS = 3
"""Both are timed in turn, this often."""

WARM_UPS = 3
"""Steps of every round before its clock starts: what was read ahead while the other one ran is used up."""


@dataclass(frozen=True, slots=True)
class TrainingSpeed:
    """What `bench_training` measured.

    Parameters
    ----------
    data_bytes
        Size of the epochs, which lie in a memory-mapped file.
    trials_per_second, bare_trials_per_second
        Of the training loop, and of forward, backward and step of the same network on one batch that stays on
        the device.
    ratio
        The first over the second: median of the rounds.
    ratios
        Of each round.
    seconds_per_pass
        Over all trials.
    peak_anonymous_bytes
        Most memory of this process that is no file's (Linux: RssAnon), None where the system does not tell.
    """

    encoder: str
    device: str
    torch_threads: int
    n_trials: int
    n_channels: int
    n_times: int
    batch: int
    steps: int
    data_bytes: int
    trials_per_second: float
    bare_trials_per_second: float
    ratio: float
    ratios: tuple[float, ...]
    seconds_per_pass: float
    peak_anonymous_bytes: int | None


def bench_training(
    encoder: str = "channel_attention",
    n_trials: int = 66160,
    batch: int = 1024,
    steps: int = 8,
    n_channels: int = 63,
    n_times: int = 250,
    report: OnProgress = silent,
) -> TrainingSpeed:
    """Measure the training of one encoder on noise in a memory-mapped file.

    Parameters
    ----------
    encoder
        Key of `models.encoders.ENCODERS`.
    n_trials, batch, n_channels, n_times
        Size of the set, of a batch and of an epoch (at 250 Hz).
    steps
        How many are timed of each kind in each round.
    report
        Told how many rounds are done.
    """
    config = _config(encoder, batch, n_channels, n_times)
    peak: list[int] = []
    with looking_at_memory(peak):
        bank = _bank()
        data = training_set(_noise(n_trials, n_channels, n_times, bank.names), bank, config)
        fabric, sampler = launch(config.train.precision), make_sampler(data, config)
        each = _endless(Training(config, sampler, make_feed(data, fabric.device), fabric, seed=0))
        bare = _Bare(data, sampler, config, fabric.device)
        rounds = []
        for number in range(ROUNDS):
            rounds.append((_seconds(lambda: next(each), steps), _seconds(bare.step, steps)))
            report(Progress(number + 1, ROUNDS))
        each.close()
    ours, theirs = (statistics.median(times) for times in zip(*rounds, strict=True))
    ratios = tuple(bare_time / time_ for time_, bare_time in rounds)
    return TrainingSpeed(
        encoder=encoder,
        device=str(fabric.device),
        torch_threads=torch.get_num_threads(),
        n_trials=n_trials,
        n_channels=n_channels,
        n_times=n_times,
        batch=batch,
        steps=steps,
        data_bytes=data.n_bytes,
        trials_per_second=batch * steps / ours,
        bare_trials_per_second=batch * steps / theirs,
        ratio=statistics.median(ratios),
        ratios=ratios,
        seconds_per_pass=ours / steps * n_trials / batch,
        peak_anonymous_bytes=max(peak, default=None),
    )


def _endless(training: Training) -> Generator[Tensor]:
    for number in count():
        yield from training.steps(number)


def _seconds(step: Callable[[], Tensor], steps: int) -> float:
    for _ in range(WARM_UPS):
        loss = step()
    float(loss)  # waits for the device
    start = time.perf_counter()
    for _ in range(steps):
        loss = step()
    float(loss)
    return time.perf_counter() - start


class _Bare:
    """Forward, backward and step, as one would write them for one batch in memory."""

    def __init__(
        self, data: TrainingSet, sampler: Sampler, config: ExperimentConfig, device: torch.device
    ) -> None:
        batch, vectors = next(sampler.draw((0,))), sampler.gallery.vectors
        self._epochs = torch.from_numpy(data.epochs(batch.epochs)).to(device)
        self._vectors = torch.from_numpy(vectors[batch.candidates]).to(device)
        self._positive = torch.from_numpy(batch.positive).to(device)
        self._model = build_aligner(config, vectors.shape[1]).to(device).train()
        self._optimiser = torch.optim.AdamW(self._model.parameters(), lr=1e-6, fused=True)

    def step(self) -> Tensor:
        embeddings, pictures, temperature = self._model(self._epochs, self._vectors)
        loss = infonce(similarities(embeddings, pictures, temperature), self._positive)
        self._optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        self._optimiser.step()
        return loss.detach()


# -------------------------------------------------------------------------------------------------------- noise


def _noise(n_trials: int, n_channels: int, n_times: int, names: tuple[str, ...]) -> TrialSet:
    """Return trials that are nothing but noise, memory-mapped."""
    rng = np.random.default_rng(0)
    some = rng.normal(scale=10, size=(min(1024, n_trials), n_channels, n_times)).astype(np.float32)
    blocks = (some[: n_trials - first] for first in range(0, n_trials, len(some)))
    concepts = np.arange(n_trials) % CONCEPTS
    return TrialSet(
        data=gather(blocks, (n_trials, n_channels, n_times), in_memory=0),
        sfreq=250.0,
        tmin=0.0,
        channels=tuple(Channel(label) for label in _labels(n_channels)),
        concept_names=names,
        concepts=read_only(concepts),
        images=read_only(concepts * PICTURES + rng.integers(PICTURES, size=n_trials)),
        groups={name: read_only(np.zeros(n_trials, np.int64)) for name in ("subject", "session", "recording")},
    )


def _bank() -> Bank:
    rng = np.random.default_rng(1)
    images = rng.normal(size=(CONCEPTS * PICTURES, FEATURES)).astype(np.float32)
    owner = np.repeat(np.arange(CONCEPTS), PICTURES)
    prototypes = images.reshape(CONCEPTS, PICTURES, FEATURES).mean(axis=1)
    names = tuple(f"noise {number}" for number in range(CONCEPTS))
    key = BankKey(vision_model="noise", normalisation="unit", weights="none")
    return Bank(names, prototypes, key, images=images, owner=owner)


def _config(encoder: str, batch: int, n_channels: int, n_times: int) -> ExperimentConfig:
    return ExperimentConfig.model_validate(
        {
            "name": "noise",
            "data": {"reader": "none"},
            "preprocess": {
                "channels": _labels(n_channels), "sfreq": 250.0, "tmax": n_times / 250.0, "mode": "epoch",
                "scale": "whiten", "whitening": "ledoit-wolf", "clip": 6.0,
            },
            "targets": {"kind": "world"},
            "decoder": {"name": encoder},
            "loss": {"negatives": 256},
            "train": {"epochs": 10, "batch": batch, "lr": 1e-6},
            "evaluation": {"protocol": "zero-shot", "by": "concept"},
        }
    )  # fmt: skip


def _labels(n_channels: int) -> list[str]:
    return [f"E{number}" for number in range(1, n_channels + 1)]
