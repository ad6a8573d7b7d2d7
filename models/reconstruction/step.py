"""One step of training, in two phases: the discriminator, then encoder and generator.

Larsen et al. 2016, arXiv:1512.09300; non-saturating adversarial loss, Goodfellow et al. 2014, arXiv:1406.2661. The
losses are pure in networks and batch; `TwoPhaseStep` hands them to the optimisers.
"""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 (its usual name)
from torch.optim import Optimizer

from models.reconstruction.config import WeightsConfig
from models.reconstruction.encoder import Posterior
from models.reconstruction.networks import Networks
from models.reconstruction.semantic import Semantic

__all__ = ["Batch", "Losses", "TwoPhaseStep", "discriminator_loss", "generator_losses"]


class Batch(NamedTuple):
    """What a step sees.

    Parameters
    ----------
    inputs
        (B, ...) of the encoder.
    pictures
        (B, 3, side, side) true ones, -1 to 1.
    noise
        (B, latent) standard normal.
    """

    inputs: Tensor
    pictures: Tensor
    noise: Tensor


class Losses(NamedTuple):
    """What the generator is pulled by, () each; 0 where the weight is."""

    adversarial: Tensor
    l1: Tensor
    kl: Tensor
    semantic: Tensor

    def total(self, weights: WeightsConfig) -> Tensor:
        """() their weighted sum."""
        return (
            weights.adversarial * self.adversarial
            + weights.l1 * self.l1
            + weights.kl * self.kl
            + weights.semantic * self.semantic
        )


def discriminator_loss(networks: Networks, real: Tensor, generated: Tensor) -> Tensor:
    """() cross-entropy of telling real pictures from generated ones, which get no gradient; mean of both."""
    told_real, told_generated = networks.discriminator(torch.cat([real, generated.detach()])).chunk(2)
    as_real = F.binary_cross_entropy_with_logits(told_real, torch.ones_like(told_real))
    as_generated = F.binary_cross_entropy_with_logits(told_generated, torch.zeros_like(told_generated))
    return (as_real + as_generated) / 2


def generator_losses(
    networks: Networks,
    semantic: Semantic | None,
    posterior: Posterior,
    generated: Tensor,
    real: Tensor,
    weights: WeightsConfig,
) -> Losses:
    """Return the losses of encoder and generator.

    Parameters
    ----------
    semantic
        Network of the semantic loss, None without one.
    posterior, generated
        What encoder and generator made of a batch, gradients attached.
    real
        (B, 3, side, side) true pictures, -1 to 1.
    weights
        A loss of weight 0 is not computed where that takes time.
    """
    nothing = generated.new_zeros(())
    adversarial = nothing
    if weights.adversarial:
        told = networks.discriminator(generated)
        adversarial = F.binary_cross_entropy_with_logits(told, torch.ones_like(told))
    return Losses(
        adversarial=adversarial,
        l1=F.l1_loss(generated, real),
        kl=posterior.divergence(),
        semantic=nothing if semantic is None else semantic(generated, real),
    )


class TwoPhaseStep:
    """Takes steps.

    Parameters
    ----------
    networks
        Trained in place.
    semantic
        Network of the semantic loss, None without one.
    weights
        Of the losses.
    optimisers
        Of the discriminator, and of encoder and generator.
    backward
        What computes gradients: Fabric's, which scales them where precision is low.
    """

    def __init__(
        self,
        networks: Networks,
        semantic: Semantic | None,
        weights: WeightsConfig,
        optimisers: tuple[Optimizer, Optimizer],
        backward: Callable[[Tensor], None],
    ) -> None:
        self._networks = networks
        self._semantic = semantic
        self._weights = weights
        self._discriminating, self._generating = optimisers
        self._backward = backward

    def __call__(self, batch: Batch) -> dict[str, Tensor]:
        """Take one step; return all losses by name, () each, detached."""
        posterior = self._networks.encoder(batch.inputs)
        generated = self._networks.generator(posterior.sample(batch.noise))
        told = self._discriminate(generated, batch.pictures) if self._weights.adversarial else {}
        losses = self._generate(posterior, generated, batch.pictures)
        return told | {name: value.detach() for name, value in losses._asdict().items()}

    def _discriminate(self, generated: Tensor, real: Tensor) -> dict[str, Tensor]:
        loss = discriminator_loss(self._networks, real, generated)
        self._take(self._discriminating, loss)
        return {"discriminator": loss.detach()}

    def _generate(self, posterior: Posterior, generated: Tensor, real: Tensor) -> Losses:
        self._networks.discriminator.requires_grad_(requires_grad=False)  # gradients pass through, none stay
        losses = generator_losses(self._networks, self._semantic, posterior, generated, real, self._weights)
        self._take(self._generating, losses.total(self._weights))
        self._networks.discriminator.requires_grad_(requires_grad=True)
        return losses

    def _take(self, optimiser: Optimizer, loss: Tensor) -> None:
        optimiser.zero_grad(set_to_none=True)
        self._backward(loss)
        optimiser.step()
