"""Streams that come, fall silent and go, on virtual time and without LSL."""

import pytest

from bci.clock import VirtualClock
from bci.discovery import FoundStream
from bci.stream_monitor import FORGOTTEN_AFTER, StreamMonitor
from bci.types import SourceState


def found(uid, sfreq=250.0, source_id="cap"):
    return FoundStream("cap", "EEG", source_id, "lab-pc", 8, sfreq, uid, None)


class Inlet:
    """Brings samples while it is told to."""

    def __init__(self):
        self.sends, self.closed = True, False

    def flush(self):
        return 12 if self.sends else 0

    def close_stream(self):
        self.closed = True


class Sight:
    """What is in sight, and the inlets that were opened."""

    def __init__(self, **_):
        self.streams, self.inlets = [], {}

    def results(self):
        return self.streams

    def listener(self, stream):
        return self.inlets.setdefault(stream.uid, Inlet())


@pytest.fixture
def sight(monkeypatch):
    made = Sight()
    monkeypatch.setattr("pylsl.ContinuousResolver", lambda **_: made)
    monkeypatch.setattr("bci.stream_monitor.seen", list)
    monkeypatch.setattr("bci.stream_monitor._listener", made.listener)
    return made


@pytest.fixture
def monitor(sight, monkeypatch):
    clock = VirtualClock(100.0)
    monkeypatch.setattr("bci.stream_monitor.sleep", clock.advance)
    made = StreamMonitor(clock)
    yield made
    made.close()
    assert all(inlet.closed for inlet in sight.inlets.values())


def only(observed):
    (one,) = observed
    return one.state, one.reason


def test_a_stream_flows_stalls_and_recovers(sight, monitor):
    sight.streams = [found("1")]
    sight.listener(found("1")).sends = False
    assert only(monitor.watch(2.0)) == (SourceState.CONNECTED, "open for 2 s, no sample yet")
    sight.inlets["1"].sends = True
    assert only(monitor.watch(2.0)) == (SourceState.FLOWING, "")
    sight.inlets["1"].sends = False
    state, reason = only(monitor.watch(2.0))
    assert (state, reason[:14]) == (SourceState.STALLED, "no sample for ")
    assert only(monitor.watch(5.0))[0] is SourceState.LOST
    sight.inlets["1"].sends = True
    assert only(monitor.watch(0.5))[0] is SourceState.RECOVERED


def test_a_stream_that_goes_out_of_sight_is_lost_and_then_forgotten(sight, monitor):
    sight.streams = [found("1")]
    monitor.watch(1.0)
    sight.streams, sight.inlets["1"].sends = [], False
    assert only(monitor.watch(3.0)) == (SourceState.LOST, "out of sight for 3 s")
    assert monitor.watch(FORGOTTEN_AFTER) == []
    assert sight.inlets["1"].closed


def test_a_sender_that_starts_again_is_listed_once(sight, monitor):
    sight.streams = [found("1")]
    monitor.watch(1.0)
    sight.streams = []
    monitor.watch(3.0)
    sight.streams = [found("2")]
    (one,) = monitor.watch(1.0)
    assert (one.stream.uid, one.state) == ("2", SourceState.FLOWING)


def test_nothing_is_said_of_the_silence_of_a_stream_of_events(sight, monitor):
    sight.streams = [found("1", sfreq=0.0)]
    assert only(monitor.watch(8.0)) == (SourceState.CONNECTED, "")
    assert sight.inlets == {}
    sight.streams = []
    assert only(monitor.watch(2.0))[0] is SourceState.LOST
