"""`.npy` files that hold an array alone, which does not say what it holds: somebody has to.

The format: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from bci.errors import ConfigError, FormatError
from bci.types import TrialSet, read_only
from replay.readers.numpy_pickle import load, read_header
from replay.readers.provenance import describe
from replay.readers.things_eeg2_table import DATASET, REFERENCE, channels_of, partition_of
from replay.things_pictures import find_pictures, from_counts

__all__ = ["read_npy", "refuse_npy"]

_EXPECTED = "expected (images, 17 channels, 100 samples) with ch_names"

_PICKLE = b"\x80"

_ALIKE = 0.15
"""Neighbouring electrodes share a reference and most of what they see; repetitions of a picture share little."""

_LOOKED_AT = 256  # pictures


def refuse_npy(path: Path) -> NoReturn:
    """Say why a `.npy` file cannot be read as it is; only its header is looked at.

    Raises
    ------
    FormatError
        Always: a bare array has no channel names, times or labels; a pickled one is unsafe.
    """
    try:
        with path.open("rb") as file:
            header = read_header(file)
            file.seek(0)
            pickled = file.read(1) == _PICKLE if header is None else header.dtype.hasobject
    except (OSError, ValueError) as error:
        raise FormatError(f"{path} is no .npy file, expected NumPy's format: {error}") from None
    if pickled:
        raise FormatError(
            f"{path}: expected an array of numbers, got pickled Python objects, which may run code when "
            "read: name the data set that it belongs to, so that its own reader opens it"
        )
    if header is None:
        raise FormatError(f"{path} is no .npy file, expected NumPy's format: it has no header; copy it again")
    raise FormatError(
        f"{path}: {_EXPECTED}; got {header.shape} {header.dtype} without: a bare array does not say which "
        "channels, times and pictures it holds; use the data set's own file, or name its channels by hand"
    )


def read_npy(
    path: Path, channels: Sequence[str] = (), sfreq: float = 100.0, tmin: float = -0.2, *, force: bool = False
) -> TrialSet:
    """Read responses to the pictures of a partition of THINGS-EEG2, averaged over repetitions, from a bare array.

    Parameters
    ----------
    path
        (images, channels, samples), or (images, channels x samples); its name tells training or test.
    channels
        Labels of the rows, by hand.
    sfreq, tmin
        Hz, and seconds after the onset; by default those of the authors' epochs.
    force
        Believe the labels even if the rows hardly correlate.

    Raises
    ------
    ConfigError
        If the rate makes no sense.
    FormatError
        If no channels are named, the array cannot be divided among them, its pictures cannot be told apart, or
        rows next to each other hardly correlate, as repetitions do.
    """
    if not channels:
        refuse_npy(path)
    if not sfreq > 0:
        raise ConfigError(f"{path}: expected sfreq above 0 Hz, got {sfreq:g}")
    labels = channels_of(path, list(channels))
    data = _rows(path, load(path), len(labels))
    _check_rows(path, data, force=force)
    partition = partition_of(path)
    pictures = find_pictures(path, partition) or from_counts(len(data), partition)
    if pictures is None or len(pictures) != len(data):
        expected = "1654 x 10 or 200" if pictures is None else str(len(pictures))
        raise FormatError(
            f"{path}: expected {expected} pictures of the {partition} partition, got {len(data)} rows"
        )
    known = describe(
        path, "a bare array whose channels were named by hand", dataset=DATASET, partition=partition,
        reference=REFERENCE, unit="unknown", averaged="over repetitions, how many is unknown",
    )  # fmt: skip
    return TrialSet(
        data=read_only(data),
        sfreq=float(sfreq),
        tmin=float(tmin),
        channels=labels,
        concept_names=pictures.names,
        concepts=pictures.concepts,
        images=read_only(np.arange(len(data))),
        groups={
            **{name: read_only(np.full(len(data), known[name])) for name in ("subject", "session", "recording")},
            "repetition": read_only(np.zeros(len(data), np.int64)),
        },
        provenance=known,
    )


def _rows(path: Path, data: Any, n_channels: int) -> NDArray[Any]:
    """(n_images, n_channels, n_times)."""
    if not isinstance(data, np.ndarray) or data.dtype.kind != "f" or data.ndim not in (2, 3) or not data.size:
        refuse_npy(path)
    if data.ndim == 2 and data.shape[1] % n_channels == 0:
        data = data.reshape(len(data), n_channels, -1)
    if data.ndim != 3 or data.shape[1] != n_channels:
        raise FormatError(
            f"{path}: expected (images, {n_channels} channels, samples), got {data.shape}: name others"
        )
    return np.asarray(data)


def _check_rows(path: Path, data: NDArray[Any], *, force: bool) -> None:
    some = np.asarray(data[:: -(-len(data) // _LOOKED_AT)], np.float64)
    if not np.isfinite(some).all():
        raise FormatError(f"{path}: expected numbers everywhere, got NaN or infinity: copy it again")
    rows = some.transpose(1, 0, 2).reshape(some.shape[1], -1)
    rows = rows - rows.mean(axis=1, keepdims=True)
    norms = np.maximum(np.linalg.norm(rows, axis=1), np.finfo(np.float64).tiny)
    alike = np.abs((rows[1:] * rows[:-1]).sum(axis=1) / (norms[1:] * norms[:-1]))
    if len(alike) and not force and float(np.median(alike)) < _ALIKE:
        raise FormatError(
            f"{path}: expected channels, whose neighbours correlate with a median |r| of at least {_ALIKE}, got "
            f"{np.median(alike):.2f}: the rows are something else, perhaps repetitions; force = true believes you"
        )
