"""What a reconstruction encodes; written beside its weights, and read without loading them."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bci.errors import FormatError
from bci.storage import load_json

__all__ = ["ABOUT", "MODELS", "InputSpec", "load_about", "read_input"]

MODELS = "models"
"""Folder of weights, description and checkpoint."""
ABOUT = "reconstruction.json"


@dataclass(frozen=True, slots=True)
class InputSpec:
    """What is encoded.

    Parameters
    ----------
    shape
        (n_features,) of vectors, (n_channels, n_times) of epochs.
    sfreq
        Of epochs, Hz; 0 of vectors.
    channels
        Labels of the channels of epochs.
    decoder
        Id of the bundle whose embeddings they are; empty if they are none.
    temperature
        Of the softmax by which an embedding becomes a mean of prototypes, see `models.reconstruction.belief`; None
        if it is encoded as it is.
    """

    shape: tuple[int, ...]
    sfreq: float = 0.0
    channels: tuple[str, ...] = ()
    decoder: str = ""
    temperature: float | None = None


def load_about(folder: Path) -> dict[str, Any]:
    """Read what lies beside the weights of a reconstruction.

    Raises
    ------
    FormatError
        If there is none, or of a higher schema.
    """
    path = folder / MODELS / ABOUT
    if not path.is_file():
        raise FormatError(f"expected a reconstruction, a folder with {MODELS}/{ABOUT}; {folder} has none")
    return load_json(path)


def read_input(about: Mapping[str, Any], folder: Path) -> InputSpec:
    """Return what the reconstruction in a folder encodes.

    Raises
    ------
    FormatError
        If that is not said.
    """
    try:
        table = about["input"]
        temperature = table.get("temperature")
        return InputSpec(
            shape=tuple(int(size) for size in table["shape"]),
            sfreq=float(table["sfreq"]),
            channels=tuple(str(label) for label in table["channels"]),
            decoder=str(table["decoder"]),
            temperature=None if temperature is None else float(temperature),
        )
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise FormatError(
            f"{folder / MODELS / ABOUT}: expected shape, sfreq, channels and decoder of the input: {error!r}"
        ) from None
