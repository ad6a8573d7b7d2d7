"""The VAE's encoder: from EEG to a normal distribution over z.

Kingma and Welling 2014, arXiv:1312.6114. In front stands any encoder of epochs (`models.encoders`), or a
perceptron for what is a vector already: features of an epoch, or the embedding that a trained decoder made of it.
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn

__all__ = ["Perceptron", "Posterior", "VaeEncoder"]

NARROWEST, WIDEST = -10.0, 4.0
"""Bounds of the logarithm of the variance: beyond them its exponential is of no use in half precision."""


class Posterior(NamedTuple):
    """Normal distributions over z.

    Parameters
    ----------
    mean, log_variance
        (B, latent) each.
    """

    mean: Tensor
    log_variance: Tensor

    def sample(self, noise: Tensor) -> Tensor:
        """Return z (B, latent) from standard normal noise of its shape, so that gradients reach the encoder."""
        return self.mean + noise * (self.log_variance / 2).exp()

    def divergence(self) -> Tensor:
        """() Kullback-Leibler divergence from the standard normal, nats, mean over batch and dimensions of z."""
        nats: Tensor = (self.mean**2 + self.log_variance.exp() - self.log_variance - 1) / 2
        return nats.mean()


class Perceptron(nn.Sequential):
    """One hidden layer, for vectors (B, n_features) -> (B, hidden).

    Features come in units of any size: a batch norm without parameters brings each to the scale of the training
    trials first.

    Parameters
    ----------
    n_features
        Length of a vector.
    hidden
        Units.
    dropout
        Share of them that is silenced in training.
    """

    def __init__(self, n_features: int, hidden: int, dropout: float) -> None:
        super().__init__(
            nn.BatchNorm1d(n_features, affine=False),
            nn.Linear(n_features, hidden),
            nn.LayerNorm(hidden),
            nn.GELU(),
            nn.Dropout(dropout),
        )


class VaeEncoder(nn.Module):
    """From inputs to the posterior of z.

    Parameters
    ----------
    front
        (B, ...) -> (B, dim).
    dim
        Length of what the front returns.
    latent
        Dimension of z.
    """

    def __init__(self, front: nn.Module, dim: int, latent: int) -> None:
        super().__init__()
        self.front = front
        self.mean = nn.Linear(dim, latent)
        self.log_variance = nn.Linear(dim, latent)

    def forward(self, inputs: Tensor) -> Posterior:
        """Return the posterior of z for inputs (B, ...)."""
        hidden = self.front(inputs)  # (B, dim)
        log_variance = torch.clamp(self.log_variance(hidden), NARROWEST, WIDEST)
        return Posterior(self.mean(hidden), log_variance)
