"""The pictures that trials showed: files in folders of their concepts, or rendered ones of a synthetic world."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from bci.errors import MismatchError
from models.reconstruction.pairs import Ints, Pixels
from models.vision.pictures import list_pictures, read_picture
from replay.world import World
from replay.world.pictures import picture_vectors

__all__ = ["Shown", "in_folder", "rendered"]


@dataclass(frozen=True, slots=True)
class Shown:
    """Pictures as trials number them.

    Parameters
    ----------
    pictures
        Numbers (m,), side in pixels -> (m, side, side, 3) uint8.
    owner
        (n_pictures,) int64 concept of each.
    names
        Of the concepts.
    world
        That rendered them; None of files.
    """

    pictures: Callable[[Ints, int], Pixels]
    owner: Ints
    names: tuple[str, ...]
    world: World | None = None


def in_folder(folder: Path) -> Shown:
    """List the pictures of a folder; each is read when it is asked for, cropped to a square and scaled.

    Raises
    ------
    FormatError
        If there are none.
    """
    listed = list_pictures(folder)

    def read(numbers: Ints, side: int) -> Pixels:
        return np.stack([_square(read_picture(listed.paths[number]), side) for number in numbers])

    return Shown(read, listed.owner, listed.names)


def rendered(world: World, part: str) -> Shown:
    """Return the pictures of the training or the test bank of a synthetic world."""
    bank = world.train_bank if part == "train" else world.test_bank
    vectors, renderer = picture_vectors(bank), world.renderer()
    if bank.owner is None:
        raise MismatchError("expected a bank that knows the concepts of its pictures")
    return Shown(lambda numbers, side: renderer.render(vectors[numbers], side), bank.owner, bank.names, world)


def _square(picture: Image.Image, side: int) -> Pixels:
    return np.asarray(ImageOps.fit(picture, (side, side), Image.Resampling.BICUBIC), np.uint8)
