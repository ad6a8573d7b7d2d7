"""LDA and block-Toeplitz LDA against scikit-learn and against data of which the best weights are known."""

import numpy as np
import pytest
from scipy.linalg import toeplitz as toeplitz_matrix
from sklearn.covariance import ledoit_wolf
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from models.closed_set import Classes
from models.decoders.toeplitz_lda import toeplitz
from models.discriminant import discriminants, solve_shrunk
from models.features import FeatureOptions, Features

EVEN, RARE = np.arange(60) % 3, np.repeat([0, 1, 2], [45, 12, 3])


def make(p, codes, seed=0):
    rng = np.random.default_rng(seed)
    n, k = len(codes), codes.max() + 1
    means = rng.normal(size=(k, p)) * 2
    return means[codes] + rng.normal(size=(n, p)) @ rng.normal(size=(p, p)), Classes(np.arange(k), codes)


@pytest.mark.parametrize("codes", [EVEN, RARE], ids=["as many of each", "rare ones"])
@pytest.mark.parametrize("p", [10, 100])
def test_scores_are_those_of_scikit_learn_with_equal_priors_up_to_what_all_classes_share(p, codes):
    rows, classes = make(p, codes)
    share = 0.3
    weights, offset = discriminants(rows, classes, lambda r, m: solve_shrunk(r, m, share))
    # scikit-learn is given the same pooled, shrunk covariance
    residuals = rows - (classes.indicator.T @ rows / classes.counts[:, None])[classes.codes]
    covariance = (1 - share) * residuals.T @ residuals / len(rows)
    covariance += share * np.trace(residuals.T @ residuals) / len(rows) / p * np.eye(p)
    oracle = LinearDiscriminantAnalysis(
        solver="lsqr", priors=[1 / 3] * 3, covariance_estimator=_Fixed(covariance)
    ).fit(rows, classes.codes)
    ours, theirs = rows @ weights + offset, oracle.decision_function(rows)
    assert np.allclose(ours - ours.mean(axis=1, keepdims=True), theirs - theirs.mean(axis=1, keepdims=True))


class _Fixed:
    def __init__(self, covariance):
        self.covariance_ = covariance

    def fit(self, rows):  # noqa: ARG002 (the interface of scikit-learn)
        return self

    def get_params(self, deep=True):  # noqa: ARG002 (as above)
        return {"covariance": self.covariance_}


@pytest.mark.parametrize("n", [8, 40])
def test_both_ways_to_solve_agree(n):
    rng = np.random.default_rng(1)
    residuals, means = rng.normal(size=(n, 20)), rng.normal(size=(20, 3))
    covariance = 0.8 * residuals.T @ residuals / n + 0.2 * np.vdot(residuals, residuals) / (n * 20) * np.eye(20)
    assert np.allclose(solve_shrunk(residuals, means, 0.2), np.linalg.solve(covariance, means))


def test_differences_of_scores_are_log_odds():
    """Two classes of unit variance at -1 and 1: the log-odds at x are 2 x."""
    rng = np.random.default_rng(2)
    codes = np.arange(200_000) % 2
    rows = (2.0 * codes - 1 + rng.normal(size=len(codes)))[:, None]
    weights, offset = discriminants(rows, Classes(np.arange(2), codes), lambda r, m: solve_shrunk(r, m, 1e-9))
    scores = np.array([[-1.0], [0.0], [0.5]]) @ weights + offset
    assert np.allclose(scores[:, 1] - scores[:, 0], [-2, 0, 1], atol=0.03)


def test_rare_classes_are_as_likely_beforehand_as_frequent_ones():
    """Two classes of unit variance at -1 and 1: the boundary is at 0, however often each was shown."""
    rng = np.random.default_rng(2)
    codes = (rng.random(200_000) < 0.1).astype(int)
    rows = (2.0 * codes - 1 + rng.normal(size=len(codes)))[:, None]
    weights, offset = discriminants(rows, Classes(np.arange(2), codes), lambda r, m: solve_shrunk(r, m, 1e-9))
    scores = np.array([[0.0]]) @ weights + offset
    assert scores[0, 1] == pytest.approx(scores[0, 0], abs=0.03)


def test_a_stationary_covariance_is_only_tapered():
    channels, times = np.array([[2.0, 0.5], [0.5, 1.0]]), toeplitz_matrix([1.0, 0.6, 0.3])
    stationary = np.kron(channels, times)
    taper = toeplitz_matrix([1, 2 / 3, 1 / 3])
    assert np.allclose(toeplitz(stationary, 2), np.kron(channels, times * taper))


def test_any_covariance_becomes_block_toeplitz_and_stays_positive():
    samples = np.random.default_rng(3).normal(size=(9, 12))
    result = toeplitz(samples.T @ samples, 3)
    blocks = result.reshape(3, 4, 3, 4)
    assert np.allclose(result, result.T)
    assert np.allclose(blocks[:, 0, :, 1], blocks[:, 2, :, 3])
    assert np.linalg.eigvalsh(result).min() > -1e-9


def block_toeplitz(covariance, n_channels, n_times):
    """Covariance of channel c at time t with channel d at time s: its mean over all pairs of that lag, tapered."""
    result = np.zeros_like(covariance)
    for c in range(n_channels):
        for d in range(n_channels):
            own = covariance[c * n_times : (c + 1) * n_times, d * n_times : (d + 1) * n_times]
            for lag in range(1 - n_times, n_times):
                mean = np.trace(own, offset=lag) / (n_times - abs(lag))
                diagonal = np.eye(n_times, k=lag) * mean * (1 - abs(lag) / n_times)
                result[c * n_times : (c + 1) * n_times, d * n_times : (d + 1) * n_times] += diagonal
    return result


@pytest.mark.parametrize(("channels", "width", "n_times"), [((), 0.0625, 8), (("O*",), 0.03125, 16)])
def test_block_toeplitz_lda_is_fishers_discriminant_with_that_covariance(tiny, fitted, channels, width, n_times):
    options = {"channels": channels, "bin": width}
    bundle = fitted(tiny, "toeplitz_lda", **options)
    data = tiny.training_set()
    rows = Features(FeatureOptions(**options), data.spec)(data.epochs())
    n_channels = rows.shape[1] // n_times
    means = np.stack([rows[data.rows == concept].mean(axis=0) for concept in range(6)])
    shrunk = ledoit_wolf(rows - means[data.rows], assume_centered=True)[0]
    covariance = block_toeplitz(shrunk, n_channels, n_times)
    covariance += 1e-6 * np.trace(covariance) / len(covariance) * np.eye(len(covariance))
    inverse = np.linalg.inv(covariance)
    expected = rows @ inverse @ means.T - np.einsum("kp,pq,kq->k", means, inverse, means) / 2
    found = rows @ bundle.weights["weights"] + bundle.weights["offset"]
    assert (n_channels, n_times) == (len(data.spec.channels) - bool(channels), n_times)
    assert np.allclose(found - found.mean(axis=1, keepdims=True), expected - expected.mean(axis=1, keepdims=True))
