"""A SYNTHETIC person in the form of the Natural Scenes Dataset: voxels that are a linear map of picture vectors.

The pictures are other ones of the concepts of a synthetic world, so that people who saw the world's own pictures
and this person share a space and not one picture. Nothing of it is a recording.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from bci.bank import Bank, save_bank
from bci.types import read_only
from replay.nsd.folder import STIMULI, NsdFolder
from replay.nsd.presentations import REPETITIONS, TRIALS
from replay.nsd.stimuli import picture_name
from replay.nsd.writer import write_mask, write_presentations, write_session, write_stimuli
from replay.world.pictures import picture_vectors
from replay.world.world import World

__all__ = ["SyntheticPerson", "write_synthetic_person", "write_synthetic_pictures"]

SIDE = 64
"""Of the pictures, pixels."""


@dataclass(frozen=True, slots=True)
class SyntheticPerson:
    """How large and how noisy.

    Parameters
    ----------
    pictures
        Shown three times each; a multiple of 250.
    voxels
        That answer.
    noise
        Standard deviation of a single trial's noise, that of the signal being 1.
    seed
        Of pictures, map and noise.
    """

    pictures: int
    voxels: int
    noise: float
    seed: int


def write_synthetic_person(folder: NsdFolder, bank: Path, world: World, person: SyntheticPerson) -> None:
    """Write responses, mask, table and pictures as the data set has them, and a bank of the pictures' vectors."""
    rng = np.random.default_rng(person.seed)
    vectors = _other_pictures(world, person.pictures, rng)
    trials = rng.permutation(person.pictures * REPETITIONS).reshape(-1, REPETITIONS)
    mask = _mask(person.voxels, rng)
    signal = vectors @ rng.standard_normal((vectors.shape[1], person.voxels))
    signal = (signal - signal.mean(axis=0)) / signal.std(axis=0)
    picture_of = np.empty(trials.size, np.int64)
    picture_of[trials] = np.arange(person.pictures)[:, np.newaxis]
    write_mask(folder, mask)
    write_presentations(folder, person.pictures, list(enumerate(trials.tolist())))
    for session, shown in enumerate(picture_of.reshape(-1, TRIALS), 1):
        noise = person.noise * rng.standard_normal((TRIALS, person.voxels))
        write_session(folder, session, (signal[shown] + noise).astype(np.float32), mask)
    write_stimuli(folder.root / STIMULI, world.renderer().render(vectors, SIDE), person.pictures, SIDE)
    _save_bank(bank, vectors, world)


def write_synthetic_pictures(folder: Path, world: World) -> None:
    """Write the world's own pictures, a folder for each concept, in the order of its bank."""
    bank = world.train_bank
    owners = [] if bank.owner is None else bank.owner.tolist()
    pictures = world.renderer().render(picture_vectors(bank), SIDE)
    for number, (concept, picture) in enumerate(zip(owners, pictures, strict=True)):
        place = folder / f"{concept + 1:05d}_{bank.names[concept]}"
        place.mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture).save(place / f"{number:05d}.png")


def _other_pictures(world: World, n: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """Draw pictures (n, D) round the concepts of a world, as its own were drawn."""
    pictures = world.pictures
    prototypes = pictures.train.prototypes
    concepts = rng.permutation(np.arange(n) % len(prototypes))
    spread = rng.standard_normal((n, len(pictures.variances))) * np.sqrt(pictures.variances)
    return np.asarray(prototypes[concepts] + pictures.scatter * spread @ pictures.axes.T, np.float32)


def _mask(voxels: int, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Scatter voxels over a volume whose three sides differ, so that swapped axes cannot pass."""
    side = int(np.ceil((3 * voxels) ** (1 / 3)))
    mask = np.zeros((side, side + 1, side + 2), bool)
    mask.flat[rng.choice(mask.size, voxels, replace=False)] = True
    return mask


def _save_bank(path: Path, vectors: NDArray[np.float32], world: World) -> None:
    """Write the vectors as a bank of exact pictures, in the space of the world's own bank."""
    bank = Bank(
        names=tuple(picture_name(number) for number in range(len(vectors))),
        prototypes=read_only(vectors),
        key=world.train_bank.key.model_copy(update={"kind": "image"}),
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    save_bank(path, bank)
