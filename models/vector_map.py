"""What all maps from features to vision vectors share: how features are scaled, and how predictions are ranked.

A prediction that is shrunk towards the mean target lies close to it, and so would all cosines. They are therefore
taken round the mean target, and the prediction keeps its length: scores rank as cosines do, and tell a clear
response from a faint one.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from bci.bank import Bank, normalise
from models.bundle import Bundle
from models.features import FeatureOptions, Features
from models.inner import HeldOut, InnerOptions
from models.numpy_decoder import NumpyDecoder, Scored
from models.training_set import TrainingSet

__all__ = ["RANK", "MapOptions", "Predict", "deviations", "load_map", "score_held_out"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Predict = Callable[[Floats], Floats]
"""From features (n, p) to vectors round the mean target (n, D)."""

MOST_CALIBRATED = 2048
"""Held-out trials that the temperature is fitted to."""

RANK = 1e-10
"""Share of the largest variance below which there is none."""


class MapOptions(FeatureOptions, InnerOptions):
    """Options that all maps share."""

    standardise: bool = True
    """Whether every feature is divided by its standard deviation."""


def deviations(variances: Floats, *, standardise: bool) -> Floats:
    """Return what features are divided by, (p,); those that are flat stay as they are."""
    if not standardise:
        return np.ones(len(variances))
    return np.sqrt(np.where(variances > RANK * variances.max(), variances, 1.0))


def score_held_out(data: TrainingSet, features: Features, predict: Predict, target: Floats, test: Ints) -> HeldOut:
    """Score some of the trials that a map was not fitted to.

    Parameters
    ----------
    target
        (D,) mean of the targets that it was fitted to.
    test
        Rows of the training set that were left out.
    """
    some = test[np.linspace(0, len(test) - 1, min(len(test), MOST_CALIBRATED)).astype(np.int64)]
    shown, truth = np.unique(data.rows[some], return_inverse=True)
    prototypes = _directions(data.normalised(data.bank.prototypes[shown]), target)
    return HeldOut(predict(features(data.epochs(some))) @ prototypes.T, truth)


def load_map(
    bundle: Bundle, bank: Bank, options: FeatureOptions, predict: Predict, target: Floats
) -> NumpyDecoder:
    """Make a fitted map ready to rank a bank.

    Parameters
    ----------
    target
        (D,) mean of the targets that it was fitted to.
    """
    features = Features(options, bundle.preprocess)
    vectors = normalise(bank.prototypes, bank.key.normalisation, bundle.centre, bank.key.views)
    prototypes = _directions(vectors, target)

    def score(epochs: NDArray[np.float32]) -> Scored:
        embeddings = predict(features(epochs))
        return embeddings, embeddings @ prototypes.T

    return NumpyDecoder(bundle, bank, score, prototypes)


def _directions(vectors: NDArray[np.float32], centre: Floats) -> Floats:
    """Unit vectors from the mean target to normalised vectors (N, D)."""
    differences = vectors - centre
    norms = np.linalg.norm(differences, axis=1, keepdims=True)
    return np.asarray(differences / np.maximum(norms, np.finfo(np.float64).tiny))
