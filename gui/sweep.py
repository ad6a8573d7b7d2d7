"""Samples as columns of pixels. No Qt.

A column spans from the smallest to the largest of its samples, so that a spike of one sample stays visible at any
width, and starts where the one before it ended, so that the lines join. Which column a sample falls into follows
from its index alone: the picture does not depend on how the samples were chunked.
"""

import numpy as np
from numpy.typing import NDArray

__all__ = ["Sweep", "Values"]

Values = NDArray[np.float32]
Flags = NDArray[np.bool_]

SAMPLED = 128
"""Columns, spread over the width, that medians are of."""
FURTHEST = 0.02
"""Part of the columns that a spread leaves out."""


class Sweep:
    """The newest samples as columns, in a ring: column c is drawn at x = c modulo `width`.

    Parameters
    ----------
    n_channels
        Number of channels.
    width
        Columns that are kept, one per pixel of the device.
    n_samples
        Samples that `width` columns stand for; fewer than columns leave some of these empty.

    Attributes
    ----------
    low, high
        (width, n_channels) float32 extremes; NaN where a column is empty or its samples are missing.
    before
        (width, n_channels) float32 last sample before each column.
    missing
        (width,) bool, whether samples of all channels are missing.
    clipped
        (width, n_channels) bool, whether a sample hit the rail.
    """

    def __init__(self, n_channels: int, width: int, n_samples: int) -> None:
        self.width, self.n_samples = width, n_samples
        self.low = np.full((width, n_channels), np.nan, np.float32)
        self.high = self.low.copy()
        self.before = self.low.copy()
        self.missing = np.zeros(width, np.bool_)
        self.clipped = np.zeros((width, n_channels), np.bool_)
        self.restart(0)

    @property
    def sparse(self) -> bool:
        """Whether there are fewer samples than columns."""
        return self.n_samples < self.width

    @property
    def words(self) -> str:
        """What a column stands for, and how it is drawn."""
        drawn = "lines from sample to sample" if self.sparse else "smallest to largest"
        return f"{self.n_samples / self.width:.3g} samples a pixel, {drawn}"

    @property
    def columns(self) -> range:
        """Columns that are kept, the oldest first."""
        if self.first == self.end:
            return range(0)
        newest = self.column(self.end - 1)
        return range(max(self.column(self.first), newest + 1 - self.width), newest + 1)

    def column(self, sample: int) -> int:
        """Return the column of a sample, both counted since the start of the stream."""
        return sample * self.width // self.n_samples

    def sample(self, column: int) -> int:
        """Return the first sample that falls into a column, or after it."""
        return -(-column * self.n_samples // self.width)

    def restart(self, first: int) -> None:
        """Forget everything; the next sample has index `first`."""
        self.first = self.end = first
        self._last = np.full(self.low.shape[1], np.nan, np.float32)
        for values in (self.low, self.high, self.before):
            values.fill(np.nan)
        self.missing[:] = False
        self.clipped[:] = False

    def append(self, data: Values, clipped: Flags) -> range:
        """Take the next samples in.

        Parameters
        ----------
        data
            (n_times, n_channels) float32, NaN where missing.
        clipped
            (n_times, n_channels), bool, whether a sample hit the rail.

        Returns
        -------
        changed
            Columns that are not as they were.
        """
        data = np.asarray(data, np.float32)
        began, taken = self.end, 0
        while taken < len(data):  # no more at a time than fit into the ring
            room = max(1, self.sample(self.column(self.end) + self.width) - self.end)
            self._take(data[taken : taken + room], clipped[taken : taken + room])
            taken += room
        if self.end == began:
            return range(0)
        kept = self.columns
        return range(max(kept.start, self.column(began)), kept.stop)

    def _take(self, data: Values, clipped: Flags) -> None:
        columns = np.arange(self.end, self.end + len(data)) * self.width // self.n_samples
        starts = np.flatnonzero(np.diff(columns, prepend=-1))
        low, high = np.fmin.reduceat(data, starts, axis=0), np.fmax.reduceat(data, starts, axis=0)
        before = np.concatenate([self._last[None], data[starts[1:] - 1]])
        missing = self._missing(data, starts)
        newest = self.column(self.end - 1) if self.end > self.first else int(columns[0]) - 1
        self._clear(range(newest + 1, int(columns[-1]) + 1), columns[starts], missing)
        slots = columns[starts] % self.width
        if columns[0] == newest:  # goes on where the last samples left off
            low[0], high[0] = np.fmin(low[0], self.low[slots[0]]), np.fmax(high[0], self.high[slots[0]])
            before[0] = self.before[slots[0]]
            missing[0] |= self.missing[slots[0]]
        self.low[slots], self.high[slots], self.before[slots], self.missing[slots] = low, high, before, missing
        if clipped.any():
            self.clipped[slots] |= np.logical_or.reduceat(clipped, starts, axis=0)
        self._last = data[-1].copy()
        self.end += len(data)

    @staticmethod
    def _missing(data: Values, starts: NDArray[np.intp]) -> Flags:
        gone = np.isnan(data[:, 0])
        if gone.any():
            gone &= np.isnan(data).all(axis=1)
        return np.logical_or.reduceat(gone, starts)

    def _clear(self, fresh: range, filled: NDArray[np.int64], missing: Flags) -> None:
        """Empty columns that begin; those between samples are missing if the next sample is."""
        columns = np.arange(fresh.start, fresh.stop)
        slots = columns % self.width
        self.low[slots] = self.high[slots] = self.before[slots] = np.nan
        self.missing[slots] = missing[np.searchsorted(filled, columns)]
        self.clipped[slots] = False

    def stretches(self, columns: range) -> tuple[range, ...]:
        """Return where columns are in the ring: one stretch of x, or two."""
        start = columns.start % self.width
        beyond = start + len(columns) - self.width
        if beyond <= 0:
            return (range(start, start + len(columns)),)
        return range(start, self.width), range(min(start, beyond))

    def middle(self) -> Values:
        """Return the median of each channel (n_channels,) over the columns that are kept; 0 where nothing is."""
        kept = self._slots(max(1, self.width // SAMPLED))
        if not len(kept):
            return np.zeros_like(self._last)
        return _median((self.low[kept] + self.high[kept]) * np.float32(0.5))

    def spread(self, centre: Values) -> Values:
        """Return how far each channel (n_channels,) leaves a centre, all but the furthest 2 % of columns."""
        kept = self._slots()
        if not len(kept):
            return np.zeros_like(centre)
        reach = np.fmax(self.high[kept] - centre, centre - self.low[kept])
        reach = np.sort(np.nan_to_num(reach, nan=-1.0), axis=0)  # empty columns first
        there = (reach >= 0).sum(axis=0)
        place = len(kept) - 1 - (there * FURTHEST).astype(np.int64)
        return np.where(there > 0, reach[place, np.arange(reach.shape[1])], np.float32(0))

    def _slots(self, step: int = 1) -> NDArray[np.int64]:
        """Where every `step`-th of the columns that are kept is in the ring."""
        return np.arange(self.columns.start, self.columns.stop, step) % self.width


def _median(values: Values) -> Values:
    """Median of each column over what is there, 0 where nothing is."""
    ordered = np.sort(values, axis=0)  # NaN last
    count = np.isfinite(values).sum(axis=0)
    return np.where(count > 0, ordered[np.maximum(count - 1, 0) // 2, np.arange(values.shape[1])], 0).astype(
        np.float32
    )
