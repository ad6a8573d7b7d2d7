"""The rule by which a computer is certified."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bci.certificate import ONE_IN, judge, where_slow

BUDGET = 0.05
times = st.lists(st.tuples(st.floats(0, 0.2), st.floats(0, 0.2)), min_size=1, max_size=300)


def judged(inside, outside, lost=0, budget=BUDGET):
    return judge(np.array(inside), np.array(outside), lost, budget)


@pytest.mark.parametrize(
    ("n", "over", "lost", "passed"),
    [(999, 0, 0, True), (999, 1, 0, False), (1000, 1, 0, True), (2000, 2, 0, True), (2000, 3, 0, False),
     (2000, 0, 1, False), (0, 0, 0, False)],
)  # fmt: skip
def test_one_in_a_thousand_may_be_over_and_none_lost(n, over, lost, passed):
    inside = [BUDGET] * (n - over) + [BUDGET + 1e-6] * over
    judgement = judged(inside, [0.0] * n, lost)
    assert (judgement.decisions, judgement.over, judgement.lost) == (n, over, lost)
    assert judgement.passed == passed


def test_a_decision_counts_once_whichever_way_it_is_over():
    assert judged([0.06, 0.06, 0.01, 0.01], [0.07, 0.01, 0.07, 0.01]).over == 3


@given(times, st.floats(1e-3, 0.2))
def test_what_passes_has_its_p99_within_the_budget(pairs, budget):
    inside, outside = np.array(pairs).T
    judgement = judge(inside, outside, 0, budget)
    if judgement.passed:
        assert max(np.percentile(inside, 99), np.percentile(outside, 99)) <= budget
    else:
        assert ONE_IN * sum(max(pair) > budget for pair in pairs) > len(pairs)


@given(times, st.floats(1e-3, 0.1), st.floats(0, 0.1))
def test_who_passes_passes_with_more_time_too(pairs, budget, more):
    inside, outside = np.array(pairs).T
    assert judge(inside, outside, 0, budget + more).over <= judge(inside, outside, 0, budget).over


def test_few_decisions_leave_much_open():
    assert judged([0.0] * 100, [0.0] * 100).share_high == pytest.approx(0.0370, abs=1e-4)  # z2 / (n + z2)
    assert judged([0.0] * 3000, [0.0] * 3000).share_high == pytest.approx(0.00128, abs=1e-5)
    assert judged([], []).share_high == 1.0


def test_where_slow_ones_waited():
    stages = {"queue": np.array([0.001, 0.04, 0.02]), "decode": np.array([0.9, 0.03, 0.03])}
    inside, outside = np.array([0.001, 0.07, 0.05]), np.array([0.002, 0.071, 0.06])
    assert where_slow(inside, outside, stages, BUDGET) == ("queue", pytest.approx(0.03))  # of the last two
    assert where_slow(inside, outside + 1, stages, BUDGET)[0] == "transport"
    assert where_slow(inside, outside, stages, 1.0) == ("", 0.0)
