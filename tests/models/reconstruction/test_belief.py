from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bci.bank import Bank
from bci.config import parse
from bci.errors import ConfigError, MismatchError
from bci.ranking import unit
from models.bundle import load_bundle
from models.reconstruction import embedded
from models.reconstruction.belief import believed, fitted_temperature
from models.reconstruction.config import ReconstructionConfig
from models.reconstruction.sources import load_data
from models.reconstruction.train import train_reconstruction
from models.runtime import load_decoder

RNG = np.random.default_rng(0)
PROTOTYPES = unit(RNG.standard_normal((6, 4)).astype(np.float32))


def test_who_is_sure_believes_the_nearest_prototype_and_who_knows_nothing_their_mean():
    embeddings = PROTOTYPES[[2, 5]]
    assert np.allclose(believed(embeddings, PROTOTYPES, 1e-3), embeddings, atol=1e-5)
    assert np.allclose(believed(embeddings, PROTOTYPES, 1e6), PROTOTYPES.mean(axis=0), atol=1e-5)


@given(st.integers(1, 2500), st.permutations(range(6)))
def test_a_belief_depends_on_neither_its_neighbours_nor_the_order_of_concepts(n, order):
    embeddings = unit(np.random.default_rng(n).standard_normal((n, 4)).astype(np.float32))
    together = believed(embeddings, PROTOTYPES[list(order)], 0.2)
    assert np.allclose(together[-1:], believed(embeddings[-1:], PROTOTYPES, 0.2), atol=1e-6)
    assert together.dtype == np.float32


def test_a_belief_is_nearer_to_what_was_seen_than_the_embedding_or_the_concept_that_is_named():
    truths = RNG.integers(6, size=4000)
    spread = 0.6
    embeddings = (PROTOTYPES[truths] + spread * RNG.standard_normal((4000, 4))).astype(np.float32)
    temperature = fitted_temperature(embeddings, PROTOTYPES, truths)
    assert temperature == pytest.approx(spread**2, rel=0.15)  # of Gaussian noise round unit vectors, by Bayes

    def error(guess):
        return float(((guess - PROTOTYPES[truths]) ** 2).sum(axis=1).mean())

    beliefs = believed(embeddings, PROTOTYPES, temperature)
    named = PROTOTYPES[(embeddings @ PROTOTYPES.T).argmax(axis=1)]
    assert error(beliefs) < 0.8 * min(error(embeddings), error(named))


@pytest.fixture(scope="module")
def told(small):
    return load_data(small(data={"candidates": True, "vectors": True}))


def test_test_trials_are_told_the_test_concepts_and_training_trials_theirs(told, data, bundle):
    temperature = told.test.spec.temperature
    assert temperature == told.train.spec.temperature
    rows = np.arange(3)
    alone = load_bundle(bundle.folder)
    prototypes = load_decoder(alone, data.test.world.test_bank, "cpu").prototypes
    assert np.allclose(told.test.inputs(rows), believed(data.test.inputs(rows), prototypes, temperature))
    prototypes = load_decoder(alone, device="cpu").prototypes
    assert np.allclose(told.train.inputs(rows), believed(data.train.inputs(rows), prototypes, temperature))


def test_pictures_stand_behind_the_trials_beside_their_own_vectors(told, data, bundle):
    n, bank = len(data.train), data.train.world.train_bank
    assert len(told.train.trials()) == n
    assert (told.train.shown[n:] == np.arange(len(bank.images))).all()
    concept = 5  # the mean of its pictures lies near its own vector
    of_concept = n + np.flatnonzero(told.train.owner == concept)
    prototypes = load_decoder(load_bundle(bundle.folder), device="cpu").prototypes
    middle = told.train.inputs(of_concept).mean(axis=0)
    assert (prototypes @ middle).argmax() == concept
    mixed = np.array([of_concept[0], 3, of_concept[1]])
    assert (told.train.inputs(mixed)[1] == told.train.inputs(np.array([3]))[0]).all()


def test_left_out_concepts_are_validated_by_trials_and_trained_on_by_neither(told, small, tmp_path):
    card = train_reconstruction(small(train={"epochs": 1, "sheet_every": 0}), told.train, tmp_path).card
    train, left_out = told.train.split(0.2, seed=0)
    assert (card["n_trials"], card["n_vectors"]) == (len(train.trials()), len(train) - len(train.trials()))
    assert 0 < len(left_out.trials()) < len(left_out)


def test_a_bank_of_other_pictures_is_refused(small, data, monkeypatch):
    bank = data.train.world.train_bank
    for other in (replace(bank, owner=bank.owner[::-1]), Bank(bank.names, bank.prototypes, bank.key)):
        monkeypatch.setattr(embedded, "load_bank_of", lambda _, other=other: other)
        with pytest.raises(MismatchError, match="in their order: embed this folder"):
            load_data(small(data={"vectors": True}))


def test_only_a_bundle_has_candidates():
    body = {"name": "x", "data": {"pairs": "digits", "candidates": True}}
    with pytest.raises(ConfigError, match="are of a bundle"):
        parse(ReconstructionConfig, body, "test")
