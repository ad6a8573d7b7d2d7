from dataclasses import replace

import numpy as np
import pytest
import torch

from bci.errors import ConfigError
from models.batches import make_batches

CPU = torch.device("cpu")
N_CONCEPTS, N_PICTURES = 6, 3


@pytest.fixture
def generator():
    return torch.Generator().manual_seed(0)


def batches_of(tiny, kept, **changes):
    trials, bank = tiny.trials, replace(tiny.bank, **changes)
    centre = np.zeros(bank.prototypes.shape[1], np.float32)
    return make_batches(
        trials.data[kept], trials.concepts[kept], trials.images[kept], bank, centre, tiny.config, CPU
    )


@pytest.fixture
def batches(tiny):
    return batches_of(tiny, np.arange(len(tiny.trials)))


def test_few_concepts_are_all_candidates(batches, generator):
    rows = batches.candidates(torch.tensor([2, 2]), 0, few=N_CONCEPTS, generator=generator)
    assert rows.tolist() == list(range(N_CONCEPTS * N_PICTURES))


def test_without_negatives_the_candidates_are_those_of_the_batch(batches, generator):
    rows = batches.candidates(torch.tensor([4, 1, 4]), 0, few=2, generator=generator)
    assert set(batches.owner[rows].tolist()) == {1, 4}
    assert len(rows) == 2 * N_PICTURES


def test_a_fixed_number_of_negative_concepts_is_sampled_with_all_their_pictures(batches, generator):
    drawn = set()
    for _ in range(50):
        owners = batches.owner[batches.candidates(torch.tensor([0, 3]), 2, few=0, generator=generator)]
        concepts, counts = owners.unique(return_counts=True)
        assert {0, 3} <= set(concepts.tolist())
        assert counts.tolist() == [N_PICTURES] * 4
        drawn |= set(concepts.tolist())
    assert drawn == set(range(N_CONCEPTS))


def test_more_negatives_than_there_are_take_all(batches, generator):
    rows = batches.candidates(torch.tensor([0]), 99, few=0, generator=generator)
    assert len(rows) == N_CONCEPTS * N_PICTURES


def test_partners_show_the_same_concept_and_are_all_drawn(batches, generator):
    batch = torch.arange(len(batches.epochs)).repeat(300)
    partners = batches.partners(batch, generator)
    assert torch.equal(batches.concepts[partners], batches.concepts[batch])
    of_first = partners[batch == 0]
    assert set(of_first.tolist()) == set(torch.nonzero(batches.concepts == batches.concepts[0])[:, 0].tolist())


def test_nothing_is_kept_of_concepts_that_were_not_shown(tiny):
    kept = np.flatnonzero(np.isin(tiny.trials.concepts, [1, 4]))
    batches = batches_of(tiny, kept)
    assert len(batches.counts) == 2
    shown = np.isin(tiny.bank.owner, [1, 4])
    expected = tiny.bank.images[shown] / np.linalg.norm(tiny.bank.images[shown], axis=1, keepdims=True)
    assert np.allclose(batches.vectors.numpy(), expected, atol=1e-6)
    assert batches.owner.tolist() == [0] * N_PICTURES + [1] * N_PICTURES
    assert torch.equal(batches.owner[batches.pictures], batches.concepts)


def test_every_concept_weighs_the_same_if_balanced(tiny):
    kept = np.flatnonzero((tiny.trials.concepts != 2) | (np.arange(len(tiny.trials)) < 30))
    batches = batches_of(tiny, kept)
    totals = torch.zeros(N_CONCEPTS).index_add(0, batches.concepts, batches.weights)
    assert torch.allclose(totals, totals[0].expand(N_CONCEPTS))
    assert batches.weights.mean().item() == pytest.approx(1)


def test_without_pictures_prototypes_are_the_candidates(tiny, tiny_with):
    kept = np.arange(len(tiny.trials))
    batches = batches_of(tiny, kept, images=None, owner=None)
    assert batches.owner.tolist() == list(range(N_CONCEPTS))
    assert set(batches.pictures.tolist()) == {-1}
    with pytest.raises(ConfigError, match="which picture of the bank every trial showed"):
        batches_of(tiny_with(loss={"name": "instance"}), kept, images=None, owner=None)
