"""xDAWN covariances, their tangent space, logistic regression.

Signals are filtered in space so that the class's evoked response stands out (xDAWN: Rivet et al. 2009,
doi:10.1109/TBME.2009.2012869), joined with the filtered evoked responses, and described by their covariance
(Barachant and Congedo 2014, arXiv:1409.0107), which is mapped to the tangent space of the Riemannian mean
(Barachant et al. 2012, doi:10.1109/TBME.2011.2172210).
"""

from pathlib import Path
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from bci.bank import Bank
from models.bundle import Bundle
from models.closed_set import Classes, columns, shown
from models.config import ExperimentConfig
from models.decoders import Fitted, own_options
from models.features import FeatureOptions, Features
from models.numpy_decoder import NumpyDecoder, Scored, arrays
from models.progress import OnProgress
from models.riemann import riemannian_mean, tangent_vectors
from models.shrinkage import shrunk_covariances
from models.training_set import TrainingSet

__all__ = ["Options", "fit", "load", "selection"]

Floats = NDArray[np.float64]

TOLERANCE = 1e-6
"""Of the regression's gradient, at which it stops."""


class Options(FeatureOptions):
    """Options of `xdawn`."""

    bin: Annotated[float, Field(ge=0)] = 0.0
    filters: Annotated[int, Field(ge=1)] = 2
    """Spatial filters per class; fewer channels give fewer."""
    c: Annotated[float, Field(gt=0)] = 0.1
    """Inverse strength of the regression's penalty."""


def fit(data: TrainingSet, config: ExperimentConfig, report: OnProgress, checkpoints: Path | None) -> Fitted:  # noqa: ARG001 (done at once)
    """Fit filters, mean and regression. See `models.decoders.Family.fit`."""
    options = own_options(Options, config)
    features, classes = Features(options, data.spec), shown(data)
    signals = np.concatenate([features.binned(block) for block in data.blocks()])
    filters, evoked = xdawn(signals, classes, options.filters)
    covariances = special_covariances(signals, filters, evoked)
    mean = riemannian_mean(covariances)
    vectors = tangent_vectors(covariances, mean)
    centre, scale = vectors.mean(axis=0), vectors.std(axis=0)
    weights, offset = _regression((vectors - centre) / scale, classes.codes, options.c)
    weights = weights / scale[:, None]
    tangent = {"filters": filters, "evoked": evoked, "mean": mean}
    linear = {"classes": classes.rows, "weights": weights, "offset": offset - centre @ weights}
    return Fitted(tangent | linear, temperature=1.0)


def load(bundle: Bundle, bank: Bank, device: str) -> NumpyDecoder:  # noqa: ARG001 (runs on the CPU)
    """Score by the regression's log-odds. See `models.decoders.Family.load`."""
    features, chosen = Features(own_options(Options, bundle.config), bundle.preprocess), columns(bundle, bank)
    filters, evoked, mean, weights, offset = arrays(bundle, "filters", "evoked", "mean", "weights", "offset")

    def score(epochs: NDArray[np.float32]) -> Scored:
        covariances = special_covariances(features.binned(epochs), filters, evoked)
        scores = tangent_vectors(covariances, mean) @ weights + offset
        return scores, scores[:, chosen]

    return NumpyDecoder(bundle, bank, score, np.eye(weights.shape[1], dtype=np.float32)[chosen])


def selection(config: ExperimentConfig) -> str:
    """Say what is fixed. See `models.decoders.Family.selection`."""
    options = own_options(Options, config)
    return f"fixed; {options.filters} filters per class, C = {options.c:g}"


def special_covariances(signals: Floats, filters: Floats, evoked: Floats) -> Floats:
    """Shrunk covariances (n, 2 m, 2 m) of evoked responses above filtered signals."""
    filtered = filters @ signals
    return shrunk_covariances(np.concatenate([np.broadcast_to(evoked, filtered.shape), filtered], axis=1))


def xdawn(signals: Floats, classes: Classes, n_filters: int) -> tuple[Floats, Floats]:
    """Return spatial filters (m, C) and evoked responses through them (m, T), class by class.

    A class's filters maximise the power of its mean response over the power of all signals.
    """
    from scipy.linalg import eigh  # noqa: PLC0415 (slow to import)

    joined = signals.transpose(1, 0, 2).reshape(1, signals.shape[1], -1)
    power = shrunk_covariances(joined)[0]
    filters, evoked = [], []
    for code in range(len(classes)):
        response = signals[classes.codes == code].mean(axis=0)
        own = shrunk_covariances(response[None])[0]
        vectors = eigh(own, power)[1][:, ::-1][:, :n_filters]
        vectors = vectors / np.linalg.norm(vectors, axis=0)
        filters.append(vectors.T)
        evoked.append(vectors.T @ response)
    return np.concatenate(filters), np.concatenate(evoked)


def _regression(vectors: Floats, codes: NDArray[np.int64], c: float) -> tuple[Floats, Floats]:
    """Weights (p, K) and offsets (K,) of logistic regression, every class weighing the same."""
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415 (slow to import)

    # Newton's steps are the faster ones for two classes; for K they solve K times as many equations at once
    solver = "newton-cholesky" if codes.max() == 1 else "lbfgs"
    model = LogisticRegression(C=c, class_weight="balanced", solver=solver, max_iter=1000, tol=TOLERANCE)
    model.fit(vectors, codes)
    weights, offset = model.coef_.T, model.intercept_
    if weights.shape[1] == 1:  # two classes share one discriminant
        weights, offset = np.hstack([-weights, weights]) / 2, np.hstack([-offset, offset]) / 2
    return np.asarray(weights), np.asarray(offset)
