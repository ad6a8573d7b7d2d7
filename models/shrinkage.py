"""Covariance shrunk towards the identity: Ledoit and Wolf 2004, doi:10.1016/S0047-259X(03)00096-4."""

import numpy as np
from numpy.typing import NDArray

__all__ = ["shrinkage", "shrunk_covariances"]

Floats = NDArray[np.float64]
Moment = float | Floats


def shrinkage(samples: Floats) -> float:
    """Return the share of the identity that Ledoit and Wolf's estimate takes.

    Parameters
    ----------
    samples
        (n, p) of zero mean.
    """
    n, p = samples.shape
    smaller = samples @ samples.T if n < p else samples.T @ samples
    squared = float(np.vdot(smaller, smaller)) / n**2  # squared Frobenius norm of the covariance
    mean_variance = float(np.vdot(samples, samples)) / (n * p)
    fourth = float((np.einsum("np,np->n", samples, samples) ** 2).sum())
    return float(_share(n, p, squared, mean_variance, fourth))


def shrunk_covariances(signals: Floats) -> Floats:
    """Return the shrunk covariance of each of many signals.

    Parameters
    ----------
    signals
        (n, d, T), d variables at T times; their means over time are subtracted.

    Returns
    -------
    covariances
        (n, d, d), positive definite unless a signal is flat throughout.
    """
    _, d, n_times = signals.shape
    signals = signals - signals.mean(axis=2, keepdims=True)
    covariances: Floats = signals @ signals.transpose(0, 2, 1) / n_times
    mean_variance = np.trace(covariances, axis1=1, axis2=2) / d
    squared = (covariances**2).sum(axis=(1, 2))
    fourth = ((signals**2).sum(axis=1) ** 2).sum(axis=1)
    share = _share(n_times, d, squared, mean_variance, fourth)
    covariances *= (1 - share)[:, None, None]
    covariances[:, np.arange(d), np.arange(d)] += (share * mean_variance)[:, None]
    return covariances


def _share(n: int, p: int, squared: Moment, mean_variance: Moment, fourth: Moment) -> Floats:
    """Share of the identity: the covariance's squared error over its squared distance from the target.

    Parameters
    ----------
    n, p
        Samples and variables.
    squared
        Squared Frobenius norm of the covariance.
    mean_variance
        Mean of its diagonal.
    fourth
        Sum over samples of their fourth power of length.
    """
    spread = np.asarray(squared - p * mean_variance**2)
    error = (fourth / n - squared) / n
    return np.where(spread > 0, np.minimum(error, spread) / np.where(spread > 0, spread, 1), 1.0)
