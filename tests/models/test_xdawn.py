"""xDAWN covariances against pyriemann, and their regression of two classes of which one is rare."""

import numpy as np
import pytest
from pyriemann.estimation import XdawnCovariances
from pyriemann.tangentspace import TangentSpace
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.preprocessing import StandardScaler

from models.closed_set import Classes
from models.decoders.xdawn import Options, special_covariances, xdawn
from models.features import Features
from models.riemann import riemannian_mean, tangent_vectors


def make(n=60, n_channels=5, n_times=40, seed=0):
    """A response through one topography in the second class alone."""
    rng = np.random.default_rng(seed)
    codes = np.arange(n) % 2
    topography, course = rng.normal(size=n_channels), np.sin(np.linspace(0, np.pi, n_times))
    signals = rng.normal(size=(n, n_channels, n_times))
    return signals + codes[:, None, None] * np.outer(topography, course), Classes(np.arange(2), codes), topography


def test_tangent_vectors_are_as_far_apart_as_those_of_pyriemann():
    """Filters may differ in sign, which turns the tangent space but keeps all distances."""
    signals, classes, _ = make()
    described = special_covariances(signals, *xdawn(signals, classes, 2))
    ours = tangent_vectors(described, riemannian_mean(described))
    covariances = XdawnCovariances(2, estimator="lwf", xdawn_estimator="lwf").fit_transform(signals, classes.codes)
    theirs = TangentSpace().fit_transform(covariances)
    assert np.allclose(ours @ ours.T, theirs @ theirs.T, atol=1e-6)


def test_the_first_filter_of_the_class_finds_its_topography():
    signals, classes, topography = make(400)
    filters, evoked = xdawn(signals, classes, 1)
    gain = np.abs(filters @ topography)
    assert gain[1] > 0.9 * np.linalg.norm(topography)
    assert np.ptp(evoked[1]) > 3 * np.ptp(evoked[0])


def oddball(tiny_with, n):
    """A world of two concepts, the second of which is shown in 16 of 100 trials: n known ones, n new ones."""
    tiny = tiny_with(4 * n, 2)
    shares = round(0.84 * n), round(0.16 * n)
    rows = [np.flatnonzero(tiny.trials.concepts == concept)[: 2 * share] for concept, share in enumerate(shares)]
    return (tiny.part(np.sort(np.concatenate([own[part::2] for own in rows]))) for part in (0, 1))


def test_a_rare_concept_is_told_from_a_frequent_one(tiny_with, fitted, scores_of):
    known, new = oddball(tiny_with, 300)
    assert known.trials.concepts.mean() == pytest.approx(0.16, abs=0.02)
    scores = scores_of(fitted(known, "xdawn"), new.trials)
    assert roc_auc_score(new.trials.concepts, scores[:, 1] - scores[:, 0]) > 0.8


def test_log_odds_of_two_concepts_are_those_of_a_balanced_logistic_regression(tiny_with, fitted, scores_of):
    known, _ = oddball(tiny_with, 100)
    bundle, data = fitted(known, "xdawn"), known.training_set()
    signals = Features(Options(), data.spec).binned(data.epochs())
    covariances = special_covariances(signals, bundle.weights["filters"], bundle.weights["evoked"])
    vectors = StandardScaler().fit_transform(tangent_vectors(covariances, bundle.weights["mean"]))
    oracle = LogisticRegression(C=0.1, class_weight="balanced", tol=1e-10, max_iter=10_000)
    expected = oracle.fit(vectors, data.rows).decision_function(vectors)
    scores = scores_of(bundle, known.trials)
    assert np.allclose(scores[:, 1] - scores[:, 0], expected, atol=1e-3)
    assert np.allclose(scores[:, 1], -scores[:, 0], atol=1e-5)
