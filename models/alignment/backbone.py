"""Backbones: what turns an epoch into tokens that heads pool and queries attend to.

CBraMod (Wang et al. 2025, arXiv:2412.07236) gives one token of 200 numbers for each second of each channel. Any
other encoder gives its embedding, cut into tokens: small enough for a CPU.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from models.encoders import build_encoder

__all__ = ["CBRAMOD", "Backbone", "build_backbone"]

CBRAMOD = "cbramod"
"""Name of the foundation model among the backbones."""


class Backbone(nn.Module):
    """Epochs to tokens.

    Parameters
    ----------
    n_tokens, width
        What comes out.
    """

    def __init__(self, n_tokens: int, width: int) -> None:
        super().__init__()
        self.n_tokens = n_tokens
        self.width = width


class EncoderBackbone(Backbone):
    """The embedding of any encoder, cut into tokens."""

    def __init__(self, encoder: nn.Module, n_tokens: int, width: int) -> None:
        super().__init__(n_tokens, width)
        self.encoder = encoder

    def forward(self, epochs: Tensor) -> Tensor:
        """Turn epochs (B, C, T) into tokens (B, N, W)."""
        return self.encoder(epochs).unflatten(1, (self.n_tokens, self.width))  # type: ignore[no-any-return]


class CBraModBackbone(Backbone):
    """The features of CBraMod, whose head is taken off."""

    def __init__(
        self, n_channels: int, n_times: int, sfreq: float, options: Mapping[str, Any], channels: Sequence[str]
    ) -> None:
        encoder = _cbramod(n_channels, n_times, sfreq, options, channels)
        with torch.no_grad():
            _, electrodes, patches, width = encoder.features(torch.zeros(1, n_channels, n_times)).shape
        super().__init__(electrodes * patches, width)
        self.encoder = encoder

    def forward(self, epochs: Tensor) -> Tensor:
        """Turn epochs (B, C, T) into tokens (B, C * patches, W)."""
        return self.encoder.features(epochs).flatten(1, 2)  # type: ignore[no-any-return]


def _cbramod(
    n_channels: int, n_times: int, sfreq: float, options: Mapping[str, Any], channels: Sequence[str]
) -> Any:
    model = {"dim": 1, "model": "CBraMod", **options}
    encoder: Any = build_encoder("braindecode", n_channels, n_times, sfreq, model, channels)
    encoder.model.final_layer = nn.Identity()  # never asked, and its weights would be kept for nothing
    return encoder


def build_backbone(
    name: str,
    n_channels: int,
    n_times: int,
    sfreq: float,
    options: Mapping[str, Any],
    channels: Sequence[str],
    *,
    tokens: int,
    width: int,
) -> Backbone:
    """Build a backbone for a montage, a window and a rate.

    Parameters
    ----------
    name
        `cbramod`, or a key of `models.encoders.ENCODERS`.
    options
        Of the encoder; of CBraMod those of `models.encoders.braindecode`, `pretrained` and `settings` among them.
    channels
        Labels, for encoders that look up positions.
    tokens, width
        How many tokens an encoder's embedding is cut into, and how long they are; CBraMod has its own.

    Raises
    ------
    ConfigError
        If there is no such encoder, or an option makes no sense.
    """
    if name == CBRAMOD:
        return CBraModBackbone(n_channels, n_times, sfreq, options, channels)
    encoder = build_encoder(name, n_channels, n_times, sfreq, {**options, "dim": tokens * width}, channels)
    return EncoderBackbone(encoder, tokens, width)
