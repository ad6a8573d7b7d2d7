"""The uninterrupted stretches of a recording, with what is missing between them."""

from dataclasses import dataclass

from bci.errors import FormatError
from bci.types import Recording

__all__ = ["Segment", "segments_of"]


@dataclass(frozen=True, slots=True)
class Segment:
    """Samples `first` (inclusive) to `stop` (exclusive) of a recording.

    Parameters
    ----------
    start
        Time of the first sample, seconds on the clock of the recording.
    gap_before
        Number of samples missing before the first one.
    seq
        Index of the first sample since the start of the recording, missing samples counted.
    """

    first: int
    stop: int
    start: float
    gap_before: int
    seq: int


def segments_of(recording: Recording) -> tuple[Segment, ...]:
    """Return the segments of a recording.

    Raises
    ------
    FormatError
        If they do not begin with the first sample, or are not in order of sample and of time.
    """
    n_times = len(recording.data)
    firsts = [first for first, _ in recording.segments]
    if not firsts or firsts[0] != 0 or any(a >= b for a, b in zip(firsts, [*firsts[1:], n_times], strict=True)):
        raise FormatError(
            f"expected segments that begin at 0 and increase below {n_times} samples, got {firsts[:5]}"
        )
    found: list[Segment] = []
    for (first, start), stop in zip(recording.segments, [*firsts[1:], n_times], strict=True):
        gap = _missing(found[-1], start, recording.sfreq) if found else 0
        found.append(Segment(first, stop, start, gap, found[-1].seq + _length(found[-1]) + gap if found else 0))
    return tuple(found)


def _length(segment: Segment) -> int:
    return segment.stop - segment.first


def _missing(before: Segment, start: float, sfreq: float) -> int:
    expected = before.start + _length(before) / sfreq
    if start < expected - 0.5 / sfreq:
        raise FormatError(
            f"the segment at {start:.3f} s begins before the one ahead of it ends ({expected:.3f} s): "
            "split the recording there"
        )
    return max(0, round((start - expected) * sfreq))
