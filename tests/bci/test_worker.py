"""The decode thread: epochs in, decisions out, warm when the next one comes; no LSL, real threads."""

import threading
import time

import numpy as np
import pytest

from bci.decoder import FakeDecoder
from bci.types import DecoderSpec, SourceState
from bci.worker import _LEADS, DecodeWorker

SPEC = DecoderSpec(("Cz",), 100.0, 10, "00", ("a", "b"), "00000000", "11111111")


class Time:
    """A clock that stands still until it is set."""

    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


class Counting(FakeDecoder):
    """Notes when it decodes, which takes a while."""

    def __init__(self, clock, takes=0.0):
        super().__init__(SPEC, np.float32([[1], [-1]]))
        self.clock, self.takes = clock, takes
        self.times = []
        self.again = threading.Event()

    def decode(self, epochs, watch, k):
        self.times.append(self.clock.now)
        self.clock.now += self.takes
        self.again.set()
        return super().decode(epochs, watch, k)

    def wait_for(self, number):
        while len(self.times) < number:
            assert self.again.wait(30)
            self.again.clear()


def until(condition):
    end = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.001)


@pytest.fixture
def started():
    workers = []

    def start(decoder):
        worker = DecodeWorker(
            decoder,
            lambda *_: None,
            decoder.clock,
            budget=0.05,
            capacity=8,
            standing=lambda: (SourceState.FLOWING, ""),
            on_error=lambda _: None,
        )
        workers.append(worker)
        worker.start()
        assert worker.warm.wait(30)
        return worker

    yield start
    for worker in workers:
        worker.close()


def test_the_decoder_is_warm_when_an_epoch_is_expected(started):
    decoder = Counting(Time())
    worker = started(decoder)
    expected = decoder.clock.now + 0.2
    worker.expect(expected)
    worker.expect(expected + 0.0001)  # the same epoch, told again
    moments = [expected - lead + 0.0001 for lead in _LEADS]
    for passes, moment in enumerate(moments, 1):
        decoder.clock.now = moment
        until(lambda passes=passes: len(worker._took) == 1 + passes)  # over: its time ends with this moment
    decoder.clock.now = expected + 1.0
    worker.close()
    assert decoder.times[20:] == moments


def test_an_epoch_that_is_expected_no_longer_keeps_nothing_warm(started):
    decoder = Counting(Time())
    worker = started(decoder)
    worker.expect(decoder.clock.now + 1000.0)
    worker.expect(decoder.clock.now + _LEADS[0] - 0.0001)
    decoder.wait_for(21)
    worker.close()
    assert decoder.times[20:] == [decoder.clock.now]


def test_a_decoder_that_would_not_be_done_in_time_is_left_alone(started):
    decoder = Counting(Time(), takes=0.02)
    worker = started(decoder)
    worker.expect(decoder.clock.now + _LEADS[0] - 0.0001)  # nobody knows yet how long it takes
    decoder.wait_for(21)
    worker.expect(decoder.clock.now + _LEADS[0] - 0.0001)
    until(lambda: len(worker._leads) < len(_LEADS))  # the thread has seen it
    worker.close()
    assert len(decoder.times) == 21
