"""Repetitions of a concept, counted where a file does not tell them."""

import numpy as np
from numpy.typing import NDArray

__all__ = ["repetitions"]


def repetitions(concepts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return how often the concept of each trial had been shown before, (n,), of trials (n,) in order."""
    before = np.empty(len(concepts), np.int64)
    for concept in np.unique(concepts):
        own = np.flatnonzero(concepts == concept)
        before[own] = np.arange(len(own))
    return before
