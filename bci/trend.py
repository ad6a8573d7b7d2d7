"""Whether something that fluctuates drifts: the slope of block medians, by Theil and Sen.

Sen (1968), Estimates of the regression coefficient based on Kendall's tau, doi:10.1080/01621459.1968.10480934. Its
interval takes blocks as independent; where what is left of them is not, it is widened as for an autoregressive
process of order one: Zwiers and von Storch (1995), doi:10.1175/1520-0442(1995)008<0336:TSCIAI>2.0.CO;2.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["BLOCKS", "Trend", "trend"]

Floats = NDArray[np.float64]

BLOCKS = 40
"""Stretches of time of equal length, of each of which the median is taken."""
FEWEST = 10  # blocks with values, below which an interval says nothing
CONFIDENCE = 0.95
MOST = 0.9  # autocorrelation: forty blocks cannot tell more from a drift


@dataclass(frozen=True, slots=True)
class Trend:
    """A slope, in units of the values in a unit of time.

    Parameters
    ----------
    slope, low, high
        The slope and its interval at 95 %.
    change
        The slope times the time that was looked at.
    autocorrelation
        Of neighbouring blocks, the slope taken out.
    """

    slope: float
    low: float
    high: float
    change: float
    autocorrelation: float

    @property
    def found(self) -> bool:
        """Whether the interval leaves zero out."""
        return not self.low <= 0 <= self.high


def trend(times: Floats, values: Floats) -> Trend | None:
    """Look for a drift.

    Parameters
    ----------
    times, values
        (n,) when, in any order, and what.

    Returns
    -------
    trend
        None where too few stretches of time have values.
    """
    from scipy.stats import theilslopes  # noqa: PLC0415 (1.3 s to import)

    centres, medians = _block_medians(times, values)
    if len(centres) < FEWEST:
        return None
    slope, _, low, high = map(float, theilslopes(medians, centres, CONFIDENCE))
    rho = _autocorrelation(medians - slope * centres)
    wider = np.sqrt((1 + max(rho, 0.0)) / (1 - max(rho, 0.0)))
    low, high = slope - wider * (slope - low), slope + wider * (high - slope)
    return Trend(slope, float(low), float(high), slope * float(np.ptp(times)), rho)


def _block_medians(times: Floats, values: Floats) -> tuple[Floats, Floats]:
    """Return the median time and the median value of each block that holds anything."""
    if not len(times):
        return times, values
    edges = np.linspace(times.min(), times.max(), BLOCKS + 1)
    block = np.clip(np.searchsorted(edges, times, side="right") - 1, 0, BLOCKS - 1)
    held = [block == each for each in np.unique(block)]
    centres, medians = (np.array([np.median(of[own]) for own in held]) for of in (times, values))
    return centres, medians


def _autocorrelation(values: Floats) -> float:
    """Return the correlation of neighbours, at most `MOST`; 0 where nothing varies."""
    around = values - values.mean()
    power = float(around @ around)
    return min(float(around[1:] @ around[:-1]) / power, MOST) if power > 0 else 0.0
