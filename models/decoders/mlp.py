"""A multi-layer perceptron from features to vision vectors, ranked by cosine.

Rumelhart, Hinton and Williams 1986, doi:10.1038/323533a0, as scikit-learn trains it: squared error, ReLU, Adam
(Kingma and Ba 2015, arXiv:1412.6980). Hidden sizes, weight decay and number of passes are those with the least
squared error in inner folds; scikit-learn's own early stopping would split by row and so put repetitions of one
picture on both sides. What is kept are arrays, with which NumPy decodes.

Features lie in memory once for all training trials and once more for those outside an inner fold, in single
precision: 16,540 averages of 17 channels x 100 samples are 112 MB.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise, product
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from bci.bank import Bank
from bci.errors import FormatError
from models.bundle import Bundle
from models.config import ExperimentConfig
from models.decoders import Fitted, own_options
from models.features import Features
from models.inner import Fold, inner_folds
from models.numpy_decoder import NumpyDecoder, arrays
from models.progress import OnProgress, Progress
from models.temperature import fit_temperature
from models.training_set import TrainingSet, concept_weights
from models.vector_map import MapOptions, deviations, load_map, score_held_out

if TYPE_CHECKING:
    from sklearn.neural_network import MLPRegressor

__all__ = ["Network", "Options", "fit", "load", "selection"]

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]
Ints = NDArray[np.int64]
Count = Annotated[int, Field(ge=1)]
Sizes = Annotated[tuple[Count, ...], Field(min_length=1)]
Course = tuple[tuple[int, ...], float]
"""Hidden sizes, and strength of the penalty."""

KINDS = ("weights", "offsets")
"""Arrays of each layer."""


class Options(MapOptions):
    """Options of `mlp`."""

    hidden: Annotated[tuple[Sizes, ...], Field(min_length=1)] = ((128,),)
    """Sizes of the hidden layers, to choose from."""
    alphas: Annotated[tuple[Annotated[float, Field(ge=0)], ...], Field(min_length=1)] = (1.0, 3.0, 10.0, 30.0)
    """Strengths of the penalty on squared weights to choose from, as scikit-learn defines it."""
    passes: Annotated[tuple[Count, ...], Field(min_length=1)] = (5, 10, 20, 40)
    """Numbers of passes over the training trials to choose from."""
    folds: Annotated[int, Field(ge=2)] = 3
    """Most inner folds; each takes as many fits as there are sizes and strengths."""
    batch: Count = 64
    """Trials a step."""
    lr: Annotated[float, Field(gt=0)] = 1e-3
    """Rate of Adam."""

    @property
    def courses(self) -> list[Course]:
        """Sizes and strengths: one fit tries all numbers of passes."""
        return list(product(self.hidden, self.alphas))

    @property
    def n_settings(self) -> int:
        """What is chosen from."""
        return len(self.courses) * len(self.passes)


@dataclass(frozen=True, slots=True)
class Network:
    """A fitted perceptron from features as they are to vectors round the mean target.

    Parameters
    ----------
    weights
        (p, hidden), ..., (hidden, D).
    offsets
        (hidden,), ..., (D,).
    target
        (D,) mean of the targets that it was fitted to.
    """

    weights: tuple[Floats, ...]
    offsets: tuple[Floats, ...]
    target: Floats

    def __call__(self, features: Floats) -> Floats:
        """Predict vectors (n, D) from features (n, p)."""
        *hidden, last = zip(self.weights, self.offsets, strict=True)
        for weights, offsets in hidden:
            features = np.maximum(features @ weights + offsets, 0)
        return np.asarray(features @ last[0] + last[1])

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return what a bundle keeps."""
        layers = enumerate(zip(self.weights, self.offsets, strict=True))
        named = {f"{kind} {n}": array for n, pair in layers for kind, array in zip(KINDS, pair, strict=True)}
        return named | {"mean target": self.target}


def fit(data: TrainingSet, config: ExperimentConfig, report: OnProgress, checkpoints: Path | None) -> Fitted:  # noqa: ARG001 (done soon)
    """Choose sizes, strength and passes, then fit to all trials. See `models.decoders.Family.fit`."""
    options = own_options(Options, config)
    features, folds = Features(options, data.spec), inner_folds(data, config, options)
    design = _design(data, features, config, options)
    n_fits = (len(folds) * len(options.courses) if options.n_settings > 1 else 0) + 2
    done = iter(range(1, n_fits + 1))

    def told() -> None:
        report(Progress(next(done), n_fits))

    course, passes, note = _chosen(design, folds, options, config.train.seed, told)
    networks = []
    for part in (design.part(folds[0][0]), design):
        *_, fitted = part.trained(course, options, config.train.seed, passes)
        networks.append(part.network(fitted))
        told()
    left_out = score_held_out(data, features, networks[0], networks[0].target, folds[0][1])
    return Fitted(networks[1].arrays(), fit_temperature(left_out.scores, left_out.truth), note)


def load(bundle: Bundle, bank: Bank, device: str) -> NumpyDecoder:  # noqa: ARG001 (runs on the CPU)
    """Predict and rank. See `models.decoders.Family.load`."""
    options = own_options(Options, bundle.config)
    (target,) = arrays(bundle, "mean target")
    n_layers = sum(name.startswith(KINDS[0]) for name in bundle.weights)
    weights, offsets = (arrays(bundle, *(f"{kind} {n}" for n in range(n_layers))) for kind in KINDS)
    if not n_layers or any(one.shape[1] != other.shape[0] for one, other in pairwise(weights)):
        raise FormatError("the weights do not fit 'mlp': expected layers that follow each other")
    network = Network(weights, offsets, target)
    return load_map(bundle, bank, options, network, target)


