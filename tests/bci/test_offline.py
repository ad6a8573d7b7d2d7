import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bci.array_source import ArraySource
from bci.clock import lsl_clock
from bci.decoder import FakeDecoder
from bci.epochs import Epocher
from bci.offline import decode_all
from bci.specs import EventSpec, PreprocessSpec, QualitySpec
from bci.types import Channel, DecoderSpec, Recording, Status

RATE = 100.0
SPEC = PreprocessSpec(channels=("Cz", "Oz"), sfreq=RATE, tmax=0.2)
CONCEPTS = ("first", "second")
PROTOTYPES = np.float32([[1, 0], [0, 1]])
DECODER_SPEC = DecoderSpec(("Cz", "Oz"), RATE, 20, SPEC.digest, CONCEPTS, "00000000", "11111111")
N_EVENTS = 40


def recording():
    """Forty events of noise, one of which a gap cuts in two."""
    data = np.random.default_rng(0).standard_normal((100 * N_EVENTS, 2)).astype(np.float32)
    markers = tuple((100 * i + 10, CONCEPTS[i % 2]) for i in range(N_EVENTS))
    return Recording(data, RATE, ((0, 50.0), (1720, 70.0)), markers, (Channel("Cz"), Channel("Oz")))


def decoded(decoder, batch, chunk=32):
    source = ArraySource(recording(), chunk, lsl_clock)
    epocher = Epocher(source.spec, SPEC, EventSpec(), QualitySpec(), CONCEPTS, lsl_clock)
    return decode_all(source, epocher, decoder, lsl_clock, batch)


@given(batch=st.integers(2, 50), chunk=st.integers(1, 500))
def test_batches_decide_what_single_epochs_decide(batch, chunk):
    decoder = FakeDecoder(DECODER_SPEC, PROTOTYPES)
    single, batched = decoded(decoder, 1), decoded(decoder, batch, chunk)
    assert [each.seq for each in batched] == list(range(N_EVENTS))
    assert [each.status for each in single].count(Status.GAP) == 1
    for one, other in zip(single, batched, strict=True):
        assert (one.onset, one.status, one.truth, one.reason) == (
            other.onset,
            other.status,
            other.truth,
            other.reason,
        )
        if one.ranking is not None:
            assert one.ranking.indices.tolist() == other.ranking.indices.tolist()
            assert one.ranking.truth_rank == other.ranking.truth_rank
            np.testing.assert_allclose(one.ranking.scores, other.ranking.scores, rtol=0, atol=1e-6)


def test_a_decoder_that_fails_ends_it_and_leaves_no_thread(monkeypatch):
    def refuse(*_):
        raise RuntimeError("no memory")

    decoder, before = FakeDecoder(DECODER_SPEC, PROTOTYPES), threading.active_count()
    monkeypatch.setattr(decoder, "decode", refuse)
    with pytest.raises(RuntimeError, match="no memory"):
        decoded(decoder, 4)
    assert threading.active_count() == before
