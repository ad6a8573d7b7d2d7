import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from models.alignment.config import LossConfig
from models.alignment.losses import AlignmentLoss, prototypical_distillation


def draw(seed, *shape):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


@given(st.integers(0, 2**31), st.floats(0.02, 2.0))
def test_distillation_is_a_divergence(seed, temperature):
    aligned, fmri, prototypes = draw(seed, 4, 5), draw(seed + 1, 4, 5), draw(seed + 2, 3, 5)
    assert prototypical_distillation(aligned, fmri, prototypes, temperature) >= -1e-6
    same = prototypical_distillation(3.0 * fmri, fmri, prototypes, temperature)
    assert same == pytest.approx(0, abs=1e-5)  # lengths do not matter


def test_distillation_sees_nothing_but_the_prototypes():
    prototypes = torch.eye(5)[:2]
    fmri = draw(0, 4, 5)
    moved = fmri.clone()
    moved[:, 2:] = moved[:, [3, 4, 2]]  # of the same length, elsewhere
    assert prototypical_distillation(moved, fmri, prototypes, 0.1) == pytest.approx(0, abs=1e-6)


def test_losses_whose_scale_is_zero_are_not_computed_and_others_are_scaled():
    loss = AlignmentLoss(LossConfig(mse=2.0, infonce=0.0, distillation=3.0), draw(2, 3, 5))
    aligned, fmri = draw(0, 4, 5), draw(1, 4, 5)
    parts = loss.parts(aligned, fmri, torch.eye(4, dtype=torch.bool))
    assert sorted(parts) == ["distillation", "mse"]
    assert torch.isclose(loss.total(parts), 2 * parts["mse"] + 3 * parts["distillation"])
    assert torch.isclose(parts["mse"], ((aligned - fmri) ** 2).mean())


def test_pairs_that_share_a_picture_do_not_repel_each_other():
    loss = AlignmentLoss(LossConfig(mse=0, distillation=0), draw(2, 3, 5))
    fmri = draw(1, 4, 5)
    fmri[1] = fmri[0]
    same = torch.eye(4, dtype=torch.bool)
    apart = loss.parts(100 * fmri, fmri, same)["infonce"]
    same[0, 1] = same[1, 0] = True
    assert loss.parts(100 * fmri, fmri, same)["infonce"] < apart - 0.1


def test_at_least_one_loss_is_on():
    with pytest.raises(ValueError, match="got 0 for all of them"):
        LossConfig(mse=0, infonce=0, distillation=0)
