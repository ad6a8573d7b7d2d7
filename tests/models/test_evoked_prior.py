"""Shrunk class means against the formula, and against responses that are known."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.evoked_prior import Seen, expected_means

K, C, T = 6, 4, 12
BIN = 0.03


def covariance(n, seed):
    square = np.random.default_rng(seed).normal(size=(n, n))
    return square @ square.T / n + 0.1 * np.eye(n)


def responses(seed=0, size=1.0):
    """Two topographies, each with its course, by chance more or less of each in a class."""
    rng = np.random.default_rng(seed)
    courses = np.sin(np.linspace(0, np.pi, T)), np.sin(np.linspace(0, 2 * np.pi, T))
    patterns = [np.outer(rng.normal(size=C), course) for course in courses]
    return size * np.tensordot(rng.normal(size=(K, 2)), np.stack(patterns), axes=1)


def observed(means, counts, noise, seed=1):
    rng = np.random.default_rng(seed)
    draws = rng.multivariate_normal(np.zeros(C * T), noise, size=K) / np.sqrt(counts)[:, None]
    return means + draws.reshape(means.shape)


def test_what_is_expected_is_bayes_formula_for_normal_means_and_noise():
    differences, noise, prior = np.random.default_rng(2).normal(size=(3, 5)), covariance(5, 3), covariance(5, 4)
    counts = np.array([1, 7, 40])
    means, unknown = Seen(differences, counts, noise).given(prior)
    gains = [prior @ np.linalg.inv(prior + noise / count) for count in counts]
    assert np.allclose(means, [gain @ own for gain, own in zip(gains, differences, strict=True)])
    assert np.allclose(unknown, sum(prior - gain @ prior for gain in gains))


@pytest.mark.parametrize("seed", range(3))
def test_means_of_few_trials_come_nearer_to_the_true_responses(seed):
    truth, noise, counts = responses(seed), covariance(C * T, seed), np.full(K, 3)
    averages = observed(truth, counts, noise, seed + 10)
    means = expected_means(averages, counts, noise, BIN)
    # what all classes share is taken as observed: differences alone are shrunk
    centred = [each - each.mean(axis=0) for each in (means, averages, truth)]
    assert np.linalg.norm(centred[0] - centred[2]) < 0.6 * np.linalg.norm(centred[1] - centred[2])


def test_means_of_very_many_trials_are_left_as_they_are():
    truth, noise, counts = responses(), covariance(C * T, 5), np.full(K, 10**7)
    averages = observed(truth, counts, noise)
    assert np.allclose(expected_means(averages, counts, noise, BIN), averages, atol=1e-3)


def test_classes_that_do_not_differ_come_together():
    noise, counts = covariance(C * T, 6), np.full(K, 20)
    averages = observed(np.zeros((K, C, T)), counts, noise)
    means = expected_means(averages, counts, noise, BIN)
    apart, before = (np.linalg.norm(each - each.mean(axis=0)) for each in (means, averages))
    assert apart < 0.3 * before


def test_a_class_of_few_trials_is_shrunk_more():
    truth, noise = responses(size=2.0), covariance(C * T, 7)
    truth[1] = truth[0]
    counts = np.array([4, 400, 100, 100, 100, 100])
    averages = np.broadcast_to(truth, truth.shape)
    means = expected_means(averages, counts, noise, BIN)
    centre = averages.mean(axis=0)
    kept = [np.linalg.norm(means[k] - centre) / np.linalg.norm(averages[k] - centre) for k in (0, 1)]
    assert kept[0] < kept[1] <= 1


@given(st.permutations(range(K)), st.permutations(range(C)), st.integers(0, 9))
def test_the_order_of_classes_and_channels_means_nothing(classes, channels, seed):
    counts = np.arange(2, 2 + K)
    noise = covariance(C * T, seed)
    averages = observed(responses(seed), counts, noise, seed)
    moved = noise.reshape(C, T, C, T)[channels][:, :, channels].reshape(C * T, C * T)
    means = expected_means(averages[classes][:, channels], counts[classes], moved, BIN)
    assert np.allclose(means, expected_means(averages, counts, noise, BIN)[classes][:, channels], atol=1e-6)
