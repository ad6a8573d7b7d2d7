import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bci.reliability import brier, calibration_error, log_loss, reliability

spoken = st.lists(
    st.tuples(st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.9, 1.0]) | st.floats(0, 1), st.booleans())
).map(lambda rows: (np.array([p for p, _ in rows], float), np.array([hit for _, hit in rows], bool)))


@given(spoken)
def test_b9_no_trial_and_no_hit_is_lost(said):
    confidence, hits = said
    bins = reliability(confidence, hits)
    assert sum(each.n for each in bins) == len(hits)
    assert sum(each.hits for each in bins) == hits.sum()
    assert all(each.n > 0 for each in bins)
    assert [each.confidence for each in bins] == sorted(each.confidence for each in bins)


@given(spoken, st.randoms(use_true_random=False))
def test_b9_the_order_of_trials_does_not_matter(said, random):
    confidence, hits = said
    order = np.array(random.sample(range(len(hits)), len(hits)), np.int64)
    one, other = reliability(confidence, hits), reliability(confidence[order], hits[order])
    assert [(each.n, each.hits, each.confidence) for each in one] == [
        (each.n, each.hits, each.confidence) for each in other
    ]


def test_b9_bins_hold_equally_many():
    rng = np.random.default_rng(0)
    bins = reliability(rng.random(1003), rng.random(1003) < 0.5)
    assert len(bins) == 10
    assert {each.n for each in bins} <= {100, 101}


def test_b9_equal_confidence_shares_a_bin():
    bins = reliability(np.full(50, 0.2), np.arange(50) % 5 == 0)
    assert [(each.n, each.hits, each.confidence, each.accuracy) for each in bins] == [
        (50, 10, pytest.approx(0.2), pytest.approx(0.2))
    ]
    assert bins[0].interval == pytest.approx((0.1124, 0.3304), abs=1e-4)
    assert reliability(np.zeros(0), np.zeros(0, bool)) == ()


def test_b9_the_calibration_error_of_one_who_knows_his_confidence_is_small():
    rng = np.random.default_rng(1)
    confidence = rng.random(20_000)
    honest = reliability(confidence, rng.random(20_000) < confidence)
    boastful = reliability(confidence, rng.random(20_000) < confidence / 2)
    assert calibration_error(honest) < 0.02
    assert calibration_error(boastful) == pytest.approx(0.25, abs=0.01)


def test_b9_the_calibration_error_needs_500_trials():
    assert calibration_error(reliability(np.full(499, 0.5), np.zeros(499, bool))) is None
    assert calibration_error(reliability(np.full(500, 0.5), np.zeros(500, bool))) == pytest.approx(0.5)


def test_b9_known_scores():
    confidence, hits = np.array([0.8, 0.25]), np.array([True, False])
    assert brier(confidence, hits) == pytest.approx((0.2**2 + 0.25**2) / 2)
    assert log_loss(confidence, hits) == pytest.approx(-(np.log(0.8) + np.log(0.75)) / 2)
    assert np.isfinite(log_loss(np.array([1.0, 0.0]), np.array([False, True])))
    assert brier(confidence[:0], hits[:0]) is log_loss(confidence[:0], hits[:0]) is None


@given(st.floats(0.05, 0.95), st.floats(-0.04, 0.04))
def test_b9_both_scores_are_proper(share, off):
    """Whoever states the true share is never worse off than one who states another."""
    hits = np.arange(1000) < share * 1000
    true = np.full(1000, hits.mean())
    for score in (brier, log_loss):
        assert score(true, hits) <= score(true + off, hits) + 1e-12
