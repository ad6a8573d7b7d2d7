"""The values that flow from the amplifier to the screen.

All are frozen; arrays are read-only once created. Every time is in seconds (float64) on the LSL clock of the
computer that decodes; every voltage is in microvolts (float32).
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "Batch",
    "Channel",
    "Decision",
    "DecoderSpec",
    "Epoch",
    "Evidence",
    "Flag",
    "Marker",
    "Quality",
    "Ranking",
    "Recording",
    "SampleChunk",
    "SourceState",
    "Stamps",
    "Status",
    "StreamSpec",
    "TrialSet",
    "read_only",
]


_Array = TypeVar("_Array", bound=NDArray[Any])


def read_only(array: _Array) -> _Array:
    """Mark an array as finished: nobody downstream can change it."""
    array.flags.writeable = False
    return array


# ------------------------------------------------------------------------------------------------ what comes in


@dataclass(frozen=True, slots=True)
class Channel:
    """One column of a stream: its label, its kind (`eeg`, `eog`, `aux`, ...) and its unit."""

    label: str
    kind: str = "eeg"
    unit: str = "microvolts"


@dataclass(frozen=True, slots=True)
class StreamSpec:
    """What a source sends, after service columns are removed and units are scaled.

    Parameters
    ----------
    name, type, source_id
        As the stream declares them.
    sfreq
        Nominal sampling rate in Hz.
    channels
        One per column of `SampleChunk.data`.
    reference
        Label of the recording reference, `"average"`, or None if the stream does not say.
    device
        Name of the profile by which it is understood, see `bci.devices`.
    delay
        Seconds that its stamps are late: they are subtracted already.
    end_to_end
        Whether it is epochs laid end to end, see `bci.end_to_end`.
    """

    name: str
    type: str
    source_id: str
    sfreq: float
    channels: tuple[Channel, ...]
    reference: str | None = None
    device: str = "generic"
    delay: float = 0.0
    end_to_end: bool = False

    @property
    def labels(self) -> tuple[str, ...]:
        """Channel labels, in column order."""
        return tuple(channel.label for channel in self.channels)


class SourceState(StrEnum):
    """What a source is doing right now."""

    RESOLVING = "resolving"
    CONNECTED = "connected"  # open, but no sample yet
    FLOWING = "flowing"
    STALLED = "stalled"
    LOST = "lost"
    RECOVERED = "recovered"
    DEGRADED = "degraded"
    ENDED = "ended"

    @property
    def live(self) -> bool:
        """Whether samples come in."""
        return self in (SourceState.FLOWING, SourceState.RECOVERED, SourceState.DEGRADED)


@dataclass(frozen=True, slots=True)
class SampleChunk:
    """Consecutive samples without a gap inside.

    Parameters
    ----------
    data
        (n_times, n_channels) float32, microvolts.
    times
        (n_times,) float64, seconds on the LSL clock, non-decreasing.
    arrived
        When the chunk was held in this process, seconds on the LSL clock.
    seq
        Index of the first sample since the start of the stream, missing samples counted.
    gap_before
        Number of samples missing just before the first one.
    due
        Samples taken before this time, seconds on the LSL clock, came late because their sender hung.
    doubt
        Standard error of `times`, seconds, as far as stamps jitter; infinite while nothing is known of that.
    """

    data: NDArray[np.float32]
    times: NDArray[np.float64]
    arrived: float
    seq: int
    gap_before: int = 0
    due: float = -math.inf
    doubt: float = 0.0


@dataclass(frozen=True, slots=True)
class Marker:
    """Something that happened: when, what, who told us, and when we heard of it."""

    time: float
    value: str
    source: str = ""
    arrived: float = 0.0


@dataclass(frozen=True, slots=True)
class Batch:
    """All that one pull brought, how the source stands, and why; without anything to be said `reason` is empty."""

    chunk: SampleChunk | None = None
    markers: tuple[Marker, ...] = ()
    state: SourceState = SourceState.FLOWING
    reason: str = ""


# ------------------------------------------------------------------------------------------------ what is decided


class Status(IntEnum):
    """What became of an event; where several apply, the highest counts."""

    OK = 0
    LATE = 1  # decoded over budget
    ARTIFACT = 2  # decoded, flagged by its quality
    DROPPED = 3  # given up for overload, or a duplicate marker; not decoded
    GAP = 4  # the window is incomplete; not decoded

    def __str__(self) -> str:
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Flag:
    """One thing to be said of an event: the status that it implies, and why."""

    status: Status
    reason: str


@dataclass(frozen=True, slots=True)
class Quality:
    """What is known against an epoch before it is decoded."""

    flags: tuple[Flag, ...] = ()


@dataclass(frozen=True, slots=True)
class Stamps:
    """When an epoch passed which point, seconds on the LSL clock.

    Parameters
    ----------
    arrived
        Later of the arrivals of the window's last sample and of its marker.
    ringed
        The last sample was preprocessed and in the ring.
    cut
        The epoch was cut and ready to be decoded.
    """

    arrived: float
    ringed: float
    cut: float


@dataclass(frozen=True, slots=True)
class Epoch:
    """One response window, or the news that it could not be had.

    Parameters
    ----------
    data
        (n_channels, n_times) float32 as the decoder expects it, or None if the window is incomplete or must
        not be decoded; `quality` then says why.
    onset
        Time of the marker, seconds on the LSL clock; in sliding mode the time of the window's first sample.
    sfreq
        Rate of `data`, Hz.
    marker
        What made the event; None in sliding mode.
    truth
        Index of the concept that was shown, None if unknown. Never seen by a decoder.
    group
        Presentation that a repetition belongs to.
    mask
        Channels that were made up from the others.
    """

    data: NDArray[np.float32] | None
    onset: float
    sfreq: float
    marker: Marker | None
    truth: int | None
    group: str | None
    quality: Quality
    stamps: Stamps
    mask: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Ranking:
    """The concepts that fit one epoch best, best first.

    Parameters
    ----------
    indices
        (k,) int64, into the decoder's concepts.
    scores
        (k,) float32: cosines of a network, evidence of a classifier, which only differences within a ranking tell.
    probabilities
        (k,) float32, softmax over all concepts.
    embedding
        (D,) float32: everything else can be derived from it without encoding again. At unit norm if it is a
        network's; a classifier's holds the scores of its classes.
    truth_rank
        Number of other concepts whose score is at least the truth's; None if no truth was watched.
    n_concepts
        How many concepts were ranked.
    """

    indices: NDArray[np.int64]
    scores: NDArray[np.float32]
    probabilities: NDArray[np.float32]
    embedding: NDArray[np.float32]
    truth_rank: int | None
    n_concepts: int


@dataclass(frozen=True, slots=True)
class DecoderSpec:
    """What a decoder expects and what it ranks.

    Parameters
    ----------
    channels
        Labels, in the order of `Epoch.data`.
    sfreq, n_times
        Rate in Hz and number of samples of an epoch.
    preprocess
        Hash of the `PreprocessSpec` it was trained with.
    concepts
        Names, in the order of `Ranking.indices`.
    model, bank
        Identifiers (8 hex digits) of the weights and of the bank.
    calibration
        Identifier of the person's calibration, None if there is none.
    p_kind
        `raw` or `calibrated`: what its probabilities are.
    """

    channels: tuple[str, ...]
    sfreq: float
    n_times: int
    preprocess: str
    concepts: tuple[str, ...]
    model: str
    bank: str
    calibration: str | None = None
    p_kind: str = "raw"


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the repeats of one presentation say together, see `bci.evidence`.

    Parameters
    ----------
    n
        How many repeats went in.
    ranking
        Of the concepts by all of them: `scores` are sums, `probabilities` the posterior; it watches no truth.
    sure
        Whether the best concept is wrong with no more than the probability that was allowed.
    stopped
        Whether no more evidence is taken in: it suffices, or as many repeats as are allowed have told theirs.
    """

    n: int
    ranking: Ranking
    sure: bool
    stopped: bool


