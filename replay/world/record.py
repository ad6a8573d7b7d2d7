"""A recording of a synthetic world: pictures in rapid serial visual presentation, overlapping responses, noise."""

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from bci.bank import Bank
from bci.errors import ConfigError
from bci.types import Channel, Recording, read_only
from replay.world.forward import Forward
from replay.world.noise import Noise
from replay.world.person import seeds
from replay.world.pictures import picture_vectors
from replay.world.spec import WorldSpec

__all__ = ["TRIGGER", "Schedule", "Split", "make_schedule", "record"]

Split = Literal["train", "test"]

REST = 2.0
"""Before the first onset and after the last one nothing is shown for this long, seconds."""
PULSE = 0.01
"""Duration of a trigger, seconds."""
TRIGGER = Channel("Markers", "trigger", "none")
"""The sampled trigger channel, as an actiCHamp's LSL connector calls it."""

_STREAM = 4
_BLOCK = 1000  # events whose responses are added at once


@dataclass(frozen=True, slots=True)
class Schedule:
    """What was shown when.

    Parameters
    ----------
    samples
        (n_events,) int64: onsets.
    concepts
        (n_events,) int64 indices into the bank's names.
    images
        (n_events,) int64 indices into the bank's images.
    """

    samples: NDArray[np.int64]
    concepts: NDArray[np.int64]
    images: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.samples)


def make_schedule(
    n_concepts: int, n_pictures: int, n_events: int, first: int, soa: int, rng: np.random.Generator
) -> Schedule:
    """Show every concept once before any is shown again, each time with another of its pictures.

    Parameters
    ----------
    n_concepts, n_pictures
        Pictures are sorted by concept, the same number of each.
    n_events
        How many pictures are shown.
    first, soa
        Sample of the first onset; samples from one onset to the next.
    """
    # each concept has a deck of its pictures, which is shown from top to bottom and then again
    decks = rng.permuted(np.arange(n_pictures).reshape(n_concepts, -1), axis=1)
    rounds = -(-n_events // n_concepts)
    order = np.concatenate([rng.permutation(n_concepts) for _ in range(rounds)])[:n_events]
    showing = np.arange(n_events) // n_concepts % decks.shape[1]
    return Schedule(
        samples=read_only(first + soa * np.arange(n_events)),
        concepts=read_only(order),
        images=read_only(decks[order, showing]),
    )


def record(
    spec: WorldSpec, forward: Forward, noise: Noise, bank: Bank, split: Split, n_events: int, seed: int
) -> tuple[Recording, Schedule]:
    """Show pictures of a bank and record what the electrodes pick up.

    Raises
    ------
    ConfigError
        If there are no events, or the split is neither of the two.
    """
    if n_events < 1:
        raise ConfigError(f"expected at least one event in a recording, got {n_events}")
    if split not in get_args(Split):
        raise ConfigError(f"expected the split {' or '.join(get_args(Split))}, got {split!r}")
    rng = np.random.default_rng(seeds(spec, _STREAM, get_args(Split).index(split), seed))
    rest = round(REST * spec.sfreq)
    pictures = picture_vectors(bank)
    schedule = make_schedule(len(bank.names), len(pictures), n_events, rest, spec.soa_samples, rng)
    channels = tuple(Channel(label) for label in spec.channels)
    n_eeg = len(channels)
    if spec.presentation.trigger == "sampled":
        channels += (TRIGGER,)
    data = np.empty((int(schedule.samples[-1]) + forward.n_lags + rest, len(channels)), np.float32)
    noise.fill(data[:, :n_eeg], rng)
    add_responses(data[:, :n_eeg], forward, pictures[schedule.images], schedule.samples)
    for column in range(n_eeg, len(channels)):
        data[:, column] = trigger_channel(len(data), schedule, spec.sfreq)
    recording = Recording(
        data=read_only(data),
        sfreq=spec.sfreq,
        segments=((0, 0.0),),
        markers=tuple(
            (int(sample), bank.names[concept])
            for sample, concept in zip(schedule.samples, schedule.concepts, strict=True)
        ),
        channels=channels,
        reference=spec.reference,
        provenance={
            "kind": "SYNTHETIC",
            "world": spec.name,
            "world_seed": spec.seed,
            "split": split,
            "seed": seed,
            "snr": spec.evoked.snr,
            **({"subject": str(spec.person)} if spec.person else {}),
        },
    )
    return recording, schedule


def add_responses(
    data: NDArray[np.float32], forward: Forward, shown: NDArray[np.float32], samples: NDArray[np.int64]
) -> None:
    """Add the responses to the pictures shown, (n_events, dim), to `data` (n_times, n_channels), in place.

    Onsets are in `samples` (n_events,), each later than the one before.
    """
    courses = forward.courses.astype(np.float32)
    topographies = forward.topographies.astype(np.float32)
    common = forward.common.T.astype(np.float32)
    for start in range(0, len(samples), _BLOCK):
        onsets = samples[start : start + _BLOCK]
        activations = forward.activations(shown[start : start + _BLOCK]).astype(np.float32)
        first, end = int(onsets[0]), int(onsets[-1]) + forward.n_lags
        components = np.zeros((end - first, activations.shape[1]), np.float32)
        shared = np.zeros((end - first, data.shape[1]), np.float32)
        for lag in range(forward.n_lags):  # onsets differ, so that no sample is written twice at one lag
            components[onsets - first + lag] += activations * courses[:, lag]
            shared[onsets - first + lag] += common[lag]
        data[first:end] += components @ topographies + shared


def trigger_channel(n_times: int, schedule: Schedule, sfreq: float) -> NDArray[np.float32]:
    """Return a sampled trigger (n_times,): the code where the word changes, 0 where the pulse ends, else -1.

    Codes have eight bits and concepts more: the code is the concept's index modulo 255, plus 1. It tells the
    time, the string marker tells the concept.
    """
    trigger = np.full(n_times, -1, np.float32)
    trigger[schedule.samples] = schedule.concepts % 255 + 1
    trigger[schedule.samples + max(1, round(PULSE * sfreq))] = 0
    return trigger
