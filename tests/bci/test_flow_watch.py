"""States of a stream on virtual time."""

from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bci.flow_watch import LOST_AFTER, STALLED_AFTER, FlowWatch
from bci.types import SourceState


def flowing(until, step=0.1, watch=None, start=0.0):
    """A stream whose chunks come every `step` seconds from `start` on, without delay."""
    watch = watch or FlowWatch(start)
    for i in range(round((until - start) / step) + 1):
        watch.received(start + i * step, start + i * step)
    return watch


def test_before_the_first_sample_it_is_connected():
    state, reason = FlowWatch(10.0).look(13.2)
    assert state is SourceState.CONNECTED
    assert reason == "open for 3 s, no sample yet"


def test_the_states_in_order():
    watch = flowing(10.0)
    assert watch.look(10.0) == (SourceState.FLOWING, "")
    assert watch.look(10.0 + STALLED_AFTER) == (SourceState.FLOWING, "")
    assert watch.look(10.6) == (SourceState.STALLED, "no sample for 0.6 s")
    assert watch.look(15.1) == (SourceState.LOST, "no sample for 5.1 s")
    watch.received(16.0, 16.0)
    assert watch.look(16.0) == (SourceState.RECOVERED, "samples again after 6.0 s")
    flowing(18.2, watch=watch, start=16.1)
    assert watch.look(18.2) == (SourceState.FLOWING, "")


def test_silence_is_told_before_trouble_and_trouble_before_recovery():
    watch = flowing(10.0)
    troubles = ("no marker stream m for 12 s", "battery at 3 %")
    assert watch.look(10.1, troubles=troubles) == (SourceState.DEGRADED, "; ".join(troubles))
    assert watch.look(11.0, troubles=troubles)[0] is SourceState.STALLED
    watch.received(11.0, 11.0)
    assert watch.look(11.0, troubles=troubles)[0] is SourceState.DEGRADED


def test_a_stream_that_cannot_come_back_is_lost_at_once():
    assert flowing(3.0).look(3.0, gone="no source id") == (SourceState.LOST, "no source id")


def test_packets_of_two_seconds_are_no_stall():
    watch = flowing(20.0, step=2.0)
    assert watch.look(21.9)[0] is SourceState.FLOWING
    assert watch.look(25.9)[0] is SourceState.FLOWING
    assert watch.look(26.1)[0] is SourceState.LOST


@given(step=st.floats(0.001, 2.0), silence=st.floats(0.01, 30.0))
def test_a_silence_is_seen_when_it_is_longer_than_half_a_second_and_three_intervals(step, silence):
    watch = flowing(20 * step, step)
    allowed = max(STALLED_AFTER, 3 * step)
    state, _ = watch.look(20 * step + silence)
    if silence < 0.99 * allowed:
        assert state is SourceState.FLOWING
    elif silence > 1.01 * allowed and abs(silence - LOST_AFTER) > 0.01:
        assert state is (SourceState.LOST if silence > LOST_AFTER else SourceState.STALLED)


def test_a_backlog_was_due_earlier_until_it_has_caught_up():
    watch = flowing(10.0)
    due = [watch.received(14.0, taken) for taken in (10.5, 12.0, 13.0, 13.7, 14.0)]  # it hung from 10 to 14 s
    assert due == [13.5] * 4 + [-inf]
    assert watch.received(14.1, 14.1) == -inf


def test_a_backlog_that_comes_in_one_piece_was_due_earlier_too():
    assert flowing(10.0).received(14.0, 14.0) == 13.5


@given(delay=st.floats(-5.0, 5.0))
def test_a_constant_delay_of_the_device_is_no_backlog(delay):
    watch = FlowWatch(0.0)
    for i in range(100):
        assert watch.received(i / 10, i / 10 - delay) == -inf
    assert watch.received(13.0, 13.0 - delay) == pytest.approx(12.5 - delay)