@dataclass(frozen=True, slots=True)
class Decision:
    """What became of one event.

    Parameters
    ----------
    stages
        Seconds spent in `arrive`, `epoch`, `queue`, `decode` and `publish`; they add up to `latency`.
    latency
        Seconds from the later of (arrival of the window's last sample, arrival of the marker) to the moment
        the decision was handed to the sinks.
    source_state, source_reason
        What the source was doing when the decision was made, and why; the reason is empty if there is nothing to
        be said.
    published
        When it was handed to the sinks, seconds on the LSL clock; NaN if that was in another process.
    mask
        Channels that were made up from the others.
    evidence
        What its presentation tells so far; None without one, or where evidence is not summed.
    decoder
        What made it; None if that is not known here.
    """

    seq: int
    marker: Marker | None
    onset: float
    truth: int | None
    group: str | None
    status: Status
    reason: str
    ranking: Ranking | None
    stages: Mapping[str, float]
    latency: float
    source_state: SourceState
    published: float = math.nan
    mask: tuple[str, ...] = ()
    source_reason: str = ""
    evidence: Evidence | None = None
    decoder: DecoderSpec | None = None


# ------------------------------------------------------------------------------------------------ what is stored


@dataclass(frozen=True, slots=True)
class Recording:
    """A continuous recording.

    Parameters
    ----------
    data
        (n_times, n_channels) float32, microvolts; may be memory-mapped.
    sfreq
        Hz.
    segments
        (first_sample, start_time) pairs: sample i of a segment is at start_time + (i - first_sample) / sfreq;
        a new segment begins at each true gap.
    markers
        (sample, value) pairs in order of time.
    channels
        One per column.
    reference
        Label of the recording reference, None if unknown.
    provenance
        Where it comes from: file, data set, subject, session, licence, caveats.
    sources
        Of each marker the stream, or STREAM/COLUMN, that told it; empty where that is not known.
    """

    data: NDArray[np.float32]
    sfreq: float
    segments: tuple[tuple[int, float], ...]
    markers: tuple[tuple[int, str], ...]
    channels: tuple[Channel, ...]
    reference: str | None = None
    provenance: Mapping[str, Any] = field(default_factory=dict)
    sources: tuple[str, ...] = ()

    @property
    def labels(self) -> tuple[str, ...]:
        """Channel labels, in column order."""
        return tuple(channel.label for channel in self.channels)

    @property
    def told(self) -> tuple[tuple[int, str, str], ...]:
        """Sample, value and source of each marker; the source is `recording` where it is not known."""
        sources = self.sources or ("recording",) * len(self.markers)
        return tuple(
            (sample, value, source) for (sample, value), source in zip(self.markers, sources, strict=True)
        )


