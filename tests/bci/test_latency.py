import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bci.latency import latency_histogram, missed, near_percentiles

durations = st.lists(st.floats(0, 100), max_size=80).map(lambda values: np.array(values, float))


@given(durations)
def test_b7_no_decision_is_lost(seconds):
    assert latency_histogram(seconds).counts.sum() == len(seconds)


@given(durations, st.randoms(use_true_random=False))
def test_b7_the_order_of_decisions_does_not_matter(seconds, random):
    shuffled = np.array(random.sample(seconds.tolist(), len(seconds)), float)
    assert (latency_histogram(seconds).counts == latency_histogram(shuffled).counts).all()


def test_b7_bins_are_of_equal_ratio():
    found = latency_histogram(np.array([0.0, 1.05e-4, 5e-3, 5e-3, 9.5, 60.0]))
    assert found.edges[0] == pytest.approx(1e-4)
    assert found.edges[-1] == pytest.approx(10)
    assert np.diff(np.log10(found.edges)) == pytest.approx(0.1)
    assert (found.counts[0], found.counts[-1]) == (2, 2)
    (twice,) = np.flatnonzero((found.edges[:-1] <= 5e-3) & (found.edges[1:] > 5e-3))
    assert found.counts[twice] == 2


@given(durations, st.floats(0, 100))
def test_b7_a_deadline_is_missed_above_the_budget_alone(seconds, budget):
    assert missed(seconds, budget) + (seconds <= budget).sum() == len(seconds)


@given(st.permutations(range(101)), st.sampled_from([0.0, 50.0, 95.0, 99.0, 100.0]))
def test_b7_the_decision_at_a_percentile_is_found(order, percent):
    seconds = np.array(order, float)
    assert [seconds[rows].tolist() for rows in near_percentiles(seconds, [percent, 0])] == [[percent], [0]]


def test_b7_a_hundredth_of_the_decisions_speaks_for_a_percentile():
    seconds = np.arange(10_000) / 1e5
    (rows,) = near_percentiles(seconds, [95])
    assert len(rows) == 101
    assert seconds[rows].mean() == pytest.approx(np.percentile(seconds, 95), abs=1e-4)
    assert [len(rows) for rows in near_percentiles(seconds[:0], [50, 99])] == [0, 0]
