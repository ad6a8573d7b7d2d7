"""What maps vision vectors into the space that encoders share with them; one function each, by name.

A projection is an `nn.Module` (M, n_features) -> (M, dim), built from `(n_features, dim)` and its own options.
"""

import difflib
from collections.abc import Callable, Mapping
from typing import Any

from torch import Tensor, nn

from bci.errors import ConfigError
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


def identity(n_features: int, dim: int) -> nn.Module:
    """Nothing is learned on the picture side."""
    if n_features != dim:
        raise ValueError(f"expected dim = {n_features}, the length of the bank's vectors, got {dim}")
    return Identity()


PROJECTIONS: dict[str, Callable[..., nn.Module]] = {"linear": linear, "mlp": mlp, "identity": identity}
"""Name -> what builds it."""


def build_projection(name: str, n_features: int, dim: int, options: Mapping[str, Any]) -> nn.Module:
    """Build a projection.

    Raises
    ------
    ConfigError
        For an unknown name, naming the nearest known one, or an option that does not exist or makes no sense.
    """
    if name not in PROJECTIONS:
        near = difflib.get_close_matches(name, PROJECTIONS, n=1, cutoff=0.0)[0]
        raise ConfigError(f"unknown projection {name!r}; the nearest known one is {near!r}")
    try:
        return PROJECTIONS[name](n_features, dim, **options)
    except (TypeError, ValueError) as error:
        raise ConfigError(f"projection {name!r} cannot be built with {dict(options)}: {error}") from None
