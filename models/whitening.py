"""Matrices that scale and align epochs, fitted on training epochs or on a person's calibration alone.

Multivariate noise normalisation as in Guggenmos, Sterzer and Cichy 2018, doi:10.1016/j.neuroimage.2018.02.044,
with the shrinkage of Ledoit and Wolf 2004, doi:10.1016/S0047-259X(03)00096-4. Alignment as in He and Wu 2020,
doi:10.1109/TBME.2019.2913914, with the covariance of the training data in the place of the identity.
"""

import hashlib

import numpy as np
from numpy.typing import NDArray

from bci.errors import ConfigError

__all__ = ["alignment", "fit_whitening", "mean_covariance", "whitening_id"]

MOST_SAMPLES = 250_000
"""Samples that the covariance is estimated from; more would cost memory and change nothing."""


def fit_whitening(
    epochs: NDArray[np.float32], method: str, rows: NDArray[np.int64] | None = None
) -> NDArray[np.float64]:
    """Fit the matrix that brings the samples of training epochs to unit variance.

    Parameters
    ----------
    epochs
        (n, n_channels, n_times) float32, microvolts, baseline subtracted, not yet scaled.
    method
        `channel`: each channel by its standard deviation; `ledoit-wolf`: inverse square root of the shrunk
        covariance.
    rows
        Which epochs count; all by default.

    Returns
    -------
    matrix
        (n_channels, n_channels) float64, symmetric.

    Raises
    ------
    ConfigError
        If a channel is flat in all epochs.
    """
    samples = _samples(epochs, rows)
    deviations = _deviations(samples)
    if method == "channel":
        return np.diag(1.0 / deviations)
    return _inverse_root(_shrunk_covariance(samples))


def mean_covariance(epochs: NDArray[np.float32], rows: NDArray[np.int64] | None = None) -> NDArray[np.float64]:
    """Return the shrunk covariance (n_channels, n_channels) of the samples of epochs, squared microvolts.

    Parameters
    ----------
    epochs, rows
        As `fit_whitening` takes them.
    """
    return _shrunk_covariance(_samples(epochs, rows))


def alignment(own: NDArray[np.float64], common: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the matrix (C, C) that gives signals of one covariance (C, C) another one, without turning them."""
    return np.asarray(_root(common) @ _inverse_root(own))


def whitening_id(matrix: NDArray[np.float64]) -> str:
    """Name a matrix by the first 8 hex digits of its SHA-256."""
    return hashlib.sha256(np.ascontiguousarray(matrix, np.float64).tobytes()).hexdigest()[:8]


def _samples(epochs: NDArray[np.float32], rows: NDArray[np.int64] | None) -> NDArray[np.float64]:
    """Pool the samples of evenly spaced epochs, all of them where there are few: (n_samples, n_channels)."""
    rows = np.arange(len(epochs)) if rows is None else rows
    n_times = epochs.shape[2]
    n_used = min(len(rows), max(1, MOST_SAMPLES // n_times))
    used = epochs[rows[np.linspace(0, len(rows) - 1, n_used).astype(np.int64)]]
    return used.transpose(0, 2, 1).reshape(n_used * n_times, -1).astype(np.float64)


def _deviations(samples: NDArray[np.float64]) -> NDArray[np.float64]:
    deviations = samples.std(axis=0)
    if not deviations.all():
        flat = np.flatnonzero(deviations == 0)
        raise ConfigError(f"expected channels that vary, got a flat line in rows {flat.tolist()}: leave them out")
    return np.asarray(deviations, np.float64)


def _shrunk_covariance(samples: NDArray[np.float64]) -> NDArray[np.float64]:
    from sklearn.covariance import ledoit_wolf  # noqa: PLC0415 (takes a second to import)

    covariance, _ = ledoit_wolf(samples)
    return np.asarray(covariance, np.float64)


def _root(covariance: NDArray[np.float64]) -> NDArray[np.float64]:
    values, vectors = np.linalg.eigh(covariance)
    return np.asarray((vectors * np.sqrt(values)) @ vectors.T, np.float64)


def _inverse_root(covariance: NDArray[np.float64]) -> NDArray[np.float64]:
    values, vectors = np.linalg.eigh(covariance)
    return np.asarray((vectors / np.sqrt(values)) @ vectors.T, np.float64)
