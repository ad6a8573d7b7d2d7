"""A decoder that several threads share: what waits together is one batch, and everyone gets their own."""

import threading
from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from bci.batching import BatchingDecoder
from bci.decoder import FakeDecoder
from bci.errors import MismatchError
from bci.types import DecoderSpec

SPEC = DecoderSpec(("Cz", "Oz"), 100.0, 4, "0" * 64, ("a", "b", "c"), "0" * 8, "1" * 8)
PROTOTYPES = np.float32([[1, 0], [0, 1], [0.6, 0.8]])


def epochs_of(seed, n=1):
    return np.random.default_rng(seed).normal(size=(n, 2, 4)).astype(np.float32)


class Gated(FakeDecoder):
    """Says when it has begun with a batch, and goes on when it may."""

    def __init__(self, error=None):
        super().__init__(SPEC, PROTOTYPES)
        self.sizes, self.begun, self.permits, self.error = (
            [],
            threading.Semaphore(0),
            threading.Semaphore(0),
            error,
        )

    def decode(self, epochs, watch, k):
        self.sizes.append(len(epochs))
        self.begun.release()
        assert self.permits.acquire(timeout=30)
        if self.error is not None:
            raise self.error
        return super().decode(epochs, watch, k)


class Caller(threading.Thread):
    def __init__(self, decoder, epochs, k=2):
        super().__init__()
        self.decoder, self.epochs, self.k, self.rankings, self.error = decoder, epochs, k, None, None

    def run(self):
        try:
            self.rankings = self.decoder.decode(self.epochs, [None] * len(self.epochs), self.k)
        except Exception as error:  # noqa: BLE001
            self.error = error


def calling(gated, *callers):
    """Let the first of them occupy the decoder while the others begin to wait; end them all."""
    shared = callers[0].decoder
    callers[0].start()
    assert gated.begun.acquire(timeout=30)
    for caller in callers[1:]:
        caller.start()
    while len(shared._waiting) < len(callers) - 1:
        pass
    for _ in callers:
        gated.permits.release()
    for caller in callers:
        caller.join(30)


def same(ours, theirs):
    for one, other in zip(ours, theirs, strict=True):
        np.testing.assert_array_equal(one.indices, other.indices)
        np.testing.assert_allclose(one.scores, other.scores, atol=1e-6)


def test_what_waits_together_is_one_batch_and_everyone_gets_their_own():
    gated = Gated()
    shared = BatchingDecoder(gated)
    callers = [Caller(shared, epochs_of(seed, n)) for seed, n in enumerate((1, 2, 1, 3))]
    calling(gated, *callers)
    assert gated.sizes == [1, 6]
    for caller in callers:
        same(caller.rankings, FakeDecoder(SPEC, PROTOTYPES).decode(caller.epochs, [None] * len(caller.epochs), 2))


def test_calls_that_name_other_numbers_of_concepts_are_not_mixed():
    gated = Gated()
    shared = BatchingDecoder(gated)
    callers = [Caller(shared, epochs_of(0)), *(Caller(shared, epochs_of(k), k) for k in (1, 3, 1))]
    calling(gated, *callers)
    assert sorted(gated.sizes) == [1, 1, 2]
    assert [len(caller.rankings[0].indices) for caller in callers] == [2, 1, 3, 1]


def test_a_call_that_comes_alone_is_decoded_as_without_the_others():
    alone, shared = FakeDecoder(SPEC, PROTOTYPES), BatchingDecoder(FakeDecoder(SPEC, PROTOTYPES))
    for seed in range(20):
        (one,), (other,) = (each.decode(epochs_of(seed), [1], 3) for each in (alone, shared))
        assert one.scores.tobytes() == other.scores.tobytes()
        assert one.truth_rank == other.truth_rank


def test_epochs_that_do_not_fit_are_the_callers_own_trouble():
    gated = Gated()
    shared = BatchingDecoder(gated)
    callers = [Caller(shared, epochs_of(0)), Caller(shared, epochs_of(1))]
    wrong = Caller(shared, np.zeros((1, 2, 5), np.float32))
    wrong.start()
    wrong.join(30)
    calling(gated, *callers)
    assert isinstance(wrong.error, MismatchError)
    assert all(caller.error is None and len(caller.rankings) == 1 for caller in callers)


def test_a_decoder_that_fails_is_told_to_all_who_waited_and_can_be_asked_again():
    gated = Gated(error=RuntimeError("out of memory"))
    shared = BatchingDecoder(gated)
    callers = [Caller(shared, epochs_of(seed)) for seed in range(3)]
    calling(gated, *callers)
    assert [str(caller.error) for caller in callers] == ["out of memory"] * 3
    gated.error = None
    gated.permits.release()
    assert len(shared.decode(epochs_of(0), [None], 2)) == 1


def test_it_is_of_the_spec_of_what_it_shares():
    assert BatchingDecoder(FakeDecoder(replace(SPEC, model="7" * 8), PROTOTYPES)).spec.model == "7" * 8


@settings(max_examples=20, deadline=None)
@given(st.lists(st.lists(st.integers(1, 4), min_size=1, max_size=8), min_size=2, max_size=5))
def test_however_threads_meet_everyone_gets_their_own(sizes):
    alone, shared = FakeDecoder(SPEC, PROTOTYPES), BatchingDecoder(FakeDecoder(SPEC, PROTOTYPES))
    wrong = []

    def session(number, own):
        for at, n in enumerate(own):
            epochs, watch = epochs_of(100 * number + at, n), [number % 3] * n
            got, expected = (each.decode(epochs, watch, 3) for each in (shared, alone))
            if [one.truth_rank for one in got] != [one.truth_rank for one in expected]:
                wrong.append((number, at))

    threads = [threading.Thread(target=session, args=pair) for pair in enumerate(sizes)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert not wrong
    assert not shared._waiting
