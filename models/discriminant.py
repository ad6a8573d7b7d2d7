"""Linear discriminant analysis with equal priors: class means weighed by the inverse of one shared covariance.

Fisher 1936, doi:10.1111/j.1469-1809.1936.tb02137.x. Which covariance, is what the decoders differ in. Scores are
log-densities up to what all classes share, so that a difference of two is the log-odds of equal priors.
"""

from collections.abc import Callable
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from bci.bank import Bank
from models.bundle import Bundle
from models.closed_set import Classes, columns, shown
from models.decoders import Fitted
from models.numpy_decoder import NumpyDecoder, Scored, arrays
from models.shrinkage import shrinkage
from models.training_set import TrainingSet

__all__ = [
    "Share",
    "averages",
    "discriminants",
    "fit_discriminant",
    "functions",
    "load_discriminant",
    "said_of",
    "shrunk_solver",
    "solve_shrunk",
]

Floats = NDArray[np.float64]
Describe = Callable[[NDArray[np.float32]], Floats]
"""From epochs (n, C, T), preprocessed and scaled, to one row of features each, (n, p)."""
Share = Annotated[float, Field(gt=0, le=1)] | Literal["auto"]
"""Of a multiple of the identity in the covariance; `auto` after Ledoit and Wolf 2004,
doi:10.1016/S0047-259X(03)00096-4."""
Solve = Callable[[Floats, Floats], Floats]
"""From within-class residuals (n, p) and class means (p, K) to inverse covariance times means (p, K)."""


def fit_discriminant(data: TrainingSet, features: Describe, solve: Solve) -> Fitted:
    """Fit the weights and offsets of all classes."""
    classes = shown(data)
    rows = np.concatenate([features(block) for block in data.blocks()])
    weights, offset = discriminants(rows, classes, solve)
    return Fitted({"classes": classes.rows, "weights": weights, "offset": offset}, temperature=1.0)


def discriminants(rows: Floats, classes: Classes, solve: Solve) -> tuple[Floats, Floats]:
    """Return weights (p, K) and offsets (K,) of the discriminant functions."""
    means = averages(rows, classes)
    return functions(means, lambda centred: solve(rows - means[classes.codes], centred))


def averages(rows: Floats, classes: Classes) -> Floats:
    """Return the mean of each class's features (n, p): (K, p)."""
    return np.asarray(classes.indicator.T @ rows / classes.counts[:, None])


def functions(means: Floats, solve: Callable[[Floats], Floats]) -> tuple[Floats, Floats]:
    """Return weights (p, K) and offsets (K,), given the means (K, p) and what weighs them, (p, K) to (p, K)."""
    centre = means.mean(axis=0)  # taken out, so that offsets are no differences of large numbers
    weights = solve((means - centre).T)
    return weights, -((means + centre) * weights.T).sum(axis=1) / 2


def load_discriminant(bundle: Bundle, bank: Bank, features: Describe) -> NumpyDecoder:
    """Make a fitted discriminant ready to decode."""
    chosen = columns(bundle, bank)
    weights, offset = arrays(bundle, "weights", "offset")

    def score(epochs: NDArray[np.float32]) -> Scored:
        scores = features(epochs) @ weights + offset
        return scores, scores[:, chosen]

    return NumpyDecoder(bundle, bank, score, np.eye(weights.shape[1], dtype=np.float32)[chosen])


def shrunk_solver(share: Share) -> Solve:
    """Return what solves with the covariance shrunk towards a multiple of the identity."""

    def solve(residuals: Floats, means: Floats) -> Floats:
        return solve_shrunk(residuals, means, shrinkage(residuals) if share == "auto" else share)

    return solve


def said_of(share: Share) -> str:
    """Say how the covariance is shrunk, for the protocol card."""
    return "shrinkage by Ledoit and Wolf's formula" if share == "auto" else f"shrinkage {share:g}"


def solve_shrunk(residuals: Floats, means: Floats, share: float) -> Floats:
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
