"""Pictures of the Natural Scenes Dataset: `nsd_stimuli.hdf5`, and some of them as files, for `bci embed`.

`imgBrick` holds 73,000 pictures from COCO, (73000, 425, 425, 3) uint8, by `nsdId`.
"""

import re
from collections.abc import Callable, Sequence
from pathlib import Path

import h5py
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from bci.errors import FormatError, OutputError

__all__ = ["export_pictures", "picture_id", "picture_name", "read_picture"]

_NAME = re.compile(r"nsd-(\d{5})")


def picture_name(picture: int) -> str:
    """Return what a picture is called, `nsd-00017` for `nsdId` 17: by file, and as concept of a bank."""
    return f"nsd-{picture:05d}"


def picture_id(name: str) -> int | None:
    """Return the `nsdId` of a picture of that name; None if it is another's name."""
    found = _NAME.fullmatch(name)
    return int(found[1]) if found else None


def read_picture(path: Path, picture: int) -> NDArray[np.uint8]:
    """Read one picture, (H, W, 3).

    Raises
    ------
    FormatError
        If the file is damaged, or has no such picture.
    """
    try:
        with h5py.File(path, "r") as file:
            brick = file.get("imgBrick")
            if not isinstance(brick, h5py.Dataset) or brick.ndim != 4 or brick.shape[3] != 3:
                raise FormatError(
                    f"{path}: expected pictures (n, H, W, 3) as 'imgBrick', found none: fetch it again"
                )
            if not 0 <= picture < brick.shape[0]:
                raise FormatError(f"{path}: expected picture {picture}, it has {brick.shape[0]}: fetch it again")
            return np.asarray(brick[picture], np.uint8)
    except OSError as error:
        raise FormatError(f"cannot read the pictures {path}: {error}; fetch them again") from None


def export_pictures(
    path: Path, pictures: Sequence[int], folder: Path, report: Callable[[int, int], None]
) -> list[Path]:
    """Write pictures as PNG, those that are not there yet; return where each lies.

    Raises
    ------
    FormatError
        If they cannot be read.
    OutputError
        If they cannot be written.
    """
    files = [folder / f"{picture_name(picture)}.png" for picture in pictures]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for done, (picture, file) in enumerate(zip(pictures, files, strict=True), 1):
            if not file.exists():
                part = file.with_suffix(".part")
                Image.fromarray(read_picture(path, picture)).save(part, "PNG")
                part.rename(file)
            report(done, len(files))
    except OSError as error:
        raise OutputError(f"cannot write pictures to {folder}: {error}; make room or name another place") from None
    return files
