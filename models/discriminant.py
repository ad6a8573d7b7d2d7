"""Linear discriminant analysis with equal priors: class means weighed by the inverse of one shared covariance.

Fisher 1936, doi:10.1111/j.1469-1809.1936.tb02137.x. Which covariance, is what the decoders differ in. Scores are
log-densities up to what all classes share, so that a difference of two is the log-odds of equal priors.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from bci.bank import Bank
from models.bundle import Bundle
from models.closed_set import Classes, columns, shown
from models.decoders import Fitted
from models.features import FeatureOptions, Features
from models.numpy_decoder import NumpyDecoder, Scored, arrays
from models.training_set import TrainingSet

__all__ = ["fit_discriminant", "load_discriminant"]

Floats = NDArray[np.float64]
Solve = Callable[[Floats, Floats], Floats]
"""From within-class residuals (n, p) and class means (p, K) to inverse covariance times means (p, K)."""


def fit_discriminant(data: TrainingSet, options: FeatureOptions, solve: Solve) -> Fitted:
    """Fit the weights and offsets of all classes."""
    features, classes = Features(options, data.spec), shown(data)
    rows = np.concatenate([features(block) for block in data.blocks()])
    weights, offset = discriminants(rows, classes, solve)
    return Fitted({"classes": classes.rows, "weights": weights, "offset": offset}, temperature=1.0)


def discriminants(rows: Floats, classes: Classes, solve: Solve) -> tuple[Floats, Floats]:
    """Return weights (p, K) and offsets (K,) of the discriminant functions."""
    means = classes.indicator.T @ rows / classes.counts[:, None]  # (K, p)
    centre = means.mean(axis=0)  # taken out, so that offsets are no differences of large numbers
    weights = solve(rows - means[classes.codes], (means - centre).T)
    offset = -((means + centre) * weights.T).sum(axis=1) / 2
    return weights, offset


def load_discriminant(bundle: Bundle, bank: Bank, options: FeatureOptions) -> NumpyDecoder:
    """Make a fitted discriminant ready to decode."""
    features, chosen = Features(options, bundle.preprocess), columns(bundle, bank)
    weights, offset = arrays(bundle, "weights", "offset")

    def score(epochs: NDArray[np.float32]) -> Scored:
        scores = features(epochs) @ weights + offset
        return scores, scores[:, chosen]

    return NumpyDecoder(bundle, bank, score, np.eye(weights.shape[1], dtype=np.float32)[chosen])
