"""How long decisions take: the shape of the distribution, and what the slow ones spend their time on.

All durations are differences of stamps of one clock, `local_clock` of LSL on the computer that decodes.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["EDGES", "LatencyHistogram", "latency_histogram", "missed", "near_percentiles"]

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

EDGES: Floats = 10.0 ** (np.arange(-40, 11) / 10)
"""Seconds: ten bins a decade from 0.1 ms to 10 s."""
NEIGHBOURS = 0.005
"""Share of decisions on each side of a percentile that speak for it."""


@dataclass(frozen=True, slots=True)
class LatencyHistogram:
    """Durations in bins of equal ratio.

    Parameters
    ----------
    edges
        (n_bins + 1,) float64 seconds.
    counts
        (n_bins,) int64; the first and last bin also hold what lies beyond the edges.
    """

    edges: Floats
    counts: Ints


def latency_histogram(seconds: Floats) -> LatencyHistogram:
    """Count durations (n,), in seconds, in `EDGES`."""
    inside = np.clip(np.searchsorted(EDGES, seconds, side="right") - 1, 0, len(EDGES) - 2)
    return LatencyHistogram(EDGES, np.bincount(inside, minlength=len(EDGES) - 1))


def missed(seconds: Floats, budget: float) -> int:
    """Count durations (n,) above the budget, both in seconds."""
    return int(np.count_nonzero(seconds > budget))


def near_percentiles(seconds: Floats, percents: Sequence[float]) -> list[Ints]:
    """Return for each percentile which durations (n,) lie nearest to it in rank: one in a hundred, at least one.

    The stages of those decisions, averaged, add up to their latency; percentiles of single stages would not.
    """
    order = np.argsort(seconds)
    reach = int(NEIGHBOURS * len(order))
    centres = [round(percent / 100 * max(len(order) - 1, 0)) for percent in percents]
    return [order[max(0, centre - reach) : centre + reach + 1] for centre in centres]
