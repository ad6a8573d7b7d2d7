"""What every decoder of the live path must do."""

import subprocess
import sys

import numpy as np
import pytest

from bci.bank import Bank, BankKey
from bci.decoder import FakeDecoder
from bci.ranking import unit
from bci.types import DecoderSpec
from models.aligner import Ensemble, build_aligner, state_arrays
from models.bundle import Bundle
from models.config import ExperimentConfig
from models.runtime import load_decoder

CHANNELS = ("O1", "Oz", "O2", "Pz", "P3", "P4")
NAMES = ("apple", "boat", "cat", "dog", "elephant", "cat again", "fork")
N_TIMES, SFREQ = 32, 64.0
TWINS = (2, 5)  # no vector at all: they always score exactly 0


def make_vectors():
    vectors = np.random.default_rng(0).normal(size=(len(NAMES), len(CHANNELS))).astype(np.float32)
    vectors[[*TWINS]] = 0
    return vectors


def make_fake():
    spec = DecoderSpec(CHANNELS, SFREQ, N_TIMES, "0" * 64, NAMES, "00000000", "00000000")
    return FakeDecoder(spec, unit(make_vectors()))


def make_torch(members=1):
    config = ExperimentConfig.model_validate(
        {
            "name": "contract",
            "data": {"reader": "none"},
            "preprocess": {"channels": CHANNELS, "sfreq": SFREQ, "tmax": N_TIMES / SFREQ},
            "targets": {"kind": "world"},
            "decoder": {"name": "channel_attention", "options": {"dim": 16, "hidden": 16, "width": 8}},
            "train": {"epochs": 1, "members": members},
            "evaluation": {"protocol": "closed-set"},
        }
    )
    network = Ensemble([build_aligner(config, len(CHANNELS)) for _ in range(members)])
    bank = Bank(NAMES, make_vectors(), BankKey(vision_model="contract", normalisation="unit", weights="none"))
    centre = np.zeros(len(CHANNELS), np.float32)
    return load_decoder(Bundle(config, state_arrays(network), bank, centre, temperature=0.1))


DECODERS = {"fake": make_fake, "torch": make_torch, "torch, two members": lambda: make_torch(2)}


@pytest.fixture(scope="module", params=DECODERS)
def decoder(request):
    return DECODERS[request.param]()


@pytest.fixture
def epochs():
    data = np.random.default_rng(1).normal(size=(12, len(CHANNELS), N_TIMES)).astype(np.float32)
    data.flags.writeable = False  # as they come from a session
    return data


def bits(ranking):
    arrays = (ranking.indices, ranking.scores, ranking.probabilities, ranking.embedding)
    return b"".join(array.tobytes() for array in arrays)


@pytest.mark.parametrize("batch", [1, 4])
def test_watching_changes_nothing_but_the_rank(decoder, epochs, batch):
    for first in range(0, 12, batch):
        part = epochs[first : first + batch]
        truths = [(first + i) % len(NAMES) for i in range(batch)]
        unwatched = decoder.decode(part, [None] * batch, 5)
        for watch in (truths, truths[::-1], [truths[0], *[None] * (batch - 1)], [0] * batch):
            watched = decoder.decode(part, watch, 5)
            assert [bits(ranking) for ranking in watched] == [bits(ranking) for ranking in unwatched]


def test_single_epochs_are_reproducible_to_the_bit(decoder, epochs):
    once = [bits(decoder.decode(epoch[None], [None], 5)[0]) for epoch in epochs]
    again = [bits(decoder.decode(epoch[None], [1], 5)[0]) for epoch in epochs[::-1]]
    assert once == again[::-1]


def test_results_stay_when_the_next_epoch_is_decoded(decoder, epochs):
    (ranking,) = decoder.decode(epochs[:1], [2], 5)
    before = bits(ranking)
    decoder.decode(epochs[1:2], [3], 5)
    assert bits(ranking) == before


