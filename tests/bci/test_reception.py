"""A line becomes a source: what its device delays is taken from every time that is handed on."""

import numpy as np

from bci.clock import VirtualClock
from bci.devices import Delay, DeviceProfile
from bci.reception import Reception
from bci.roles import layout
from bci.types import Channel, StreamSpec

RATE = 100.0
LATE = 0.2  # s that stamps are late
SPEC = StreamSpec("amp", "EEG", "", RATE, (Channel("Cz"),), delay=LATE)
DEVICE = DeviceProfile(name="late", title="-", delay=Delay(seconds=LATE))


class Line:
    """Hands over what it is told, and samples arrive as they are stamped."""

    gone = ""

    def __init__(self, clock):
        self.clock = clock
        self.sent = 0

    def receive(self, _timeout, _rest):
        """All samples that were taken until now."""
        n_times = round(self.clock() * RATE) - self.sent
        stamps = (self.sent + np.arange(n_times)) / RATE
        self.sent += n_times
        return np.random.default_rng(self.sent).normal(0, 10, (n_times, 1)), stamps

    def heard(self):
        return []

    def troubles(self):
        return []

    def close(self):
        pass


def test_what_a_hung_sender_owes_is_told_in_the_time_of_its_samples():
    clock = VirtualClock()
    source = Reception(Line(clock), SPEC, layout(["Cz"], ["EEG"], [""]), clock, DEVICE)
    for _ in range(100):
        clock.advance(0.1)
        chunk = source.pull(0.0).chunk
    np.testing.assert_allclose(chunk.times, np.arange(990, 1000) / RATE - LATE, atol=1e-6)
    clock.advance(4.0)  # it hung
    overdue = source.pull(0.0).chunk
    assert len(overdue.data) == 400
    # those that should have come half a second ago or earlier: by their stamps up to 13.5 s
    np.testing.assert_allclose(overdue.due, 14.0 - 0.5 - LATE, atol=0.02)
