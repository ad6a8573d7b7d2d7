"""THINGS-EEG2 as epochs: one subject's responses to all pictures of a partition, without order.

The recordings: Gifford, Dwivedi, Roig & Cichy (2022), doi:10.1016/j.neuroimage.2022.119754, OSF 3jk45. The forms:

- `preprocessed_eeg_{training,test}.npy` of the authors, 17 channels at 100 Hz from -0.2 s;
- files of the same name with 63 channels at 250 Hz from 0 s, whose `times` may still hold the baseline;
- `{train,test}.pt`, half precision, each trial with its picture and session.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bci.errors import FormatError
from bci.types import Channel, TrialSet, read_only
from replay.readers.npy import refuse_npy
from replay.readers.numpy_pickle import load, texts
from replay.readers.provenance import describe, stem
from replay.readers.things_eeg2_table import DATASET, REFERENCE, channels_of, entry, partition_of, shown
from replay.readers.torch_zip import load_torch
from replay.spill import gather
from replay.things_pictures import METADATA, Partition, PictureSet, concept_names, find_pictures, from_counts

__all__ = ["read_things_eeg2"]

_NPY_KEYS = ("preprocessed_eeg_data", "ch_names", "times")
_PT_KEYS = ("eeg", "label", "img", "ch_names", "times")
_UNEVEN = 0.01
_VOLTS = 1e-3
"""EEG in volts lies below, in microvolts or in units of its own noise above."""
_MOST_SESSIONS = 1000
_LOOKED_AT = 128  # epochs whose values are checked
_IMAGES_AT_ONCE = 16

_CAVEATS = (
    "not causal, order not original: epochs were resampled and baselined as a whole, the sequence is lost",
    "pictures came every 200 ms: a window of 1 s holds the responses to the pictures that followed",
)
_SHUFFLED = "repetitions of different sessions are shuffled, so that sessions are unknown"
_NORMALISED = "multivariate noise normalisation: the unit is that of the noise, not microvolts"


@dataclass(frozen=True, slots=True)
class _Stored:
    """What a file holds: data (n_images, n_repetitions, n_channels, n_times) and what is known of each axis."""

    data: NDArray[Any]
    labels: Any
    times: Any
    pictures: PictureSet
    sessions: NDArray[np.str_] | None
    caveats: tuple[str, ...]


def read_things_eeg2(path: Path) -> TrialSet:
    """Read one subject's epochs of one partition.

    Parameters
    ----------
    path
        `preprocessed_eeg_training.npy`, `preprocessed_eeg_test.npy`, `train.pt` or `test.pt`; the subject is told
        by a folder `sub-XX`. Names of concepts come from `image_metadata.npy` or the pictures' folders near it,
        else from the numbers of the full partition.

    Returns
    -------
    TrialSet
        Picture by picture, in each its repetitions. `data` is the file itself, mapped, in its own floating-point
        type, unless it is in volts, which become microvolts (float32), or its axes lie in another order in the
        file. `images` counts the pictures of the partition from 0. Sessions of `.npy` files are `mixed`.

    Raises
    ------
    FormatError
        If keys are missing, axes do not fit to names and times, pictures cannot be told apart, or values are no
        numbers (which is looked up in some epochs only).
    """
    partition = partition_of(path)
    stored = _from_pt(path) if path.suffix.lower() == ".pt" else _from_npy(path, partition)
    channels = channels_of(path, stored.labels)
    _check_axes(path, stored.data, channels)
    times = _times(path, stored.times, stored.data.shape[3])
    n_images, n_repetitions = stored.data.shape[:2]
    n_trials = n_images * n_repetitions
    unit = _unit(path, stored.data)
    known = describe(
        path,
        *_CAVEATS,
        *stored.caveats,
        dataset=DATASET,
        partition=partition,
        reference=REFERENCE,
        averaged="single trials",
    )
    recording = f"sub-{known['subject']}_{stem(path)}"
    sessions = np.full(n_trials, "mixed") if stored.sessions is None else stored.sessions.ravel()
    return TrialSet(
        data=_trials(stored.data, volts=unit == "volts"),
        sfreq=round(1 / float(np.diff(times).mean()), 3),
        tmin=round(float(times[0]), 6),
        channels=channels,
        concept_names=stored.pictures.names,
        concepts=read_only(np.repeat(stored.pictures.concepts, n_repetitions)),
        images=read_only(np.repeat(np.arange(n_images), n_repetitions)),
        groups={
            "subject": read_only(np.full(n_trials, known["subject"])),
            "session": read_only(sessions),
            "recording": read_only(np.full(n_trials, recording)),
            "repetition": read_only(np.tile(np.arange(n_repetitions), n_images)),
        },
        provenance=known | {"recording": recording, "unit": unit.replace("volts", "microvolts")},
    )


# ------------------------------------------------------------------------------------------------ the forms


def _from_npy(path: Path, partition: Partition) -> _Stored:
    table = load(path)
    if isinstance(table, np.ndarray):
        refuse_npy(path)
    data = _array(path, entry(path, table, "preprocessed_eeg_data", _NPY_KEYS))
    return _Stored(
        data,
        table["ch_names"],
        table["times"],
        _pictures(path, partition, len(data)),
        None,
        (_SHUFFLED,),
    )


def _from_pt(path: Path) -> _Stored:
    table = load_torch(path)
    data = _array(path, entry(path, table, "eeg", _PT_KEYS))
    labels = _per_trial(path, table, "label", data.shape[:2], "iu").astype(np.int64)
    files = _per_trial(path, table, "img", data.shape[:2], "U")
    if (labels != labels[:, :1]).any() or (files != files[:, :1]).any():
        raise FormatError(f"{path}: expected one picture for all repetitions in a row of eeg, got several")
    sessions = None
    if "session" in table:
        numbers = _per_trial(path, table, "session", data.shape[:2], "iuf")
        if not ((numbers >= 0) & (numbers < _MOST_SESSIONS)).all():
            raise FormatError(f"{path}: expected sessions counted from 0, got {numbers.min()} to {numbers.max()}")
        sessions = (numbers.astype(np.int64) + 1).astype(np.str_)  # counted from 0
    return _Stored(
        data,
        table["ch_names"],
        table["times"],
        _named_by(path, labels[:, 0], files[:, 0]),
        sessions,
        () if sessions is not None else (_SHUFFLED,),
    )


def _array(path: Path, value: Any) -> NDArray[Any]:
    if not isinstance(value, np.ndarray) or value.dtype.kind != "f" or value.ndim != 4 or not value.size:
        raise FormatError(
            f"{path}: expected floating-point (images, repetitions, channels, samples), got {shown(value)}: use "
            "the data set's own file"
        )
    return value


def _per_trial(path: Path, table: Mapping[str, Any], key: str, shape: tuple[int, ...], kinds: str) -> NDArray[Any]:
    value = table[key]
    if isinstance(value, np.ndarray) and value.dtype.hasobject and all(isinstance(one, str) for one in value.flat):
        value = value.astype(np.str_)
    if not isinstance(value, np.ndarray) or value.shape != shape or value.dtype.kind not in kinds:
        raise FormatError(
            f"{path}: expected {key} for each of (images, repetitions) = {shape}, got {shown(value)}"
        )
    return np.asarray(value)


# ------------------------------------------------------------------------------------------------ the pictures


def _pictures(path: Path, partition: Partition, n_images: int) -> PictureSet:
    found = find_pictures(path, partition)
    if found is not None and len(found) != n_images:
        raise FormatError(
            f"{path}: expected {len(found)} {partition} pictures as the metadata or the folders near it say, got "
            f"{n_images} along the first axis: it is (images, repetitions, channels, samples)"
        )
    found = found or from_counts(n_images, partition)
    if found is None:
        all_of = {"training": "16540 training pictures (1654 concepts x 10)", "test": "200 test pictures"}
        raise FormatError(
            f"{path}: expected {all_of[partition]} along the first axis, got {n_images}: put the {METADATA} that "
            "lists them beside it"
        )
    return found


def _named_by(path: Path, labels: NDArray[np.int64], files: NDArray[np.str_]) -> PictureSet:
    """Concepts of pictures that carry their own label and relative path, `train_images/00001_aardvark/a.jpg`."""
    names = texts(files)
    if names is None:
        raise FormatError(f"{path}: expected img to hold relative paths of pictures, got characters of no script")
    folders = [name.replace("\\", "/").split("/")[-2:][0] for name in names]
    order = sorted(set(folders))
    index = {folder: i for i, folder in enumerate(order)}
    concepts = np.array([index[folder] for folder in folders], np.int64)
    if not np.array_equal(concepts, labels):
        at = int(np.argmax(concepts != labels))
        raise FormatError(
            f"{path}: expected labels to count the sorted folders of img from 0, got {labels[at]} for "
            f"{folders[at]}, which is number {concepts[at]}: labels and pictures belong to different sets"
        )
    return PictureSet(concept_names(path, order), read_only(concepts), tuple(names))


# ------------------------------------------------------------------------------------------------ axes and values


def _check_axes(path: Path, data: NDArray[Any], channels: tuple[Channel, ...]) -> None:
    if data.shape[2] != len(channels):
        transposed = data.shape[3] == len(channels)
        raise FormatError(
            f"{path}: expected (images, repetitions, {len(channels)} channels, samples) as ch_names say, got "
            f"{data.shape}: {'channels and samples are swapped' if transposed else 'names and rows do not fit'}"
        )


def _times(path: Path, times: Any, n_times: int) -> NDArray[np.float64]:
    """Times of the samples; of more times than samples the last ones count if they begin at the onset."""
    values = np.asarray(times, np.float64) if _are_numbers(times) else np.empty(0)
    steps = np.diff(values)
    if values.ndim != 1 or len(values) < 2 or not (steps > 0).all() or np.ptp(steps) > _UNEVEN * steps.mean():
        raise FormatError(f"{path}: expected times in seconds in even steps, got {shown(times)}")
    last = values[-n_times:]
    cut = len(values) > n_times and abs(last[0]) < steps.mean() / 2
    if len(values) != n_times and not cut:
        raise FormatError(
            f"{path}: expected as many times as samples, or more whose last ones begin at 0 s (the baseline was "
            f"cut off), got {len(values)} from {values[0]:g} to {values[-1]:g} s for {n_times} samples"
        )
    return last


def _are_numbers(times: Any) -> bool:
    return isinstance(times, np.ndarray) and times.dtype.kind in "fiu"


def _unit(path: Path, data: NDArray[Any]) -> str:
    """Tell the unit by the size of some epochs, which must be numbers."""
    rows = np.unique(np.linspace(0, len(data) - 1, _LOOKED_AT, dtype=np.int64))
    some = np.stack([np.asarray(data[row, row % data.shape[1]], np.float64) for row in rows])
    if not np.isfinite(some).all():
        row = rows[int(np.argmax(~np.isfinite(some).all(axis=(1, 2))))]
        raise FormatError(
            f"{path}: expected numbers everywhere, got NaN or infinity in picture {row}: copy it again"
        )
    return "volts" if float(np.median(np.abs(some))) < _VOLTS else _NORMALISED


def _trials(data: NDArray[Any], *, volts: bool) -> NDArray[Any]:
    """(n_trials, n_channels, n_times), without copying if the file allows."""
    shape = (data.shape[0] * data.shape[1], *data.shape[2:])
    if data.flags.c_contiguous and not volts:
        return read_only(data.reshape(shape))
    pieces = (
        np.ascontiguousarray(data[first : first + _IMAGES_AT_ONCE]).reshape(-1, *data.shape[2:])
        for first in range(0, len(data), _IMAGES_AT_ONCE)
    )
    if not volts:
        return gather(pieces, shape, data.dtype)
    return gather((piece * np.float64(1e6) for piece in pieces), shape)
