import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bci.overview import column_counts, columns, pauses, running_share

flags = st.lists(st.booleans(), max_size=80).map(lambda values: np.array(values, bool))


@given(st.lists(st.tuples(st.floats(0, 1e4), st.booleans()), max_size=80), st.integers(1, 50))
def test_b8_every_trial_is_in_one_column(trials, n_columns):
    times = np.array([time for time, _ in trials], float)
    hits = np.array([hit for _, hit in trials], bool)
    at = columns(times, 0, 1e4, n_columns)
    assert column_counts(at, hits, n_columns).sum() == hits.sum()
    assert len(column_counts(at, hits, n_columns)) == n_columns


def test_b8_columns_follow_the_time():
    assert columns(np.array([0.0, 2.4, 2.5, 9.9, 10.0, -1.0, 99.0]), 0, 10, 4).tolist() == [0, 0, 1, 3, 3, 0, 3]
    assert columns(np.array([5.0]), 5, 5, 4).tolist() == [0]


@given(flags, st.integers(1, 60))
def test_b8_the_running_share_is_that_of_the_last_trials(hits, window):
    found = running_share(hits, window)
    expected = [hits[max(0, i + 1 - window) : i + 1].mean() for i in range(len(hits))]
    assert found == pytest.approx(expected)


def test_b8_a_pause_is_long_and_unusual():
    steady = np.arange(60) * 1.0
    assert pauses(steady).tolist() == []
    assert pauses(np.concatenate([steady, steady + 90])).tolist() == [[59.0, 90.0]]
    assert pauses(np.arange(10) * 30.0).tolist() == []  # slow, but usual
    assert pauses(np.concatenate([steady, steady + 64])).tolist() == []  # unusual, but short
    assert pauses(steady[:1]).tolist() == []


@given(st.lists(st.floats(0, 1e5), max_size=60), st.randoms(use_true_random=False))
def test_b8_the_order_of_decisions_does_not_matter_for_pauses(times, random):
    shuffled = random.sample(times, len(times))
    assert pauses(np.array(times)).tolist() == pauses(np.array(shuffled)).tolist()
