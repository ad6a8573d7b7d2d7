"""When a channel that has two levels steps from rest: a photodiode on the screen, an electrical copy of a trigger.

A Schmitt trigger between the two levels, and the crossing of their middle by interpolation between two samples.
"""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

__all__ = ["step_times"]

QUIET = 0.1
"""Seconds at rest before a step: a screen that flickers while it is bright begins once."""
ARMED = 0.25
"""Share of the way between the levels below which the channel is at rest again."""
PULSES = 5
"""Samples, at least, that reach each level: a level is their median, so that single spikes make none."""

Direction = Literal["auto", "up", "down"]


def step_times(
    values: NDArray[np.floating], times: NDArray[np.float64], expected: int, direction: Direction = "auto"
) -> NDArray[np.float64]:
    """Find the steps of a channel.

    Parameters
    ----------
    values
        (n_times,) in any unit; what is not finite counts as rest.
    times
        (n_times,) seconds, not decreasing.
    expected
        About how many steps there are: the levels are those that so many samples reach.
    direction
        Of a step away from rest; `auto`: away from the level at which the channel is most of the time.

    Returns
    -------
    times
        (n_steps,) float64 seconds, increasing; empty for a channel that does not move.
    """
    known = np.isfinite(values)
    if not known.any():
        return np.zeros(0)
    signal = np.where(known, values, np.median(values[known])).astype(np.float64)
    low, high = _levels(signal, expected)
    if low == high:
        return np.zeros(0)
    if direction == "down" or (direction == "auto" and np.median(signal) > (low + high) / 2):
        low, high = high, low
    share = (signal - low) / (high - low)
    rising = _crossings(share)
    crossed = _between(share, times, rising)
    return _after_quiet(crossed, times, share)


def _levels(signal: NDArray[np.float64], expected: int) -> tuple[float, float]:
    ranked = np.sort(signal)
    n = min(max(PULSES, expected), len(ranked))
    return float(np.median(ranked[:n])), float(np.median(ranked[-n:]))


def _crossings(share: NDArray[np.float64]) -> NDArray[np.intp]:
    """Return the first sample at the middle or above after each one that was at rest."""
    state = np.where(share >= 0.5, 1, np.where(share <= ARMED, -1, 0))
    told = np.flatnonzero(state)
    turned = np.diff(state[told], prepend=1) > 0
    return told[turned]


def _between(
    share: NDArray[np.float64], times: NDArray[np.float64], rising: NDArray[np.intp]
) -> NDArray[np.float64]:
    before = rising - 1
    part = (0.5 - share[before]) / (share[rising] - share[before])
    return times[before] + part * (times[rising] - times[before])


def _after_quiet(
    crossed: NDArray[np.float64], times: NDArray[np.float64], share: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Keep the steps before which the channel was at rest for long enough."""
    busy = times[share > 0.5]  # samples above the middle
    last = np.searchsorted(busy, crossed, side="left") - 1
    quiet = np.where(last >= 0, crossed - busy[np.maximum(last, 0)], np.inf) if len(busy) else crossed
    return crossed[quiet >= QUIET]
