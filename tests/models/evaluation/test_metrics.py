"""Metrics against values worked out by hand, brute force and scikit-learn."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn.metrics import balanced_accuracy_score, log_loss

from bci.errors import MismatchError
from bci.rank_histogram import two_way
from bci.ranking import softmax
from models.evaluation import metrics

SCORES = np.array([[0.9, 0.1, 0.0], [0.2, 0.5, 0.5], [0.1, 0.2, 0.3], [0.4, 0.4, 0.4]], np.float32)
TRUTH = np.array([0, 1, 0, 2])


def test_ranks_count_rivals_and_ties_against_the_truth():
    assert metrics.truth_ranks(SCORES, TRUTH).tolist() == [0, 1, 2, 2]


def test_top_k_two_way_and_recalls_by_hand():
    ranks = metrics.truth_ranks(SCORES, TRUTH)
    assert metrics.top_k(ranks, 1) == 0.25
    assert metrics.top_k(ranks, 2) == 0.5
    assert two_way(ranks, 3).tolist() == [1.0, 0.5, 0.0, 0.0]
    assert metrics.recalls(ranks == 0, TRUTH, 4).tolist()[:3] == [0.5, 0.0, 0.0]
    assert np.isnan(metrics.recalls(ranks == 0, TRUTH, 4)[3])
    assert metrics.balanced_accuracy(ranks, TRUTH, 4) == pytest.approx(1 / 6)


def test_contrast_is_the_evidence_for_the_second_concept():
    assert metrics.contrast(np.array([[0.25, 0.75], [0.5, 0.0]], np.float32)).tolist() == [0.5, -0.5]
    with pytest.raises(MismatchError, match="two concepts, got 3"):
        metrics.contrast(SCORES)


def test_minus_infinity_takes_a_concept_out_of_the_competition():
    scores = SCORES.copy()
    scores[2, 1] = -np.inf
    assert metrics.truth_ranks(scores, TRUTH).tolist() == [0, 1, 1, 2]
    scores[3] = -np.inf
    with pytest.raises(MismatchError, match="in 1 of 4 trials"):
        metrics.truth_ranks(scores, TRUTH)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_scores_that_are_not_finite_are_refused(bad):
    scores = SCORES.copy()
    scores[1, 2] = bad
    with pytest.raises(MismatchError, match="in 1 of 4 trials"):
        metrics.truth_ranks(scores, TRUTH)


def test_probabilities_and_proper_scores_by_hand():
    scores = np.log(np.array([[0.5, 0.25, 0.25], [0.1, 0.2, 0.7]]))
    truth = np.array([0, 1])
    shares = softmax(scores, 1.0)
    np.testing.assert_allclose(shares, np.exp(scores))
    assert metrics.log_loss(shares, truth) == pytest.approx(-(np.log(0.5) + np.log(0.2)) / 2)
    assert metrics.brier(shares, truth) == pytest.approx(((0.25 + 0.0625 * 2) + (0.01 + 0.64 + 0.49)) / 2)


def test_a_cold_temperature_does_not_overflow():
    shares = softmax(SCORES, 1e-6)
    assert np.isfinite(shares).all()
    np.testing.assert_allclose(shares.sum(axis=1), 1.0)


shapes = st.tuples(st.integers(1, 12), st.integers(2, 6))
score_tables = hnp.arrays(np.float32, shapes, elements=st.integers(-3, 3))


@given(score_tables, st.data())
def test_ranks_are_those_of_brute_force(scores, data):
    truth = np.array([data.draw(st.integers(0, scores.shape[1] - 1)) for _ in scores])
    expected = [sum(score >= row[own] for score in row) - 1 for row, own in zip(scores, truth, strict=True)]
    assert metrics.truth_ranks(scores, truth).tolist() == expected


def test_against_scikit_learn():
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 4, 300)
    scores = rng.normal(size=(300, 4)) + np.eye(4)[truth]
    shares = softmax(scores, 0.7)
    ranks = metrics.truth_ranks(scores, truth)
    expected = balanced_accuracy_score(truth, scores.argmax(axis=1))
    assert metrics.balanced_accuracy(ranks, truth, 4) == pytest.approx(expected)
    assert metrics.log_loss(shares, truth) == pytest.approx(log_loss(truth, shares))
