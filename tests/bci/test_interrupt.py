import signal

import pytest

from bci.clock import VirtualClock
from bci.interrupt import ended_by_signals


def test_the_first_signal_asks_and_a_later_one_ends_at_once():
    clock, asked = VirtualClock(), []
    before = signal.getsignal(signal.SIGINT)
    with ended_by_signals(lambda: asked.append("stop"), clock):
        signal.raise_signal(signal.SIGINT)
        clock.advance(0.1)
        signal.raise_signal(signal.SIGTERM)  # the same key press, passed on by a launcher
        assert asked == ["stop"]
        clock.advance(1.0)
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert asked == ["stop"]
    assert signal.getsignal(signal.SIGINT) is before
