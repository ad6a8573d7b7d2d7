"""Ridge and PLS against scikit-learn, and what both owe to the sums that they are fitted to."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.cross_decomposition import PLSRegression
from sklearn.linear_model import Ridge

from bci.preprocess import scale_epochs
from models import training_set as sets
from models.decoders.pls import partial_least_squares
from models.decoders.ridge import _ridge
from models.features import FeatureOptions, Features
from models.runtime import load_decoder
from models.train import train
from models.training_set import training_set
from replay.trials import take


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


def fitted(tiny, name, **options):
    config = tiny.config.model_copy(
        update={"decoder": tiny.config.decoder.model_copy(update={"name": name, "options": options})}
    )
    return train(tiny.trials, tiny.bank, config)


@pytest.mark.parametrize("width", [0.03125, 0.0])
def test_a_bundle_predicts_what_scikit_learn_does_with_more_and_with_fewer_features_than_trials(tiny_with, width):
    tiny = tiny_with(96, train={"balance": False})
    bundle = fitted(tiny, "ridge", bin=width, penalties=[0.5], standardise=False)
    data = training_set(tiny.trials, tiny.bank, tiny.config)
    x = Features(FeatureOptions(bin=width), tiny.config.preprocess)(data.epochs())
    assert (x.shape[1] > len(x)) == (width == 0)
    y = data.targets().astype(float)
    n_directions = min(x.shape[1], len(x) - 1)
    oracle = Ridge(0.5 * len(x) * x.var(axis=0).sum() / n_directions).fit(x, y)
    assert np.allclose(bundle.weights["weights"], oracle.coef_.T, atol=1e-9)
    assert np.allclose(bundle.weights["offset"], oracle.intercept_ - y.mean(axis=0), atol=1e-6)


@pytest.mark.parametrize("name", ["ridge", "pls"])
def test_blocks_of_any_size_give_the_same_map(tiny, name, monkeypatch):
    whole = fitted(tiny, name).weights["weights"]
    monkeypatch.setattr(sets, "BLOCK", 7)
    assert np.allclose(fitted(tiny, name).weights["weights"], whole, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("name", ["ridge", "pls"])
def test_new_trials_are_named(tiny_with, name):
    tiny = tiny_with(480, seed=3)
    new = take(tiny.trials, np.arange(240, 480))
    bundle = fitted(replace(tiny, trials=take(tiny.trials, np.arange(240))), name)
    scores = load_decoder(bundle).scores(scale_epochs(new.data, bundle.preprocess, bundle.whitening))
    assert (scores.argmax(axis=1) == new.concepts).mean() > 0.5  # chance is 1 in 6


def test_the_penalty_grows_with_the_noise(tiny_with):
    def chosen(scale):
        tiny = tiny_with(96)
        noise = np.random.default_rng(0).normal(scale=scale, size=tiny.trials.data.shape)
        noisy = replace(tiny.trials, data=tiny.trials.data + noise.astype(np.float32))
        bundle = fitted(replace(tiny, trials=noisy), "ridge")
        return float(bundle.card["chosen"].rpartition("penalty ")[2])

    assert chosen(0) < chosen(300)
