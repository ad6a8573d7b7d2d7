"""What every decoder of the live path must do, and what every registered one must do when it is trained."""

import subprocess
import sys
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from bci.bank import Bank, BankKey
from bci.batching import BatchingDecoder
from bci.decoder import FakeDecoder
from bci.errors import ConfigError, FormatError, MismatchError
from bci.preprocess import scale_epochs
from bci.ranking import unit
from bci.types import Channel, DecoderSpec, TrialSet
from models.bundle import load_bundle, save_bundle
from models.config import ExperimentConfig
from models.decoders import DECODERS as REGISTERED
from models.decoders import default_options
from models.encoders import ENCODERS
from models.runtime import load_decoder
from models.train import train

CHANNELS = ("O1", "Oz", "O2", "Pz", "P3", "P4")
NAMES = ("apple", "boat", "cat", "dog", "elephant", "cat again", "fork")
N_TIMES, SFREQ = 32, 64.0
TWINS = (2, 5)  # no vector at all: they always score the same

DECODERS = [name for name in REGISTERED if name != "braindecode" or find_spec("braindecode")]
CLASSICAL = [name for name in DECODERS if name not in ENCODERS]
CLASSIFIERS = (
    "lda",
    "toeplitz_lda",
    "evoked_lda",
    "xdawn",
    "spectral",
    "tangent",
    "matching",
    "ensemble",
    "chosen",
    "prior",
)
"""Those that score the concepts they were trained on, with their default options."""
INDUCED = ("spectral", "tangent")
"""Those that hear the power of what is not locked to the onset."""
SMALL = {
    "channel_attention": {"dim": 16, "hidden": 16, "width": 8},
    "braindecode": {"model": "CBraMod", "settings": {"n_layer": 1, "dim_feedforward": 32}},
}

SHAPES = [
    pytest.param(63, 250, 250.0, id="actiCHamp, 1 s"),
    pytest.param(14, 128, 128.0, id="EPOC, 1 s"),
    pytest.param(17, 100, 100.0, id="17 channels at 100 Hz"),
    pytest.param(4, 13, 128.0, id="100 ms before the stimulus"),
]


def make_vectors(names=NAMES):
    vectors = np.random.default_rng(0).normal(size=(len(names), len(CHANNELS))).astype(np.float32)
    if names == NAMES:
        vectors[[*TWINS]] = 0
    return vectors


def make_config(name, channels=CHANNELS, n_times=N_TIMES, sfreq=SFREQ, options=None, members=1):
    return ExperimentConfig.model_validate(
        {
            "name": "contract",
            "data": {"reader": "none"},
            "preprocess": {
                "channels": channels,
                "sfreq": sfreq,
                "tmax": n_times / sfreq,
                "scale": "whiten",
                "whitening": "channel",
            },
            "targets": {"kind": "world"},
            "decoder": {"name": name, "options": SMALL.get(name, {}) if options is None else options},
            "train": {"epochs": 1, "batch": 16, "members": members},
            "evaluation": {"protocol": "closed-set"},
        }
    )


def make_bank(names=NAMES, normalisation="unit"):
    key = BankKey(vision_model="contract", normalisation=normalisation, weights="none")
    return Bank(tuple(names), make_vectors(tuple(names)), key)


def make_trials(
    channels=CHANNELS, n_times=N_TIMES, sfreq=SFREQ, names=NAMES, per_concept=8, seed=0, *, induced=False
):
    """Trials with a response of its own for each concept, in noise of four times its power; four recordings.

    Induced responses are not locked to the onset: how loud each channel's noise is tells the concept.
    """
    rng, fixed = np.random.default_rng(seed), np.random.default_rng(7)
    concepts = np.tile(np.arange(len(names)), per_concept)
    responses = fixed.normal(size=(len(names), len(channels), n_times))
    noise = 2 * rng.normal(size=(len(concepts), len(channels), n_times))
    loudness = np.exp(0.5 * fixed.normal(size=(len(names), len(channels), 1)))
    data = loudness[concepts] * noise if induced else responses[concepts] + noise
    repetition = np.repeat(np.arange(per_concept), len(names))
    same = np.full(len(concepts), "1")
    groups = {
        "subject": same,
        "session": same,
        "recording": (repetition % 4).astype(str),
        "repetition": repetition,
    }
    return TrialSet(
        data=(10 * data).astype(np.float32),
        sfreq=sfreq,
        tmin=0.0,
        channels=tuple(Channel(label) for label in channels),
        concept_names=tuple(names),
        concepts=concepts,
        images=np.full(len(concepts), -1),
        groups=groups,
    )


def make_bundle(name, **changes):
    return train(make_trials(), make_bank(), make_config(name, **changes))


class Shared(BatchingDecoder):
    """One that sessions share; it shows the prototypes that the contract asks for."""

    def __init__(self, decoder):
        super().__init__(decoder)
        self.prototypes = decoder.prototypes


