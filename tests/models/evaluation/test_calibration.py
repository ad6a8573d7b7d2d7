"""Calibration: the temperature that made the data is found, and honest probabilities have no calibration error."""

import numpy as np
import pytest

from models.evaluation.evidence import cross_fitted, fixed
from models.temperature import fit_temperature, log_probabilities


def drawn(n, n_concepts, temperature, seed=0):
    """Scores, and truths drawn from their softmax at a temperature."""
    rng = np.random.default_rng(seed)
    scores = rng.normal(scale=0.3, size=(n, n_concepts)).astype(np.float32)
    shares = np.exp(log_probabilities(scores, temperature))
    truth = (shares.cumsum(axis=1) > rng.random((n, 1))).argmax(axis=1)
    return scores, truth


@pytest.mark.parametrize("temperature", [0.05, 0.2, 1.0])
def test_the_temperature_that_made_the_truths_is_found(temperature):
    scores, truth = drawn(20_000, 5, temperature)
    assert fit_temperature(scores, truth) == pytest.approx(temperature, rel=0.1)


def test_scores_that_tell_nothing_get_equal_probabilities():
    rng = np.random.default_rng(0)
    scores, truth = rng.normal(size=(4000, 8)).astype(np.float32), rng.integers(8, size=4000)
    shares = np.exp(log_probabilities(scores, fit_temperature(scores, truth)))
    assert shares.max() < 0.2


def test_what_does_not_compete_has_no_probability_and_changes_no_temperature():
    scores, truth = drawn(5000, 4, 0.2)
    wider = np.concatenate([scores, np.full((5000, 2), -np.inf, np.float32)], axis=1)
    assert fit_temperature(wider, truth) == pytest.approx(fit_temperature(scores, truth), rel=1e-3)
    assert np.exp(log_probabilities(wider, 0.2))[:, 4:].max() == 0


def test_true_probabilities_have_hardly_any_calibration_error_and_overconfident_ones_much(answering):
    scores, truth = drawn(20_000, 5, 0.2)
    answers = answering(scores, truth)
    errors = [fixed(answers, {}, (t,), "something").calibration().figures[0] for t in (0.2, 0.05)]
    assert [figure.name for figure in errors] == ["ece", "ece"]
    assert errors[0].value < 0.015
    assert errors[1].value > 0.15


def test_few_trials_have_no_calibration_error(answering):
    scores, truth = drawn(499, 5, 0.2)
    assert fixed(answering(scores, truth), {}, (0.2,), "something").calibration().figures == ()


def test_bins_hold_all_trials_in_order_of_confidence(answering):
    bins = fixed(answering(*drawn(1003, 3, 0.3)), {}, (0.3,), "something").calibration().bins
    assert sum(each.n for each in bins) == 1003
    assert {each.n for each in bins} == {100, 101}
    assert list(bins) == sorted(bins, key=lambda each: each.confidence)


def test_a_fold_is_calibrated_by_the_other_folds_alone(answering):
    scores, truth = drawn(3000, 4, 0.2)
    fold = np.repeat([0, 1, 2], 1000)
    lied = truth.copy()
    lied[fold == 1] = scores[fold == 1].argmin(axis=1)
    honest = cross_fitted(answering(scores, truth, fold), {}).temperatures
    other = cross_fitted(answering(scores, lied, fold), {}).temperatures
    assert other[1] == honest[1]
    assert other[0] > 2 * honest[0]


def test_a_discount_is_fitted_to_the_other_folds_alone(answering):
    rng = np.random.default_rng(0)
    n_runs, k = 600, 4
    truth, fold = np.repeat(rng.integers(4, size=n_runs), k), np.repeat([0, 1, 2], n_runs * k // 3)
    own = np.eye(4)[truth]
    groups = {k: np.arange(n_runs * k).reshape(n_runs, k)}
    independent = own + rng.normal(size=own.shape)
    shared = own + np.repeat(rng.normal(size=(n_runs, 4)), k, axis=0)
    mixed = np.where(fold[:, None] == 1, shared, independent)
    honest = cross_fitted(answering(independent, truth, fold), groups).discounts
    other = cross_fitted(answering(mixed, truth, fold), groups).discounts
    assert max(honest) < 0.1
    assert other[1] == honest[1]
    assert min(other[0], other[2]) > 0.2


def test_a_temperature_that_nobody_fitted_is_no_calibration(answering):
    answers = answering(*drawn(600, 3, 0.2))
    assert fixed(answers, {}, (0.2,)).calibration() is None
    calibration = fixed(answers, {}, (0.2,), "something").calibration()
    assert (calibration.n_candidates, calibration.repetitions, len(calibration.bins)) == (3, 1, 10)
