"""A whole session at a glance: decisions in as many columns as fit on a screen, pauses, running accuracy."""

import numpy as np
from numpy.typing import NDArray

__all__ = ["column_counts", "columns", "pauses", "running_share"]

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

LONG, SLOW = 10.0, 5.0
"""A pause takes at least so many seconds, and so many times the usual interval."""


def columns(times: Floats, start: float, stop: float, n_columns: int) -> Ints:
    """Return the column of each time (n,) in a span cut into equal ones; what lies outside goes to the ends."""
    width = (stop - start) / n_columns
    at = np.zeros(len(times)) if width <= 0 else (times - start) / width
    return np.clip(at, 0, n_columns - 1).astype(np.int64)


def column_counts(at: Ints, flags: Flags, n_columns: int) -> Ints:
    """Count the trials that are flagged in each column; `at` and `flags` are (n,), the result is (n_columns,)."""
    return np.bincount(at[flags], minlength=n_columns)


def running_share(hits: Flags, window: int) -> Floats:
    """Return the share of hits (n,) among each trial and those before it, at most `window` together."""
    total = np.concatenate([[0], np.cumsum(hits)])
    end = np.arange(1, len(hits) + 1)
    begin = np.maximum(0, end - window)
    share: Floats = (total[end] - total[begin]) / (end - begin)
    return share


def pauses(times: Floats) -> Floats:
    """Return from when until when (m, 2) nothing happened, for 10 s and five times the median interval at least.

    Parameters
    ----------
    times
        (n,) seconds, in any order.
    """
    ordered = np.sort(times)
    steps = np.diff(ordered)
    if not len(steps):
        return np.zeros((0, 2))
    after = np.flatnonzero(steps >= max(LONG, SLOW * float(np.median(steps))))
    return np.stack([ordered[after], ordered[after + 1]], axis=1)
