"""THINGS-EEG2 as it was recorded: 1 kHz, 63 channels against Fz, a trigger channel, pictures every 200 ms.

The recordings: Gifford, Dwivedi, Roig & Cichy (2022), doi:10.1016/j.neuroimage.2022.119754, OSF 3jk45. A file
`sub-XX/ses-0Y/raw_eeg_{training,test}.npy` is one session's part of a partition: MNE's samples in volts, with the
number of the picture, counted from 1, in the channel `stim` on the sample of its onset.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bci.errors import FormatError, StreamError
from bci.roles import check_range
from bci.triggers import TriggerDecoder
from bci.types import Channel, Recording
from replay.readers.numpy_pickle import load, texts
from replay.readers.provenance import describe, stem
from replay.readers.things_eeg2_table import DATASET, REFERENCE, channels_of, entry, partition_of, shown
from replay.spill import gather

__all__ = ["TARGET", "read_things_eeg2_raw"]

TARGET = "99999"
"""Marker of a target, a picture that asks for a button press: it belongs to no concept."""

_KEYS = ("raw_eeg_data", "ch_names", "sfreq")
_STIM = "stim"
_SAMPLES_AT_ONCE = 2**15
_CHECKED = 60.0  # s of data whose range must fit the unit

_LARGEST = 1e30  # what float32 holds in microvolts

_TARGETS = f"marker {TARGET} is a target, not a picture of the partition: name it in events.ignore"
_JOINED = "five parts are joined end to end and the joins are unmarked: windows across them hold a jump"


def read_things_eeg2_raw(path: Path) -> Recording:
    """Read one session's recording of one partition.

    Parameters
    ----------
    path
        `raw_eeg_training.npy` or `raw_eeg_test.npy`; subject and session are told by folders `sub-XX/ses-0Y`.

    Returns
    -------
    Recording
        Microvolts, and the trigger channel `stim` as the last one, as the amplifier sent it; in a temporary file
        if it is large. Markers are the words of that channel, in the form in which a live stream tells them: the
        number of the picture, or 99999 for a target, which is kept, because it is an event of the recording;
        `events.ignore` leaves it out, live and offline alike.

    Raises
    ------
    FormatError
        If keys are missing, axes do not fit to the names, there is not one `stim`, or values are no volts.
    """
    partition = partition_of(path)
    table = load(path)
    data, rate = entry(path, table, "raw_eeg_data", _KEYS), _rate(path, table)
    labels = _labels(path, table)
    channels = (*channels_of(path, labels[:-1]), Channel(_STIM, "trigger", "none"))
    _check_axes(path, data, channels)
    samples = gather(_blocks(path, data), (data.shape[1], len(channels)))
    _check_unit(path, samples, channels, rate)
    known = describe(
        path, _TARGETS, *([_JOINED] if partition == "training" else []), dataset=DATASET, partition=partition
    )
    return Recording(
        data=samples,
        sfreq=rate,
        segments=((0, 0.0),),
        markers=_markers(path, samples[:, -1]),
        channels=channels,
        reference=REFERENCE,
        provenance=known | {"recording": f"sub-{known['subject']}_ses-{known['session']}_{stem(path)}"},
    )


def _labels(path: Path, table: Any) -> list[str]:
    names = texts(table["ch_names"])
    if not names or [i for i, name in enumerate(names) if name == _STIM] != [len(names) - 1]:
        raise FormatError(
            f"{path}: expected ch_names to be EEG channels and {_STIM!r} as the last one, got "
            f"{shown(table['ch_names'])}"
        )
    return names


def _rate(path: Path, table: Any) -> float:
    rate = table["sfreq"]
    if not isinstance(rate, int | float | np.integer | np.floating) or not 1 <= rate <= 100_000:
        raise FormatError(f"{path}: expected sfreq in Hz, got {shown(rate)}")
    return float(rate)


def _check_axes(path: Path, data: Any, channels: tuple[Channel, ...]) -> None:
    fits = isinstance(data, np.ndarray) and data.ndim == 2 and data.dtype.kind == "f" and data.shape[1] > 0
    if not fits or data.shape[0] != len(channels):
        why = "the axes are swapped" if fits and data.shape[1] == len(channels) else "names and rows do not fit"
        raise FormatError(
            f"{path}: expected ({len(channels)} channels, samples) as ch_names say, got {shown(data)}: {why}"
        )


def _blocks(path: Path, data: NDArray[Any]) -> Iterator[NDArray[np.float32]]:
    """Pieces (n, n_channels) of the samples, volts as microvolts."""
    gains = np.full(len(data), 1e6)
    gains[-1] = 1.0
    for first in range(0, data.shape[1], _SAMPLES_AT_ONCE):
        piece = np.array(data[:, first : first + _SAMPLES_AT_ONCE], np.float64)
        if not (np.abs(piece) < _LARGEST).all():
            row, column = np.argwhere(~(np.abs(piece) < _LARGEST))[0]
            raise FormatError(
                f"{path}: expected numbers everywhere, got {piece[row, column]} in row {row} at sample "
                f"{first + column}: copy it again or leave it out"
            )
        yield (piece * gains[:, np.newaxis]).T.astype(np.float32)


def _check_unit(path: Path, data: NDArray[np.float32], channels: tuple[Channel, ...], rate: float) -> None:
    try:
        check_range(data[: round(_CHECKED * rate)], channels)
    except StreamError as error:
        raise FormatError(f"{path}: expected volts, as MNE keeps them; taken for volts: {error}") from None


def _markers(path: Path, words: NDArray[np.float32]) -> tuple[tuple[int, str], ...]:
    decoder, found = TriggerDecoder(), []
    for first in range(0, len(words), _SAMPLES_AT_ONCE):
        piece = np.array(words[first : first + _SAMPLES_AT_ONCE])
        broken = piece[(piece != np.rint(piece)) | (np.abs(piece) >= 2**24)]
        if broken.size:
            raise FormatError(f"{path}: expected whole numbers in {_STIM!r}, got {broken[0]}: copy it again")
        found += decoder.feed(piece, first)
    return tuple((onset.sample, str(onset.value)) for onset in found)
