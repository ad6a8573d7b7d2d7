"""fMRI vectors as they are aligned with: the training pairs' mean taken off, one spread for all dimensions.

A mean squared error of 1 is then that of the mean itself, and cosines compare what differs between pictures.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bci.errors import MismatchError
from bci.types import read_only
from models.alignment.pairs import Pairs

__all__ = ["Targets", "cluster_prototypes", "fit_targets"]

_AT_ONCE = 1024
"""Pairs in memory at a time."""


@dataclass(frozen=True, slots=True)
class Targets:
    """How vectors are centred and scaled.

    Parameters
    ----------
    centre
        (F,) float32 mean of the training pairs.
    spread
        Root mean square of what is left of them.
    """

    centre: NDArray[np.float32]
    spread: float

    def __call__(self, fmri: NDArray[np.float32]) -> NDArray[np.float32]:
        """Centre and scale vectors (n, F)."""
        return np.asarray((fmri - self.centre) / self.spread, np.float32)


def fit_targets(train: Pairs) -> Targets:
    """Fit mean and spread to training pairs.

    Raises
    ------
    MismatchError
        If there are none, or all vectors are the same, or some are NaN or infinite.
    """
    if not len(train):
        raise MismatchError("expected training pairs, got none: loosen the threshold of the matching")
    centre = sum(block.sum(axis=0, dtype=np.float64) for _, block in _blocks(train)) / len(train)
    power = sum(float(((block - centre) ** 2).sum()) for _, block in _blocks(train))
    spread = (power / (len(train) * train.fmri.shape[1])) ** 0.5
    if not (np.isfinite(spread) and spread > 0):
        raise MismatchError(f"expected fMRI vectors that are finite and differ, got a spread of {spread}")
    return Targets(read_only(np.asarray(centre, np.float32)), spread)


def cluster_prototypes(train: Pairs, targets: Targets) -> NDArray[np.float32]:
    """Return the mean vector of each cluster that has training pairs: (K, F) float32, centred and scaled."""
    sums = np.zeros((train.n_clusters, train.fmri.shape[1]))
    for rows, block in _blocks(train):
        np.add.at(sums, train.cluster[rows], targets(block))
    counts = np.bincount(train.cluster, minlength=train.n_clusters)
    there = counts > 0
    return read_only((sums[there] / counts[there, None]).astype(np.float32))


def _blocks(pairs: Pairs) -> Iterator[tuple[slice, NDArray[np.float32]]]:
    """Yield rows and their vectors, some at a time."""
    for first in range(0, len(pairs), _AT_ONCE):
        rows = slice(first, first + _AT_ONCE)
        yield rows, np.asarray(pairs.fmri[np.arange(*rows.indices(len(pairs)))])
