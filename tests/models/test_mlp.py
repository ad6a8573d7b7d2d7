"""The perceptron against scikit-learn's own, what is chosen and by what, and what a bundle keeps of it."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.neural_network import MLPRegressor
from sklearn.preprocessing import StandardScaler

from bci.errors import ConfigError, FormatError
from models.config import TrainConfig
from models.decoders import family, mlp
from models.features import FeatureOptions, Features
from models.inner import inner_folds
from models.runtime import load_decoder

ONE = {"hidden": [[16]], "alphas": [1.0], "passes": [3]}


def design(tiny):
    data = tiny.training_set()
    x = Features(FeatureOptions(), data.spec)(data.epochs())
    return x, data.targets().astype(float), data


@pytest.mark.parametrize("hidden", [[16], [16, 8]])
def test_what_a_bundle_keeps_predicts_what_scikit_learn_does(tiny_with, fitted, hidden):
    tiny = tiny_with(96, train={"balance": False})
    bundle = fitted(tiny, "mlp", **ONE | {"hidden": [hidden]})
    x, y, _ = design(tiny)
    scaler, spread = StandardScaler().fit(x), y.std(axis=0).mean()
    spread = np.sqrt(((y - y.mean(axis=0)) ** 2).mean())
    oracle = MLPRegressor(
        hidden_layer_sizes=hidden, alpha=1.0, batch_size=64, random_state=np.random.RandomState(0)
    )
    for _ in range(3):
        oracle.partial_fit(
            scaler.transform(x).astype(np.float32), ((y - y.mean(axis=0)) / spread).astype(np.float32)
        )
    new = np.random.default_rng(1).normal(scale=x.std(), size=(5, x.shape[1]))
    weights = [bundle.weights[f"weights {n}"] for n in range(len(hidden) + 1)]
    offsets = [bundle.weights[f"offsets {n}"] for n in range(len(hidden) + 1)]
    found = mlp.Network(tuple(weights), tuple(offsets), bundle.weights["mean target"])(new)
    expected = oracle.predict(scaler.transform(new).astype(np.float32)) * spread
    assert np.allclose(found, expected, atol=1e-4)
    assert np.allclose(bundle.weights["mean target"], y.mean(axis=0), atol=1e-6)


def test_new_trials_are_named(tiny_with, fitted, scores_of):
    tiny = tiny_with(480, seed=3)
    new = tiny.part(np.arange(240, 480)).trials
    bundle = fitted(tiny.part(np.arange(240)), "mlp")
    assert (scores_of(bundle, new).argmax(axis=1) == new.concepts).mean() > 0.5  # chance is 1 in 6
    assert bundle.card["chosen"].startswith("chose hidden 128, alpha ")
    assert "of 16 settings by squared error in inner folds, left out by repetition" in bundle.card["selection"]


def test_shuffled_labels_teach_nothing(tiny_with, fitted, scores_of):
    tiny = tiny_with(480, seed=3)
    order = np.random.default_rng(0).permutation(240)
    known = tiny.part(np.arange(240))
    trials = replace(known.trials, concepts=known.trials.concepts[order], images=known.trials.images[order])
    new = tiny.part(np.arange(240, 480)).trials
    hits = scores_of(fitted(replace(known, trials=trials), "mlp"), new).argmax(axis=1) == new.concepts
    assert hits.mean() < 0.26  # chance is 1 in 6, and 240 trials


def test_groups_are_left_out_whole_and_nothing_is_split_by_row(tiny, as_decoder, monkeypatch):
    seen = []

    class Watched(MLPRegressor):
        def partial_fit(self, X, y, sample_weight=None):
            assert not self.early_stopping
            seen.append([row.tobytes() for row in X])
            return super().partial_fit(X, y, sample_weight)

    monkeypatch.setattr("sklearn.neural_network.MLPRegressor", Watched)
    config = as_decoder(tiny.config, "mlp", hidden=[[4]], alphas=[1.0], passes=[1, 2], by="repetition", folds=4)
    data = tiny.training_set()
    family("mlp").fit(data, config, lambda progress: None, None)
    number = {row: at for at, row in enumerate(max(seen, key=len))}  # the last fit is to all trials
    fitted_to = {frozenset(number[row] for row in rows) for rows in seen}
    folds = inner_folds(data, config, mlp.Options(by="repetition", folds=4))
    assert fitted_to == {frozenset(train.tolist()) for train, _ in folds} | {frozenset(range(96))}


def test_more_noise_asks_for_a_larger_penalty(tiny_with, fitted):
    def alpha(scale):
        tiny = tiny_with(96)
        noise = np.random.default_rng(0).normal(scale=scale, size=tiny.trials.data.shape)
        noisy = replace(tiny.trials, data=tiny.trials.data + noise.astype(np.float32))
        bundle = fitted(replace(tiny, trials=noisy), "mlp", hidden=[[32]], alphas=[0.01, 1000.0], passes=[100])
        return bundle.card["chosen"]

    assert "alpha 0.01," in alpha(0)
    assert "alpha 1000," in alpha(2000)


def test_progress_is_told_to_its_end(tiny, as_decoder):
    told = []
    config = as_decoder(tiny.config, "mlp", hidden=[[4], [8]], alphas=[1.0], passes=[1], folds=2)
    family("mlp").fit(tiny.training_set(), config, told.append, None)
    assert [(progress.step, progress.steps) for progress in told] == [(n, 6) for n in range(1, 7)]


def test_layers_that_do_not_follow_each_other_are_refused(tiny, fitted):
    bundle = fitted(tiny, "mlp", **ONE)
    broken = bundle.weights | {"weights 1": bundle.weights["weights 1"][1:]}
    with pytest.raises(FormatError, match="layers that follow each other"):
        load_decoder(replace(bundle, weights=broken))


def test_a_fixed_setting_is_called_fixed(tiny, fitted):
    card = fitted(tiny, "mlp", **ONE).card
    assert card["selection"] == "fixed; hidden 16, alpha 1, 3 passes"
    assert card["chosen"] == ""


@pytest.mark.parametrize("options", [{"hidden": [[]]}, {"passes": [0]}, {"alphas": []}])
def test_options_that_make_no_sense_are_refused(tiny, fitted, options):
    with pytest.raises(ConfigError, match=next(iter(options))):
        fitted(tiny, "mlp", **options)


def test_averages_are_fitted_to_where_asked(tiny_with, fitted):
    tiny = tiny_with(96, train=TrainConfig(average=True).model_dump())
    n_means = len(set(zip(tiny.trials.images, tiny.trials.groups["recording"], strict=True)))
    card = fitted(tiny, "mlp", by="image", **ONE).card
    assert card["chosen"] == f"fitted to {n_means} means over the repetitions of a picture"
    assert card["n_trials"] == 96