def make_fake():
    spec = DecoderSpec(CHANNELS, SFREQ, N_TIMES, "0" * 64, NAMES, "00000000", "00000000")
    return FakeDecoder(spec, unit(make_vectors()))


LIVE = {
    "fake": make_fake,
    "shared": lambda: Shared(make_fake()),
    "shared network": lambda: Shared(load_decoder(make_bundle("channel_attention"), device="cpu")),
    "two members": lambda: load_decoder(make_bundle("channel_attention", members=2), device="cpu"),
    **{name: lambda name=name: load_decoder(make_bundle(name), device="cpu") for name in DECODERS},
}


@pytest.fixture(scope="module", params=LIVE)
def decoder(request):
    return LIVE[request.param]()


@pytest.fixture(scope="module", params=[name for name in LIVE if name not in CLASSIFIERS])
def mapping(request):
    """A decoder that ranks by vectors."""
    return LIVE[request.param]()


@pytest.fixture(scope="module", params=["fake", "two members", *(name for name in DECODERS if name in ENCODERS)])
def cosine(request):
    return LIVE[request.param]()


@pytest.fixture
def epochs():
    data = np.random.default_rng(1).normal(size=(12, len(CHANNELS), N_TIMES)).astype(np.float32)
    data.flags.writeable = False  # as they come from a session
    return data


def bits(ranking):
    arrays = (ranking.indices, ranking.scores, ranking.probabilities, ranking.embedding)
    return b"".join(array.tobytes() for array in arrays)


# --------------------------------------------------------------------------------------------------- decoding


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


def test_ties_keep_the_order_of_the_bank_and_count_against_the_truth(mapping, epochs):
    for epoch in epochs:
        first, second = (mapping.decode(epoch[None], [twin], len(NAMES))[0] for twin in TWINS)
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


def test_embeddings_are_ranked_again_by_the_prototypes_as_the_decoder_ranked_them(decoder, epochs):
    assert decoder.prototypes.dtype == np.float32
    for ranking in decoder.decode(epochs, [None] * len(epochs), len(NAMES)):
        again = decoder.prototypes @ ranking.embedding
        assert np.allclose(again[ranking.indices], ranking.scores, rtol=1e-5, atol=1e-6)
        in_order = np.argsort(-np.round(again, 5), kind="stable")
        assert np.array_equal(in_order, np.argsort(-np.round(_by_concept(ranking), 5), kind="stable"))


def _by_concept(ranking):
    scores = np.empty(ranking.n_concepts, np.float32)
    scores[ranking.indices] = ranking.scores
    return scores


def test_probabilities_of_all_concepts_sum_to_one(decoder, epochs):
    for ranking in decoder.decode(epochs, [None] * len(epochs), len(NAMES)):
        assert ranking.probabilities.sum() == pytest.approx(1, abs=1e-5)
        assert (ranking.probabilities >= 0).all()


def test_scores_of_encoders_are_cosines_and_embeddings_unit_vectors(cosine, epochs):
    for ranking in cosine.decode(epochs, [None] * len(epochs), 5):
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


# --------------------------------------------------------------------------------------------------- training


@pytest.fixture(scope="module", params=DECODERS)
def name(request):
    return request.param


@pytest.fixture(scope="module")
def bundle(name):
    return make_bundle(name)


@pytest.mark.parametrize(("n_channels", "n_times", "sfreq"), SHAPES)
def test_any_montage_window_and_rate_gives_finite_scores(name, n_channels, n_times, sfreq):
    channels = tuple(f"E{number}" for number in range(n_channels))
    trials = make_trials(channels, n_times, sfreq, NAMES[:3], per_concept=4)
    config = make_config(name, channels, n_times, sfreq)
    decoder = load_decoder(train(trials, make_bank(NAMES[:3]), config), device="cpu")
    scores = decoder.scores(trials.data[:5])
    assert scores.shape == (5, 3)
    assert scores.dtype == np.float32
    assert np.isfinite(scores).all()


def test_the_same_data_and_seed_give_the_same_weights_to_the_bit(name, bundle):
    again = make_bundle(name)
    assert again.temperature == bundle.temperature
    assert {key: array.tobytes() for key, array in again.weights.items()} == {
        key: array.tobytes() for key, array in bundle.weights.items()
    }


def test_a_bundle_that_was_saved_and_loaded_ranks_the_same_to_the_bit(bundle, epochs, tmp_path):
    save_bundle(tmp_path / "bundle", bundle)
    both = (load_decoder(each, device="cpu") for each in (bundle, load_bundle(tmp_path / "bundle")))
    before, after = ([bits(decoder.decode(epoch[None], [0], 5)[0]) for epoch in epochs] for decoder in both)
    assert after == before


