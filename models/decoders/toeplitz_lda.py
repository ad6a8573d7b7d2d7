"""Block-Toeplitz LDA: the covariance of two samples depends on their distance in time alone.

Far fewer numbers are estimated than by plain LDA: one channel-by-channel matrix per time lag. Sosulski and
Tangermann 2022, doi:10.1088/1741-2552/ac9c98. Features are channels x bins without a baseline, whose subtraction
would break the assumption.
"""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bci.bank import Bank
from models.bundle import Bundle
from models.config import ExperimentConfig
from models.decoders import Fitted, own_options
from models.discriminant import fit_discriminant, load_discriminant
from models.features import FeatureOptions, Features
from models.numpy_decoder import NumpyDecoder
from models.progress import OnProgress
from models.shrinkage import shrunk_covariances
from models.training_set import TrainingSet

__all__ = ["Options", "fit", "load", "selection", "stationary", "toeplitz"]

Floats = NDArray[np.float64]

RIDGE = 1e-6
"""Added to the diagonal, as a share of the mean variance."""


class Options(FeatureOptions):
    """Options of `toeplitz_lda`: those of features alone."""


def fit(data: TrainingSet, config: ExperimentConfig, report: OnProgress, checkpoints: Path | None) -> Fitted:  # noqa: ARG001 (done at once)
    """Fit in closed form. See `models.decoders.Family.fit`."""
    features = Features(own_options(Options, config), data.spec)

    def solve(residuals: Floats, means: Floats) -> Floats:
        from scipy.linalg import solve as solve_positive  # noqa: PLC0415 (slow to import)

        return np.asarray(solve_positive(stationary(residuals, features.n_channels), means, assume_a="pos"))

    return fit_discriminant(data, features, solve)


def load(bundle: Bundle, bank: Bank, device: str) -> NumpyDecoder:  # noqa: ARG001 (runs on the CPU)
    """Score by the discriminant functions. See `models.decoders.Family.load`."""
    features = Features(own_options(Options, bundle.config), bundle.preprocess)
    return load_discriminant(bundle, bank, features)


def selection(config: ExperimentConfig) -> str:  # noqa: ARG001 (nothing to set)
    """Say that nothing is chosen. See `models.decoders.Family.selection`."""
    return "fixed; shrinkage by Ledoit and Wolf's formula"


def stationary(residuals: Floats, n_channels: int) -> Floats:
    """Return the covariance (p, p) of residuals (n, p): shrunk, block-Toeplitz, positive definite."""
    covariance = toeplitz(shrunk_covariances(residuals.T[None])[0], n_channels)
    p = len(covariance)
    covariance.flat[:: p + 1] += RIDGE * np.trace(covariance) / p
    return covariance


def toeplitz(covariance: Floats, n_channels: int) -> Floats:
    """Make a covariance of channels x times block-Toeplitz, tapered to zero at the longest lag.

    Each channel-by-channel block is replaced by the mean over the blocks of its lag, times 1 - lag / n_times; the
    taper keeps the result positive semi-definite.

    Parameters
    ----------
    covariance
        (n_channels * n_times,) * 2, times varying fastest.
    """
    n_times = len(covariance) // n_channels
    blocks = covariance.reshape(n_channels, n_times, n_channels, n_times)
    tapered = np.empty_like(blocks)
    for lag in range(n_times):
        # the mean over the n_times - lag blocks, times (n_times - lag) / n_times
        block = np.einsum("ctdt->cd", blocks[:, : n_times - lag, :, lag:]) / n_times
        for time in range(n_times - lag):
            tapered[:, time, :, time + lag] = block
            tapered[:, time + lag, :, time] = block.T
    return tapered.reshape(covariance.shape)
