from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bci.errors import ConfigError
from models.batches import Gallery, Sampler, make_sampler
from models.training_set import concept_weights, training_set
from replay.trials import take

N_CONCEPTS, N_PICTURES = 6, 3


def sampler_of(tiny, kept=None, **changes):
    trials = tiny.trials if kept is None else take(tiny.trials, kept)
    return make_sampler(training_set(trials, replace(tiny.bank, **changes), tiny.config), tiny.config)


def contrasted(sampler, batch):
    return set(sampler.gallery.owner[batch.candidates].tolist())


def made(concepts, **options):
    """A sampler of epochs of given concepts, whose gallery has one picture each."""
    concepts = np.array(concepts)
    gallery = Gallery(np.eye(concepts.max() + 1, dtype=np.float32), np.arange(concepts.max() + 1))
    return Sampler(concepts, concepts, gallery, **{"batch": 2, **options})


@given(n=st.integers(1, 60), batch=st.integers(1, 20), seed=st.integers(0, 2**32))
def test_a_pass_takes_every_epoch_once_in_batches_of_about_one_size(n, batch, seed):
    batches = list(made(np.arange(n) % 3, batch=batch).draw((seed, 0)))
    assert sorted(np.concatenate([each.epochs for each in batches])) == list(range(n))
    sizes = [len(each.epochs) for each in batches]
    assert max(sizes) <= batch
    assert max(sizes) - min(sizes) <= 1


def test_a_pass_is_drawn_from_its_seed_alone():
    sampler = made(np.arange(20) % 4, negatives=1, mix_of="concept")
    one, again, other = (list(sampler.draw((7, number))) for number in (2, 2, 3))
    for a, b in zip(one, again, strict=True):
        assert all(
            np.array_equal(getattr(a, name), getattr(b, name)) for name in ("epochs", "partners", "candidates")
        )
    assert not np.array_equal(one[0].epochs, other[0].epochs)


def test_few_concepts_are_all_candidates(tiny):
    for batch in sampler_of(tiny).draw((0,)):
        assert batch.candidates.tolist() == list(range(N_CONCEPTS * N_PICTURES))
        assert (batch.positive.sum(axis=1) == N_PICTURES).all()


def test_without_negatives_the_candidates_are_those_of_the_batch():
    for batch in made(np.arange(12) % 4, batch=2).draw((0,)):
        assert set(batch.candidates.tolist()) == set((batch.epochs % 4).tolist())


def test_a_fixed_number_of_negative_concepts_is_sampled(tiny_with):
    tiny, drawn = tiny_with(loss={"negatives": 2}, train={"batch": 1}), set()
    sampler = sampler_of(tiny)
    for batch in sampler.draw((0,)):
        own = sampler.concepts[batch.epochs[0]]
        assert own in contrasted(sampler, batch)
        assert len(batch.candidates) == 3 * N_PICTURES
        assert np.array_equal(batch.positive[0], sampler.gallery.owner[batch.candidates] == own)
        drawn |= contrasted(sampler, batch)
    assert drawn == set(range(N_CONCEPTS))


def test_more_negatives_than_there_are_take_all():
    for batch in made(np.arange(6), negatives=99).draw((0,)):
        assert len(batch.candidates) == 6


def test_the_instance_loss_knows_repetitions_of_one_picture_from_others(tiny_with):
    tiny = tiny_with(loss={"name": "instance"})
    sampler = sampler_of(tiny)
    for batch in sampler.draw((0,)):
        shown = sampler.pictures[batch.epochs]
        assert np.array_equal(batch.positive, shown[:, None] == batch.candidates)
        assert set(batch.candidates.tolist()) == set(shown.tolist())


@pytest.mark.parametrize("mix_of", ["concept", "image"])
def test_partners_share_what_they_should_and_are_all_drawn_but_oneself(tiny_with, mix_of):
    tiny = tiny_with(train={"mix": 0.5, "mix_of": mix_of})
    sampler, drawn = sampler_of(tiny), set()
    shared = sampler.concepts if mix_of == "concept" else sampler.pictures
    for number in range(300):
        for batch in sampler.draw((number,)):
            assert np.array_equal(shared[batch.partners], shared[batch.epochs])
            drawn |= set(batch.partners[batch.epochs == 0].tolist())
    assert drawn == set(np.flatnonzero(shared == shared[0]).tolist()) - {0}


def test_an_epoch_alone_is_its_own_partner():
    for batch in made(np.arange(4), mix_of="concept").draw((0,)):
        assert np.array_equal(batch.partners, batch.epochs)


def test_nothing_is_kept_of_concepts_that_were_not_shown(tiny):
    sampler = sampler_of(tiny, np.flatnonzero(np.isin(tiny.trials.concepts, [1, 4])))
    shown = np.isin(tiny.bank.owner, [1, 4])
    expected = tiny.bank.images[shown] / np.linalg.norm(tiny.bank.images[shown], axis=1, keepdims=True)
    assert np.allclose(sampler.gallery.vectors, expected, atol=1e-6)
    assert sampler.gallery.owner.tolist() == [0] * N_PICTURES + [1] * N_PICTURES
    assert np.array_equal(sampler.gallery.owner[sampler.pictures], sampler.concepts)


def test_every_concept_weighs_the_same_if_balanced(tiny, tiny_with):
    kept = np.flatnonzero((tiny.trials.concepts != 2) | (np.arange(len(tiny.trials)) < 30))
    sampler = sampler_of(tiny, kept)
    totals = np.bincount(sampler.concepts, sampler.weights)
    assert np.allclose(totals, totals[0])
    assert sampler.weights.mean() == pytest.approx(1)
    assert (sampler_of(tiny_with(train={"balance": False}), kept).weights == 1).all()


@given(st.lists(st.integers(0, 9), min_size=1, max_size=300))
def test_weights_have_the_bits_of_the_reciprocal_counts_over_their_mean(shown):
    concepts = np.unique(shown, return_inverse=True)[1]
    reciprocal = 1.0 / np.bincount(concepts)[concepts]
    assert np.array_equal(made(concepts).weights, (reciprocal / reciprocal.mean()).astype(np.float32))


def test_weights_follow_from_how_often_a_concept_was_shown():
    assert concept_weights(np.array([7, 7, 7, 2]), balance=True).tolist() == [2 / 3, 2 / 3, 2 / 3, 2]
    assert concept_weights(np.array([7, 7, 7, 2]), balance=False).tolist() == [1, 1, 1, 1]


def test_without_pictures_prototypes_are_the_candidates(tiny, tiny_with):
    sampler = sampler_of(tiny, images=None, owner=None)
    assert sampler.gallery.owner.tolist() == list(range(N_CONCEPTS))
    assert set(sampler.pictures.tolist()) == {-1}
    for changes in ({"loss": {"name": "instance"}}, {"train": {"mix": 0.1, "mix_of": "image"}}):
        with pytest.raises(ConfigError, match="which picture of the bank every trial showed"):
            sampler_of(tiny_with(**changes), images=None, owner=None)