@dataclass(frozen=True, slots=True)
class TrialSet:
    """Epochs with what was shown in them.

    Parameters
    ----------
    data
        (n_trials, n_channels, n_times) float32; may be memory-mapped.
    sfreq, tmin
        Rate in Hz; time of the first sample relative to the onset, in seconds.
    channels
        One per row of an epoch.
    concept_names
        Names; `concepts` indexes them.
    concepts
        (n_trials,) int64.
    images
        (n_trials,) int64 index of the picture that was shown, -1 if unknown.
    groups
        Columns `subject`, `session`, `recording`, `repetition`, each (n_trials,); of trials whose time is known,
        as of all that were cut from recordings, also `onset`, seconds after the recording's first sample; where
        only their order is known, `event`, numbers that rise with it.
    provenance
        Where the trials come from.
    """

    data: NDArray[np.float32]
    sfreq: float
    tmin: float
    channels: tuple[Channel, ...]
    concept_names: tuple[str, ...]
    concepts: NDArray[np.int64]
    images: NDArray[np.int64]
    groups: Mapping[str, NDArray[Any]]
    provenance: Mapping[str, Any] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.concepts)

    @property
    def labels(self) -> tuple[str, ...]:
        """Channel labels, in row order."""
        return tuple(channel.label for channel in self.channels)
