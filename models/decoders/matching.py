"""Direct matching of features: how near the training trials of each concept are.

Nearest neighbours (Cover and Hart 1967, doi:10.1109/TIT.1967.1053964) by cosine, in the space of the principal
components of the features, whitened with a shrunk covariance. A concept's score is the mean cosine to its k
nearest training trials; k is the one with the best figure in inner folds. Trials are compared by what was measured
alone: the label of the trial that is asked about is never looked at, unlike where pictures are paired by it.
"""

from pathlib import Path
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from bci.bank import Bank
from models.bundle import Bundle
from models.closed_set import columns, shown
from models.config import ExperimentConfig
from models.decoders import Fitted, own_options
from models.features import FeatureOptions, Features
from models.inner import Fold, HeldOut, InnerOptions, divide, figure, inner_folds
from models.matching import Gallery, gallery
from models.numpy_decoder import NumpyDecoder, Scored, arrays
from models.progress import OnProgress, Progress
from models.temperature import fit_temperature
from models.training_set import TrainingSet

__all__ = ["Options", "fit", "load", "selection"]

Floats = NDArray[np.float64]


class Options(FeatureOptions, InnerOptions):
    """Options of `matching`."""

    neighbours: Annotated[tuple[Annotated[int, Field(ge=1)], ...], Field(min_length=1)] = (1, 5, 20, 100)
    """Numbers of training trials of a concept to choose from; a concept that has fewer takes all."""


def fit(data: TrainingSet, config: ExperimentConfig, report: OnProgress, checkpoints: Path | None) -> Fitted:  # noqa: ARG001 (done at once)
    """Choose the number of neighbours, keep the training trials. See `models.decoders.Family.fit`."""
    options = own_options(Options, config)
    folds, features = inner_folds(data, config, options), Features(options, data.spec)
    tried: list[list[HeldOut]] = []
    for number, fold in enumerate(folds):
        tried.append(_tried(data, fold, features, options.neighbours))
        report(Progress(number + 1, len(folds) + 1))
    figures = [figure(parts) for parts in zip(*tried, strict=True)]
    best = int(np.argmax(figures))
    scores, truth = tried[0][best].scores, tried[0][best].truth
    kept, classes = _kept(data, features), shown(data)
    weights: dict[str, NDArray[Any]] = {
        "classes": classes.rows,
        "centre": kept.centre,
        "whitening": kept.whitening,
        "vectors": kept.vectors,
        "ends": kept.ends,
        "neighbours": np.array(options.neighbours[best]),
    }
    note = f"chose {options.neighbours[best]} neighbours, {figures[best]:.3f} in inner folds"
    return Fitted(weights, fit_temperature(scores, truth), note if len(figures) > 1 else "")


def load(bundle: Bundle, bank: Bank, device: str) -> NumpyDecoder:  # noqa: ARG001 (runs on the CPU)
    """Score by mean cosines. See `models.decoders.Family.load`."""
    features, chosen = Features(own_options(Options, bundle.config), bundle.preprocess), columns(bundle, bank)
    kept = Gallery(*arrays(bundle, "centre", "whitening", "vectors", "ends"))
    (number,) = arrays(bundle, "neighbours")

    def score(epochs: NDArray[np.float32]) -> Scored:
        (scores,) = kept.similarities(features(epochs), (int(number),))
        return scores, scores[:, chosen]

    return NumpyDecoder(bundle, bank, score, np.eye(len(kept.ends), dtype=np.float32)[chosen])


def selection(config: ExperimentConfig) -> str:
    """Say how the number of neighbours is set. See `models.decoders.Family.selection`."""
    options = own_options(Options, config)
    if len(options.neighbours) == 1:
        return f"fixed; {options.neighbours[0]} neighbours"
    by = options.by or config.evaluation.by
    return f"number of neighbours of {len(options.neighbours)} by inner folds, left out by {by}"


def _kept(data: TrainingSet, features: Features) -> Gallery:
    rows = np.concatenate([features(block) for block in data.blocks()])
    return gallery(rows, shown(data).codes)


def _tried(data: TrainingSet, fold: Fold, features: Features, numbers: tuple[int, ...]) -> list[HeldOut]:
    """Score what a fold leaves out with each number of neighbours, among the concepts of both of its sides."""
    train, tested = divide(data, fold)
    known = np.isin(tested.rows, train.rows)
    rows = np.concatenate([features(block) for block in tested.blocks()])[known]
    competing, truth = np.unique(tested.rows[known], return_inverse=True)
    own = np.searchsorted(np.unique(train.rows), competing)
    each = _kept(train, features).similarities(rows, numbers)
    return [HeldOut(scores[:, own], truth) for scores in each]
