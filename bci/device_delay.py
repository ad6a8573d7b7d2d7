"""The constant delay of a device: from when something happens to the stamp of the sample that shows it.

Something is done whose moment is known, a marker: a trigger is sent, a patch of the screen turns white. A channel
of the device sees it, through a cable or a photodiode. The delay is the median of what lies between them.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bci.errors import StreamError

__all__ = ["EARLIEST", "LATEST", "MeasuredDelay", "measure_delay"]

EARLIEST, LATEST = -0.1, 0.5
"""Seconds in which a delay is looked for: some devices stamp a chunk too early."""
FEWEST = 20
"""Events, matched with a step, below which no delay is told."""
SHARE = 0.8
"""Of the markers that must have a step, and of the steps that must have a marker."""
STEADY = 0.005
"""Seconds, or one sample, that the quartiles of a constant delay may be apart."""
APART = 0.025
"""Seconds by which a step may be off the most frequent delay and still be its marker's."""
RIVAL = 0.3
"""Share of the events at one delay from which on as many at another one mean that there are two."""
LEVEL = 0.95


@dataclass(frozen=True, slots=True)
class MeasuredDelay:
    """A delay and how well it is known; all in seconds.

    Parameters
    ----------
    seconds
        The median.
    low, high
        Ends of its confidence interval by order statistics (95 %).
    iqr
        Distance between the quartiles of single events.
    p95
        Distance from the median that 95 % of the events do not exceed.
    events
        Events that it is the median of.
    unmatched_markers, unmatched_steps
        Markers without a step and steps without a marker.
    """

    seconds: float
    low: float
    high: float
    iqr: float
    p95: float
    events: int
    unmatched_markers: int
    unmatched_steps: int


def measure_delay(
    markers: NDArray[np.float64],
    steps: NDArray[np.float64],
    sfreq: float,
    within: tuple[float, float] = (EARLIEST, LATEST),
) -> MeasuredDelay:
    """Measure the delay of steps behind markers.

    Parameters
    ----------
    markers, steps
        (n,) seconds on one clock, increasing; see `bci.steps.step_times`.
    sfreq
        Rate of the channel in which the steps were found, Hz.
    within
        Where the delay is looked for, seconds.

    Raises
    ------
    StreamError
        If there are too few of them, they do not belong together, or the delay is not constant.
    """
    if min(len(markers), len(steps)) < FEWEST:
        raise StreamError(
            f"expected at least {FEWEST} markers and as many steps of the channel, got {len(markers)} and "
            f"{len(steps)}: name the channel that sees the events, or record more of them"
        )
    delays, marker = _pairs(markers, steps, within)
    if not len(delays):
        raise StreamError(
            f"expected steps {within[0]:g} to {within[1]:g} s after their markers, got none: "
            "name the channel that sees them"
        )
    mode = _refuse_rivals(delays)
    matched = _nearest(delays, marker, mode)
    _refuse_strangers(len(matched), len(markers), len(steps))
    return _summarised(matched, len(markers), len(steps), sfreq)


def _pairs(
    markers: NDArray[np.float64], steps: NDArray[np.float64], within: tuple[float, float]
) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """Return all delays that are possible, and the marker of each."""
    first = np.searchsorted(steps, markers + within[0], side="left")
    stop = np.searchsorted(steps, markers + within[1], side="right")
    marker = np.repeat(np.arange(len(markers)), stop - first)
    step = np.concatenate([np.arange(a, b) for a, b in zip(first, stop, strict=True)]).astype(np.intp)
    return steps[step] - markers[marker], marker


def _densest(delays: NDArray[np.float64]) -> tuple[float, int]:
    """Return the middle of the window that holds most delays, and how many."""
    ranked = np.sort(delays)
    counts = np.searchsorted(ranked, ranked + 2 * APART, side="right") - np.arange(len(ranked))
    best = int(np.argmax(counts))
    return float(np.median(ranked[best : best + counts[best]])), int(counts[best])


def _refuse_rivals(delays: NDArray[np.float64]) -> float:
    """Return the most frequent delay, if there is no other one."""
    mode, n = _densest(delays)
    others = delays[np.abs(delays - mode) > 2 * APART]
    other, rivals = _densest(others) if len(others) else (0.0, 0)
    if rivals > RIVAL * n:
        raise StreamError(
            f"expected one delay, got {mode * 1e3:.1f} ms ({n} events) and {other * 1e3:.1f} ms ({rivals}): "
            "send events further apart, at irregular intervals, or narrow --within"
        )
    return mode


def _nearest(delays: NDArray[np.float64], marker: NDArray[np.intp], mode: float) -> NDArray[np.float64]:
    """Return for each marker the delay that is nearest to the most frequent one, if it has one."""
    off = np.abs(delays - mode)
    order = np.lexsort((off, marker))
    _, first = np.unique(marker[order], return_index=True)
    nearest = order[first]
    return delays[nearest[off[nearest] <= APART]]


def _refuse_strangers(matched: int, markers: int, steps: int) -> None:
    if matched < max(FEWEST, SHARE * markers, SHARE * steps):
        raise StreamError(
            f"expected at least {SHARE:.0%} of the markers and steps to belong together, got {matched} of "
            f"{markers} markers and {steps} steps: name the channel that sees the events, and --lock their markers"
        )


def _summarised(delays: NDArray[np.float64], markers: int, steps: int, sfreq: float) -> MeasuredDelay:
    from scipy.stats import quantile_test  # noqa: PLC0415 (takes a second to load)

    middle = float(np.median(delays))
    iqr = float(np.subtract(*np.percentile(delays, [75, 25])))
    if iqr > max(STEADY, 1 / sfreq):
        raise StreamError(
            f"expected a constant delay, got {middle * 1e3:.1f} ms with quartiles {iqr * 1e3:.1f} ms apart: stamp "
            "markers at the screen flip, switch off what makes frames late, or connect the device by cable"
        )
    interval: Any = quantile_test(delays, q=middle, p=0.5).confidence_interval(LEVEL)
    return MeasuredDelay(
        seconds=middle,
        low=float(interval.low),
        high=float(interval.high),
        iqr=iqr,
        p95=float(np.percentile(np.abs(delays - middle), 95)),
        events=len(delays),
        unmatched_markers=markers - len(delays),
        unmatched_steps=steps - len(delays),
    )
