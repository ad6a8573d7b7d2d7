"""Pairs from the folder that `bci pair` writes: features or signals of events, beside pictures of their label.

Nobody saw these pictures: they were dealt to the events by their digit. What can be reconstructed is the digit.
"""

from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from bci.errors import FormatError
from models.reconstruction.input_spec import InputSpec
from models.reconstruction.pairs import Pairs, Part, Pixels
from replay.digits.folder import array_file, load_metadata
from replay.mindbigdata.rows import CHANNELS, DIGITS, SFREQ
from replay.readers.numpy_pickle import load

__all__ = ["CAVEAT", "paired_folder"]

CAVEAT = (
    "pictures were dealt to the events by their label and never seen: nothing but the label can be reconstructed"
)


def paired_folder(folder: Path, part: Part, array: Literal["eeg_features", "eeg_data"]) -> Pairs:
    """Open one part of a folder; arrays are mapped where they lie.

    Raises
    ------
    FormatError
        If a file is missing, damaged, or does not fit the others.
    ConfigError
        If its metadata are damaged.
    """
    told = load_metadata(folder)
    inputs, pixels, labels = (_array(folder, part, name) for name in (array, "images", "labels"))
    n = len(told.events.get(part, ()))
    _check(folder, part, array, inputs, 2 if array == "eeg_features" else 3, n)
    signals = inputs if array == "eeg_data" else _array(folder, part, "eeg_data")
    _check(folder, part, "eeg_data", signals, 3, n)
    _check(folder, part, "images", pixels, 4, n)
    _check(folder, part, "labels", labels, 1, n)
    epochs = array == "eeg_data"
    shape = inputs.shape[1:]
    return Pairs(
        spec=InputSpec(shape, SFREQ if epochs else 0.0, CHANNELS if epochs else ()),
        inputs=lambda rows: _standardised(inputs[rows]) if epochs else np.asarray(inputs[rows], np.float32),
        pictures=lambda numbers, side: np.stack([_enlarged(pixels[number], side) for number in numbers]),
        shown=np.arange(n),
        owner=np.asarray(labels, np.int64),
        names=DIGITS,
        signals=lambda rows: np.asarray(signals[rows], np.float32),
        about={"synthetic": False, "caveats": [CAVEAT, *told.caveats]},
    )


def _array(folder: Path, part: Part, name: str) -> NDArray[Any]:
    path = array_file(folder, part, name)
    found = load(path)
    if not isinstance(found, np.ndarray) or found.dtype.kind not in "fiu":
        raise FormatError(f"{path}: expected an array of numbers: pair anew")
    return found


def _check(folder: Path, part: Part, name: str, found: NDArray[Any], ndim: int, n: int) -> None:
    if found.ndim != ndim or len(found) != n:
        raise FormatError(
            f"{array_file(folder, part, name)}: expected {n} events as metadata.json says, in {ndim} dimensions; "
            f"got {found.shape}: pair anew"
        )


def _standardised(epochs: NDArray[Any]) -> NDArray[np.float32]:
    """Bring each channel of each epoch (m, C, T) to mean 0 and unit variance: offsets are in the thousands."""
    centred = epochs - epochs.mean(axis=2, keepdims=True)
    scaled = centred / np.maximum(centred.std(axis=2, keepdims=True), np.finfo(np.float32).eps)
    return np.asarray(scaled, np.float32)


def _enlarged(pixels: NDArray[np.uint8], side: int) -> Pixels:
    """Scale a picture (H, W, C) of one or three colours."""
    picture = Image.fromarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels).convert("RGB")
    return np.asarray(picture.resize((side, side), Image.Resampling.BICUBIC), np.uint8)