def test_truth_rank_counts_others_that_score_at_least_as_much(decoder, epochs):
    n = len(NAMES)
    for epoch in epochs:
        (unwatched,) = decoder.decode(epoch[None], [None], n)
        scores = np.empty(n, np.float32)
        scores[unwatched.indices] = unwatched.scores
        for truth in range(n):
            (ranking,) = decoder.decode(epoch[None], [truth], n)
            others = np.delete(scores, truth)
            assert ranking.truth_rank == np.count_nonzero(others >= scores[truth])


def test_ties_keep_the_order_of_the_bank_and_count_against_the_truth(decoder, epochs):
    for epoch in epochs:
        first, second = (decoder.decode(epoch[None], [twin], len(NAMES))[0] for twin in TWINS)
        place = first.indices.tolist().index(TWINS[0])
        assert first.indices[place + 1] == TWINS[1]
        assert first.scores[place] == first.scores[place + 1]
        assert first.truth_rank == second.truth_rank == place + 1


def test_an_unwatched_ranking_has_no_truth_rank(decoder, epochs):
    watched, unwatched = decoder.decode(epochs[:2], [0, None], 3)
    assert watched.truth_rank is not None
    assert unwatched.truth_rank is None


@pytest.mark.parametrize("k", [1, 5, len(NAMES), 100])
def test_k_names_are_given_best_first_or_all_there_are(decoder, epochs, k):
    for ranking in decoder.decode(epochs[:3], [None] * 3, k):
        n = min(k, len(NAMES))
        assert ranking.indices.shape == ranking.scores.shape == ranking.probabilities.shape == (n,)
        assert (np.diff(ranking.scores) <= 0).all()
        assert (np.diff(ranking.probabilities) <= 0).all()
        assert len(set(ranking.indices.tolist())) == n
        assert ranking.n_concepts == len(NAMES)
    fewer = decoder.decode(epochs[:1], [None], 1)[0]
    assert fewer.indices[0] == decoder.decode(epochs[:1], [None], k)[0].indices[0]


def test_probabilities_of_all_concepts_sum_to_one(decoder, epochs):
    for ranking in decoder.decode(epochs, [None] * len(epochs), len(NAMES)):
        assert ranking.probabilities.sum() == pytest.approx(1, abs=1e-5)
        assert (ranking.probabilities >= 0).all()


def test_scores_are_cosines_and_embeddings_unit_vectors(decoder, epochs):
    for ranking in decoder.decode(epochs, [None] * len(epochs), 5):
        assert np.abs(ranking.scores).max() <= 1 + 1e-6
        assert np.linalg.norm(ranking.embedding) == pytest.approx(1, abs=1e-6)


def test_results_are_read_only_and_of_the_types_that_flow(decoder, epochs):
    (ranking,) = decoder.decode(epochs[:1], [None], 5)
    assert ranking.indices.dtype == np.int64
    for array in (ranking.scores, ranking.probabilities, ranking.embedding):
        assert array.dtype == np.float32
    for array in (ranking.indices, ranking.scores, ranking.probabilities, ranking.embedding):
        assert not array.flags.writeable


def test_epochs_are_not_changed_and_may_be_parts_of_something_larger(decoder, epochs):
    wide = np.repeat(epochs, 2, axis=2)[:, :, ::2]
    before = wide.copy()
    got = decoder.decode(wide[3:4], [None], 5)[0]
    assert bits(got) == bits(decoder.decode(epochs[3:4], [None], 5)[0])
    assert np.array_equal(wide, before)


def test_the_spec_tells_channels_samples_and_concepts(decoder):
    assert decoder.spec.channels == CHANNELS
    assert (decoder.spec.sfreq, decoder.spec.n_times) == (SFREQ, N_TIMES)
    assert decoder.spec.concepts == NAMES


def test_the_fake_decoder_needs_no_torch():
    code = "import sys, bci.decoder; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
