"""Files in the form of the Natural Scenes Dataset, as small as one likes: for synthetic people and for tests."""

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path

import h5py
import nibabel
import numpy as np
from numpy.typing import NDArray

from replay.nsd.betas import SCALE
from replay.nsd.folder import NsdFolder
from replay.nsd.presentations import REPETITIONS, TRIALS

__all__ = ["write_mask", "write_presentations", "write_session", "write_stimuli"]

_PEOPLE = 8


def write_mask(folder: NsdFolder, mask: NDArray[np.bool_]) -> None:
    """Write which voxels (X, Y, Z) are wanted."""
    folder.mask.parent.mkdir(parents=True, exist_ok=True)
    affine = np.diag([1.8, 1.8, 1.8, 1.0])  # mm
    image = nibabel.Nifti1Image(mask.astype(np.int16), affine)  # type: ignore[no-untyped-call]
    nibabel.save(image, folder.mask)


def write_session(
    folder: NsdFolder, session: int, responses: NDArray[np.float32], mask: NDArray[np.bool_]
) -> None:
    """Write the responses (750, n_voxels) of a session, percent signal change; all other voxels are 0."""
    folder.responses.mkdir(parents=True, exist_ok=True)
    with h5py.File(folder.betas(session), "w") as file:
        betas = file.create_dataset("betas", (TRIALS, *reversed(mask.shape)), np.int16)
        for trial, voxels in enumerate(responses):
            volume = np.zeros(mask.shape, np.int16)
            volume[mask] = np.clip(np.rint(voxels * SCALE), -(2**15), 2**15 - 1)
            betas[trial] = volume.T


def write_presentations(folder: NsdFolder, n_pictures: int, shown: Sequence[tuple[int, Sequence[int]]]) -> None:
    """Write in which trials, counted from 0, one person saw each of some pictures; the others saw nothing."""
    repetitions = [(person, nth) for person in range(1, _PEOPLE + 1) for nth in range(REPETITIONS)]
    trials = dict(shown)
    folder.table.parent.mkdir(parents=True, exist_ok=True)
    with folder.table.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        people = [f"subject{person}" for person in range(1, _PEOPLE + 1)]
        columns = [f"subject{person}_rep{nth}" for person, nth in repetitions]
        writer.writerow(["", "cocoId", "cocoSplit", "nsdId", "shared1000", *people, *columns])
        for picture in range(n_pictures):
            own = [trial + 1 for trial in trials.get(picture, ())] + [0] * REPETITIONS
            seen = [int(person == folder.subject and own[0] > 0) for person in range(1, _PEOPLE + 1)]
            numbers = [own[nth] if person == folder.subject else 0 for person, nth in repetitions]
            writer.writerow([picture, picture, "synthetic", picture, False, *seen, *numbers])


def write_stimuli(path: Path, pictures: Iterable[NDArray[np.uint8]], n_pictures: int, side: int) -> None:
    """Write pictures, each (side, side, 3)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with h5py.File(path, "w") as file:
        brick = file.create_dataset("imgBrick", (n_pictures, side, side, 3), np.uint8)
        for index, picture in enumerate(pictures):
            brick[index] = picture
