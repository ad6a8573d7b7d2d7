"""What stands in the folder besides `metadata.json`: arrays, written block by block, and pictures."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray
from PIL import Image

from bci.errors import OutputError
from models.pairing.part import PairedPart, in_blocks
from replay.digits.folder import array_file
from replay.digits.pictures import DigitPictures

__all__ = ["PICTURES", "write_array", "write_picked", "write_pictures", "writing"]

PICTURES = "pictures"
"""Folder of the pictures, one folder in it for each digit."""


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Say in one line what the disk refuses.

    Raises
    ------
    OutputError
        If a file cannot be written.
    """
    try:
        yield
    except OSError as error:
        raise OutputError(
            f"cannot write to {folder}: {error.strerror or error}; make room, remove it and pair anew"
        ) from None


def write_array(
    path: Path, blocks: Iterable[NDArray[Any]], shape: tuple[int, ...], dtype: DTypeLike = np.float32
) -> None:
    """Write an array of numbers that is never in memory as a whole.

    Parameters
    ----------
    blocks
        Rows that follow each other, together `shape`.
    """
    kind = np.dtype(dtype)
    header = {"descr": np.lib.format.dtype_to_descr(kind), "fortran_order": False, "shape": shape}
    with path.open("wb") as file:
        np.lib.format.write_array_header_1_0(file, header)
        for block in blocks:
            file.write(np.ascontiguousarray(block, kind).data)


def write_picked(folder: Path, part: PairedPart, name: str, rows: NDArray[Any], index: NDArray[np.int64]) -> None:
    """Write `rows[index]`, one row for each event of a part."""
    blocks = (rows[some] for some in in_blocks(index))
    write_array(array_file(folder, part.part, name), blocks, (len(index), *rows.shape[1:]), rows.dtype)


def write_pictures(folder: Path, pictures: DigitPictures, parts: Sequence[PairedPart]) -> list[int]:
    """Write the pictures of all parts, and for each part where the picture of each event lies, one a line.

    Returns
    -------
    list
        Numbers of the pictures, in the order of their folders and names: by digit, then by number.
    """
    used = np.unique(np.concatenate([part.pictures for part in parts]))
    in_order: list[int] = used[np.argsort(pictures.digits[used], kind="stable")].tolist()
    places = {index: _place(index, int(pictures.digits[index])) for index in in_order}
    for index, place in places.items():
        (folder / place).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pictures.pixels[index].squeeze(-1)).save(folder / place)
    for part in parts:
        text = "".join(f"{places[index]}\n" for index in part.pictures.tolist())
        (folder / f"{part.part}_image_paths.txt").write_text(text, encoding="utf-8", newline="\n")
    return in_order


def _place(index: int, digit: int) -> str:
    return f"{PICTURES}/{digit + 1:05}_{digit}/{index:05}.png"
