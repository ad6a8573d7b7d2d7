"""The streams in sight, looked for on a thread."""

import time

import pytest
from simulated_devices import Outlet, Stream

from bci.stream_monitor import StreamMonitor
from bci.stream_watch import StreamWatch
from bci.types import SourceState

pytestmark = pytest.mark.lsl

LONG = 60.0  # s after which a test gives up


def until(true):
    end = time.monotonic() + LONG
    while not true():
        assert time.monotonic() < end, f"gave up after {LONG:g} s"
        time.sleep(0.01)


@pytest.fixture
def watch():
    looking = StreamWatch()
    yield looking
    looking.stop()


def test_what_it_listens_to_is_free_once_it_has_stopped(watch):
    with Outlet(Stream()) as outlet:
        watch.start()
        watch.start()
        until(lambda: outlet.stream.name in {seen.stream.name for seen in watch.seen})
        outlet.wait_for_consumer()
        watch.stop()
        outlet.wait_for_nobody()
    (seen,) = watch.seen
    assert (seen.stream.source_id, seen.state) == (outlet.stream.source_id, SourceState.CONNECTED)


def test_it_can_look_again(watch):
    watch.start()
    watch.stop()
    assert watch.seen == ()
    with Outlet(Stream()) as outlet:
        watch.start()
        until(lambda: watch.seen)
        watch.stop()
    assert [seen.stream.source_id for seen in watch.seen] == [outlet.stream.source_id]


def test_once_it_can_no_longer_look_nothing_is_in_sight(watch, monkeypatch, caplog):
    looks = iter([["a stream"]])
    monkeypatch.setattr(StreamMonitor, "watch", lambda *_: next(looks))
    watch.start()
    until(lambda: "can no longer be told" in caplog.text)
    watch.stop()
    assert watch.seen == ()
