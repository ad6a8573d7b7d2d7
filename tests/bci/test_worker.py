"""The decode thread: epochs in, decisions out, warm when the next one comes; no LSL, real threads."""

import threading

import numpy as np

from bci.clock import lsl_clock
from bci.decoder import FakeDecoder
from bci.types import DecoderSpec, SourceState
from bci.worker import _LEADS, DecodeWorker

SPEC = DecoderSpec(("Cz",), 100.0, 10, "00", ("a", "b"), "00000000", "11111111")


class Counting(FakeDecoder):
    """Notes when it decodes."""

    def __init__(self):
        super().__init__(SPEC, np.float32([[1], [-1]]))
        self.times = []
        self.again = threading.Event()

    def decode(self, epochs, watch, k):
        self.times.append(lsl_clock())
        self.again.set()
        return super().decode(epochs, watch, k)


def started(decoder):
    worker = DecodeWorker(
        decoder,
        lambda *_: None,
        lsl_clock,
        budget=0.05,
        capacity=8,
        standing=lambda: (SourceState.FLOWING, ""),
        on_error=lambda _: None,
    )
    worker.start()
    assert worker.warm.wait(30)
    return worker


def passes_before(decoder, number, expected):
    """When silence was decoded after the warm-up, in seconds before the epoch that was expected."""
    while len(decoder.times) < number:
        assert decoder.again.wait(30)
        decoder.again.clear()
    return [expected - time for time in decoder.times[20:number]]


def test_the_decoder_is_warm_when_an_epoch_is_expected():
    decoder = Counting()
    worker = started(decoder)
    expected = lsl_clock() + 0.2
    worker.expect(expected)
    worker.expect(expected + 0.0001)  # the same epoch, told again
    before = passes_before(decoder, 20 + len(_LEADS), expected)
    worker.close()
    assert len(decoder.times) == 20 + len(_LEADS)
    assert all(ahead <= lead for ahead, lead in zip(before, _LEADS, strict=True))


def test_an_epoch_that_is_expected_no_longer_keeps_nothing_warm():
    decoder = Counting()
    worker = started(decoder)
    worker.expect(lsl_clock() + 1000.0)
    worker.expect(expected := lsl_clock() + 0.05)
    passes_before(decoder, 20 + len(_LEADS), expected)
    worker.close()
    assert len(decoder.times) == 20 + len(_LEADS)
