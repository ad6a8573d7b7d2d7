"""EEG in the space of another person's fMRI: a pooled epoch and the answer to learned queries, from EEG alone.

The EEG side of `models.alignment`, which trains it on pairs of similar pictures; as an encoder it is also what a
live session runs. Pooled vector and answer are added, as a residual connection adds.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from models.alignment.backbone import build_backbone
from models.alignment.cross_attention import CrossAttention
from models.alignment.heads import build_head

__all__ = ["FmriAligned"]


class FmriAligned(nn.Module):
    """Encode an epoch as the fMRI that a picture like the one shown evokes.

    Parameters
    ----------
    n_channels, n_times, sfreq
        Shape of an epoch and its rate in Hz.
    dim
        Length of the fMRI vectors.
    backbone
        See `models.alignment.backbone.build_backbone`.
    backbone_options
        Of the backbone.
    whiten
        Multiply epochs by a matrix (C, C) first, which a training fits; it is the identity until then.
    tokens, width
        What an encoder's embedding is cut into; CBraMod has its own tokens.
    head
        Key of `models.alignment.heads.HEADS`.
    hidden
        Units of the head.
    queries
        Number of learned queries.
    attention_width, heads
        Of the alignment module.
    dropout
        Share of the units of head and attention that are silenced in training.
    channels
        Labels, for backbones that look up positions.
    """

    whitening: Tensor | None

    def __init__(
        self,
        n_channels: int,
        n_times: int,
        sfreq: float,
        dim: int,
        *,
        backbone: str = "channel_attention",
        backbone_options: Mapping[str, Any] | None = None,
        whiten: bool = False,
        tokens: int = 8,
        width: int = 32,
        head: str = "flatten",
        hidden: int = 256,
        queries: int = 4,
        attention_width: int = 64,
        heads: int = 4,
        dropout: float = 0.1,
        channels: Sequence[str] = (),
    ) -> None:
        super().__init__()
        self.register_buffer("whitening", torch.eye(n_channels) if whiten else None)
        self.backbone = build_backbone(
            backbone, n_channels, n_times, sfreq, backbone_options or {}, channels, tokens=tokens, width=width
        )
        shape = self.backbone.n_tokens, self.backbone.width
        self.norm = nn.LayerNorm(shape[1])
        self.position = nn.Parameter(0.02 * torch.randn(*shape))
        self.head = build_head(head, shape, dim, hidden=hidden, dropout=dropout)
        self.cross = CrossAttention(
            shape[1], dim, queries=queries, width=attention_width, heads=heads, dropout=dropout
        )

    def tokens(self, epochs: Tensor) -> Tensor:
        """Turn epochs (B, C, T) into tokens (B, N, W)."""
        whitened = epochs if self.whitening is None else self.whitening @ epochs  # (B, C, T)
        return self.norm(self.backbone(whitened)) + self.position  # type: ignore[no-any-return]

    def align(self, tokens: Tensor, query: Tensor | None = None) -> Tensor:
        """Map tokens (B, N, W) to vectors (B, dim); `query` (B, Q, attention_width) is learned by default."""
        return self.head(tokens) + self.cross(tokens, query)[:, 0]  # type: ignore[no-any-return]

    def forward(self, epochs: Tensor) -> Tensor:
        """Encode epochs (B, C, T) as vectors (B, dim)."""
        return self.align(self.tokens(epochs))
