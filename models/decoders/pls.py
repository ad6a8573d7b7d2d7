"""Partial least squares from features to vision vectors, ranked by cosine.

Wold, Sjöström and Eriksson 2001, doi:10.1016/S0169-7439(01)00155-1, in the form that needs covariances alone and
so takes any number of trials: Dayal and MacGregor 1997, Journal of Chemometrics 11, 73-85.
The number of components is the one with the least squared error in inner folds.
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

EXHAUSTED = 1e-10
"""Share of the covariance with the targets, below which nothing is left to explain."""


class Options(RegressionOptions):
    """Options of `pls`."""

    components: Annotated[tuple[Annotated[int, Field(ge=1)], ...], Field(min_length=1)] = (1, 2, 4, 8, 16, 32)
    """Numbers of components to choose from."""


def fit(data: TrainingSet, config: ExperimentConfig, report: OnProgress, checkpoints: Path | None) -> Fitted:  # noqa: ARG001 (done at once)
    """Fit component by component. See `models.decoders.Family.fit`."""
    options = own_options(Options, config)

    def solve(covariance: Floats, cross: Floats) -> list[Floats]:
        return partial_least_squares(covariance, cross, options.components)

    return fit_regression(data, config, options, solve, [f"{number} components" for number in options.components])


def load(bundle: Bundle, bank: Bank, device: str) -> NumpyDecoder:  # noqa: ARG001 (runs on the CPU)
    """Map and rank. See `models.decoders.Family.load`."""
    return load_regression(bundle, bank, own_options(Options, bundle.config))


def selection(config: ExperimentConfig) -> str:
    """Say how the number of components is set. See `models.decoders.Family.selection`."""
    options = own_options(Options, config)
    return options.selection("number of components", options.components, config)


def partial_least_squares(covariance: Floats, cross: Floats, numbers: tuple[int, ...]) -> list[Floats]:
    """Return the map (p, D) of each number of components; fewer, where fewer explain everything.

    Parameters
    ----------
    covariance, cross
        (p, p) of the features, (p, D) of features with targets.
    """
    left, size = cross.copy(), np.linalg.norm(cross)
    rotations: list[Floats] = []
    loadings: list[Floats] = []
    weights, found = np.zeros_like(cross), {}
    for number in range(1, max(numbers) + 1):
        if np.linalg.norm(left) > EXHAUSTED * size:
            direction = _dominant(left)
            rotation = direction - sum(
                ((p @ direction) * r for p, r in zip(loadings, rotations, strict=True)), np.zeros(len(direction))
            )
            scores = covariance @ rotation
            variance = rotation @ scores
            loading, target = scores / variance, rotation @ left / variance
            left -= variance * np.outer(loading, target)
            weights = weights + np.outer(rotation, target)
            rotations.append(rotation)
            loadings.append(loading)
        found[number] = weights
    return [found[number] for number in numbers]


def _dominant(matrix: Floats) -> Floats:
    """Left singular vector (p,) of the largest singular value of (p, D)."""
    if matrix.shape[0] <= matrix.shape[1]:
        return np.asarray(np.linalg.eigh(matrix @ matrix.T)[1][:, -1])
    right = np.linalg.eigh(matrix.T @ matrix)[1][:, -1]
    left: Floats = matrix @ right
    return left / np.linalg.norm(left)
