"""Class means that learn from each other: what evoked responses have in common says what of them is noise.

The mean of a few trials is mostly noise, and a discriminant believes every bit of it. Differences of class means
are taken as draws from one normal distribution whose covariance is a product, which channels vary together times
which times do (matrix normal: Dutilleul 1999, doi:10.1080/00949659908811970), found where the observed means are
most likely by expectation maximisation (Dempster et al. 1977, doi:10.1111/j.2517-6161.1977.tb01600.x). What is
expected of each class, given that and its trials, lies nearer to the truth than its mean (empirical Bayes: Efron
and Morris 1973, doi:10.1080/01621459.1973.10481350).
"""

import numpy as np
from numpy.typing import NDArray

__all__ = ["Seen", "expected_means"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

WIDTH = 0.05
"""Seconds over which responses are alike at first, sd of a Gaussian: about that of a deflection."""

STEPS = 30
"""Of expectation maximisation: further ones change no decision that matters."""

FLOOR = 1e-4
"""Added to the eigenvalues of both factors before they are inverted, as a share of their mean."""


def expected_means(averages: Floats, counts: Ints, noise: Floats, bin_width: float) -> Floats:
    """Return what is expected of each class's mean, given all of them.

    Parameters
    ----------
    averages
        (K, C, T) of the trials of each class, at least two classes.
    counts
        (K,) how many trials those are.
    noise
        (C T, C T) covariance of single trials round the mean of their class, positive definite, times varying
        fastest.
    bin_width
        Seconds between two of the T times.

    Returns
    -------
    means
        (K, C, T), on each class's way from its average to what all have in common.
    """
    common: Floats = averages.mean(axis=0)
    seen = Seen((averages - common).reshape(len(averages), -1), counts, noise)
    channels, times = _start(averages - common, counts, noise, bin_width)
    for _ in range(STEPS):
        means, unknown = seen.given(_product(channels, times))
        channels, times = _maximised(means.reshape(averages.shape), unknown, times)
    means, _ = seen.given(_product(channels, times))
    return np.asarray(common + means.reshape(averages.shape))


class Seen:
    """Differences of class means as they were observed, through noise.

    Where noise is white and the prior diagonal, every coordinate is shrunk on its own: one factorisation of the
    noise, and one of the prior in its terms, lead there.

    Parameters
    ----------
    differences
        (K, p) of the observed means from what they have in common.
    counts
        (K,) trials of each.
    noise
        (p, p) covariance of single trials, positive definite.
    """

    def __init__(self, differences: Floats, counts: Ints, noise: Floats) -> None:
        self._colour = np.linalg.cholesky(noise)
        self._whiten = np.linalg.inv(self._colour)
        self._white = differences @ self._whiten.T  # (K, p)
        self._counts = counts[:, None]

    def given(self, prior: Floats) -> tuple[Floats, Floats]:
        """Return what is expected of the true differences, and what stays unknown of them.

        Parameters
        ----------
        prior
            (p, p) covariance of the differences between classes.

        Returns
        -------
        means, covariance
            (K, p), and (p, p) summed over the classes.
        """
        variances, axes = np.linalg.eigh(self._whiten @ prior @ self._whiten.T)
        variances = np.maximum(variances, 0)
        shrunk = variances / (variances * self._counts + 1)  # (K, p) posterior variances
        back = self._colour @ axes
        return (shrunk * self._counts * (self._white @ axes)) @ back.T, (back * shrunk.sum(axis=0)) @ back.T


def _start(differences: Floats, counts: Ints, noise: Floats, bin_width: float) -> tuple[Floats, Floats]:
    """Channels that vary alone, and times that vary as their neighbours do."""
    _, n_channels, n_times = differences.shape
    apart = np.subtract.outer(np.arange(n_times), np.arange(n_times)) * bin_width
    alike = np.exp(-0.5 * (apart / WIDTH) ** 2) + FLOOR * np.eye(n_times)
    by_noise = np.trace(noise) / len(noise) * (1 / counts).mean()
    return np.eye(n_channels), alike * max(float((differences**2).mean() - by_noise), FLOOR * by_noise)


def _maximised(means: Floats, unknown: Floats, times: Floats) -> tuple[Floats, Floats]:
    """Both factors of the prior, each where the expected differences are most likely given the other."""
    n_classes, n_channels, n_times = means.shape
    # differences of K means from their own mean are worth K - 1 draws
    spread = unknown.reshape(n_channels, n_times, n_channels, n_times) * (1 - 1 / n_classes)
    inverse = _inverted(times)
    channels = np.einsum("kct,ts,kds->cd", means, inverse, means, optimize=True)
    channels += np.einsum("ctds,ts->cd", spread, inverse)
    channels /= (n_classes - 1) * n_times
    inverse = _inverted(channels)
    times = np.einsum("kct,cd,kds->ts", means, inverse, means, optimize=True)
    times += np.einsum("ctds,cd->ts", spread, inverse)
    return channels, times / ((n_classes - 1) * n_channels)


def _product(channels: Floats, times: Floats) -> Floats:
    return np.asarray(np.kron(channels, times), np.float64)


def _inverted(factor: Floats) -> Floats:
    n = len(factor)
    return np.asarray(np.linalg.inv(factor + FLOOR * np.trace(factor) / n * np.eye(n)))
