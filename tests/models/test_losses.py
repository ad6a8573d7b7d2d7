import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional as F  # noqa: N812

from models.losses import concept_infonce, instance_infonce


def test_concept_loss_of_two_orthogonal_concepts_is_known():
    embeddings = torch.tensor([[1.0, 0.0]])
    candidates = torch.tensor([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    positive = torch.tensor([[True, True, False]])
    loss = concept_infonce(embeddings, candidates, positive, 0.5)
    assert loss.item() == pytest.approx(math.log1p(1 / (2 * math.e**2)), abs=1e-6)


def test_concept_loss_of_one_positive_each_is_cross_entropy():
    generator = torch.Generator().manual_seed(0)
    embeddings = F.normalize(torch.randn(5, 8, generator=generator))
    candidates = F.normalize(torch.randn(7, 8, generator=generator))
    truth = torch.tensor([6, 0, 3, 3, 1])
    loss = concept_infonce(embeddings, candidates, truth[:, None] == torch.arange(7), 0.1)
    assert torch.allclose(loss, F.cross_entropy(embeddings @ candidates.T / 0.1, truth))


def test_concept_loss_is_nothing_without_negatives():
    vectors = F.normalize(torch.eye(3))
    assert concept_infonce(vectors, vectors, torch.ones(3, 3, dtype=torch.bool), 0.1).item() == 0


def test_instance_loss_of_orthogonal_pairs_is_known():
    pairs = torch.eye(4)
    assert instance_infonce(pairs, pairs, 1.0).item() == pytest.approx(math.log(1 + 3 / math.e))


def test_instance_loss_equals_the_concept_loss_where_every_concept_has_one_picture():
    generator = torch.Generator().manual_seed(1)
    embeddings, pictures = F.normalize(torch.randn(2, 6, 8, generator=generator), dim=-1)
    concept = concept_infonce(embeddings, pictures, torch.eye(6, dtype=torch.bool), 0.07)
    assert torch.allclose(instance_infonce(embeddings, pictures, 0.07), concept)


def test_weights_decide_which_epochs_count():
    pairs = torch.eye(2)
    embeddings = torch.tensor([[1.0, 0.0], [1.0, 0.0]])
    first = instance_infonce(embeddings[:1].expand(2, 2), pairs, 1.0, torch.tensor([1.0, 0.0]))
    assert first.item() == pytest.approx(math.log(1 + 1 / math.e))
    second = instance_infonce(embeddings, pairs, 1.0, torch.tensor([0.0, 3.0]))
    assert second.item() == pytest.approx(math.log(1 + math.e))


@given(seed=st.integers(0, 2**32 - 1), batch=st.integers(1, 8), pictures=st.integers(1, 12))
def test_concept_loss_ignores_order_and_is_never_negative(seed, batch, pictures):
    generator = torch.Generator().manual_seed(seed)
    embeddings = F.normalize(torch.randn(batch, 6, generator=generator, dtype=torch.float64))
    candidates = F.normalize(torch.randn(pictures, 6, generator=generator, dtype=torch.float64))
    positive = torch.rand(batch, pictures, generator=generator) < 0.5
    positive[:, 0] = True
    weights = torch.rand(batch, generator=generator, dtype=torch.float64) + 0.1
    loss = concept_infonce(embeddings, candidates, positive, 0.2, weights)
    assert loss >= 0
    rows = torch.randperm(batch, generator=generator)
    columns = torch.randperm(pictures, generator=generator)
    other = concept_infonce(embeddings[rows], candidates[columns], positive[rows][:, columns], 0.2, weights[rows])
    assert torch.allclose(loss, other, rtol=1e-9, atol=1e-12)
