"""Nearest training trials against scikit-learn, and that their number is chosen by trials left out."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.covariance import ledoit_wolf
from sklearn.metrics.pairwise import cosine_similarity

from models.matching import gallery

LABELS = np.arange(60) % 3


def make(n=60, p=8, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, p)) @ rng.normal(size=(p, p)) + 5


def test_similarities_are_mean_cosines_in_whitened_space():
    rows, asked = make(), make(7, seed=1)
    covariance = ledoit_wolf(rows)[0]
    root = np.linalg.cholesky(np.linalg.inv(covariance))  # another square root: cosines do not depend on it
    cosines = cosine_similarity((asked - rows.mean(axis=0)) @ root, (rows - rows.mean(axis=0)) @ root)
    for number, found in zip((1, 4, 99), gallery(rows, LABELS).similarities(asked, (1, 4, 99)), strict=True):
        for code in range(3):
            nearest = np.sort(cosines[:, code == LABELS], axis=1)[:, ::-1][:, :number]
            assert np.allclose(found[:, code], nearest.mean(axis=1), atol=1e-6)


def test_whitened_training_trials_have_equal_variances():
    rows = np.random.default_rng(0).normal(size=(4000, 8)) * np.arange(1, 9)
    kept = gallery(rows, np.arange(4000) % 3)
    assert np.allclose(((rows - kept.centre) @ kept.whitening).std(axis=0), 1, atol=0.05)


def test_a_trial_is_nearest_to_itself():
    rows = make()
    (found,) = gallery(rows, LABELS).similarities(rows, (1,))
    assert np.allclose(found[np.arange(60), LABELS], 1, atol=1e-6)
    assert (found.argmax(axis=1) == LABELS).all()


def test_the_number_of_neighbours_is_the_one_with_the_best_figure_in_inner_folds(tiny, fitted, scores_of):
    noise = np.random.default_rng(4).normal(scale=60, size=tiny.trials.data.shape)
    noisy = replace(tiny, trials=replace(tiny.trials, data=(tiny.trials.data + noise).astype(np.float32)))
    numbers, repetition = [1, 16], noisy.trials.groups["repetition"]
    figures = []
    for number in numbers:
        hits = []
        for block in np.array_split(np.unique(repetition), 5):
            out = np.isin(repetition, block)
            known, asked = noisy.part(np.flatnonzero(~out)), noisy.part(np.flatnonzero(out)).trials
            scores = scores_of(fitted(known, "matching", neighbours=[number]), asked)
            hits.append((scores.argmax(axis=1) == asked.concepts).mean())
        figures.append(np.mean(hits))
    bundle = fitted(noisy, "matching", neighbours=numbers)
    assert figures[0] != figures[1]
    assert int(bundle.weights["neighbours"]) == numbers[int(np.argmax(figures))]
    assert bundle.card["chosen"].startswith(f"chose {numbers[int(np.argmax(figures))]} neighbours, ")


def test_labels_that_mean_nothing_match_nothing(tiny_with, fitted, scores_of):
    """The labels of what is matched are never looked at: shuffled ones come out at chance."""
    tiny = tiny_with(600, seed=2)
    known, new = tiny.part(np.arange(300)), tiny.part(np.arange(300, 600)).trials
    shuffled = np.random.default_rng(0).permutation(known.trials.concepts)
    blind = replace(known, trials=replace(known.trials, concepts=shuffled, images=np.full(300, -1)))
    hits = scores_of(fitted(blind, "matching"), new).argmax(axis=1) == new.concepts
    assert hits.mean() == pytest.approx(1 / 6, abs=0.07)  # three standard deviations
