"""Features of epochs beside those of training epochs: how near each concept is, by cosine in whitened space."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.shrinkage import shrinkage

__all__ = ["Gallery", "gallery"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Gallery:
    """Training trials in whitened space, those of one concept side by side.

    Parameters
    ----------
    centre, whitening
        (p,) and (p, p) of the features.
    vectors
        (n, p) float32 whitened features at unit norm.
    ends
        (K,) where the trials of each class end.
    """

    centre: Floats
    whitening: Floats
    vectors: NDArray[np.float32]
    ends: Ints

    def similarities(self, rows: Floats, numbers: tuple[int, ...]) -> list[Floats]:
        """Return the mean cosine to the nearest trials of each class, (m, K), for each number of them.

        Parameters
        ----------
        rows
            (m, p) features.
        numbers
            How many trials of a class are averaged; all of a class that has fewer.
        """
        cosines = _unit((rows - self.centre) @ self.whitening) @ self.vectors.T.astype(np.float64)
        nearest = [-np.sort(-own, axis=1) for own in np.split(cosines, self.ends[:-1], axis=1)]
        return [np.stack([own[:, :number].mean(axis=1) for own in nearest], axis=1) for number in numbers]


def gallery(rows: Floats, codes: Ints) -> Gallery:
    """Whiten features by their shrunk covariance over all trials, and keep them.

    Parameters
    ----------
    rows
        (n, p) features of training trials.
    codes
        (n,) class of each, all from 0 on.
    """
    centre = rows.mean(axis=0)
    residuals = rows - centre
    share, (n, p) = shrinkage(residuals), rows.shape
    covariance = (1 - share) / n * (residuals.T @ residuals)
    covariance.flat[:: p + 1] += share * np.vdot(residuals, residuals) / (n * p)
    variances, axes = np.linalg.eigh(covariance)
    whitening = axes / np.sqrt(variances)  # the principal components at unit variance
    order = np.argsort(codes, kind="stable")
    vectors = _unit(residuals[order] @ whitening).astype(np.float32)
    return Gallery(centre, whitening, vectors, np.cumsum(np.bincount(codes)))


def _unit(vectors: Floats) -> Floats:
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(norms, np.finfo(np.float64).tiny))
