"""Ridge and PLS against scikit-learn, and what both owe to the sums that they are fitted to."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax
from sklearn.cross_decomposition import PLSRegression
from sklearn.linear_model import Ridge
from sklearn.preprocessing import StandardScaler

from models import training_set as sets
from models.decoders.pls import partial_least_squares
from models.decoders.ridge import _ridge
from models.features import FeatureOptions, Features
from models.regression import _reduce


def centred(n=50, p=12, d=4, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, p)) * np.arange(1, p + 1)
    y = x @ rng.normal(size=(p, d)) + 5 * rng.normal(size=(n, d))
    return x - x.mean(0), y - y.mean(0)


@pytest.mark.parametrize("number", [1, 2, 4, 7])
def test_partial_least_squares_is_that_of_scikit_learn(number):
    x, y = centred()
    (weights,) = partial_least_squares(x.T @ x / len(x), x.T @ y / len(x), (number,))
    oracle = PLSRegression(number, scale=False, tol=1e-14, max_iter=10_000).fit(x, y)
    assert np.allclose(weights, oracle.coef_.T, atol=1e-5)  # its power iterations end at about 1e-7


def test_more_components_than_there_are_change_nothing():
    x, y = centred(p=3)
    three, ten = partial_least_squares(x.T @ x, x.T @ y, (3, 10))
    assert np.allclose(three, np.linalg.lstsq(x, y, rcond=None)[0])
    assert np.allclose(ten, three)


def test_ridge_is_that_of_scikit_learn():
    x, y = centred()
    covariance = x.T @ x / len(x)
    alpha = 0.3 * np.trace(covariance) / 12 * len(x)
    assert np.allclose(
        _ridge(covariance, x.T @ y / len(x), 0.3), Ridge(alpha, fit_intercept=False).fit(x, y).coef_.T
    )


@pytest.mark.parametrize("width", [0.03125, 0.0])
def test_a_bundle_predicts_what_scikit_learn_does_with_more_and_with_fewer_features_than_trials(
    tiny_with, width, fitted
):
    tiny = tiny_with(96, train={"balance": False})
    bundle = fitted(tiny, "ridge", bin=width, penalties=[0.5], standardise=False)
    data = tiny.training_set()
    x = Features(FeatureOptions(bin=width), tiny.config.preprocess)(data.epochs())
    assert (x.shape[1] > len(x)) == (width == 0)
    y = data.targets().astype(float)
    n_directions = min(x.shape[1], len(x) - 1)
    oracle = Ridge(0.5 * len(x) * x.var(axis=0).sum() / n_directions).fit(x, y)
    assert np.allclose(bundle.weights["weights"], oracle.coef_.T, atol=1e-9)
    assert np.allclose(bundle.weights["offset"], oracle.intercept_ - y.mean(axis=0), atol=1e-6)


@pytest.mark.parametrize("name", ["ridge", "pls"])
def test_blocks_of_any_size_give_the_same_map(tiny, name, monkeypatch, fitted):
    whole = fitted(tiny, name).weights["weights"]
    monkeypatch.setattr(sets, "BLOCK", 7)
    assert np.allclose(fitted(tiny, name).weights["weights"], whole, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("name", ["ridge", "pls"])
def test_new_trials_are_named(tiny_with, name, fitted, scores_of):
    tiny = tiny_with(480, seed=3)
    new = tiny.part(np.arange(240, 480)).trials
    scores = scores_of(fitted(tiny.part(np.arange(240)), name), new)
    assert (scores.argmax(axis=1) == new.concepts).mean() > 0.5  # chance is 1 in 6


def test_the_penalty_grows_with_the_noise(tiny_with, fitted):
    def chosen(scale):
        tiny = tiny_with(96)
        noise = np.random.default_rng(0).normal(scale=scale, size=tiny.trials.data.shape)
        noisy = replace(tiny.trials, data=tiny.trials.data + noise.astype(np.float32))
        bundle = fitted(replace(tiny, trials=noisy), "ridge")
        return float(bundle.card["chosen"].rpartition("penalty ")[2])

    assert chosen(0) < chosen(300)


def design(tiny, width):
    """Features (n, p) of a tiny world's trials and what they are mapped to, (n, D)."""
    data = tiny.training_set()
    return Features(FeatureOptions(bin=width), data.spec)(data.epochs()), data.targets().astype(float)


@pytest.mark.parametrize("width", [0.03125, 0.0])
def test_standardised_features_are_those_of_scikit_learn(tiny_with, fitted, width):
    tiny = tiny_with(96, train={"balance": False})
    bundle = fitted(tiny, "ridge", bin=width, penalties=[0.5], standardise=True)
    x, y = design(tiny, width)
    scaler = StandardScaler().fit(x)
    alpha = 0.5 * x.size / min(x.shape[1], len(x) - 1)  # a variance of 1 for each feature
    oracle = Ridge(alpha).fit(scaler.transform(x), y)
    new = np.random.default_rng(1).normal(scale=x.std(), size=(5, x.shape[1]))
    found = new @ bundle.weights["weights"] + bundle.weights["offset"] + bundle.weights["mean target"]
    assert np.allclose(found, oracle.predict(scaler.transform(new)), atol=1e-8)


