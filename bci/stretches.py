"""Stretches of time: what they cover."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["Stretch", "inside"]

Stretch = tuple[float, float]
"""From when until when, the end not included; seconds on the LSL clock, infinite while it lasts."""


def inside(times: NDArray[np.float64], stretches: Sequence[Stretch]) -> NDArray[np.bool_]:
    """(n,) whether each of the times (n,) lies in one of the stretches."""
    covered = np.zeros(len(times), np.bool_)
    for start, stop in stretches:
        covered |= (start <= times) & (times < stop)
    return covered
