"""Samples as columns of pixels: what is kept of them, and the lines that draw it. No Qt.

A column spans from the smallest to the largest of its samples, so that a spike of one sample stays visible at any
width, and starts where the one before it ended, so that the lines join. Which column a sample falls into follows
from its index alone: the picture does not depend on how the samples were chunked.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Lanes", "Sweep", "round_up", "segments"]

REACH = 1.5
"""Lanes' heights beyond which an excursion is cut off."""

Values = NDArray[np.float32]


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

    def append(self, data: Values, clipped: NDArray[np.bool_] | None = None) -> range:
        """Take the next samples in.

        Parameters
        ----------
        data
            (n_times, n_channels) float32, NaN where missing.
        clipped
            (n_times, n_channels), whether a sample hit the rail; None for nowhere.

        Returns
        -------
        changed
            Columns that are not as they were.
        """
        data = np.asarray(data, np.float32)
        began, taken = self.end, 0
        while taken < len(data):  # no more at a time than fit into the ring
            room = max(1, self.sample(self.column(self.end) + self.width) - self.end)
            flags = None if clipped is None else clipped[taken : taken + room]
            self._take(data[taken : taken + room], flags)
            taken += room
        if self.end == began:
            return range(0)
        kept = self.columns
        return range(max(kept.start, self.column(began)), kept.stop)

    def _take(self, data: Values, clipped: NDArray[np.bool_] | None) -> None:
        columns = np.arange(self.end, self.end + len(data)) * self.width // self.n_samples
        starts = np.flatnonzero(np.diff(columns, prepend=-1))
        low, high = np.fmin.reduceat(data, starts, axis=0), np.fmax.reduceat(data, starts, axis=0)
        before = np.concatenate([self._last[None], data[starts[1:] - 1]])
        flags = None if clipped is None or not clipped.any() else np.logical_or.reduceat(clipped, starts, axis=0)
        missing = self._missing(data, starts)
        newest = self.column(self.end - 1) if self.end > self.first else int(columns[0]) - 1
        self._clear(range(newest + 1, int(columns[-1]) + 1), columns[starts], missing)
        slots = columns[starts] % self.width
        if columns[0] == newest:  # goes on where the last samples left off
            low[0], high[0] = np.fmin(low[0], self.low[slots[0]]), np.fmax(high[0], self.high[slots[0]])
            before[0] = self.before[slots[0]]
            missing[0] |= self.missing[slots[0]]
        self.low[slots], self.high[slots], self.before[slots], self.missing[slots] = low, high, before, missing
        if flags is not None:
            self.clipped[slots] |= flags
        self._last = data[-1].copy()
        self.end += len(data)

    @staticmethod
    def _missing(data: Values, starts: NDArray[np.intp]) -> NDArray[np.bool_]:
        gone = np.isnan(data[:, 0])
        if gone.any():
            gone &= np.isnan(data).all(axis=1)
        return np.logical_or.reduceat(gone, starts)

    def _clear(self, fresh: range, filled: NDArray[np.int64], missing: NDArray[np.bool_]) -> None:
        """Empty columns that begin; those between samples are missing if the next sample is."""
        columns = np.arange(fresh.start, fresh.stop)
        slots = columns % self.width
        self.low[slots] = self.high[slots] = self.before[slots] = np.nan
        self.missing[slots] = missing[np.searchsorted(filled, columns)]
        self.clipped[slots] = False

    def middle(self) -> Values:
        """Return the median of each channel (n_channels,) over the columns that are kept; 0 where nothing is."""
        kept = np.arange(self.columns.start, self.columns.stop, max(1, self.width // 128)) % self.width
        return (
            _median((self.low[kept] + self.high[kept]) * np.float32(0.5))
            if len(kept)
            else np.zeros_like(self._last)
        )

    def spread(self, centre: Values) -> Values:
        """Return how far each channel (n_channels,) leaves a centre, all but the furthest 2 % of columns."""
        kept = np.arange(self.columns.start, self.columns.stop) % self.width
        reach = np.fmax(self.high[kept] - centre, centre - self.low[kept])
        reach = np.sort(np.nan_to_num(reach, nan=-1.0), axis=0)
        there = (reach >= 0).sum(axis=0)
        place = len(kept) - 1 - (there * 0.02).astype(np.int64)
        return (
            np.where(there > 0, reach[place, np.arange(reach.shape[1])], 0) if len(kept) else np.zeros_like(centre)
        )


@dataclass(frozen=True, slots=True)
class Lanes:
    """Where channels are drawn, one below the other.

    Parameters
    ----------
    channels
        (n,) int64, those that are shown, from top to bottom.
    gain
        (n,) float32 pixels per unit; negative draws positive values downwards.
    height
        Pixels of all lanes together.
    """

    channels: NDArray[np.int64]
    gain: NDArray[np.float32]
    height: int

    @property
    def pitch(self) -> float:
        """Pixels from one lane to the next."""
        return self.height / max(1, len(self.channels))

    @property
    def middle(self) -> NDArray[np.float32]:
        """(n,) float32 y of each lane's centre."""
        return ((np.arange(len(self.channels)) + 0.5) * self.pitch).astype(np.float32)

    def y(self, values: Values) -> Values:
        """Return the y of values (m, n) from which the centre is already removed; none leaves the picture."""
        reach = np.float32(REACH * self.pitch)
        return np.asarray(np.clip(self.middle - np.clip(values * self.gain, -reach, reach), 0, self.height - 1))


def segments(
    sweep: Sweep, lanes: Lanes, columns: range, centre: Values, *, thick: int = 1
) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Return the lines that draw columns.

    Parameters
    ----------
    sweep
        What is drawn.
    lanes
        Where.
    columns
        Which columns, all of them kept and none behind the edge of the ring: x rises from the first to the last.
    centre
        (n_channels,) float32 value at the centre of each lane.
    thick
        Pixels that a column is high at least.

    Returns
    -------
    lines
        (n, 4) int32: x1, y1, x2, y2 in pixels, both ends drawn.
    lane
        (n,) int64 lane of each.
    """
    if not len(columns) or not len(lanes.channels):
        return np.zeros((0, 4), np.int32), np.zeros(0, np.int64)
    return (
        _slanting(sweep, lanes, columns, centre)
        if sweep.sparse
        else _upright(sweep, lanes, columns, centre, thick)
    )


def _upright(
    sweep: Sweep, lanes: Lanes, columns: range, centre: Values, thick: int
) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """One vertical line for each channel and column."""
    slots = np.arange(columns.start, columns.stop) % sweep.width
    shown = np.ix_(slots, lanes.channels)
    low, high, before, centre = sweep.low[shown], sweep.high[shown], sweep.before[shown], centre[lanes.channels]
    one, other = lanes.y(np.fmin(low, before) - centre), lanes.y(np.fmax(high, before) - centre)
    column, lane = np.nonzero(np.isfinite(low))
    top = np.rint(np.minimum(one, other)[column, lane])
    bottom = np.maximum(np.rint(np.maximum(one, other)[column, lane]), top + thick - 1)
    x = slots[column]
    return np.stack([x, top, x, bottom], axis=1).astype(np.int32), lane


def _slanting(
    sweep: Sweep, lanes: Lanes, columns: range, centre: Values
) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Lines from sample to sample, up to the first one behind the columns, where it is known."""
    page = columns.start - columns.start % sweep.width
    samples = np.arange(
        max(sweep.sample(columns.start), sweep.sample(sweep.columns.start)),
        min(sweep.sample(columns.stop) + 1, sweep.end),
    )
    x = np.stack([samples - 1, samples]) * sweep.width // sweep.n_samples
    shown = np.ix_(x[1] % sweep.width, lanes.channels)
    since, to, centre = sweep.before[shown], sweep.high[shown], centre[lanes.channels]
    alone = ~np.isfinite(since)
    sample, lane = np.nonzero(np.isfinite(to))
    y = lanes.y(np.where(alone, to, since) - centre), lanes.y(to - centre)
    begins = x[alone[sample, lane].astype(np.intp), sample]
    ends = [np.rint(edge[sample, lane]) for edge in y]
    return np.stack([begins - page, ends[0], x[1][sample] - page, ends[1]], axis=1).astype(np.int32), lane


def round_up(value: float) -> float:
    """Return the next of 1, 2, 5, 10, 20, 50 and so on that is not below a positive value."""
    decade = 10.0 ** np.floor(np.log10(value) + 1e-9)
    return float(next(step * decade for step in (1, 2, 5, 10) if step * decade >= value * (1 - 1e-9)))


def _median(values: Values) -> Values:
    """Median of each column over what is there, 0 where nothing is."""
    ordered = np.sort(values, axis=0)  # NaN last
    count = np.isfinite(values).sum(axis=0)
    return np.where(count > 0, ordered[np.maximum(count - 1, 0) // 2, np.arange(values.shape[1])], 0).astype(
        np.float32
    )