def selection(config: ExperimentConfig) -> str:
    """Say how sizes, strength and passes are set. See `models.decoders.Family.selection`."""
    options = own_options(Options, config)
    if options.n_settings == 1:
        return f"fixed; {_named(options.courses[0], options.passes[0])}"
    by = options.by or config.evaluation.by
    return (
        f"hidden sizes, alpha and passes of {options.n_settings} settings by squared error in inner folds, "
        f"left out by {by}"
    )


def _named(course: Course, passes: int) -> str:
    sizes, alpha = course
    return f"hidden {' x '.join(map(str, sizes))}, alpha {alpha:g}, {passes} passes"


# ---------------------------------------------------------------------------------------------------- the fitting


@dataclass(frozen=True, slots=True)
class _Design:
    """Training trials as the perceptron sees them.

    Parameters
    ----------
    x, y
        (n, p) standardised features, (n, D) targets; float32.
    weights
        (n,) of the trials in the loss.
    centre, scale
        (p,) what was subtracted from features, and what they were then divided by.
    """

    x: Singles
    y: Singles
    weights: Floats
    centre: Floats
    scale: Floats

    def part(self, rows: Ints) -> "_Design":
        """Return some of the trials, scaled as they are."""
        return replace(self, x=self.x[rows], y=self.y[rows], weights=self.weights[rows])

    @property
    def target(self) -> Floats:
        """(D,) mean of the targets."""
        return np.asarray(np.average(self.y, axis=0, weights=self.weights), np.float64)

    @property
    def spread(self) -> float:
        """Standard deviation of the targets, over trials and dimensions: Adam's rate is for outputs of about 1."""
        variance = np.average((self.y - self.target) ** 2, axis=0, weights=self.weights).mean()
        return float(np.sqrt(variance)) or 1.0

    def trained(self, course: Course, options: Options, seed: int, passes: int) -> "Iterator[MLPRegressor]":
        """Yield the same perceptron after each pass."""
        from sklearn.neural_network import MLPRegressor  # noqa: PLC0415 (a second, needed in training alone)

        perceptron = MLPRegressor(
            hidden_layer_sizes=course[0],
            alpha=course[1],
            batch_size=min(options.batch, len(self.x)),
            learning_rate_init=options.lr,
            random_state=np.random.RandomState(seed),  # a number would shuffle every pass alike
        )
        targets = ((self.y - self.target) / self.spread).astype(np.float32)
        for _ in range(passes):
            perceptron.partial_fit(self.x, targets, self.weights)
            yield perceptron

    def errors(self, perceptrons: "Iterator[MLPRegressor]", left_out: "_Design") -> list[float]:
        """Return the weighted sum of squared errors on trials that were left out, after each pass."""
        targets = left_out.y - self.target.astype(np.float32)
        return [
            float(left_out.weights @ ((perceptron.predict(left_out.x) * self.spread - targets) ** 2).sum(axis=1))
            for perceptron in perceptrons
        ]

    def network(self, perceptron: "MLPRegressor") -> Network:
        """Return a perceptron that was fitted to these trials, the scaling of both sides inside its layers."""
        weights = [layer.astype(np.float64) for layer in perceptron.coefs_]
        offsets = [layer.astype(np.float64) for layer in perceptron.intercepts_]
        weights[0] /= self.scale[:, None]
        offsets[0] -= self.centre @ weights[0]
        weights[-1] *= self.spread
        offsets[-1] *= self.spread
        return Network(tuple(weights), tuple(offsets), self.target)


def _design(data: TrainingSet, features: Features, config: ExperimentConfig, options: Options) -> _Design:
    """Gather features and targets of all training trials."""
    x = np.concatenate([features(block).astype(np.float32) for block in data.blocks()])
    weights = concept_weights(data.rows, balance=config.train.balance)
    centre = np.average(x, axis=0, weights=weights)
    x -= centre.astype(np.float32)
    scale = deviations(weights @ x**2 / weights.sum(), standardise=options.standardise)
    x /= scale.astype(np.float32)
    return _Design(x, data.targets(), weights, centre, scale)


def _chosen(
    design: _Design, folds: list[Fold], options: Options, seed: int, told: Callable[[], None]
) -> tuple[Course, int, str]:
    """Return sizes, strength and passes of the least squared error over the inner folds, and a note of them."""
    if options.n_settings == 1:
        return options.courses[0], options.passes[0], ""
    errors = np.zeros((len(options.courses), max(options.passes)))
    for train, test in folds:
        fitted, left_out = design.part(train), design.part(test)
        for number, course in enumerate(options.courses):
            errors[number] += fitted.errors(fitted.trained(course, options, seed, errors.shape[1]), left_out)
            told()
    tried = errors[:, np.array(options.passes) - 1]
    best, at = divmod(int(np.argmin(tried)), len(options.passes))
    chosen, passes = options.courses[best], options.passes[at]
    return chosen, passes, f"chose {_named(chosen, passes)}"
