"""Bootstrap intervals: known limits, and coverage on simulated data of which the truth is known."""

import numpy as np
import pytest
from scipy.stats import norm

from bci.bootstrap import auc_difference_interval, auc_interval, mean_interval
from bci.roc import auc


def test_a_constant_has_no_spread():
    interval = mean_interval(np.full(20, 0.25), np.arange(20) % 2, "trial", 100, 0)
    assert (interval.low, interval.high) == (0.25, 0.25)


def test_strata_keep_their_size():
    # within each stratum nothing varies, so drawing inside the strata cannot move the mean
    interval = mean_interval(np.array([0.0] * 30 + [1.0] * 10), np.array([0] * 30 + [1] * 10), "trial", 200, 0)
    assert (interval.low, interval.high) == (0.25, 0.25)


def test_subjects_are_drawn_whole():
    # two subjects, one always right, one never: a draw is one of 0, 1/2 and 1
    values, subject = np.repeat([0.0, 1.0], 50), np.repeat([0, 1], 50)
    interval = mean_interval(values, subject, "subject", 400, 0)
    assert (interval.low, interval.high) == (0.0, 1.0)
    assert "subjects" in interval.speaks_of


def test_subjects_of_unequal_size_are_weighed_by_their_trials():
    values, subject = np.array([1.0] * 90 + [0.0] * 10), np.array([0] * 90 + [1] * 10)
    interval = mean_interval(values, subject, "subject", 1000, 1)
    assert (interval.low, interval.high) == (0.0, 1.0)
    even = mean_interval(np.ones(100), subject, "subject", 50, 1)
    assert (even.low, even.high) == (1.0, 1.0)


@pytest.mark.parametrize("unit", ["trial", "subject"])
def test_the_same_seed_gives_the_same_interval(unit):
    rng = np.random.default_rng(2)
    evidence, positive, groups = rng.normal(size=60), np.arange(60) % 2 == 0, np.arange(60) // 12
    assert auc_interval(evidence, positive, groups, unit, 50, 7) == auc_interval(
        evidence, positive, groups, unit, 50, 7
    )


def test_batches_do_not_change_what_is_computed(monkeypatch):
    rng = np.random.default_rng(3)
    evidence, positive, groups = rng.normal(size=40), np.arange(40) % 2 == 0, np.zeros(40, int)
    evidence += positive
    whole = auc_interval(evidence, positive, groups, "trial", 4000, 0)
    monkeypatch.setattr("bci.bootstrap.CELLS", 400)
    pieces = auc_interval(evidence, positive, groups, "trial", 4000, 0)
    assert pieces.low == pytest.approx(whole.low, abs=0.02)
    assert pieces.high == pytest.approx(whole.high, abs=0.02)
    assert pieces.resamples == whole.resamples == 4000


def test_weighted_wins_are_the_auc_of_the_drawn_trials(monkeypatch):
    """Every drawn AUC equals the AUC of the resampled trials themselves, ties included."""
    rng = np.random.default_rng(4)
    evidence, positive = rng.integers(0, 5, 30).astype(float), np.arange(30) < 12
    drawn = []
    monkeypatch.setattr("bci.bootstrap._counts", lambda _, n, r: _remember(rng, n, r, drawn))
    monkeypatch.setattr("bci.bootstrap._interval", lambda draws, _: draws)
    values = auc_interval(evidence, positive, np.zeros(30, int), "trial", 20, 0)
    order = np.argsort(evidence, kind="stable")
    sorted_evidence, sorted_positive = evidence[order], positive[order]
    negatives, positives = drawn
    for value, n, p in zip(values, negatives, positives, strict=True):
        again = np.r_[
            np.repeat(sorted_evidence[~sorted_positive], n.astype(int)),
            np.repeat(sorted_evidence[sorted_positive], p.astype(int)),
        ]
        assert value == pytest.approx(auc(again, np.r_[np.zeros(18, bool), np.ones(12, bool)]))


def _remember(rng, n, resamples, drawn):
    drawn.append(rng.multinomial(n, np.full(n, 1 / n), size=resamples).astype(float))
    return drawn[-1]


def test_intervals_of_accuracy_cover_the_truth_about_as_often_as_they_say():
    rng = np.random.default_rng(5)
    covered = 0
    for seed in range(300):
        hits = rng.random(150) < 0.4
        interval = mean_interval(hits, np.zeros(150, int), "trial", 300, seed)
        covered += interval.low <= 0.4 <= interval.high
    assert 0.90 <= covered / 300 <= 0.99


def test_intervals_of_auc_cover_the_truth_about_as_often_as_they_say():
    rng = np.random.default_rng(6)
    truth = norm.cdf(1 / np.sqrt(2))  # of two unit normals one apart
    positive, groups = np.arange(120) % 2 == 0, np.arange(120) // 40
    covered = 0
    for seed in range(300):
        evidence = rng.normal(size=120) + positive
        interval = auc_interval(evidence, positive, groups, "trial", 300, seed)
        covered += interval.low <= truth <= interval.high
    assert 0.89 <= covered / 300 <= 0.99


def test_drawing_subjects_covers_where_drawing_trials_is_far_too_sure():
    """Subjects differ; an interval over trials speaks of the same subjects only."""
    rng = np.random.default_rng(7)
    subject = np.repeat(np.arange(30), 40)
    covered = {"trial": 0, "subject": 0}
    for seed in range(200):
        ability = np.clip(rng.normal(0.5, 0.2, 30), 0, 1)
        hits = rng.random(1200) < ability[subject]
        for unit in covered:
            interval = mean_interval(hits, subject, unit, 200, seed)
            covered[unit] += interval.low <= 0.5 <= interval.high
    assert covered["subject"] / 200 >= 0.88
    assert covered["trial"] / 200 <= 0.75


def test_intervals_of_differences_between_paired_aucs_cover_zero_about_as_often_as_they_say():
    rng = np.random.default_rng(8)
    positive, groups = np.arange(120) % 2 == 0, np.arange(120) // 40
    covered, widths = 0, []
    for seed in range(200):
        shared = rng.normal(size=120) + positive
        first, second = (shared + 0.5 * rng.normal(size=120) for _ in range(2))
        paired = auc_difference_interval(first, second, positive, groups, "trial", 300, seed)
        alone = auc_interval(first, positive, groups, "trial", 300, seed)
        covered += paired.low <= 0 <= paired.high
        widths.append((paired.high - paired.low) / (alone.high - alone.low))
    assert 0.88 <= covered / 200 <= 0.995
    assert np.mean(widths) < 0.85  # what both share cancels


def test_a_decoder_does_not_differ_from_itself():
    rng = np.random.default_rng(9)
    evidence, positive, groups = rng.normal(size=60), np.arange(60) % 2 == 0, np.arange(60) // 20
    for unit in ("trial", "subject"):
        interval = auc_difference_interval(evidence, evidence, positive, groups, unit, 50, 0)
        assert (interval.low, interval.high) == (0, 0)
