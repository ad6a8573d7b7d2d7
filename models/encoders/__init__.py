"""The encoders by name: each is one file, one line in `ENCODERS`, and passes `tests/contracts`.

An encoder is an `nn.Module` that maps (B, C, T) float32 to (B, dim) float32 and is built from
`(n_channels, n_times, sfreq, dim)` and its own keyword options. Torch is loaded when one is built.
"""

import difflib
import inspect
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from bci.errors import ConfigError

if TYPE_CHECKING:
    from torch import nn

__all__ = ["DIM", "ENCODERS", "build_encoder", "encoder_options"]

DIM = 128
"""Dimension of the shared space unless an experiment says otherwise."""


def _channel_attention() -> "type[nn.Module]":
    from models.encoders.channel_attention import ChannelAttention  # noqa: PLC0415 (loads torch)

    return ChannelAttention


def _nice() -> "type[nn.Module]":
    from models.encoders.nice import Nice  # noqa: PLC0415 (loads torch)

    return Nice


ENCODERS: "dict[str, Callable[[], type[nn.Module]]]" = {
    "channel_attention": _channel_attention,
    "nice": _nice,
}
"""Name -> what imports and returns the class."""


def build_encoder(
    name: str, n_channels: int, n_times: int, sfreq: float, options: Mapping[str, Any]
) -> "nn.Module":
    """Build an encoder for a montage, a window and a rate.

    Parameters
    ----------
    name
        Key of `ENCODERS`.
    n_channels, n_times, sfreq
        Shape and rate (Hz) of the epochs it will see.
    options
        `dim`, the length of its embeddings, and the encoder's own keyword arguments; see `encoder_options`.

    Raises
    ------
    ConfigError
        For an unknown name or option, naming the nearest known one, or an option that makes no sense.
    """
    encoder, known = _class_of(name), list(encoder_options(name))
    for option, value in options.items():
        if option not in known:
            raise ConfigError(
                f"encoder {name!r} has no option {option!r}; the nearest known one is {_nearest(option, known)!r}"
            )
        if isinstance(value, int) and not isinstance(value, bool) and value < 1:
            raise ConfigError(f"encoder {name!r}: expected at least 1 for {option!r}, got {value}")
    try:
        return encoder(n_channels, n_times, sfreq, **{"dim": DIM, **options})
    except (TypeError, ValueError) as error:
        raise ConfigError(f"encoder {name!r} cannot be built with {dict(options)}: {error}") from None


def encoder_options(name: str) -> dict[str, Any]:
    """Return `dim` and an encoder's own keyword arguments with their defaults.

    Raises
    ------
    ConfigError
        For an unknown name, naming the nearest known one.
    """
    parameters = inspect.signature(_class_of(name)).parameters.values()
    return {"dim": DIM, **{p.name: p.default for p in parameters if p.kind is p.KEYWORD_ONLY}}


def _class_of(name: str) -> "type[nn.Module]":
    if name not in ENCODERS:
        raise ConfigError(f"unknown encoder {name!r}; the nearest known one is {_nearest(name, [*ENCODERS])!r}")
    return ENCODERS[name]()


def _nearest(name: str, known: list[str]) -> str:
    return difflib.get_close_matches(name, known, n=1, cutoff=0.0)[0]
