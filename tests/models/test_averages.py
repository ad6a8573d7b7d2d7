"""Means over repetitions that decoders are fitted to."""

from dataclasses import replace

import numpy as np
import pytest

from bci.errors import ConfigError
from models.averages import mean_repetitions


def test_each_mean_is_that_of_one_picture_in_one_recording(tiny):
    data = tiny.training_set()
    means = mean_repetitions(data)
    trials = tiny.trials
    pairs = list(zip(trials.images.tolist(), trials.groups["recording"].tolist(), strict=True))
    assert len(means) == len(set(pairs)) < len(data)
    for at in range(len(means)):
        own = (means.images[at], means.trials.groups["recording"][at])
        rows = [row for row, pair in enumerate(pairs) if pair == own]
        np.testing.assert_allclose(means.unscaled()[at], trials.data[rows].mean(axis=0), rtol=1e-5, atol=1e-5)
        assert means.rows[at] == data.rows[rows[0]]
        assert means.trials.concepts[at] == trials.concepts[rows[0]]
    assert means.whitening is data.whitening
    assert "repetition" not in means.trials.groups


def test_trials_that_were_rejected_are_in_no_mean(tiny):
    data = replace(tiny.training_set(), kept=np.arange(0, 96, 2), rows=tiny.training_set().rows[::2])
    even = replace(tiny, trials=tiny.part(np.arange(0, 96, 2)).trials).training_set()
    np.testing.assert_array_equal(mean_repetitions(data).unscaled(), mean_repetitions(even).unscaled())


def test_pictures_that_are_not_known_are_refused(tiny):
    trials = replace(tiny.trials, images=np.full(96, -1))
    with pytest.raises(ConfigError, match="needs to know which picture"):
        mean_repetitions(replace(tiny.training_set(), trials=trials))


def test_a_decoder_of_means_is_better_on_single_trials_or_as_good(tiny_with, fitted, scores_of):
    hits = {}
    for average in (False, True):
        tiny = tiny_with(480, seed=3, train={"average": average})
        new = tiny.part(np.arange(240, 480)).trials
        bundle = fitted(tiny.part(np.arange(240)), "ridge", by="image")
        hits[average] = (scores_of(bundle, new).argmax(axis=1) == new.concepts).mean()
    assert min(hits.values()) > 0.5
