import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional as F  # noqa: N812

from models.losses import infonce, similarities


def test_two_orthogonal_concepts_have_a_known_loss():
    logits = similarities(torch.tensor([[1.0, 0.0]]), torch.tensor([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]]), 0.5)
    loss = infonce(logits, torch.tensor([[True, True, False]]))
    assert loss.item() == pytest.approx(math.log1p(1 / (2 * math.e**2)), abs=1e-6)


def test_one_positive_each_is_cross_entropy():
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(5, 7, generator=generator)
    truth = torch.tensor([6, 0, 3, 3, 1])
    assert torch.allclose(infonce(logits, truth[:, None] == torch.arange(7)), F.cross_entropy(logits, truth))


def test_both_directions_are_clips_loss():
    logits = torch.randn(6, 6, generator=torch.Generator().manual_seed(1))
    truth = torch.arange(6)
    expected = 0.5 * (F.cross_entropy(logits, truth) + F.cross_entropy(logits.T, truth))
    assert torch.allclose(infonce(logits, torch.eye(6, dtype=torch.bool), symmetric=True), expected)


def test_pictures_that_match_nothing_are_pulled_nowhere():
    logits = torch.randn(2, 3, generator=torch.Generator().manual_seed(2))
    positive = torch.tensor([[True, False, False], [False, True, False]])
    rows, columns = (
        F.cross_entropy(logits, torch.tensor([0, 1])),
        F.cross_entropy(logits.T[:2], torch.tensor([0, 1])),
    )
    assert torch.allclose(infonce(logits, positive, symmetric=True), 0.5 * (rows + columns))


def test_without_negatives_there_is_no_loss():
    logits = torch.randn(3, 3, generator=torch.Generator().manual_seed(3))
    assert infonce(logits, torch.ones(3, 3, dtype=torch.bool)).item() == 0


@pytest.mark.parametrize(("normalise", "expected"), [("both", 1.0), ("picture", 2.0), ("none", 6.0)])
def test_either_side_may_keep_its_norm(normalise, expected):
    logits = similarities(torch.tensor([[2.0, 0.0]]), torch.tensor([[3.0, 0.0]]), 0.5, normalise)
    assert logits.item() == pytest.approx(expected / 0.5)


def test_weights_decide_which_epochs_count():
    logits = torch.tensor([[1.0, 0.0], [1.0, 0.0]])
    matching = torch.eye(2, dtype=torch.bool)
    assert infonce(logits, matching, torch.tensor([1.0, 0.0])).item() == pytest.approx(math.log(1 + 1 / math.e))
    assert infonce(logits, matching, torch.tensor([0.0, 3.0])).item() == pytest.approx(math.log(1 + math.e))


@given(
    seed=st.integers(0, 2**32 - 1), batch=st.integers(1, 8), pictures=st.integers(1, 12), symmetric=st.booleans()
)
def test_the_loss_ignores_order_and_is_never_negative(seed, batch, pictures, symmetric):
    generator = torch.Generator().manual_seed(seed)
    logits = torch.randn(batch, pictures, generator=generator, dtype=torch.float64)
    positive = torch.rand(batch, pictures, generator=generator) < 0.5
    positive[:, 0] = True
    weights = torch.rand(batch, generator=generator, dtype=torch.float64) + 0.1
    loss = infonce(logits, positive, weights, symmetric=symmetric)
    assert loss >= 0
    rows = torch.randperm(batch, generator=generator)
    columns = torch.randperm(pictures, generator=generator)
    other = infonce(logits[rows][:, columns], positive[rows][:, columns], weights[rows], symmetric=symmetric)
    assert torch.allclose(loss, other, rtol=1e-9, atol=1e-12)
