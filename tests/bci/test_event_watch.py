"""What is collected for the delay of a device: one channel as it was stamped, and the markers of programs."""

import numpy as np
import pytest

from bci.errors import MismatchError
from bci.event_watch import EventWatch
from bci.events import END_MARKER
from bci.types import Batch, Channel, Marker, SampleChunk, StreamSpec

STREAM = StreamSpec("amp", "EEG", "", 100.0, (Channel("Cz"), Channel("AUX1", "aux")), delay=0.2)


def batch(first, n=10, markers=()):
    data = np.arange(2 * n, dtype=np.float32).reshape(n, 2) + 2 * first
    return Batch(SampleChunk(data, (first + np.arange(n)) / 100 - 0.2, 0.0, first), tuple(markers))


def watch(lock=(".*",)):
    return EventWatch(STREAM, "aux1", lock, lambda source: source == "amp-port")


def test_channel_is_taken_as_it_was_stamped():
    watched = watch()
    for first in (0, 10):
        watched.feed(batch(first))
    np.testing.assert_array_equal(watched.values, 1 + 2 * np.arange(20))
    np.testing.assert_allclose(watched.times, np.arange(20) / 100)


def test_only_markers_of_programs_that_match_count():
    told = [
        ("flash", "screen"),
        ("flash", "amp/TRIG"),
        ("flash", "amp-port"),
        ("rest", "screen"),
        ("bci:x", "screen"),
    ]
    watched = watch(lock=("fl.*", "bci:.*"))
    watched.feed(Batch(None, tuple(Marker(time, *each) for time, each in enumerate(told))))
    assert watched.events.tolist() == [0.0]


def test_complete_when_the_last_event_can_have_been_seen():
    watched = watch()
    watched.feed(batch(0, markers=[Marker(0.05, "a", "screen")]))
    assert not watched.complete(1, 0.1)
    watched.feed(batch(10))
    assert watched.complete(1, 0.1)
    assert not watched.complete(2, 0.1)
    watched.feed(Batch(None, (Marker(0.3, END_MARKER, "screen"),)))
    assert watched.complete(2, 0.1)


def test_unknown_channel_lists_those_that_are_there():
    with pytest.raises(MismatchError, match="got 'AUX2': it has Cz, AUX1"):
        EventWatch(STREAM, "AUX2", (".*",))
