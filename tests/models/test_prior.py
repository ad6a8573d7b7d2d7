"""How frequent concepts are, beside the evidence of another decoder."""

import numpy as np

from models.features import fitting

LDA = {"name": "lda", "options": {"shrinkage": 0.3}}


def rare(tiny_with):
    """Three of six concepts are shown four times as often as the others."""
    tiny = tiny_with(480)
    seldom = (tiny.trials.concepts >= 3) & (tiny.trials.groups["repetition"] % 4 != 0)
    return tiny.part(np.flatnonzero(~seldom))


def test_concepts_are_as_likely_beforehand_as_they_were_frequent(tiny_with, fitted):
    bundle = fitted(rare(tiny_with), "prior", decoder=LDA)
    expected = np.array([81, 81, 81, 21, 21, 21]) / 306
    assert np.allclose(np.exp(bundle.weights["log prior"]), expected)


def test_it_adds_to_calibrated_scores(tiny_with, fitted, scores_of):
    tiny = rare(tiny_with)
    bundle, alone = fitted(tiny, "prior", decoder=LDA), fitted(tiny, "lda", **LDA["options"])
    expected = scores_of(alone, tiny.trials) / bundle.weights["scale"] + bundle.weights["log prior"]
    assert np.allclose(scores_of(bundle, tiny.trials), expected, rtol=1e-5, atol=1e-5)
    assert bundle.temperature == 1


def test_where_all_are_as_frequent_nothing_changes(tiny, fitted, scores_of):
    bundle, alone = fitted(tiny, "prior", decoder=LDA), fitted(tiny, "lda", **LDA["options"])
    with_it, without = (scores_of(each, tiny.trials).argsort(axis=1) for each in (bundle, alone))
    assert np.array_equal(with_it, without)
    assert bundle.card["selection"].endswith("and how frequent concepts were in training")


def test_its_decoder_fits_into_other_windows_as_members_do(tiny, as_decoder):
    decoder = as_decoder(tiny.config, "prior", decoder={"name": "lda", "options": {"window": [2, 3]}}).decoder
    assert fitting(decoder, tiny.config.preprocess).options == {"decoder": {"name": "lda", "options": {}}}
