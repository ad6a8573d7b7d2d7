"""Block-Toeplitz LDA for few trials: class means are shrunk to what evoked responses have in common.

`toeplitz_lda` estimates far fewer numbers of the noise; this does so of the responses too, see
`models.evoked_prior`.
"""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bci.bank import Bank
from models.bundle import Bundle
from models.closed_set import shown
from models.config import ExperimentConfig
from models.decoders import Fitted, own_options
from models.decoders.toeplitz_lda import stationary
from models.discriminant import averages, functions, load_discriminant
from models.evoked_prior import expected_means
from models.features import FeatureOptions, Features
from models.numpy_decoder import NumpyDecoder
from models.progress import OnProgress
from models.training_set import TrainingSet

__all__ = ["Options", "fit", "load", "selection"]

Floats = NDArray[np.float64]


class Options(FeatureOptions):
    """Options of `evoked_lda`: those of features alone."""


def fit(data: TrainingSet, config: ExperimentConfig, report: OnProgress, checkpoints: Path | None) -> Fitted:  # noqa: ARG001 (done in seconds)
    """Fit covariance, means and what weighs them. See `models.decoders.Family.fit`."""
    from scipy.linalg import cho_factor, cho_solve  # noqa: PLC0415 (slow to import)

    features, classes = Features(own_options(Options, config), data.spec), shown(data)
    rows = np.concatenate([features(block) for block in data.blocks()])
    observed = averages(rows, classes)
    noise = stationary(rows - observed[classes.codes], features.n_channels)
    shape = (len(classes), features.n_channels, -1)
    means = expected_means(observed.reshape(shape), classes.counts, noise, features.step).reshape(observed.shape)
    factor = cho_factor(noise)
    weights, offset = functions(means, lambda centred: cho_solve(factor, centred))
    return Fitted({"classes": classes.rows, "weights": weights, "offset": offset}, temperature=1.0)


def load(bundle: Bundle, bank: Bank, device: str) -> NumpyDecoder:  # noqa: ARG001 (runs on the CPU)
    """Score by the discriminant functions. See `models.decoders.Family.load`."""
    features = Features(own_options(Options, bundle.config), bundle.preprocess)
    return load_discriminant(bundle, bank, features)


def selection(config: ExperimentConfig) -> str:  # noqa: ARG001 (nothing to set)
    """Say that nothing is chosen. See `models.decoders.Family.selection`."""
    return "fixed; shrinkage by Ledoit and Wolf's formula, class means by empirical Bayes"
