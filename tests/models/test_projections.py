import numpy as np
import pytest
import torch

from bci.errors import ConfigError
from models.aligner import load_state, state_arrays
from models.projections import PROJECTIONS, build_projection
from models.train import train

N_FEATURES, DIM = 24, 24


@pytest.fixture(params=sorted(PROJECTIONS))
def name(request):
    return request.param


def build(name, n_features=N_FEATURES, dim=DIM, **options):
    torch.manual_seed(0)
    return build_projection(name, n_features, dim, options)


def vectors(n=5, n_features=N_FEATURES):
    return torch.randn(n, n_features, generator=torch.Generator().manual_seed(1))


def test_every_picture_is_projected_alike_in_any_company(name):
    projection, pictures = build(name).eval(), vectors()
    together = projection(pictures)
    assert together.shape == (5, DIM)
    assert torch.allclose(torch.cat([projection(picture[None]) for picture in pictures]), together, atol=1e-6)


def test_gradients_reach_every_parameter(name):
    projection = build(name).train()
    projection(vectors(64).requires_grad_()).square().sum().backward()
    for parameter, tensor in projection.named_parameters():
        assert tensor.grad.abs().max() > 0, parameter


def test_weights_survive_the_way_through_numpy(name):
    projection = build(name)
    other = build_projection(name, N_FEATURES, DIM, {})
    load_state(other, state_arrays(projection))
    assert torch.equal(other.eval()(vectors()), projection.eval()(vectors()))


def test_an_unknown_projection_is_refused_with_the_nearest():
    with pytest.raises(ConfigError, match="unknown projection 'liner'; the nearest known one is 'linear'"):
        build("liner")


def test_an_option_that_does_not_exist_is_refused(name):
    with pytest.raises(ConfigError, match=f"projection {name!r} cannot be built with {{'colour': 1}}"):
        build(name, colour=1)


def test_linear_keeps_distances_at_the_start():
    pictures = vectors(n_features=8)
    assert torch.allclose(torch.cdist(build("linear", 8)(pictures), build("linear", 8)(pictures)),
                          torch.cdist(pictures, pictures), atol=1e-5)  # fmt: skip


def test_identity_needs_a_space_of_the_banks_dimension():
    with pytest.raises(ConfigError, match="expected dim = 24, the length of the bank's vectors, got 16"):
        build("identity", dim=16)


def test_blur_bank_weighs_views_feature_by_feature():
    projection = build("blur_bank", n_features=6, dim=3, views=2, learned=1, hidden=3, dropout=0.0).eval()
    with torch.no_grad():
        # the first feature from the first view, the second from the second, the third from the learned vector
        projection.weights.copy_(100 * torch.eye(3))
        projection.learned.copy_(torch.tensor([[7.0, 8.0, 9.0]]))
    projection.adapter = torch.nn.Identity()
    fused = projection(torch.tensor([[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]]))
    assert torch.allclose(fused, torch.tensor([[1.0, 5.0, 9.0]]))


def test_blur_bank_starts_within_the_views_and_zero():
    projection = build("blur_bank", views=3, learned=4)
    projection.adapter = torch.nn.Identity()
    picture = torch.arange(1.0, 9.0).repeat(2, 3)  # three equal views
    fused = projection(picture)
    assert (fused > 0).all()
    assert (fused < picture[:, :8]).all()


def test_blur_bank_refuses_vectors_that_are_not_so_many_views():
    with pytest.raises(ConfigError, match="expected vectors of 5 views of one length, got 24 features"):
        build("blur_bank", views=5)
    with pytest.raises(ConfigError, match="expected vectors of 0 views"):
        build("blur_bank", views=0)


def test_blur_bank_learns_from_several_views(tiny_with, scores_of):
    options = {"views": 3, "hidden": 32, "dropout": 0.2}
    tiny = tiny_with(
        train={"epochs": 60},
        loss={"name": "instance", "symmetric": True, "normalise": "picture", "temperature": 1.0},
        decoder={"name": "blur_bank", "options": {"dim": 16, "filters": 8, "width": 16}},
        projection={"name": "blur_bank", "options": options},
    )
    found = scores_of(train(tiny.trials, tiny.bank, tiny.config), tiny.trials).argmax(axis=1)
    assert np.mean(found == tiny.trials.concepts) > 0.8
