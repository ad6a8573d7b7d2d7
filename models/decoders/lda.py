"""Shrinkage LDA: linear discriminant analysis with the covariance shrunk towards a multiple of the identity.

Blankertz et al. 2011, doi:10.1016/j.neuroimage.2010.06.048; how far, by default after Ledoit and Wolf 2004,
doi:10.1016/S0047-259X(03)00096-4.
"""

from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from bci.bank import Bank
from models.bundle import Bundle
from models.config import ExperimentConfig
from models.decoders import Fitted, own_options
from models.discriminant import fit_discriminant, load_discriminant
from models.features import FeatureOptions
from models.numpy_decoder import NumpyDecoder
from models.progress import OnProgress
from models.shrinkage import shrinkage
from models.training_set import TrainingSet

__all__ = ["Options", "fit", "load", "selection"]

Floats = NDArray[np.float64]


class Options(FeatureOptions):
    """Options of `lda`."""

    shrinkage: Annotated[float, Field(gt=0, le=1)] | Literal["auto"] = "auto"
    """Share of the identity in the covariance; `auto` after Ledoit and Wolf."""


def fit(data: TrainingSet, config: ExperimentConfig, report: OnProgress, checkpoints: Path | None) -> Fitted:  # noqa: ARG001 (done at once)
    """Fit in closed form. See `models.decoders.Family.fit`."""
    options = own_options(Options, config)

    def solve(residuals: Floats, means: Floats) -> Floats:
        share = shrinkage(residuals) if options.shrinkage == "auto" else options.shrinkage
        return _solve_shrunk(residuals, means, share)

    return fit_discriminant(data, options, solve)


def load(bundle: Bundle, bank: Bank, device: str) -> NumpyDecoder:  # noqa: ARG001 (runs on the CPU)
    """Score by the discriminant functions. See `models.decoders.Family.load`."""
    return load_discriminant(bundle, bank, own_options(Options, bundle.config))


def selection(config: ExperimentConfig) -> str:
    """Say how the shrinkage is set. See `models.decoders.Family.selection`."""
    share = own_options(Options, config).shrinkage
    return "fixed; shrinkage by Ledoit and Wolf's formula" if share == "auto" else f"fixed; shrinkage {share:g}"


def _solve_shrunk(residuals: Floats, means: Floats, share: float) -> Floats:
    """Return ((1 - share) S + share tr(S) / p I)^-1 means, S the covariance of the residuals (n, p)."""
    from scipy.linalg import solve  # noqa: PLC0415 (slow to import)

    n, p = residuals.shape
    ridge = share * np.vdot(residuals, residuals) / (n * p)
    if p <= n:
        covariance = (1 - share) / n * (residuals.T @ residuals)
        covariance.flat[:: p + 1] += ridge
        return np.asarray(solve(covariance, means, assume_a="pos"))
    if share == 1:
        return np.asarray(means / ridge)
    kernel = residuals @ residuals.T  # the matrix inversion lemma: n equations instead of p
    kernel.flat[:: n + 1] += ridge * n / (1 - share)
    return np.asarray((means - residuals.T @ solve(kernel, residuals @ means, assume_a="pos")) / ridge)
