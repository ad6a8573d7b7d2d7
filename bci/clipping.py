"""Samples that hit the rail of the amplifier: flat tops at a channel's extreme.

A smooth top is flat too once it is rounded to whole steps of the converter; it enters its flat stretch by one
step, while a signal that is cut off enters by its slope. A quarter of a second of flatness needs no slope.
"""

import numpy as np
from numpy.typing import NDArray

__all__ = ["ClipDetector"]

RUN = 5
"""Equal samples that make a flat top."""
LASTING = 0.25  # s
STEPS = 2.5
"""A smooth top is entered by at most this many steps of the converter."""

Values = NDArray[np.float32]


class ClipDetector:
    """Finds clipped samples, channel by channel, as they come.

    Parameters
    ----------
    n_channels
        Number of columns.
    sfreq
        Hz.

    Attributes
    ----------
    counts
        (n_channels,) int64 flat tops so far.
    """

    def __init__(self, n_channels: int, sfreq: float) -> None:
        self.counts = np.zeros(n_channels, np.int64)
        self._lasting = max(RUN, round(LASTING * sfreq))
        self._high = np.full(n_channels, -np.inf, np.float32)
        self._low = np.full(n_channels, np.inf, np.float32)
        self._step = np.full(n_channels, np.inf, np.float32)  # smallest change so far
        self._next = self._counted = 0
        self._last = np.full(n_channels, np.nan, np.float32)
        self._run = np.zeros(n_channels, np.int64)
        self._entered = np.zeros(n_channels, np.float32)  # change into the present run
        self._clipping = np.zeros(n_channels, np.bool_)

    def feed(self, first: int, data: Values) -> NDArray[np.bool_]:
        """Judge samples; those that were seen before are judged again, and not counted twice.

        Parameters
        ----------
        first
            Index of the first one since the start of the stream.
        data
            (n_times, n_channels) float32, NaN where missing.

        Returns
        -------
        clipped
            (n_times, n_channels) bool, True from the fifth sample of a flat top on.
        """
        if not len(data):
            return np.zeros(data.shape, np.bool_)
        if first != self._next:
            self._forget()
        previous = np.concatenate([self._last[None], data[:-1]])
        same = data == previous
        change = np.abs(data - previous)
        change[same] = np.inf
        clipped = self._judged(data, same, change)
        self._count(first, clipped)
        self._last = data[-1]
        return clipped

    def _judged(self, data: Values, same: NDArray[np.bool_], change: Values) -> NDArray[np.bool_]:
        if not same.any():
            self._high = np.fmax(self._high, np.fmax.reduce(data, axis=0))
            self._low = np.fmin(self._low, np.fmin.reduce(data, axis=0))
            self._step = np.fmin(self._step, np.fmin.reduce(change, axis=0))
            self._run, self._entered = np.ones_like(self._run), change[-1]
            return same
        rows = np.arange(len(data))[:, None]
        began = np.maximum.accumulate(np.where(same, -1, rows), axis=0)
        run = np.where(began >= 0, rows - began + 1, rows + 1 + self._run)
        entered = np.where(began >= 0, np.take_along_axis(change, np.maximum(began, 0), axis=0), self._entered)
        high = _so_far(np.fmax, self._high, data)
        low = _so_far(np.fmin, self._low, data)
        step = _so_far(np.fmin, self._step, change)
        self._high, self._low, self._step = high[-1], low[-1], step[-1]
        self._run, self._entered = run[-1], entered[-1]
        at_rail = ((data >= high) | (data <= low)) & (high > low)
        sudden = (entered > STEPS * step) | (run >= self._lasting)
        return np.asarray(at_rail & (run >= RUN) & sudden)

    def _count(self, first: int, clipped: NDArray[np.bool_]) -> None:
        self._next = first + len(clipped)
        if clipped.any():
            before = np.concatenate([self._clipping[None], clipped[:-1]])
            self.counts += (clipped & ~before)[max(0, self._counted - first) :].sum(axis=0)
        self._clipping = clipped[-1]
        self._counted = max(self._counted, self._next)

    def _forget(self) -> None:
        self._last = np.full_like(self._last, np.nan)
        self._run = np.zeros_like(self._run)
        self._entered = np.zeros_like(self._entered)
        self._clipping = np.zeros_like(self._clipping)


def _so_far(extreme: np.ufunc, before: Values, values: Values) -> Values:
    """Extreme of each channel up to each sample, what came before included."""
    return np.asarray(extreme.accumulate(np.concatenate([before[None], values]), axis=0)[1:])
