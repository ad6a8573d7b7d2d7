"""What is read of the history into the picture: consecutive samples, filtered for eyes only. No Qt."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bci.clipping import ClipDetector
from bci.display_filter import DisplayFilter, DisplaySpec
from bci.history import History, Stretch
from bci.types import Channel

__all__ = ["Piece", "TraceReader"]

AT_ONCE = 2**20
"""Values that are read in a piece at most: what is behind catches up over several frames."""
SETTLING = 10.0
"""Seconds before those that are shown which filters see at most."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Samples that follow those read before.

    Parameters
    ----------
    data
        (n_times, n_channels) float32 as they are shown; NaN where missing.
    clipped
        (n_times, n_channels) bool, whether a sample hit the rail.
    gaps
        Indices of samples, counted since the start of the stream, from which on some are missing.
    """

    data: NDArray[np.float32]
    clipped: NDArray[np.bool_]
    gaps: tuple[int, ...]


class TraceReader:
    """Reads on from where it stopped.

    Parameters
    ----------
    history
        What is read.
    channels
        Of the stream.
    """

    def __init__(self, history: History, channels: Sequence[Channel]) -> None:
        self._history, self._channels = history, tuple(channels)
        self._filter = DisplayFilter(DisplaySpec(), history.sfreq, self._channels)
        self._clips = ClipDetector(len(self._channels), history.sfreq)
        self._at_once = max(1, AT_ONCE // len(self._channels))
        self._first = self._next = 0
        self._gap_end = -1  # index after the last sample that was read, if it was missing

    @property
    def clips(self) -> int:
        """Clipped tops so far."""
        return int(self._clips.counts.sum())

    def set_filter(self, spec: DisplaySpec, bad: frozenset[str]) -> None:
        """Filter and reference what comes next; `bad` channels take no part in a mean or median.

        Raises
        ------
        MismatchError
            If the filter does not fit the stream.
        """
        self._filter = DisplayFilter(spec, self._history.sfreq, self._channels, bad)

    def seek(self, first: int) -> int:
        """Go on at a sample, or the oldest that is kept, and return its index; filters see some before it."""
        settling = round(min(self._filter.spec.settling, SETTLING) * self._history.sfreq)
        self._first = max(first, self._history.start)
        self._next = max(self._history.start, self._first - settling)
        self._filter.restart()
        self._gap_end = -1
        return self._first

    def left_behind(self, end: int, n_shown: int) -> bool:
        """Whether it is better to seek than to read on up to `end` where `n_shown` samples are shown."""
        behind = end - max(self._next, self._first)
        return self._next < self._history.start or behind > 2 * n_shown + self._at_once

    def read(self, end: int) -> Iterator[Piece]:
        """Read on up to, not including, sample `end`."""
        while self._next < end:
            stretch = self._history.between(self._next, min(end, self._next + self._at_once))
            if not len(stretch.times) or stretch.first != self._next:
                return  # overtaken while it was read: the next frame seeks
            yield self._take(stretch)

    def _take(self, stretch: Stretch) -> Piece:
        clipped = self._clips.feed(stretch.first, stretch.data)
        shown = self._filter.feed(stretch.data)
        self._next = stretch.end
        settling = max(0, self._first - stretch.first)
        return Piece(shown[settling:], clipped[settling:], tuple(self._gaps(stretch)))

    def _gaps(self, stretch: Stretch) -> Iterator[int]:
        """Where samples of all channels begin to be missing."""
        if not np.isnan(stretch.data[:, 0]).any():
            return
        gone = np.logical_and.reduce(np.isnan(stretch.data), axis=1)
        before = np.concatenate([[self._gap_end == stretch.first], gone[:-1]])
        self._gap_end = stretch.end if gone[-1] else -1
        for row in np.flatnonzero(gone & ~before).tolist():
            yield stretch.first + row
