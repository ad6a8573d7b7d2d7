import signal
import threading

import pytest

from bci.clock import VirtualClock
from bci.interrupt import ended_by_signals


def test_the_first_signal_asks_and_a_later_one_ends_at_once():
    clock, asked, heard = VirtualClock(), [], threading.Event()

    def stop():
        asked.append("stop")
        heard.set()

    before = signal.getsignal(signal.SIGINT)
    with ended_by_signals(stop, clock):
        signal.raise_signal(signal.SIGINT)
        clock.advance(0.1)
        signal.raise_signal(signal.SIGTERM)  # the same key press, passed on by a launcher
        assert heard.wait(30)
        assert asked == ["stop"]
        clock.advance(1.0)
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert asked == ["stop"]
    assert signal.getsignal(signal.SIGINT) is before


def test_what_stops_may_need_a_lock_that_was_held_when_the_signal_came():
    lock, stopped = threading.Lock(), threading.Event()

    def stop():
        with lock:
            stopped.set()

    with ended_by_signals(stop):
        with lock:
            signal.raise_signal(signal.SIGINT)
        assert stopped.wait(30)