def test_batches_score_as_single_epochs_do(bundle, epochs):
    decoder = load_decoder(bundle, device="cpu")
    batch = decoder.scores(epochs)
    for row, epoch in zip(batch, epochs, strict=True):
        (ranking,) = decoder.decode(epoch[None], [None], len(NAMES))
        assert np.allclose(ranking.scores, row[ranking.indices], rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("shape", [(1, len(CHANNELS) + 1, N_TIMES), (1, len(CHANNELS), N_TIMES - 1), (6, 32)])
def test_epochs_of_another_shape_are_refused(bundle, shape):
    decoder = load_decoder(bundle, device="cpu")
    with pytest.raises(MismatchError, match=r"expected epochs of shape \(n, 6, 32\) float32"):
        decoder.scores(np.zeros(shape, np.float32))
    with pytest.raises(MismatchError, match=r"expected epochs of shape \(n, 6, 32\) float32"):
        decoder.decode(np.zeros(shape, np.float32), [None] * shape[0], 1)


@pytest.mark.parametrize("name", CLASSICAL)
def test_what_is_there_to_be_learned_is_learned(name):
    induced = name in INDUCED
    bundle = train(make_trials(per_concept=24, induced=induced), make_bank(), make_config(name))
    new = make_trials(per_concept=24, seed=1, induced=induced)
    scores = load_decoder(bundle).scores(scale_epochs(new.data, bundle.preprocess, bundle.whitening))
    hits = scores.argmax(axis=1) == new.concepts
    alike = np.isin(new.concepts, TWINS)  # to maps, not to classifiers
    assert hits[~alike].mean() > 0.6  # chance is 1 in 7
    assert name not in CLASSIFIERS or hits[alike].mean() > 0.6


def test_two_concepts_are_ranked_as_many_are(name, epochs):
    pair = NAMES[:2]
    decoder = load_decoder(train(make_trials(names=pair), make_bank(pair), make_config(name)), device="cpu")
    scores = decoder.scores(epochs)
    for row, epoch in zip(scores, epochs, strict=True):
        (ranking,) = decoder.decode(epoch[None], [1], 5)
        assert sorted(ranking.indices.tolist()) == [0, 1]
        assert np.allclose(ranking.scores, row[ranking.indices], rtol=1e-6, atol=1e-6)
        assert ranking.scores[0] >= ranking.scores[1]
        assert ranking.truth_rank == int(ranking.indices[0] == 0)
        assert ranking.probabilities.sum() == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("name", CLASSICAL)
def test_two_concepts_are_told_apart(name):
    pair = NAMES[:2]
    induced = name in INDUCED
    known = make_trials(names=pair, per_concept=40, induced=induced)
    bundle = train(known, make_bank(pair), make_config(name))
    new = make_trials(names=pair, per_concept=40, seed=1, induced=induced)
    scores = load_decoder(bundle).scores(scale_epochs(new.data, bundle.preprocess, bundle.whitening))
    assert (scores.argmax(axis=1) == new.concepts).mean() > 0.85


def test_an_unknown_option_is_refused(name):
    with pytest.raises(ConfigError, match="wibble"):
        make_bundle(name, options={"wibble": 1})


def test_weights_of_another_decoder_are_refused(bundle):
    with pytest.raises(FormatError, match="the weights do not fit"):
        load_decoder(replace(bundle, weights={}), device="cpu")


def test_the_options_have_defaults_that_can_be_trained(name):
    assert train(make_trials(), make_bank(), make_config(name, options=default_options(name))).weights


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_a_classifier_ranks_any_of_its_own_classes_and_no_other(name, epochs):
    bundle = make_bundle(name)
    whole = load_decoder(bundle).scores(epochs)
    some = make_bank().select(("dog", "apple"))
    assert np.array_equal(load_decoder(bundle, some).scores(epochs), whole[:, [3, 0]])
    with pytest.raises(MismatchError, match="the bank has 'zebra' as well"):
        load_decoder(bundle, make_bank((*NAMES[:6], "zebra")))


@pytest.mark.parametrize("name", ["ridge", "pls", "mlp"])
def test_a_map_ranks_concepts_that_it_was_never_trained_on(name, epochs):
    trained = make_bundle(name)
    before = load_decoder(trained).scores(epochs)
    after = load_decoder(trained, Bank(("new",), make_vectors()[3:4], trained.bank.key)).scores(epochs)
    assert np.allclose(after[:, 0], before[:, 3], atol=1e-6)


@pytest.mark.parametrize(
    "name", ["bci.decoder", "lda", "ridge", "pls", "mlp", "chosen", "spectral", "tangent", "matching"]
)
def test_what_is_no_network_needs_no_torch(name):
    train_and_load = f"import test_decoder_contract as c; c.load_decoder(c.make_bundle({name!r}))"
    done_with_it = "import bci.decoder" if name == "bci.decoder" else train_and_load
    code = f"import sys; {done_with_it}; print('torch' in sys.modules)"
    here = Path(__file__).parent
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=here)
    assert done.stdout.strip() == "False"
