"""Accuracy as a session goes on: the headline rule at every moment of it."""

from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bci.decided import Decided, DecisionTable
from bci.ranking import rank
from bci.running import LATEST, POINTS, curve, separation, share, share_accepted
from bci.tally import totals
from bci.types import Decision, Marker, SourceState, Status

N = 12
PROTOTYPES = np.eye(N, dtype=np.float32)
MARKER = Marker(0.0, "shown")
EVENTS = st.lists(
    st.tuples(
        st.none() | st.integers(0, N - 1),  # truth
        st.none() | st.integers(0, N - 1),  # ranked first
        st.sampled_from([Status.OK, Status.LATE, Status.ARTIFACT]),
    ),
    max_size=130,
)


def decided(events, prototypes=PROTOTYPES, marker=MARKER):
    table = DecisionTable()
    for truth, best, status in events:
        ranking = None if best is None else rank(prototypes[best], prototypes, truth, 5)
        given_up = Status.GAP if best is None else status
        state = SourceState.FLOWING
        table.add(Decision(0, marker, 0.0, truth, None, given_up, "", ranking, {}, 0.0, state))
    return table.view()


def test_b3_by_hand():
    events = [
        (0, 0, Status.OK),
        (1, 0, Status.OK),
        (2, None, Status.OK),
        (None, 3, Status.OK),
        (4, 4, Status.ARTIFACT),
    ]
    session = decided(events)
    every = share(session, 1)
    assert (every.hits, every.n, every.value) == (2, 4, 0.5)
    trials, shares = curve(session, 1)
    assert trials.tolist() == [1, 2, 3, 4]
    assert shares.tolist() == pytest.approx([1, 1 / 2, 1 / 3, 2 / 4])
    kept, left_out = share_accepted(session, 1)
    assert (kept.hits, kept.n, left_out) == (1, 2, 0.5)


@given(EVENTS)
def test_b3_the_curve_ends_at_the_headline_accuracy_and_is_a_share_throughout(events):
    session = decided(events)
    told = [(truth, best) for truth, best, _ in events if truth is not None]
    for k in (1, 5):
        trials, shares = curve(session, k)
        every = share(session, k)
        # concepts that are not the best tie: behind it the truth is last
        assert (every.hits, every.n) == (sum(truth == best for truth, best in told), len(told))
        assert every.value == totals(session, N)[f"top{k}"]
        assert len(trials) == every.n
        if every.n:
            assert shares[-1] == pytest.approx(every.value)
            assert (shares >= 0).all()
            assert (shares <= 1).all()
            hits = shares * trials
            assert np.isin(np.diff(np.round(hits)), (0, 1)).all()


@given(EVENTS)
def test_b3_the_window_is_the_session_of_its_latest_events(events):
    told = [event for event in events if event[0] is not None]
    assert share(decided(events), 1, LATEST) == share(decided(told[-LATEST:]), 1)


@given(EVENTS)
def test_b3_a_larger_k_never_hits_less_and_intervals_hold_their_share(events):
    session = decided(events)
    one, five = share(session, 1), share(session, 5)
    assert one.hits <= five.hits
    for each in (one, five, share_accepted(session, 1)[0]):
        if each.interval is not None:
            low, high = each.interval
            assert low - 1e-12 <= each.value <= high + 1e-12


@given(st.integers(2, 3000))
def test_b3_a_curve_has_few_points_and_both_its_ends(n):
    one = decided([(0, 0, Status.OK)])
    trials, _ = curve(Decided(*(np.repeat(getattr(one, each.name), n, axis=0) for each in fields(Decided))), 1)
    assert (len(trials), trials[0], trials[-1]) == (min(n, POINTS), 1, n)
    assert (np.diff(trials) > 0).all()


def test_b3_windows_overlap_and_have_no_intervals():
    session = decided([(0, 0, Status.OK)] * 3, marker=None)
    assert share(session, 1).value == 1.0
    assert share(session, 1).interval is share_accepted(session, 1)[0].interval is None


def test_b3_two_concepts_are_told_apart_by_an_area():
    two = np.eye(2, dtype=np.float32)
    mixed = [(0, 0, Status.OK), (1, 1, Status.OK), (1, 0, Status.OK), (None, 0, Status.OK), (1, None, Status.OK)]
    assert separation(decided(mixed, two)) == pytest.approx(0.75)  # of two pairs one is won, one tied
    assert separation(decided(mixed[:1], two)) is None
    assert separation(decided([], two)) is None
