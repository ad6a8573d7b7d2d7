"""Linear maps from features to vision vectors, fitted to sums over trials that are gathered block by block.

Whatever the number of trials, memory holds one block of them and a few (features x features) matrices. One pass
gathers the sums of every inner fold; from these follow the fits without each fold and their squared errors on it,
so that a setting is chosen without a second look at the trials.

What scales is fitted once, to all training trials, and shared by the inner folds, those trials that they leave out
included: the whitening of epochs, the weights of trials (from how often each concept was shown), the deviations
that features are divided by, and the centre of the targets' normalisation. Only means and maps are fitted without
what an inner fold leaves out. Trials that an evaluation holds out enter none of it. How they rank: see
`models.vector_map`.
"""

import functools
import itertools
import operator
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from bci.bank import Bank
from models.bundle import Bundle
from models.config import ExperimentConfig
from models.decoders import Fitted
from models.features import FeatureOptions, Features
from models.inner import Fold, inner_folds
from models.numpy_decoder import NumpyDecoder, arrays
from models.temperature import fit_temperature
from models.training_set import TrainingSet, concept_weights
from models.vector_map import RANK, MapOptions, deviations, load_map, score_held_out

__all__ = ["RegressionOptions", "Solve", "fit_regression", "load_regression"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Solve = Callable[[Floats, Floats], list[Floats]]
"""From covariance (p, p) and cross-covariance (p, D) to one map (p, D) for each setting on trial."""


class RegressionOptions(MapOptions):
    """Options that the regressions share."""

    def selection(self, what: str, settings: Sequence[float], config: ExperimentConfig) -> str:
        """Say how a setting is chosen, for the protocol card."""
        if len(settings) == 1:
            return f"fixed; {what} {settings[0]:g}"
        by = self.by or config.evaluation.by
        return f"{what} of {len(settings)} by squared error in inner folds, left out by {by}"


@dataclass(frozen=True, slots=True)
class Sums:
    """Weighted sums over trials: of weights, features x, targets y and their products."""

    n: float
    x: Floats
    y: Floats
    xx: Floats
    xy: Floats
    yy: float

    def __add__(self, other: "Sums") -> "Sums":
        return Sums(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(self)))

    def __sub__(self, other: "Sums") -> "Sums":
        return Sums(*(getattr(self, f.name) - getattr(other, f.name) for f in fields(self)))

    def divided(self, scale: Floats) -> "Sums":
        """Return the sums for features divided by `scale` (p,)."""
        xx, xy = self.xx / scale[:, None] / scale, self.xy / scale[:, None]
        return Sums(self.n, self.x / scale, self.y, xx, xy, self.yy)

    def centred(self, x: Floats, y: Floats) -> "Sums":
        """Return the mean products round x (p,) and y (D,)."""
        mx, my = self.x / self.n, self.y / self.n
        return Sums(
            1.0,
            mx - x,
            my - y,
            self.xx / self.n - np.outer(mx, x) - np.outer(x, mx) + np.outer(x, x),
            self.xy / self.n - np.outer(mx, y) - np.outer(x, my) + np.outer(x, y),
            self.yy / self.n - 2 * float(my @ y) + float(y @ y),
        )

    def covariances(self) -> tuple[Floats, Floats]:
        """Return covariance (p, p) and cross-covariance (p, D)."""
        own = self.centred(self.x / self.n, self.y / self.n)
        return own.xx, own.xy

    def error(self, weights: Floats, train: "Sums") -> float:
        """Return the mean squared error of a map (p, D) round the means of other trials."""
        own = self.centred(train.x / train.n, train.y / train.n)
        return own.yy - 2 * float(np.vdot(weights, own.xy)) + float(np.vdot(weights, own.xx @ weights))


@dataclass(frozen=True, slots=True)
class Reduced:
    """Features as the fit sees them, and the way back.

    Parameters
    ----------
    parts
        Sums of the trials that each inner fold leaves out.
    edges
        Sums of those that it neither leaves out nor fits to.
    centre
        (p,) what was subtracted from features.
    back
        From a map of the reduced features to one of the features themselves, (p, D).
    """

    parts: list[Sums]
    edges: list[Sums]
    centre: Floats
    back: Callable[[Floats], Floats]

    @property
    def total(self) -> Sums:
        """Sums of all trials."""
        return functools.reduce(operator.add, self.parts)

    def trained(self, fold: int) -> Sums:
        """Return the sums of the trials that an inner fold fits to."""
        rest, edge = self.total - self.parts[fold], self.edges[fold]
        return rest - edge if edge.n else rest


def fit_regression(
    data: TrainingSet, config: ExperimentConfig, options: RegressionOptions, solve: Solve, settings: Sequence[str]
) -> Fitted:
    """Fit the map of the setting with the least squared error in inner folds.

    Parameters
    ----------
    settings
        What `solve` tries, in its order.
    """
    features, folds = Features(options, data.spec), inner_folds(data, config, options)
    weights = concept_weights(data.rows, balance=config.train.balance)
    targets, span = _targets(data)
    reduced = _reduce(data, targets, features, weights, folds, standardise=options.standardise)
    setting = _best(reduced, solve)
    total, tried = reduced.total, reduced.trained(0)
    final = _Map(reduced, total, solve(*total.covariances())[setting], span)
    first = _Map(reduced, tried, solve(*tried.covariances())[setting], span)
    left_out = score_held_out(data, features, first, first.target, folds[0][1])
    arrays = {"weights": final.weights, "offset": final.offset, "mean target": final.target}
    note = f"chose {settings[setting]}" if len(settings) > 1 else ""
    return Fitted(arrays, fit_temperature(left_out.scores, left_out.truth), note)