def with_rare_concepts(tiny):
    """Leave every other trial of half the concepts out; return how often the others are to be counted again."""
    rows = np.flatnonzero((tiny.trials.concepts < 3) | (np.arange(len(tiny.trials)) % 12 < 6))
    rare = tiny.part(rows)
    return rare, np.where(rare.trials.concepts < 3, 1, 2)


@pytest.mark.parametrize("balance", [True, False])
@pytest.mark.parametrize("width", [0.0625, 0.0])
def test_every_concept_weighs_the_same_in_a_ridge_regression_if_balanced(tiny_with, fitted, width, balance):
    rare, times = with_rare_concepts(tiny_with(96, train={"balance": balance}))
    assert np.bincount(rare.trials.concepts, times).tolist() == [16] * 6
    times = times if balance else np.ones(len(times))
    bundle = fitted(rare, "ridge", bin=width, penalties=[0.5], standardise=False)
    x, y = design(rare, width)
    spread = np.average((x - np.average(x, axis=0, weights=times)) ** 2, axis=0, weights=times).sum()
    alpha = 0.5 * times.sum() * spread / min(x.shape[1], len(x) - 1)
    oracle = Ridge(alpha).fit(x, y, sample_weight=times)
    assert np.allclose(bundle.weights["weights"], oracle.coef_.T, atol=1e-9)
    assert np.allclose(bundle.weights["mean target"], np.average(y, axis=0, weights=times))
    assert np.allclose(bundle.weights["offset"] + bundle.weights["mean target"], oracle.intercept_, atol=1e-6)


@pytest.mark.parametrize("width", [0.0625, 0.0])
def test_every_concept_weighs_the_same_in_partial_least_squares(tiny_with, fitted, width):
    """Scikit-learn takes no weights: it is given the trials of rare concepts twice."""
    rare, times = with_rare_concepts(tiny_with(96))
    bundle = fitted(rare, "pls", bin=width, components=[4], standardise=False)
    x, y = (np.repeat(each, times, axis=0) for each in design(rare, width))
    oracle = PLSRegression(4, scale=False, tol=1e-14, max_iter=10_000).fit(x, y)
    assert np.allclose(bundle.weights["weights"], oracle.coef_.T, atol=1e-5)


def test_the_temperature_is_the_best_one_for_the_first_inner_fold(tiny_with, fitted):
    tiny = tiny_with(96, train={"balance": False})
    bundle = fitted(tiny, "ridge", bin=0.0625, penalties=[0.5], standardise=False, by="recording")
    x, y = design(tiny, 0.0625)
    out = tiny.trials.groups["recording"] == tiny.trials.groups["recording"][0]
    left, known = x[out], x[~out]
    alpha = 0.5 * len(known) * known.var(axis=0).sum() / x.shape[1]
    embeddings = Ridge(alpha).fit(known, y[~out]).predict(left) - y[~out].mean(axis=0)
    prototypes = tiny.bank.prototypes / np.linalg.norm(tiny.bank.prototypes, axis=1, keepdims=True)
    directions = prototypes - y[~out].mean(axis=0)
    scores = embeddings @ (directions / np.linalg.norm(directions, axis=1, keepdims=True)).T

    def loss(log_temperature):
        logs = log_softmax(scores / np.exp(log_temperature), axis=1)
        return -logs[np.arange(len(left)), tiny.trials.concepts[out]].mean()

    expected = np.exp(minimize_scalar(loss, bounds=(-8, 4), method="bounded", options={"xatol": 1e-6}).x)
    assert bundle.temperature == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize("width", [0.03125, 0.0])
def test_trials_at_the_edge_of_what_is_left_out_are_not_fitted_to(tiny, width):
    """More trials than features, and fewer: sums of an inner fold are those of its training trials."""
    data, features = tiny.training_set(), Features(FeatureOptions(bin=width), tiny.config.preprocess)
    rows, targets = design(tiny, width)
    folds = [(np.arange(40, 96), np.arange(30)), (np.arange(30), np.arange(30, 96))]  # ten are on neither side
    weights = np.linspace(0.5, 1.5, 96)
    reduced = _reduce(data, targets, features, weights, folds, standardise=False)
    for fold, (train, _) in enumerate(folds):
        x = rows[train] - np.average(rows[train], axis=0, weights=weights[train])
        y = targets[train] - np.average(targets[train], axis=0, weights=weights[train])
        expected = x.T @ (y * weights[train, None]) / weights[train].sum()
        found = _ridge(*reduced.trained(fold).covariances(), 1e6)  # the map along the cross-covariance
        found = reduced.back(found)
        assert np.corrcoef(found.ravel(), expected.ravel())[0, 1] > 0.9999
    assert reduced.total.n == pytest.approx(weights.sum())
