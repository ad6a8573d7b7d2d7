"""Ridge regression from features to vision vectors, ranked by cosine.

Hoerl and Kennard 1970, doi:10.1080/00401706.1970.10488634. The penalty is the one with the least squared error in
inner folds.
"""

from pathlib import Path
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from bci.bank import Bank
from models.bundle import Bundle
from models.config import ExperimentConfig
from models.decoders import Fitted, own_options
from models.numpy_decoder import NumpyDecoder
from models.progress import OnProgress
from models.regression import RegressionOptions, fit_regression, load_regression
from models.training_set import TrainingSet

__all__ = ["Options", "fit", "load", "selection"]

Floats = NDArray[np.float64]


class Options(RegressionOptions):
    """Options of `ridge`."""

    penalties: Annotated[tuple[Annotated[float, Field(gt=0)], ...], Field(min_length=1)] = (
        0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0,
    )  # fmt: skip
    """To choose from, as multiples of the mean variance of the features, along all directions that trials span."""


def fit(data: TrainingSet, config: ExperimentConfig, report: OnProgress, checkpoints: Path | None) -> Fitted:  # noqa: ARG001 (done at once)
    """Fit in closed form. See `models.decoders.Family.fit`."""
    options = own_options(Options, config)

    def solve(covariance: Floats, cross: Floats) -> list[Floats]:
        return [_ridge(covariance, cross, penalty) for penalty in options.penalties]

    return fit_regression(data, config, options, solve, [f"penalty {penalty:g}" for penalty in options.penalties])


def load(bundle: Bundle, bank: Bank, device: str) -> NumpyDecoder:  # noqa: ARG001 (runs on the CPU)
    """Map and rank. See `models.decoders.Family.load`."""
    return load_regression(bundle, bank, own_options(Options, bundle.config))


def selection(config: ExperimentConfig) -> str:
    """Say how the penalty is set. See `models.decoders.Family.selection`."""
    options = own_options(Options, config)
    return options.selection("penalty", options.penalties, config)


def _ridge(covariance: Floats, cross: Floats, penalty: float) -> Floats:
    from scipy.linalg import solve  # noqa: PLC0415 (slow to import)

    p = len(covariance)
    penalised = covariance.copy()
    penalised.flat[:: p + 1] += penalty * np.trace(covariance) / p
    return np.asarray(solve(penalised, cross, assume_a="pos", overwrite_a=True))
