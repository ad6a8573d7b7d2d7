"""What a device sends: how its outlets announce themselves, and every push with its time and stamp."""

import heapq
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from bci.segments import Segment, segments_of
from bci.types import Channel, Recording

__all__ = [
    "EEG",
    "MARKERS",
    "Block",
    "Device",
    "OutletSpec",
    "Push",
    "Speech",
    "Turn",
    "blocks",
    "eeg_columns",
    "in_order",
    "marker_outlet",
    "seconds_of",
    "tell",
]


EEG, MARKERS = 0, 1
"""Numbers of the outlets that every device has."""


@dataclass(frozen=True, slots=True)
class Device:
    """Which one of its kind sends.

    Parameters
    ----------
    name, source_id
        Of its EEG stream.
    delay
        By how much its stamps are later than the brain, in seconds.
    chunk
        Samples that it sends at once; None: what is usual.
    seed
        Of what varies by chance.
    """

    name: str
    source_id: str
    delay: float = 0.0
    chunk: int | None = None
    seed: int = 0


@dataclass(frozen=True, slots=True)
class OutletSpec:
    """How an outlet announces itself.

    Parameters
    ----------
    source_id
        Stays the same when the device starts again.
    sfreq
        Hz; 0 for strings at any time.
    channels
        Its columns: label, type and unit as the device declares them.
    reference
        As the device declares it; None if it does not.
    """

    name: str
    type: str
    source_id: str
    sfreq: float
    channels: tuple[Channel, ...]
    reference: str | None = None


@dataclass(frozen=True, slots=True)
class Push:
    """What is sent at once through one outlet.

    Parameters
    ----------
    outlet
        Number of the outlet.
    at
        When, in seconds after the beginning.
    stamp
        Of the last sample, in seconds after the beginning; those before it lie one sample apart.
    content
        (n_times, n_channels) float32, or one string.
    each
        (n_times,) stamps of all samples, where they do not.
    """

    outlet: int
    at: float
    stamp: float
    content: NDArray[np.float32] | str
    each: NDArray[np.float64] | None = None

    def stamps(self, sfreq: float) -> NDArray[np.float64]:
        """Return the stamps of all samples (n_times,), in seconds after the beginning."""
        if self.each is not None:
            return self.each
        return np.asarray(self.stamp - np.arange(len(self.content))[::-1] / sfreq)


@dataclass(frozen=True, slots=True)
class Turn:
    """Some outlets die without a word, or are there again.

    Parameters
    ----------
    at
        When, in seconds after the beginning.
    outlets
        Their numbers.
    dies
        Whether they die.
    """

    at: float
    outlets: tuple[int, ...]
    dies: bool


@dataclass(frozen=True, slots=True)
class Speech:
    """All that a device sends of a recording.

    Parameters
    ----------
    outlets
        EEG first; then the markers of the program beside the device; then what else the device has.
    pushes
        Begins to send from the start, in order of time.
    seconds
        How long it takes.
    """

    outlets: tuple[OutletSpec, ...]
    pushes: Callable[[], Iterator[Push | Turn]]
    seconds: float


@dataclass(frozen=True, slots=True)
class Block:
    """Consecutive samples `first` to `stop` of a recording.

    Parameters
    ----------
    seq
        Index of the first one, missing samples counted.
    start, end
        When the first and the last one were taken, seconds after the first sample of all.
    gap_before
        Number of samples missing just before the first one.
    """

    first: int
    stop: int
    seq: int
    start: float
    end: float
    gap_before: int

    def __len__(self) -> int:
        return self.stop - self.first


def blocks(recording: Recording, sizes: Iterator[int]) -> Iterator[Block]:
    """Cut a recording into blocks of these sizes, which end early at a gap."""
    spans = segments_of(recording)
    for span in spans:
        first = span.first
        while first < span.stop:
            stop = min(first + next(sizes), span.stop)
            yield Block(
                first,
                stop,
                span.seq + first - span.first,
                _time(spans[0], span, first, recording.sfreq),
                _time(spans[0], span, stop - 1, recording.sfreq),
                span.gap_before if first == span.first else 0,
            )
            first = stop


def seconds_of(recording: Recording) -> float:
    """Return how long a recording lasts, gaps counted."""
    spans = segments_of(recording)
    return _time(spans[0], spans[-1], spans[-1].stop, recording.sfreq)


def eeg_columns(recording: Recording) -> list[int]:
    """Return the columns of the electrodes."""
    return [column for column, channel in enumerate(recording.channels) if channel.kind == "eeg"]


def marker_outlet(device: Device) -> OutletSpec:
    """Return the marker stream of the program that shows the pictures: NAME-markers."""
    marker = Channel("marker", "Marker", "")
    return OutletSpec(f"{device.name}-markers", "Markers", f"{device.source_id}-markers", 0.0, (marker,))


def tell(
    recording: Recording, markers: Iterable[tuple[int, str]], outlet: int, late: float = 0.0
) -> Iterator[Push]:
    """Send markers at the time of their samples; `late` is by how much their stamps are, in seconds."""
    spans = iter(segments_of(recording))
    span = zero = next(spans)
    for sample, value in sorted(markers):
        while sample >= span.stop:
            span = next(spans)
        time = _time(zero, span, sample, recording.sfreq)
        yield Push(outlet, time, time + late, value)


Sent = TypeVar("Sent", bound=Push | Turn)


def in_order(*sent: Iterable[Sent]) -> Iterator[Sent]:
    """Merge what several outlets send."""
    return heapq.merge(*sent, key=lambda each: each.at)


def _time(zero: Segment, span: Segment, sample: int, sfreq: float) -> float:
    return span.start - zero.start + (sample - span.first) / sfreq
