"""Pooling heads: the tokens of an epoch become one vector in the space of the fMRI.

Three forms, as the alignment of EEG with fMRI was published: a perceptron over all tokens, one over their mean
weighted by attention (Ilse et al. 2018, arXiv:1802.04712), and learned tokens that read the others through a
transformer (Touvron et al. 2021, arXiv:2103.17239).
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from bci.errors import ConfigError
from bci.nearest import nearest
from models.encoders.dropout import Dropout

__all__ = ["HEADS", "AttentionHead", "FlattenHead", "MultiTokenHead", "Shape", "build_head"]

Shape = tuple[int, int]
"""How many tokens an epoch has, and how long they are."""

TOKENS = 4
"""Learned tokens of `multi_token`."""
LAYERS, ATTENTION_HEADS = 2, 4
"""Of its transformer; the heads share the width of a token, so that fewer are taken where it cannot be divided."""


def perceptron(n_features: int, hidden: int, dim: int, dropout: float) -> nn.Sequential:
    """Two layers with a GELU between them."""
    return nn.Sequential(nn.Linear(n_features, hidden), nn.GELU(), Dropout(dropout), nn.Linear(hidden, dim))


class FlattenHead(nn.Module):
    """A perceptron that sees all tokens at once.

    Parameters
    ----------
    shape
        Of an epoch's tokens.
    dim
        Length of the vector.
    hidden
        Units of the perceptron.
    dropout
        Share of them that are silenced in training.
    """

    def __init__(self, shape: Shape, dim: int, *, hidden: int, dropout: float) -> None:
        super().__init__()
        self.perceptron = perceptron(shape[0] * shape[1], hidden, dim, dropout)

    def forward(self, tokens: Tensor) -> Tensor:
        """Pool tokens (B, N, W) to vectors (B, dim)."""
        return self.perceptron(tokens.flatten(1))  # type: ignore[no-any-return]


class AttentionHead(nn.Module):
    """A perceptron that sees the tokens' mean, weighted by how much each has to say; built as `FlattenHead`."""

    def __init__(self, shape: Shape, dim: int, *, hidden: int, dropout: float) -> None:
        super().__init__()
        _, width = shape
        self.score = nn.Linear(width, 1, bias=False)  # a softmax does not see a constant
        self.perceptron = perceptron(width, hidden, dim, dropout)

    def forward(self, tokens: Tensor) -> Tensor:
        """Pool tokens (B, N, W) to vectors (B, dim)."""
        weights = self.score(tokens).softmax(dim=1)  # (B, N, 1)
        return self.perceptron((weights * tokens).sum(dim=1))  # type: ignore[no-any-return]  # (B, W) -> (B, dim)


class MultiTokenHead(nn.Module):
    """Learned tokens gather what the others hold through a transformer, and are projected together.

    Built as `FlattenHead`; `hidden` is the width of the transformer's feed-forward layers.
    """

    def __init__(self, shape: Shape, dim: int, *, hidden: int, dropout: float) -> None:
        super().__init__()
        _, width = shape
        self.learned = nn.Parameter(0.02 * torch.randn(TOKENS, width))
        heads = next(heads for heads in range(ATTENTION_HEADS, 0, -1) if width % heads == 0)
        layer = nn.TransformerEncoderLayer(
            width, heads, hidden, dropout, activation="gelu", batch_first=True, norm_first=True
        )
        self.transformer = nn.TransformerEncoder(layer, LAYERS, nn.LayerNorm(width), enable_nested_tensor=False)
        self.projection = nn.Linear(TOKENS * width, dim)

    def forward(self, tokens: Tensor) -> Tensor:
        """Pool tokens (B, N, W) to vectors (B, dim)."""
        learned = self.learned.expand(len(tokens), -1, -1)  # (B, M, W)
        read = self.transformer(torch.cat((learned, tokens), dim=1))  # (B, M + N, W)
        return self.projection(read[:, :TOKENS].flatten(1))  # type: ignore[no-any-return]  # (B, M * W) -> (B, dim)


HEADS: dict[str, Callable[..., nn.Module]] = {
    "flatten": FlattenHead,
    "attention": AttentionHead,
    "multi_token": MultiTokenHead,
}
"""Name -> class."""


def build_head(name: str, shape: Shape, dim: int, *, hidden: int, dropout: float) -> nn.Module:
    """Build a pooling head; see `FlattenHead`.

    Raises
    ------
    ConfigError
        For an unknown name, naming the nearest known one.
    """
    if name not in HEADS:
        raise ConfigError(f"unknown pooling head {name!r}; the nearest known one is {nearest(name, HEADS)!r}")
    return HEADS[name](shape, dim, hidden=hidden, dropout=dropout)
