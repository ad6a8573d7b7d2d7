import numpy as np
import pytest

from bci.ending import EndWatch
from bci.types import Batch, Marker, SampleChunk, SourceState


def samples(until):
    return SampleChunk(np.zeros((1, 1), np.float32), np.array([until]), 0.0, 0)


def test_the_end_waits_for_the_last_sample():
    watch = EndWatch(period=0.01, patience=10.0)
    end = Marker(5.0, "bci:end", arrived=100.0)
    assert watch.feed(Batch(samples(4.5), (end,)), 100.0) is None
    assert watch.feed(Batch(samples(4.99)), 100.1) == "bci:end"


def test_an_end_that_comes_after_the_last_sample_is_the_end_at_once():
    watch = EndWatch(period=0.01, patience=10.0)
    assert watch.feed(Batch(samples(4.99)), 100.0) is None
    assert watch.feed(Batch(None, (Marker(5.0, "bci:end", arrived=100.1),)), 100.1) == "bci:end"


def test_the_end_does_not_wait_for_ever():
    watch = EndWatch(period=0.01, patience=10.0)
    assert watch.feed(Batch(None, (Marker(5.0, "bci:end", arrived=100.0),)), 100.0) is None
    assert watch.feed(Batch(), 102.1) == "bci:end"


@pytest.mark.parametrize("state", [SourceState.STALLED, SourceState.LOST])
def test_silence_is_given_time_and_forgiven_when_it_ends(state):
    watch = EndWatch(period=0.01, patience=10.0)
    assert watch.feed(Batch(state=state), 0.0) is None
    assert watch.feed(Batch(state=state), 9.9) is None
    assert watch.feed(Batch(samples(1.0)), 9.95) is None
    assert watch.feed(Batch(state=state), 12.0) is None
    assert watch.feed(Batch(state=state), 22.0) == "stream lost: no samples for 10 s"


def test_waiting_for_the_first_sample_is_no_silence():
    watch = EndWatch(period=0.01, patience=10.0)
    assert all(watch.feed(Batch(state=SourceState.CONNECTED), now) is None for now in range(100))
