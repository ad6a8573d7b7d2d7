"""The encoders by name: each is one file, one line in `ENCODERS`, and passes `tests/contracts`.

An encoder is an `nn.Module` that maps (B, C, T) float32 to (B, dim) float32 and is built from
`(n_channels, n_times, sfreq, dim)` and its own keyword options; one that needs to know which channel is which
declares the keyword `channels` and is given their labels. Torch is loaded when one is built.
"""

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from bci.errors import ConfigError
from bci.nearest import nearest

if TYPE_CHECKING:
    from torch import nn

__all__ = ["DIM", "ENCODERS", "build_encoder", "encoder_options"]

DIM = 128
"""Dimension of the shared space unless an experiment says otherwise."""


def _blur_bank() -> "type[nn.Module]":
    from models.encoders.blur_bank import BlurBank  # noqa: PLC0415 (loads torch)

    return BlurBank


def _braindecode() -> "type[nn.Module]":
    from models.encoders.braindecode import Braindecode  # noqa: PLC0415 (loads torch)

    return Braindecode


def _channel_attention() -> "type[nn.Module]":
    from models.encoders.channel_attention import ChannelAttention  # noqa: PLC0415 (loads torch)

    return ChannelAttention


def _eeg_project() -> "type[nn.Module]":
    from models.encoders.eeg_project import EegProject  # noqa: PLC0415 (loads torch)

    return EegProject


def _fmri_aligned() -> "type[nn.Module]":
    from models.encoders.fmri_aligned import FmriAligned  # noqa: PLC0415 (loads torch)

    return FmriAligned


def _nice() -> "type[nn.Module]":
    from models.encoders.nice import Nice  # noqa: PLC0415 (loads torch)

    return Nice


ENCODERS: "dict[str, Callable[[], type[nn.Module]]]" = {
    "blur_bank": _blur_bank,
    "braindecode": _braindecode,
    "channel_attention": _channel_attention,
    "eeg_project": _eeg_project,
    "fmri_aligned": _fmri_aligned,
    "nice": _nice,
}
"""Name -> what imports and returns the class."""


def build_encoder(
    name: str,
    n_channels: int,
    n_times: int,
    sfreq: float,
    options: Mapping[str, Any],
    channels: Sequence[str] = (),
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
    channels
        Labels of the channels, for encoders that declare `channels`; empty if they are unknown.

    Raises
    ------
    ConfigError
        For an unknown name or option, naming the nearest known one, or an option that makes no sense.
    """
    encoder, known = _class_of(name), encoder_options(name)
    for option, value in options.items():
        if option not in known:
            near = nearest(option, known)
            raise ConfigError(f"encoder {name!r} has no option {option!r}; the nearest known one is {near!r}")
        if type(known[option]) is int and type(value) is int and value < 1:
            raise ConfigError(f"encoder {name!r}: expected at least 1 for {option!r}, got {value}")
    labels = {"channels": tuple(channels)} if "channels" in inspect.signature(encoder).parameters else {}
    try:
        return encoder(n_channels, n_times, sfreq, **{"dim": DIM, **options, **labels})
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
    own = {p.name: p.default for p in parameters if p.kind is p.KEYWORD_ONLY and p.name != "channels"}
    return {"dim": DIM, **own}


def _class_of(name: str) -> "type[nn.Module]":
    if name not in ENCODERS:
        raise ConfigError(f"unknown encoder {name!r}; the nearest known one is {nearest(name, ENCODERS)!r}")
    return ENCODERS[name]()
