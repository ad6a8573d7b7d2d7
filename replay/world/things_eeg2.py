"""A session of a synthetic world as a file of THINGS-EEG2, in the form that its authors preprocessed.

Gifford, Dwivedi, Roig & Cichy (2022), doi:10.1016/j.neuroimage.2022.119754: pickled dicts with
`preprocessed_eeg_data` (pictures, repetitions, channels, samples), `ch_names` and `times`, epochs from -0.2 to
0.8 s at 100 Hz, baseline subtracted, multivariate noise normalisation fitted to the training partition (Guggenmos,
Sterzer & Cichy 2018, doi:10.1016/j.neuroimage.2018.02.044), and `image_metadata.npy` beside them. What is written
are the presentations that were recorded, so that the oracle of the world can be asked about the file.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bci.bank import Bank
from bci.errors import ConfigError
from bci.types import Recording, read_only
from replay.things_pictures import METADATA, Partition
from replay.world.record import Schedule, Split
from replay.world.world import World

__all__ = ["FORM", "WINDOW", "by_picture", "file_of", "write_things_eeg2"]

Array = NDArray[np.float64]

FORM = "things-eeg2"
"""Reader of such files."""
WINDOW = (-0.2, 0.8)
"""Epochs begin and end, seconds after the onset; what is before the onset is the baseline."""
SFREQ = 100.0
PARTITIONS: dict[Split, Partition] = {"train": "training", "test": "test"}


def file_of(folder: Path, split: Split) -> Path:
    """Return where a session lies in a folder of the data set."""
    return folder / "sub-01" / f"preprocessed_eeg_{PARTITIONS[split]}.npy"


def by_picture(schedule: Schedule) -> Schedule:
    """Return a schedule in the order of the file: picture by picture, in each its repetitions."""
    order = np.argsort(schedule.images, kind="stable")
    columns = {name: read_only(getattr(schedule, name)[order]) for name in ("samples", "concepts", "images")}
    return replace(schedule, **columns)


def write_things_eeg2(
    folder: Path, world: World, train: tuple[Recording, Schedule], test: tuple[Recording, Schedule]
) -> None:
    """Write both sessions of a world and the list of its pictures.

    Parameters
    ----------
    folder
        Of the data set.
    world
        What was recorded.
    train, test
        Its sessions; the noise normalisation is fitted to the first.

    Raises
    ------
    ConfigError
        If the world has another rate, or a session does not show all pictures equally often.
    """
    if world.spec.sfreq != SFREQ:
        raise ConfigError(f"expected a world at {SFREQ:g} Hz, got {world.spec.sfreq:g} Hz")
    training = _epochs(*train, world.train_bank)
    normaliser = _normaliser(training)
    _save(file_of(folder, "train"), training, normaliser, world)
    _save(file_of(folder, "test"), _epochs(*test, world.test_bank), normaliser, world)
    np.save(folder / METADATA, np.array(_listed(world), dtype=object))


def _epochs(recording: Recording, schedule: Schedule, bank: Bank) -> NDArray[np.float32]:
    """Cut (pictures, repetitions, channels, samples), baseline subtracted, microvolts."""
    n_pictures = 0 if bank.images is None else len(bank.images)
    counts = np.bincount(schedule.images, minlength=n_pictures)
    if (counts != counts[0]).any():
        raise ConfigError(
            f"expected sessions that show every picture equally often, got {counts.min()} to {counts.max()} times"
        )
    first, end = (round(edge * SFREQ) for edge in WINDOW)
    windows = np.lib.stride_tricks.sliding_window_view(recording.data, end - first, axis=0)
    epochs = windows[by_picture(schedule).samples + first]  # (n, channels, samples)
    epochs = epochs - epochs[:, :, :-first].mean(axis=2, keepdims=True)
    return np.asarray(epochs.reshape(n_pictures, -1, *epochs.shape[1:]), np.float32)


def _normaliser(epochs: NDArray[np.float32]) -> Array:
    """Inverse square root (channels, channels) of the mean covariance over the repetitions of each picture."""
    residuals = epochs - epochs.mean(axis=1, keepdims=True)
    n_pictures, n_repetitions, _, n_times = epochs.shape
    covariance = np.einsum("prct,prdt->cd", residuals, residuals, optimize=True).astype(np.float64)
    covariance /= n_pictures * (n_repetitions - 1) * n_times
    values, vectors = np.linalg.eigh(covariance)
    return np.asarray((vectors / np.sqrt(values)) @ vectors.T)


def _save(path: Path, epochs: NDArray[np.float32], normaliser: Array, world: World) -> None:
    first, end = (round(edge * SFREQ) for edge in WINDOW)
    table = {
        "preprocessed_eeg_data": (normaliser.astype(np.float32) @ epochs),
        "ch_names": list(world.spec.channels),
        "times": np.arange(first, end) / SFREQ,
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    np.save(path, np.array(table, dtype=object))


def _listed(world: World) -> dict[str, list[str]]:
    """Folders and files of the pictures, as `image_metadata.npy` lists them."""
    table: dict[str, list[str]] = {}
    for key, bank in (("train", world.train_bank), ("test", world.test_bank)):
        owner = [] if bank.owner is None else bank.owner.tolist()
        table[f"{key}_img_concepts"] = [f"{concept + 1:05d}_{bank.names[concept]}" for concept in owner]
        table[f"{key}_img_files"] = [f"{bank.names[concept]}_{n:05d}.jpg" for n, concept in enumerate(owner)]
    return table
