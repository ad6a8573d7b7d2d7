"""Decoders that are made of others: the average, and the best one by inner cross-validation."""

import numpy as np
import pytest

from bci.errors import ConfigError
from bci.preprocess import scale_epochs
from models.runtime import load_decoder
from models.train import train

LDA = {"name": "lda", "options": {"shrinkage": 0.3}}
DEAF = {"name": "lda", "options": {"window": [0.45, 0.5], "channels": ["Pz"], "bin": 0.1}}
RIDGE = {"name": "ridge", "options": {}}


def fitted(tiny, name, **options):
    decoder = tiny.config.decoder.model_copy(update={"name": name, "options": options})
    return train(tiny.trials, tiny.bank, tiny.config.model_copy(update={"decoder": decoder}))


def scores(bundle, trials):
    return load_decoder(bundle).scores(scale_epochs(trials.data, bundle.preprocess, bundle.whitening))


def test_the_average_is_that_of_the_members_on_their_scales(tiny):
    both = fitted(tiny, "ensemble", members=[LDA, RIDGE])
    lda, ridge = fitted(tiny, "lda", **LDA["options"]), fitted(tiny, "ridge")
    scales = both.weights["scales"]
    expected = (scores(lda, tiny.trials) / scales[0] + scores(ridge, tiny.trials) / scales[1]) / 2
    assert np.allclose(scores(both, tiny.trials), expected, rtol=1e-5, atol=1e-6)


def test_a_member_twice_weighs_twice_and_alone_ranks_the_same(tiny):
    alone, one = fitted(tiny, "ensemble", members=[LDA]), fitted(tiny, "lda", **LDA["options"])
    assert np.array_equal(scores(alone, tiny.trials).argsort(axis=1), scores(one, tiny.trials).argsort(axis=1))
    twice = fitted(tiny, "ensemble", members=[LDA, LDA, RIDGE]).weights["scales"]
    assert twice[0] == twice[1]


def test_scales_are_those_of_trials_that_a_member_was_not_fitted_to(tiny):
    """A discriminant that overfits is far surer of the trials that it knows."""
    sure = {"name": "lda", "options": {"shrinkage": 1e-6, "bin": 0}}
    bundle = fitted(tiny, "ensemble", members=[sure])
    known = scores(fitted(tiny, "lda", **sure["options"]), tiny.trials).astype(float)
    spread = (known - known.mean(axis=1, keepdims=True)).std()
    assert not np.isclose(bundle.weights["scales"][0], spread, rtol=0.2)


def test_networks_and_ensembles_can_be_members(tiny):
    network = {"name": "channel_attention", "options": tiny.config.decoder.options}
    nested = {"name": "ensemble", "options": {"members": [LDA, network]}}
    bundle = fitted(tiny, "ensemble", members=[nested, RIDGE])
    assert scores(bundle, tiny.trials).shape == (96, 6)
    assert "0/1/members.0.encoder" in " ".join(bundle.weights)


def test_the_better_candidate_is_chosen_and_said(tiny):
    bundle = fitted(tiny, "chosen", candidates=[DEAF, LDA], by="repetition")
    assert int(bundle.weights["choice"]) == 1
    assert bundle.weights["figures"][1] > bundle.weights["figures"][0]
    assert "the best of 2 candidates (lda) by inner cross-validation" in bundle.card["selection"]
    assert bundle.card["chosen"].startswith("chose lda (shrinkage = 0.3), ")
    assert np.array_equal(scores(bundle, tiny.trials), scores(fitted(tiny, "lda", **LDA["options"]), tiny.trials))


def test_of_equals_the_first_is_chosen(tiny):
    assert int(fitted(tiny, "chosen", candidates=[LDA, LDA], by="repetition").weights["choice"]) == 0


def test_ensembles_can_be_candidates_and_choices_members(tiny):
    average = {"name": "ensemble", "options": {"members": [LDA, RIDGE]}}
    choice = {"name": "chosen", "options": {"candidates": [DEAF, average], "by": "repetition"}}
    bundle = fitted(tiny, "ensemble", members=[choice, LDA])
    assert scores(bundle, tiny.trials).shape == (96, 6)


@pytest.mark.parametrize("name", ["ensemble", "chosen"])
def test_unknown_members_are_refused_by_name(tiny, name):
    key = {"ensemble": "members", "chosen": "candidates"}[name]
    with pytest.raises(ConfigError, match="unknown decoder 'ldaa'; the nearest known one is 'lda'"):
        fitted(tiny, name, **{key: [{"name": "ldaa"}]})
    with pytest.raises(ConfigError, match=f"{name}: {key}"):
        fitted(tiny, name, **{key: []})
