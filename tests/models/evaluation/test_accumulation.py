"""Accumulated evidence: closed forms of Gaussian evidence, correlations that are found, promises that are kept."""

import numpy as np
import pytest
from scipy.stats import norm

from models.evaluation.accumulation import accumulated, drawn_accuracy, fit_discount, stopping
from models.temperature import log_probabilities

D = 1.2  # distance of two Gaussian classes in standard deviations


def runs_of(n_runs, k, correlation, seed=0):
    """Exact log-probabilities of Gaussian trials whose noise correlates inside a run: log_p, truth, groups."""
    rng = np.random.default_rng(seed)
    truth = np.repeat(np.arange(n_runs) % 2, k)
    shared = np.repeat(rng.normal(size=n_runs), k)
    noise = np.sqrt(correlation) * shared + np.sqrt(1 - correlation) * rng.normal(size=n_runs * k)
    log_odds = D * (D * (truth - 0.5) + noise)
    log_p = log_probabilities(np.stack([np.zeros_like(log_odds), log_odds], axis=1), 1.0)
    return log_p, truth, np.arange(n_runs * k).reshape(n_runs, k)


def test_two_independent_trials_multiply_their_probabilities():
    log_p = np.log([[0.8, 0.2], [0.6, 0.4]])
    together = np.exp(accumulated(log_p, np.array([[0, 1]])))
    np.testing.assert_allclose(together, [[0.48 / 0.56, 0.08 / 0.56]])


def test_fully_correlated_trials_are_worth_one():
    log_p = np.log([[0.8, 0.2], [0.8, 0.2]])
    np.testing.assert_allclose(np.exp(accumulated(log_p, np.array([[0, 1]]), 1.0)), [[0.8, 0.2]])


def test_what_does_not_compete_never_does():
    log_p = np.array([[np.log(0.5), np.log(0.5), -np.inf]] * 2)
    np.testing.assert_allclose(np.exp(accumulated(log_p, np.array([[0, 1]]), 0.3)), [[0.5, 0.5, 0.0]])


def test_a_discount_changes_no_ranking():
    rng = np.random.default_rng(0)
    log_p = log_probabilities(rng.normal(size=(60, 7)), 1.0)
    groups = np.arange(60).reshape(15, 4)
    plain, discounted = accumulated(log_p, groups), accumulated(log_p, groups, 0.5)
    assert np.array_equal(plain.argsort(axis=1), discounted.argsort(axis=1))


@pytest.mark.parametrize("correlation", [0.0, 0.2, 0.5])
def test_the_correlation_of_a_group_is_found(correlation):
    log_p, truth, groups = runs_of(6000, 4, correlation)
    assert fit_discount(log_p, truth, {4: groups}) == pytest.approx(correlation, abs=0.06)


def test_without_groups_nothing_is_discounted():
    log_p, truth, groups = runs_of(10, 2, 0.5)
    assert fit_discount(log_p, truth, {1: groups[:, :1]}) == 0.0


def test_the_accuracy_of_k_independent_trials_is_that_of_gaussians():
    log_p, truth, _ = runs_of(4000, 1, 0.0)
    evidence = log_p[:, 1] - log_p[:, 0]
    for k in (1, 4, 9):
        value, interval = drawn_accuracy(evidence, truth, np.zeros(4000, int), k, 0)
        assert value == pytest.approx(norm.cdf(D / 2 * np.sqrt(k)), abs=0.02)
        assert interval.low <= value <= interval.high


def test_intervals_are_about_as_wide_as_those_of_a_share_and_not_narrower():
    n, sure = 60, norm.cdf(D / 2)
    binomial = 2 * norm.ppf(0.975) * np.sqrt(sure * (1 - sure) / n)
    widths = []
    for seed in range(20):
        log_p, truth, _ = runs_of(n, 1, 0.0, seed)
        _, interval = drawn_accuracy(log_p[:, 1] - log_p[:, 0], truth, np.zeros(n, int), 1, seed)
        widths.append(interval.high - interval.low)
    # that what is drawn are 100 trials of each class adds a seventh
    assert 1.0 < np.mean(widths) / binomial < 1.3


def test_evidence_that_tells_nothing_is_right_half_of_the_time():
    rng = np.random.default_rng(0)
    value, _ = drawn_accuracy(rng.normal(size=2000), np.arange(2000) % 2, np.zeros(2000, int), 8, 0)
    assert value == pytest.approx(0.5, abs=0.05)


def test_recordings_with_too_few_trials_do_not_count():
    evidence, truth = np.array([-1.0, 1.0, 1.0, -1.0, -1.0]), np.array([0, 1, 0, 1, 1])
    parts = np.array([0, 0, 1, 1, 1])
    assert drawn_accuracy(evidence, truth, parts, 1, 0)[0] == 0.5  # the first part right, the second wrong
    assert drawn_accuracy(evidence, truth, parts, 2, 0) is None


def test_a_stopping_rule_keeps_its_promise_where_the_correlation_is_known():
    log_p, truth, groups = runs_of(4000, 12, 0.2)
    for alpha in (0.2, 0.05):
        honest = stopping(log_p, truth, groups, np.full(4000, 0.2), alpha)
        naive = stopping(log_p, truth, groups, np.zeros(4000), alpha)
        assert honest.error <= alpha
        assert naive.error > honest.error
        assert naive.presentations < honest.presentations


def test_a_stopping_rule_by_hand():
    half, sure = np.log([0.5, 0.5]), np.log([0.05, 0.95])
    log_p = np.array([half, sure, sure, half, half, half])
    truth = np.array([1, 1, 0, 0, 0, 0])
    rule = stopping(log_p, truth, np.arange(6).reshape(3, 2), np.zeros(3), 0.1)
    assert (rule.n, rule.longest) == (3, 2)
    assert rule.decided == pytest.approx(2 / 3)
    assert rule.error == 0.5  # the first is right after two, the second wrong after one
    assert rule.presentations == pytest.approx(5 / 3)


def test_nothing_decided_has_no_error():
    log_p = np.log(np.full((4, 2), 0.5))
    rule = stopping(log_p, np.zeros(4, int), np.arange(4).reshape(2, 2), np.zeros(2), 0.1)
    assert (rule.decided, rule.error, rule.error_interval, rule.presentations) == (0.0, None, None, 2.0)
