import numpy as np
import pytest

from gui import meter
from gui.meter import Meter


class Clock:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(meter.time, "perf_counter", clock)
    return clock


def test_a1_frames_a_second(clock):
    frames = Meter()
    assert frames.fps == frames.mean_fps == 0
    for frame in range(200):
        clock.now = frame / 50 if frame < 100 else 2 + (frame - 100) / 100
        frames.frame()
    assert frames.fps == pytest.approx(100)
    assert frames.mean_fps == pytest.approx(199 / 2.99)


def test_a1_slots_are_measured_by_name(clock):
    frames = Meter()
    for ms in range(1, 101):
        with frames.timed("paint"):
            clock.now += ms / 1e3
    assert frames.slots == ("paint",)
    assert frames.percentile("paint", 99) == pytest.approx(np.percentile(np.arange(1, 101), 99) / 1e3)
    assert np.isnan(frames.percentile("other", 50))


def test_a_slot_that_fails_is_measured_too(clock):
    frames = Meter()

    def fail():
        with frames.timed("paint"):
            clock.now += 1
            _ = 1 / 0

    with pytest.raises(ZeroDivisionError):
        fail()
    assert frames.percentile("paint", 50) == 1


def test_memory_is_bounded(monkeypatch):
    monkeypatch.setattr(meter, "KEPT", 8)
    frames = Meter()
    for seconds in range(20):
        frames.add("paint", seconds)
    assert frames.percentile("paint", 0) == 12
