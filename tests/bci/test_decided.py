import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from staged_session import StagedSession, about

from bci.decided import DecisionTable
from bci.types import Status

outcomes = st.tuples(
    st.one_of(st.none(), st.integers(0, 4)), st.one_of(st.none(), st.integers(0, 4)), st.sampled_from(Status)
)


@given(st.lists(outcomes, max_size=600))
def test_columns_hold_what_was_decided(shown):
    session = StagedSession(about(5))
    decisions = [session.decide(truth, best=best, status=status) for truth, best, status in shown]
    decided = session.snapshot().decided
    assert len(decided) == len(decisions)
    for number in range(0, len(decisions), 37):
        decision, ranking = decisions[number], decisions[number].ranking
        assert decided.onset[number] == decision.onset
        assert decided.status[number] == decision.status
        assert decided.told[number] == (decision.truth is not None)
        assert decided.ranked[number] == (ranking is not None)
        assert decided.best[number] == (-1 if ranking is None else ranking.indices[0])
        assert decided.stages[number].sum() == pytest.approx(decision.latency)
        known = ranking is not None and ranking.truth_rank is not None
        assert decided.rank[number] == (ranking.truth_rank if known else -1)
    assert decided.hits(1).sum() == sum(truth is not None and truth == best for truth, best, _ in shown)


def test_a_view_stays_as_it_was():
    session = StagedSession(about(5))
    for _ in range(100):
        session.decide(1, best=1)
    before = session.snapshot().decided
    ranks = before.rank.copy()
    for _ in range(1000):
        session.decide(1, best=2)
    assert len(before) == 100
    assert np.array_equal(before.rank, ranks)


def test_a_view_cannot_be_written_to():
    session = StagedSession(about(5))
    session.decide(1, best=1)
    with pytest.raises(ValueError, match="read-only"):
        session.snapshot().decided.rank[0] = 3


def test_the_contrast_of_two_concepts_is_that_of_the_second():
    session = StagedSession(about(2))
    session.decide(0, best=0)
    session.decide(0, best=1)
    assert np.sign(session.snapshot().decided.contrast).tolist() == [-1, 1]


def test_an_empty_table_has_empty_columns():
    assert len(DecisionTable().view()) == 0
    assert not DecisionTable().view().hits(1).any()
