"""Where a decision lies on a map of the concepts: the mean of their positions, weighted by their probabilities.

The map is a projection that was fitted once, to the concepts alone; an epoch has no position of its own in it.
Kernel regression on the concepts (Nadaraya 1964, doi:10.1137/1109020) gives it one, with the softmax over scores
as kernel. A decision holds the probabilities of its best concepts alone, so these are brought to a sum of 1: one
that hesitates between two concepts lies between them, and one that knows nothing lies among its five best, not in
the middle of the map.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["place"]


def place(
    positions: NDArray[np.floating[Any]], indices: NDArray[np.int64], probabilities: NDArray[np.floating[Any]]
) -> NDArray[np.float64]:
    """Return the position (2,) of a decision.

    Parameters
    ----------
    positions
        (N, 2) of the concepts.
    indices, probabilities
        (k,) concepts that a decision named, and how probable it held each; not all zero.
    """
    weights = probabilities.astype(np.float64) / probabilities.sum(dtype=np.float64)
    return np.asarray(weights @ positions[indices].astype(np.float64))
