import numpy as np
import pytest
import torch

from bci.config import parse
from bci.errors import ConfigError
from models.reconstruction.config import ReconstructionConfig, WeightsConfig
from models.reconstruction.encoder import Posterior
from models.reconstruction.input_spec import InputSpec
from models.reconstruction.networks import build_networks
from models.reconstruction.pairs import as_pictures, as_tensor
from models.reconstruction.step import Batch, TwoPhaseStep


@pytest.mark.parametrize("side", [28, 56, 112, 224])
def test_every_side_comes_out_and_goes_in(small, side):
    networks = build_networks(small(generator={"side": side, "width": 4, "widest": 8}), InputSpec((12,)))
    pictures = networks.generator(torch.randn(2, 8))
    assert pictures.shape == (2, 3, side, side)
    assert pictures.abs().max() <= 1
    assert networks.discriminator(pictures).shape == (2,)


def test_a_picture_comes_out_alone_as_it_does_in_a_batch(small):
    networks = build_networks(small(), InputSpec((12,))).eval()
    inputs = torch.randn(5, 12)
    together = networks.generator(networks.encoder(inputs).mean)
    alone = networks.generator(networks.encoder(inputs[3:4]).mean)
    assert torch.allclose(together[3], alone[0], atol=1e-5)


@pytest.mark.parametrize("name", ["nice", "eeg_project", "channel_attention"])
def test_any_encoder_of_epochs_stands_in_front(name):
    body = {
        "name": "epochs",
        "data": {"experiment": "things"},
        "encoder": {"name": name, "options": {"dim": 16}, "latent": 6},
        "generator": {"side": 28, "width": 4, "widest": 8, "discriminator": 4},
    }
    networks = build_networks(parse(ReconstructionConfig, body, "test"), InputSpec((5, 60), 100.0, tuple("ABCDE")))
    assert networks.encoder(torch.randn(3, 5, 60)).mean.shape == (3, 6)


def test_the_divergence_is_zero_for_the_prior_alone():
    nothing = torch.zeros(4, 3)
    assert Posterior(nothing, nothing).divergence() == 0
    assert Posterior(nothing + 1, nothing).divergence() == pytest.approx(0.5)
    assert Posterior(nothing, nothing - 2).divergence() > 0


def test_noise_moves_z_by_the_standard_deviation():
    posterior = Posterior(torch.full((1, 2), 3.0), torch.full((1, 2), 2 * np.log(0.5)))
    assert posterior.sample(torch.ones(1, 2)).tolist() == [[3.5, 3.5]]


class _Noted(torch.optim.SGD):
    def __init__(self, parameters, name, order):
        super().__init__(parameters, lr=0.1)
        self.name, self.order = name, order

    def step(self, closure=None):
        self.order.append(self.name)
        super().step(closure)


@pytest.mark.parametrize("weight", [0.0, 1.0])
def test_the_discriminator_steps_first_and_neither_phase_touches_the_others_weights(small, weight):
    networks, order = build_networks(small(), InputSpec((12,))), []
    groups = {
        "discriminator": list(networks.discriminator.parameters()),
        "generator": [*networks.encoder.parameters(), *networks.generator.parameters()],
    }
    optimisers = tuple(_Noted(parameters, name, order) for name, parameters in groups.items())
    weights = WeightsConfig(adversarial=weight, l1=0.0 if weight else 10.0, kl=0.0, semantic=0.0)
    before = [parameter.clone() for parameter in groups["discriminator"]]
    step = TwoPhaseStep(networks, None, weights, optimisers, lambda loss: loss.backward())
    told = step(Batch(torch.randn(6, 12), torch.rand(6, 3, 28, 28) * 2 - 1, torch.randn(6, 8)))
    assert order == (["discriminator", "generator"] if weight else ["generator"])
    assert ("discriminator" in told) == bool(weight)
    moved = any((one != other).any() for one, other in zip(before, groups["discriminator"], strict=True))
    assert moved == bool(weight)
    assert all(parameter.requires_grad for parameter in groups["discriminator"])


def test_published_weights_are_the_defaults():
    weights = WeightsConfig()
    assert (weights.adversarial, weights.l1, weights.kl, weights.semantic) == (1.0, 10.0, 1.0, 5.0)


def test_pixels_survive_the_way_through_a_tensor():
    pictures = np.random.default_rng(0).integers(0, 256, (2, 8, 8, 3), np.uint8)
    assert (as_pictures(as_tensor(pictures)) == pictures).all()
    assert as_pictures(as_tensor(pictures), 16).shape == (2, 16, 16, 3)


@pytest.mark.parametrize(
    ("data", "encoder", "said"),
    [
        ({"bundle": "a", "pairs": "b"}, {}, "expected one of bundle, experiment and pairs"),
        ({}, {}, "got none"),
        ({"experiment": "things"}, {}, "expected an encoder of epochs"),
        ({"bundle": "a"}, {"name": "nice"}, "expected perceptron"),
    ],
)
def test_a_config_that_makes_no_sense_is_refused(data, encoder, said):
    with pytest.raises(ConfigError, match=said):
        parse(ReconstructionConfig, {"name": "x", "data": data, "encoder": encoder}, "test")


def test_a_perceptron_does_not_take_epochs(small):
    with pytest.raises(ConfigError, match="encodes vectors"):
        build_networks(small(), InputSpec((4, 30)))
