"""Ends and ticks of axes: round numbers, so that an axis stays where it is while what it shows changes little."""

from math import floor, log10, sqrt

__all__ = ["percent_end", "round_counts", "round_up"]

_PERCENT_ENDS = (1, 2, 5, 10, 20, 30, 40, 50, 60, 80, 100)
"""Finer than 1, 2, 5 where accuracies of a few concepts lie."""
_CLOSE = 1e-9
"""Part of a number that rounding may have added to it."""


def round_up(value: float) -> float:
    """Return the next of 1, 2, 5, 10, 20, 50 and so on that is not below a positive value."""
    decade = 10.0 ** floor(log10(value) + _CLOSE)
    return next(factor * decade for factor in (1, 2, 5, 10) if factor * decade >= value * (1 - _CLOSE))


def percent_end(most: float) -> int:
    """Return where an axis ends that holds `most` percent; at 100 the latest."""
    return next((end for end in _PERCENT_ENDS if most <= end + _CLOSE), 100)


def round_counts(most: float, at_most: int = 7) -> list[int]:
    """Return round counts up to `most` for an axis to the scale of square roots, which shows rare beside frequent.

    There are at most `at_most` of them and 0, the largest one first, no two of them close to each other.
    """
    series = [factor * 10**power for power in range(9) for factor in (1, 2, 5)]
    fitting = [0, *(count for count in series if count <= most)]
    ticks = [fitting[-1]]
    for count in reversed(fitting):
        if sqrt(ticks[-1]) - sqrt(count) >= sqrt(most) / at_most:
            ticks.append(count)
    return ticks
