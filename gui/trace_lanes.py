"""Channels one below the other, and the lines that draw columns of pixels there. No Qt."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gui.sweep import Sweep, Values

__all__ = ["Lanes", "segments"]

REACH = 1.5
"""Lanes' heights beyond which an excursion is cut off."""


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
    if sweep.sparse:
        return _slanting(sweep, lanes, columns, centre)
    return _upright(sweep, lanes, columns, centre, thick)


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
