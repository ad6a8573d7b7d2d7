"""What maps vision vectors into the space that encoders share with them; one function each, by name.

A projection is an `nn.Module` (M, n_features) -> (M, dim), built from `(n_features, dim)` and its own options.
"""

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from bci.errors import ConfigError
from bci.nearest import nearest
from models.encoders.dropout import Dropout

__all__ = ["PROJECTIONS", "build_projection"]


def linear(n_features: int, dim: int) -> nn.Module:
    """One matrix, orthogonal at the start, so that concepts that were never trained keep their distances."""
    layer = nn.Linear(n_features, dim, bias=False)
    nn.init.orthogonal_(layer.weight)
    return layer


def mlp(n_features: int, dim: int, *, hidden: int = 512, dropout: float = 0.1) -> nn.Module:
    """Two layers with a GELU between them."""
    return nn.Sequential(nn.Linear(n_features, hidden), nn.GELU(), Dropout(dropout), nn.Linear(hidden, dim))


class Identity(nn.Module):
    """Vision vectors as they are; the encoder maps into their space."""

    def forward(self, vectors: Tensor) -> Tensor:
        """Return (M, dim) as given."""
        return vectors


class BlurBank(nn.Module):
    """Fuse several views of each picture, feature by feature, and adapt the result.

    The picture side of the encoder `blur_bank` (see there): for every feature a softmax over the views, and over
    learned vectors that are the same for all pictures, then a perceptron.

    Parameters
    ----------
    n_features, dim
        Length of the bank's vectors, all views of a picture end to end, and of what comes out.
    views
        How many views a picture has, as `BankKey.views` says.
    learned
        Number of learned vectors.
    hidden
        Units of the perceptron.
    dropout
        Share of them that are silenced in training.
    """

    def __init__(
        self, n_features: int, dim: int, *, views: int, learned: int, hidden: int, dropout: float
    ) -> None:
        super().__init__()
        if views < 1 or n_features % views:
            raise ValueError(f"expected vectors of {views} views of one length, got {n_features} features")
        length = n_features // views
        self.views = views
        self.learned = nn.Parameter(torch.zeros(learned, length))
        self.weights = nn.Parameter(torch.rand(views + learned, length))
        self.adapter = nn.Sequential(nn.Linear(length, hidden), nn.ELU(), Dropout(dropout), nn.Linear(hidden, dim))

    def forward(self, vectors: Tensor) -> Tensor:
        """Map vectors (M, views * D) to (M, dim)."""
        weights = self.weights.softmax(dim=0)  # (views + learned, D)
        fused = (vectors.reshape(len(vectors), self.views, -1) * weights[: self.views]).sum(dim=1)  # (M, D)
        fused = fused + (self.learned * weights[self.views :]).sum(dim=0)  # (M, D)
        return self.adapter(fused)  # type: ignore[no-any-return]  # (M, dim)


def blur_bank(
    n_features: int, dim: int, *, views: int = 12, learned: int = 4, hidden: int = 768, dropout: float = 0.85
) -> nn.Module:
    """Learned fusion of several views of each picture."""
    return BlurBank(n_features, dim, views=views, learned=learned, hidden=hidden, dropout=dropout)


def identity(n_features: int, dim: int) -> nn.Module:
    """Nothing is learned on the picture side."""
    if n_features != dim:
        raise ValueError(f"expected dim = {n_features}, the length of the bank's vectors, got {dim}")
    return Identity()


PROJECTIONS: dict[str, Callable[..., nn.Module]] = {
    "blur_bank": blur_bank,
    "identity": identity,
    "linear": linear,
    "mlp": mlp,
}
"""Name -> what builds it."""


def build_projection(name: str, n_features: int, dim: int, options: Mapping[str, Any]) -> nn.Module:
    """Build a projection.

    Raises
    ------
    ConfigError
        For an unknown name, naming the nearest known one, or an option that does not exist or makes no sense.
    """
    if name not in PROJECTIONS:
        raise ConfigError(f"unknown projection {name!r}; the nearest known one is {nearest(name, PROJECTIONS)!r}")
    try:
        return PROJECTIONS[name](n_features, dim, **options)
    except (TypeError, ValueError) as error:
        raise ConfigError(f"projection {name!r} cannot be built with {dict(options)}: {error}") from None
