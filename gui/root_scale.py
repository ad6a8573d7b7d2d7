"""Ticks of an axis of counts to the scale of their square roots: rare ones are seen beside frequent ones."""

from math import sqrt

__all__ = ["round_counts"]


def round_counts(most: float, at_most: int = 7) -> list[int]:
    """Return round counts up to `most` that lie apart, so many at most and 0."""
    series = [factor * 10**power for power in range(9) for factor in (1, 2, 5)]
    fitting = [0, *(count for count in series if count <= most)]
    ticks = [fitting[-1]]
    for count in reversed(fitting):
        if sqrt(ticks[-1]) - sqrt(count) >= sqrt(most) / at_most:
            ticks.append(count)
    return ticks
