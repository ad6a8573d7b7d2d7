"""Attention over electrodes: each channel's time course becomes a token, and the tokens look at each other.

System 1 of the project: per-channel multi-layer perceptron, one transformer block over the channels (Vaswani et
al. 2017, doi:10.48550/arXiv.1706.03762), depthwise and pointwise convolution, projection to the shared space.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 (its usual name)

from models.encoders.dropout import Dropout

__all__ = ["ChannelAttention"]


class ChannelAttention(nn.Module):
    """Encode an epoch by self-attention over its channels.

    Parameters
    ----------
    n_channels, n_times
        Shape of an epoch.
    sfreq
        Rate in Hz; the layers see whole time courses, so that it decides nothing here.
    dim
        Length of the embedding.
    hidden
        Units of the per-channel perceptron.
    width
        Length D of a channel's token.
    heads
        Attention heads; they share `width` evenly.
    dropout
        Share of units that are silenced in training.
    channel_embedding
        Add a learned vector to each channel's token: attention by itself does not know which channel is which.
    """

    def __init__(
        self,
        n_channels: int,
        n_times: int,
        sfreq: float,  # noqa: ARG002 (every encoder is built from the same four numbers)
        dim: int,
        *,
        hidden: int = 128,
        width: int = 32,
        heads: int = 4,
        dropout: float = 0.3,
        channel_embedding: bool = True,
    ) -> None:
        super().__init__()
        self.tokens = nn.Sequential(
            nn.Linear(n_times, hidden), nn.GELU(), Dropout(dropout), nn.Linear(hidden, width)
        )
        self.channel = nn.Parameter(0.02 * torch.randn(n_channels, width)) if channel_embedding else None
        self.attention = SelfAttention(width, heads)
        self.attention_norm = nn.LayerNorm(width)
        self.feed_forward = nn.Sequential(
            nn.Linear(width, 2 * width), nn.GELU(), Dropout(dropout), nn.Linear(2 * width, width)
        )
        self.feed_forward_norm = nn.LayerNorm(width)
        self.depthwise = nn.Conv1d(n_channels, n_channels, 5, padding=2, groups=n_channels)
        self.pointwise = nn.Conv1d(n_channels, n_channels, 1)
        self.convolution_norm = nn.LayerNorm(width)
        self.dropout = Dropout(dropout)
        self.head = nn.Linear(n_channels * width, dim)
        self.head_norm = nn.LayerNorm(dim)

    def forward(self, epochs: Tensor) -> Tensor:
        """Encode epochs (B, C, T) as vectors (B, dim)."""
        tokens = self.tokens(epochs)  # (B, C, D)
        if self.channel is not None:
            tokens = tokens + self.channel  # (B, C, D)
        tokens = self.attention_norm(tokens + self.attention(tokens))  # (B, C, D)
        tokens = self.feed_forward_norm(tokens + self.feed_forward(tokens))  # (B, C, D)
        tokens = self.pointwise(self.depthwise(tokens))  # (B, C, D), convolved along D, then across channels
        tokens = F.gelu(self.convolution_norm(tokens))  # (B, C, D)
        vectors = self.head(self.dropout(tokens.flatten(1)))  # (B, C * D) -> (B, dim)
        return self.head_norm(vectors)  # type: ignore[no-any-return]


class SelfAttention(nn.Module):
    """Multi-head scaled dot-product attention of the channels with each other."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        if width % heads:
            raise ValueError(f"expected a width that {heads} heads divide, got {width}")
        self.heads = heads
        self.query_key_value = nn.Linear(width, 3 * width)
        self.output = nn.Linear(width, width)

    def forward(self, tokens: Tensor) -> Tensor:
        """Mix tokens (B, C, D) by their similarity."""
        batch, channels, width = tokens.shape
        packed = self.query_key_value(tokens).view(batch, channels, 3, self.heads, width // self.heads)
        query, key, value = packed.permute(2, 0, 3, 1, 4)  # each (B, heads, C, D / heads)
        mixed = F.scaled_dot_product_attention(query, key, value)  # (B, heads, C, D / heads)
        return self.output(mixed.transpose(1, 2).flatten(2))  # type: ignore[no-any-return]  # (B, C, D)
