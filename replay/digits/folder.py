"""The folder that `bci pair` writes: names of its files, and what `metadata.json` must tell its reader.

`metadata.json` is written last: without it the folder is not whole.
"""

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from bci.config import parse
from bci.errors import FormatError
from bci.storage import load_json

__all__ = ["METADATA", "PARTS", "Known", "Part", "array_file", "load_metadata"]

Part = Literal["train", "test"]
PARTS: tuple[Part, Part] = ("train", "test")

METADATA = "metadata.json"


class Known(BaseModel):
    """What reading needs of `metadata.json`, in which there is more."""

    events: dict[Part, tuple[Annotated[int, Field(ge=0)], ...]]
    """Numbers of the events of each part, in the order of its rows."""
    caveats: tuple[str, ...]
    """Of the data that the events were taken from."""


def array_file(folder: Path, part: Part, name: str) -> Path:
    """Return where an array of a part lies: `train_eeg_data.npy`."""
    return folder / f"{part}_{name}.npy"


def load_metadata(folder: Path) -> Known:
    """Read what a folder says of itself.

    Raises
    ------
    FormatError
        If it does not say so, was written by something else, or was never finished.
    ConfigError
        If it is damaged.
    """
    path = folder / METADATA
    if not path.is_file():
        raise FormatError(f"{folder}: expected {METADATA}, which bci pair writes last: remove it and pair anew")
    body: dict[str, Any] = load_json(path)
    return parse(Known, body, str(path))
