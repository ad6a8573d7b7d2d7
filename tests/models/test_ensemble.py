"""Decoders that are made of others: the average, and the best one by inner cross-validation."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax

from bci.errors import ConfigError
from models.decoders.ensemble import fit_shares

LDA = {"name": "lda", "options": {"shrinkage": 0.3}}
DEAF = {"name": "lda", "options": {"window": [0.45, 0.5], "channels": ["Pz"], "bin": 0.1}}
RIDGE = {"name": "ridge", "options": {}}
XDAWN = {"name": "xdawn", "options": {"filters": 1}}


@pytest.fixture
def noisy(tiny):
    """The small world in noise, so that no decoder is always right."""
    noise = np.random.default_rng(4).normal(scale=100, size=tiny.trials.data.shape)
    return replace(tiny, trials=replace(tiny.trials, data=(tiny.trials.data + noise).astype(np.float32)))


def test_the_average_is_that_of_the_members_on_their_scales(tiny, fitted, scores_of):
    both = fitted(tiny, "ensemble", members=[LDA, RIDGE])
    lda, ridge = fitted(tiny, "lda", **LDA["options"]), fitted(tiny, "ridge")
    scales = both.weights["scales"]
    expected = (scores_of(lda, tiny.trials) / scales[0] + scores_of(ridge, tiny.trials) / scales[1]) / 2
    assert np.allclose(scores_of(both, tiny.trials), expected, rtol=1e-5, atol=1e-6)


def test_a_member_twice_weighs_twice_and_alone_ranks_the_same(tiny, fitted, scores_of):
    alone, one = fitted(tiny, "ensemble", members=[LDA]), fitted(tiny, "lda", **LDA["options"])
    assert np.array_equal(
        scores_of(alone, tiny.trials).argsort(axis=1), scores_of(one, tiny.trials).argsort(axis=1)
    )
    twice = fitted(tiny, "ensemble", members=[LDA, LDA, RIDGE]).weights["scales"]
    assert twice[0] == twice[1]


def test_scales_are_those_of_trials_that_a_member_was_not_fitted_to(tiny, fitted, scores_of):
    """A discriminant that overfits is far surer of the trials that it knows."""
    sure = {"name": "lda", "options": {"shrinkage": 1e-6, "bin": 0}}
    bundle = fitted(tiny, "ensemble", members=[sure])
    known = scores_of(fitted(tiny, "lda", **sure["options"]), tiny.trials).astype(float)
    spread = (known - known.mean(axis=1, keepdims=True)).std()
    assert not np.isclose(bundle.weights["scales"][0], spread, rtol=0.2)


def parts_by_repetition(tiny):
    """Trials that are left out, and the others, of each of five folds of neighbouring repetitions."""
    repetition = tiny.trials.groups["repetition"]
    left_out = [np.isin(repetition, block) for block in np.array_split(np.unique(repetition), 5)]
    return [(tiny.part(np.flatnonzero(~out)), tiny.part(np.flatnonzero(out)).trials) for out in left_out]


def spread(scores):
    return (scores - scores.mean(axis=1, keepdims=True)).std()


def test_scales_and_temperature_are_those_of_held_out_scores(noisy, fitted, scores_of):
    bundle = fitted(noisy, "ensemble", members=[LDA, XDAWN])
    known, left_out = parts_by_repetition(noisy)[0]
    lda, xdawn = fitted(known, "lda", **LDA["options"]), fitted(known, "xdawn", **XDAWN["options"])
    each = [scores_of(member, left_out).astype(float) for member in (lda, xdawn)]
    assert np.allclose(bundle.weights["scales"], [spread(scores) for scores in each], rtol=1e-6)
    mean = np.mean([scores / spread(scores) for scores in each], axis=0)

    def loss(log_temperature):
        logs = log_softmax(mean / np.exp(log_temperature), axis=1)
        return -logs[np.arange(len(mean)), left_out.concepts].mean()

    expected = np.exp(minimize_scalar(loss, bounds=(-7, 7), method="bounded", options={"xatol": 1e-6}).x)
    assert bundle.temperature == pytest.approx(expected, rel=1e-3)


def test_fitted_weights_are_the_likeliest_and_none_is_negative():
    """Three members: one knows the truth, one is that one in more noise, one knows nothing."""
    rng = np.random.default_rng(0)
    truth = rng.integers(4, size=3000)
    knows = np.eye(4)[truth] + rng.normal(size=(3000, 4))
    scores = np.stack([knows, knows + 2 * rng.normal(size=(3000, 4)), rng.normal(size=(3000, 4))])
    shares = fit_shares(scores, truth)
    assert shares.sum() == pytest.approx(1)
    assert shares[0] > 0.9
    assert shares.min() >= 0

    def loss(weights):
        return -log_softmax(np.tensordot(weights, scores, axes=1), axis=1)[np.arange(3000), truth].mean()

    best = min(loss(size * shares) for size in np.linspace(0.2, 3, 57))
    for other in rng.dirichlet(np.ones(3), size=20):
        assert best <= min(loss(size * other) for size in np.linspace(0.2, 3, 57)) + 1e-6


def test_members_of_which_none_helps_weigh_the_same():
    truth = np.arange(40) % 4
    wrong = -np.eye(4)[truth]
    assert fit_shares(np.stack([wrong, wrong]), truth).tolist() == [0.5, 0.5]


def test_a_member_that_knows_nothing_is_as_good_as_left_out(noisy, fitted, scores_of):
    members, deaf = [LDA], {"name": "lda", "options": {"window": [0.45, 0.5], "channels": ["Pz"], "bin": 0.1}}
    equal, weighed = (
        fitted(noisy, "ensemble", members=[*members, deaf], weights=weights) for weights in ("equal", "fitted")
    )
    assert np.isfinite(scores_of(weighed, noisy.trials)).all()
    ratio = [bundle.weights["scales"][1] / bundle.weights["scales"][0] for bundle in (equal, weighed)]
    assert ratio[1] > 1.2 * ratio[0]
    assert weighed.card["chosen"].startswith("weights lda ")
    assert "weights fitted to an inner fold" in weighed.card["selection"]


def test_networks_and_ensembles_can_be_members(tiny, fitted, scores_of):
    network = {"name": "channel_attention", "options": tiny.config.decoder.options}
    nested = {"name": "ensemble", "options": {"members": [LDA, network]}}
    bundle = fitted(tiny, "ensemble", members=[nested, RIDGE])
    assert scores_of(bundle, tiny.trials).shape == (96, 6)
    assert "0/1/members.0.encoder" in " ".join(bundle.weights)


def test_the_better_candidate_is_chosen_and_said(tiny, fitted, scores_of):
    bundle = fitted(tiny, "chosen", candidates=[DEAF, LDA], by="repetition")
    assert int(bundle.weights["choice"]) == 1
    assert bundle.weights["figures"][1] > bundle.weights["figures"][0]
    assert "the best of 2 candidates (lda) by inner cross-validation" in bundle.card["selection"]
    assert bundle.card["chosen"].startswith("chose lda (shrinkage = 0.3), ")
    assert np.array_equal(
        scores_of(bundle, tiny.trials), scores_of(fitted(tiny, "lda", **LDA["options"]), tiny.trials)
    )


def test_what_knows_the_training_trials_best_is_not_chosen_if_it_knows_no_others(noisy, fitted, scores_of):
    """Held-out figures decide, and they are those of decoders that were fitted without what is held out."""

    def top1(name, options, known, asked):
        return (scores_of(fitted(known, name, **options), asked).argmax(axis=1) == asked.concepts).mean()

    by_heart, shrunk = {"shrinkage": 1e-6}, {"shrinkage": 1.0}
    known = [top1("lda", options, noisy, noisy.trials) for options in (by_heart, shrunk)]
    new = [
        np.mean([top1("lda", options, *part) for part in parts_by_repetition(noisy)])
        for options in (by_heart, shrunk)
    ]
    assert known[0] > known[1]
    assert new[0] < new[1]
    candidates = [{"name": "lda", "options": by_heart}, {"name": "lda", "options": shrunk}]
    bundle = fitted(noisy, "chosen", candidates=candidates)
    assert int(bundle.weights["choice"]) == 1
    assert np.allclose(bundle.weights["figures"], new)


def test_of_equals_the_first_is_chosen(tiny, fitted):
    assert int(fitted(tiny, "chosen", candidates=[LDA, LDA], by="repetition").weights["choice"]) == 0


def test_ensembles_can_be_candidates_and_choices_members(tiny, fitted, scores_of):
    average = {"name": "ensemble", "options": {"members": [LDA, RIDGE]}}
    choice = {"name": "chosen", "options": {"candidates": [DEAF, average], "by": "repetition"}}
    bundle = fitted(tiny, "ensemble", members=[choice, LDA])
    assert scores_of(bundle, tiny.trials).shape == (96, 6)


@pytest.mark.parametrize("name", ["ensemble", "chosen"])
def test_unknown_members_are_refused_by_name(tiny, name, fitted):
    key = {"ensemble": "members", "chosen": "candidates"}[name]
    with pytest.raises(ConfigError, match="unknown decoder 'ldaa'; the nearest known one is 'lda'"):
        fitted(tiny, name, **{key: [{"name": "ldaa"}]})
    with pytest.raises(ConfigError, match=f"{name}: {key}"):
        fitted(tiny, name, **{key: []})
