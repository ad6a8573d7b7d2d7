"""Covariance matrices as points of a curved space: their mean, and the plane that touches the space there.

Affine-invariant metric: Moakher 2005, doi:10.1137/S0895479803436937; tangent vectors: Barachant et al. 2012,
doi:10.1109/TBME.2011.2172210. In NumPy alone: pyriemann, which the tests compare with, loads torch.
"""

import numpy as np
from numpy.typing import NDArray

__all__ = ["riemannian_mean", "tangent_vectors"]

Floats = NDArray[np.float64]

TOLERANCE = 1e-8
"""Length of a step of the mean, relative to the number of rows, below which it stands."""

STEPS = 50


def riemannian_mean(matrices: Floats) -> Floats:
    """Return the matrix (d, d) with the least sum of squared distances to matrices (n, d, d).

    It is found by walking along the mean of the tangent vectors, which is zero there.
    """
    mean: Floats = matrices.mean(axis=0)
    for _ in range(STEPS):
        root, inverse_root = _powers(mean, 0.5), _powers(mean, -0.5)
        step = _log(inverse_root @ matrices @ inverse_root).mean(axis=0)
        mean = root @ _exp(step) @ root
        if np.linalg.norm(step) < TOLERANCE * len(mean):
            break
    return (mean + mean.T) / 2


def tangent_vectors(matrices: Floats, reference: Floats) -> Floats:
    """Map matrices (n, d, d) to the tangent space at a reference (d, d): (n, d (d + 1) / 2).

    Entries beside the diagonal are scaled by the square root of 2, so that Euclidean length is the distance.
    """
    inverse_root = _powers(reference, -0.5)
    logs = _log(inverse_root @ matrices @ inverse_root)
    rows, columns = np.triu_indices(len(reference))
    return np.asarray(logs[:, rows, columns] * np.where(rows == columns, 1.0, np.sqrt(2.0)))


def _log(matrices: Floats) -> Floats:
    values, vectors = np.linalg.eigh(matrices)
    return np.asarray((vectors * np.log(values)[..., None, :]) @ vectors.swapaxes(-1, -2))


def _exp(matrix: Floats) -> Floats:
    values, vectors = np.linalg.eigh(matrix)
    return np.asarray((vectors * np.exp(values)) @ vectors.T)


def _powers(matrix: Floats, power: float) -> Floats:
    values, vectors = np.linalg.eigh(matrix)
    return np.asarray((vectors * values**power) @ vectors.T)