def load_regression(bundle: Bundle, bank: Bank, options: FeatureOptions) -> NumpyDecoder:
    """Make a fitted map ready to rank a bank."""
    weights, offset, target = arrays(bundle, "weights", "offset", "mean target")
    return load_map(bundle, bank, options, lambda features: features @ weights + offset, target)


class _Map:
    """A map of features to vectors round the mean target.

    Parameters
    ----------
    reduced
        What it was fitted in.
    sums
        Of the trials that it was fitted to.
    solution
        (r, q) for the reduced features and targets.
    span
        (q, D) what the targets are combinations of.
    """

    def __init__(self, reduced: Reduced, sums: Sums, solution: Floats, span: Floats) -> None:
        self.weights = reduced.back(solution) @ span
        self.offset = -(sums.x / sums.n) @ solution @ span - reduced.centre @ self.weights
        self.target = sums.y / sums.n @ span

    def __call__(self, features: Floats) -> Floats:
        """Predict vectors round the mean target, (n, D), from features (n, p)."""
        return np.asarray(features @ self.weights + self.offset)


def _targets(data: TrainingSet) -> tuple[Floats, Floats]:
    """Targets (n, q) in coordinates of an orthonormal basis (q, D): that of the concepts, where these are few."""
    shown, codes = np.unique(data.rows, return_inverse=True)
    dim = data.bank.prototypes.shape[1]
    if data.bank.images is not None or len(shown) >= dim:
        return data.targets().astype(np.float64), np.eye(dim)
    vectors = data.normalised(data.bank.prototypes[shown]).astype(np.float64)
    left, sizes, span = np.linalg.svd(vectors, full_matrices=False)
    return (left * sizes)[codes], span


def _best(reduced: Reduced, solve: Solve) -> int:
    """Index of the setting with the least squared error over the parts, each left out in turn."""
    errors = []
    for fold, part in enumerate(reduced.parts):
        train = reduced.trained(fold)
        errors.append([part.n * part.error(weights, train) for weights in solve(*train.covariances())])
    return int(np.argmin(np.sum(errors, axis=0)))


# ------------------------------------------------------------------------------------------------------- the sums


def _reduce(
    data: TrainingSet,
    targets: Floats,
    features: Features,
    weights: Floats,
    folds: Sequence[Fold],
    *,
    standardise: bool,
) -> Reduced:
    tests = [test for _, test in folds]
    edges = [np.setdiff1d(np.arange(len(data)), np.concatenate(fold)) for fold in folds]
    blocks = (features(block) for block in data.blocks())
    first = next(blocks)
    if len(data) > first.shape[1]:
        joined = itertools.chain([first], blocks)
        return _by_blocks(joined, targets, weights, tests, edges, standardise=standardise)
    rows = np.concatenate([first, *blocks])
    return _in_row_space(rows, targets, weights, tests, edges, standardise=standardise)


def _by_blocks(
    blocks: Iterator[Floats],
    targets: Floats,
    weights: Floats,
    tests: Sequence[Ints],
    edges: Sequence[Ints],
    *,
    standardise: bool,
) -> Reduced:
    """Gather sums over more trials than features."""
    parts: dict[int, Sums] = {}
    at = 0
    for rows in blocks:
        for number, some in enumerate([*tests, *edges]):
            own = some[(at <= some) & (some < at + len(rows))]
            if len(own) or number not in parts:
                added = _sums(rows[own - at], targets[own], weights[own])
                parts[number] = parts[number] + added if number in parts else added
        at += len(rows)
    gathered = [parts[number] for number in range(len(tests) + len(edges))]
    total = functools.reduce(operator.add, gathered[: len(tests)])
    scale = deviations(np.diag(total.covariances()[0]), standardise=standardise)
    scaled = [part.divided(scale) for part in gathered]
    return Reduced(
        scaled[: len(tests)],
        scaled[len(tests) :],
        np.zeros(len(scale)),
        lambda solution: solution / scale[:, None],
    )


def _in_row_space(
    rows: Floats,
    targets: Floats,
    weights: Floats,
    tests: Sequence[Ints],
    edges: Sequence[Ints],
    *,
    standardise: bool,
) -> Reduced:
    """Gather sums over fewer trials than features: in coordinates of the space that the trials span."""
    centre = np.average(rows, axis=0, weights=weights)
    rows = rows - centre
    scale = deviations(np.average(rows**2, axis=0, weights=weights), standardise=standardise)
    rows = rows / scale
    values, vectors = np.linalg.eigh(rows @ rows.T)
    kept = values > RANK * values[-1]
    basis = rows.T @ (vectors[:, kept] / np.sqrt(values[kept]))  # (p, r), orthonormal
    inside = rows @ basis
    parts, left = ([_sums(inside[own], targets[own], weights[own]) for own in each] for each in (tests, edges))
    return Reduced(parts, left, centre, lambda solution: (basis @ solution) / scale[:, None])


def _sums(x: Floats, y: Floats, weights: Floats) -> Sums:
    xw, yw = x * weights[:, None], y * weights[:, None]
    return Sums(float(weights.sum()), xw.sum(axis=0), yw.sum(axis=0), xw.T @ x, xw.T @ y, float(np.vdot(yw, y)))
