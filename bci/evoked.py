"""Averages of raw samples round event onsets, at fixed times whatever the rate, with errors from blocks of events.

Trials that follow each other closely share noise: standard errors are those of blocks of `BLOCK` seconds (batch
means: Schmeiser 1982, doi:10.1287/opre.30.3.556). A squared standard error is the mean power that the plus-minus
average of these blocks has over all choices of signs (Schimmel 1967, doi:10.1126/science.157.3784.92).
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from bci.types import read_only

__all__ = ["BLOCK", "TIMES", "BlockAverage", "EvokedFilters"]

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

TIMES: Floats = read_only(np.arange(-40, 121) / 200)
"""(T,) seconds after the onset at which averages are kept: -0.2 to 0.6 in steps of 5 ms."""
SMOOTHING = 0.01
"""Standard deviation of the Gaussian, seconds: half the amplitude is left at 19 Hz, 0.7 % at 50 Hz. It
cannot ring, but spreads the beginning of a strong response by up to 20 ms."""
MEMORY = 0.03
"""Time constant of the exponential average that changes are relative to, seconds."""
BLOCK = 1.0
"""Length of a block, seconds: events whose onsets are less than that apart are not independent."""
MOST = 150.0
"""Channels that span more than this after smoothing, in microvolts, are left out of an event: blinks, movement."""

_BEFORE = TIMES[0] - 4 * MEMORY
_BEHIND = TIMES[-1] + 3 * SMOOTHING
_BASELINE = (TIMES > -0.1 - 1e-9) & (TIMES < 1e-9)
_FASTEST = 500.0  # rates of twice that and more are averaged down first, Hz


class EvokedFilters:
    """Turns windows of raw samples into courses and changes at `TIMES`: one matrix each, for any rate.

    Parameters
    ----------
    sfreq
        Rate of the samples, Hz.

    Attributes
    ----------
    first, n_times
        A window begins `first` samples after the onset (before it: the number is negative) and has `n_times`.
    """

    def __init__(self, sfreq: float) -> None:
        self._factor = max(1, int(sfreq // _FASTEST))
        self.first = round(_BEFORE * sfreq)
        n = round(_BEHIND * sfreq) - self.first + 1
        self.n_times = -(-n // self._factor) * self._factor
        centres = (self.first + np.arange(self.n_times).reshape(-1, self._factor).mean(axis=1)) / sfreq
        lag = TIMES[:, None] - centres
        smooth = _normalised(np.exp(-0.5 * (lag / SMOOTHING) ** 2))
        past = _normalised(np.where(lag > 0, np.exp(-np.maximum(lag, 0) / MEMORY), 0))
        self._course = smooth - smooth[_BASELINE].mean(axis=0)
        self._change = smooth - past

    def __call__(self, window: NDArray[np.floating], changing: Sequence[int]) -> tuple[Floats, Floats, Mask]:
        """Filter the window of one event.

        Parameters
        ----------
        window
            (n_times, C) microvolts; a channel with a value that is no number is not fit.
        changing
            Channels whose changes are wanted.

        Returns
        -------
        courses, changes, fit
            (T, C) microvolts smoothed and relative to the baseline, (T, n_changing) microvolts relative to the
            recent past, (C,) bool whether a channel may be averaged.
        """
        finite = np.isfinite(window).all(axis=0)
        raw = np.where(finite, window, 0).astype(np.float64)
        raw = raw.reshape(-1, self._factor, raw.shape[1]).mean(axis=1)
        course = self._course @ raw
        return course, self._change @ raw[:, changing], finite & (np.ptp(course, axis=0) <= MOST)


def _normalised(weights: Floats) -> Floats:
    each: Floats = weights / weights.sum(axis=1, keepdims=True)
    return each


class BlockAverage:
    """Averages of courses in some columns, each over the events that it took, with errors from blocks of events.

    The variance is that of a ratio estimator: sums of blocks over counts of blocks.

    Parameters
    ----------
    columns
        How many there are, N.

    Attributes
    ----------
    n
        (N,) float64 events that each column took.
    """

    def __init__(self, columns: int) -> None:
        self.n = np.zeros(columns)
        self._sum = np.zeros((len(TIMES), columns))
        self._open_n = np.zeros(columns)
        self._open_sum = np.zeros_like(self._sum)
        self._blocks = np.zeros(columns)
        self._squares = np.zeros_like(self._sum)
        self._products = np.zeros_like(self._sum)
        self._squared_n = np.zeros(columns)

    def add(self, course: Floats, taken: Mask) -> None:
        """Add a course (T, N or 1) to the columns that take it, (N,)."""
        values = np.where(taken, course, 0.0)
        self.n += taken
        self._sum += values
        self._open_n += taken
        self._open_sum += values

    def close_block(self) -> None:
        """End the block: what comes now is independent of what was."""
        self._blocks += self._open_n > 0
        self._squares += self._open_sum**2
        self._products += self._open_n * self._open_sum
        self._squared_n += self._open_n**2
        self._open_n[:] = 0
        self._open_sum[:] = 0

    def estimate(self) -> tuple[Floats, Floats, Floats]:
        """Return means and standard errors (T, N), NaN where unknown, and numbers of blocks (N,)."""
        blocks = self._blocks + (self._open_n > 0)
        n = np.where(self.n > 0, self.n, np.nan)
        mean = self._sum / n
        squares = self._squares + self._open_sum**2
        products = self._products + self._open_n * self._open_sum
        scatter = squares - 2 * mean * products + mean**2 * (self._squared_n + self._open_n**2)
        freedom = np.where(blocks > 1, blocks - 1, np.nan)
        error = np.sqrt(np.maximum(scatter, 0) * blocks / freedom) / n
        return mean, error, blocks
