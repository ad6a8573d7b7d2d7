"""Leaving parts out of a recording: what is left, when it was, and where its markers go."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

__all__ = ["Cut", "Span", "place", "segments", "spans"]


@dataclass(frozen=True, slots=True, order=True)
class Cut:
    """Samples `first` (inclusive) to `stop` (exclusive) are not used, and `missing` more never were there."""

    first: int
    stop: int
    missing: int = 0


@dataclass(frozen=True, slots=True)
class Span:
    """Samples `first` (inclusive) to `stop` (exclusive) are used; so many are missing before."""

    first: int
    stop: int
    missing: int

    def __len__(self) -> int:
        return self.stop - self.first


def spans(cuts: Iterable[Cut], n_times: int) -> list[Span]:
    """Return what is left of `n_times` samples; cuts may overlap."""
    left, at, missing = [], 0, 0
    for cut in [*sorted(cuts), Cut(n_times, n_times)]:
        if cut.first > at:
            left.append(Span(at, cut.first, missing))
            missing = 0
        missing += max(0, cut.stop - max(at, cut.first)) + cut.missing
        at = max(at, cut.first, cut.stop)
    return left


def segments(left: Sequence[Span], sfreq: float) -> tuple[tuple[int, float], ...]:
    """Return `Recording.segments` of what is left, time counted from the beginning of the file."""
    found, kept, elapsed = [], 0, 0
    for span in left:
        elapsed += span.missing
        found.append((kept, elapsed / sfreq))
        kept += len(span)
        elapsed += len(span)
    return tuple(found)


def place(markers: Iterable[tuple[int, str]], left: Sequence[Span]) -> tuple[tuple[int, str], ...]:
    """Turn (sample of the file, value) into (sample of what is left, value), in order, equal markers once.

    A marker inside a cut goes to the last sample before it: its epoch then reaches across the gap and is not
    decoded, but counted. Before the first span there is no such sample, and the marker is left out.
    """
    starts = [span.first for span in left]
    kept = [sum(map(len, left[:i])) for i in range(len(left))]
    placed = set()
    for sample, value in markers:
        at = bisect_right(starts, sample) - 1
        if at >= 0:
            placed.add((kept[at] + min(sample, left[at].stop - 1) - left[at].first, value))
    return tuple(sorted(placed))
