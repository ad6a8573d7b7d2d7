"""Which picture belongs to which concept in THINGS-EEG2, and in any folder of folders of pictures.

Gifford, Dwivedi, Roig & Cichy (2022), doi:10.1016/j.neuroimage.2022.119754. Pictures lie in
`training_images/00001_aardvark/aardvark_01b.jpg` and `test_images/00001_aircraft_carrier/...`; beside these
`image_metadata.npy` lists them in the order of the trials. Folders are numbered from 1, concepts here from 0.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from bci.errors import FormatError
from bci.types import read_only
from replay.readers.numpy_pickle import load, texts

__all__ = [
    "METADATA",
    "Partition",
    "PictureSet",
    "concept_names",
    "find_pictures",
    "from_counts",
    "read_folders",
    "read_metadata",
]

Partition = Literal["training", "test"]

METADATA = "image_metadata.npy"

_KEYS: dict[Partition, str] = {"training": "train", "test": "test"}
_FOLDERS: dict[Partition, tuple[str, ...]] = {
    "training": ("training_images", "train_images"),
    "test": ("test_images",),
}
_PER_CONCEPT: dict[Partition, tuple[int, int]] = {"training": (1654, 10), "test": (200, 1)}
"""Concepts, and pictures of each."""

_INDEXED = re.compile(r"(\d{4,5})_(.+)", re.DOTALL)
_PICTURES = (".jpg", ".jpeg", ".png", ".webp", ".bmp")
_ABOVE = 3  # folders above the file's own that are searched


@dataclass(frozen=True, slots=True)
class PictureSet:
    """The pictures of one partition, in the order in which trials number them.

    Parameters
    ----------
    names
        Of the concepts, in the order of their folders.
    concepts
        (n_pictures,) int64 indices into `names`.
    files
        Of the pictures, relative to `root`; empty if they are unknown.
    root
        Folder that they lie in, None if it was not found.
    """

    names: tuple[str, ...]
    concepts: NDArray[np.int64]
    files: tuple[str, ...] = ()
    root: Path | None = None

    def __len__(self) -> int:
        return len(self.concepts)

    def of(self, concept: int) -> tuple[Path, ...]:
        """Return where the pictures of a concept lie.

        Raises
        ------
        FormatError
            If that is unknown.
        """
        if self.root is None:
            raise FormatError(f"expected a folder with the pictures of {self.names[concept]}, found none: name it")
        return tuple(self.root / self.files[i] for i in np.flatnonzero(self.concepts == concept))

    def markers(self) -> dict[str, str]:
        """Return which concept each trigger code of the raw files stands for: code i is picture i - 1."""
        return {str(i + 1): self.names[concept] for i, concept in enumerate(self.concepts)}


def read_metadata(path: Path, partition: Partition) -> PictureSet:
    """Read the pictures of a partition from `image_metadata.npy`.

    Raises
    ------
    FormatError
        If it is damaged or lists something else than pictures in numbered folders.
    """
    table, key = load(path), _KEYS[partition]
    folders, files = (_texts(path, table, f"{key}_img_{kind}") for kind in ("concepts", "files"))
    if len(folders) != len(files) or not files:
        raise FormatError(
            f"{path}: expected a folder for every picture, got {len(folders)} folders of {len(files)} pictures"
        )
    order = sorted(set(folders))
    index = {folder: i for i, folder in enumerate(order)}
    root = _partition_folder(path.parent, partition)
    name = _FOLDERS[partition][0] if root is None else root.name
    return PictureSet(
        concept_names(path, order),
        read_only(np.array([index[folder] for folder in folders], np.int64)),
        tuple(f"{name}/{folder}/{file}" for folder, file in zip(folders, files, strict=True)),
        None if root is None else root.parent,
    )


def read_folders(folder: Path) -> PictureSet:
    """Read the pictures in folders, one for each concept, in the order of their names.

    Raises
    ------
    FormatError
        If there are none, a concept has none, or two have one name.
    """
    folders = sorted(inside for inside in folder.iterdir() if inside.is_dir() and not inside.name.startswith("."))
    pictures = [sorted(file.name for file in inside.iterdir() if _is_picture(file)) for inside in folders]
    empty = [inside.name for inside, files in zip(folders, pictures, strict=True) if not files]
    if not folders or empty:
        got = f"none in {empty[0]}" if empty else "no folders"
        raise FormatError(
            f"{folder}: expected a folder of pictures for each concept, got {got}: remove or fill it"
        )
    return PictureSet(
        concept_names(folder, [inside.name for inside in folders]),
        read_only(np.repeat(np.arange(len(folders)), [len(files) for files in pictures])),
        tuple(
            f"{folder.name}/{inside.name}/{file}"
            for inside, files in zip(folders, pictures, strict=True)
            for file in files
        ),
        folder.parent,
    )


def find_pictures(near: Path, partition: Partition) -> PictureSet | None:
    """Look for metadata or folders of pictures beside a file and above it; None if there are none.

    Searched are the file's folder, three above it, and in each the folders whose name begins with `image`.
    """
    for folder in _around(near):
        if (folder / METADATA).is_file():
            return read_metadata(folder / METADATA, partition)
        if (pictures := _partition_folder(folder, partition)) is not None:
            return read_folders(pictures)
    return None


def from_counts(n_pictures: int, partition: Partition) -> PictureSet | None:
    """Return concepts called `00001` and so on, if so many pictures are all of the partition; else None."""
    n_concepts, each = _PER_CONCEPT[partition]
    if n_pictures != n_concepts * each:
        return None
    names = tuple(f"{number:05d}" for number in range(1, n_concepts + 1))
    return PictureSet(names, read_only(np.repeat(np.arange(n_concepts), each)))


def _around(near: Path) -> Iterator[Path]:
    for folder in near.resolve().parents[: _ABOVE + 1]:
        yield folder
        yield from sorted(inside for inside in folder.glob("[iI]mage*") if inside.is_dir())


def _partition_folder(folder: Path, partition: Partition) -> Path | None:
    return next((folder / name for name in _FOLDERS[partition] if (folder / name).is_dir()), None)


def _is_picture(file: Path) -> bool:
    return file.suffix.lower() in _PICTURES and not file.name.startswith(".")


def concept_names(path: Path, folders: Sequence[str]) -> tuple[str, ...]:
    """Return what folders are called without their numbers, `00001_aardvark` -> `aardvark`.

    Raises
    ------
    FormatError
        If their numbers are not in order, or two have one name; `path` is named.
    """
    parts = [_INDEXED.fullmatch(folder) for folder in folders]
    numbers = [int(part[1]) for part in parts if part]
    if numbers != sorted(numbers):
        raise FormatError(
            f"{path}: expected folders numbered with as many digits each, whose names sort as their numbers do; "
            f"got {folders[0]} to {folders[-1]}: rename them"
        )
    names = tuple(part[2] if part else folder for part, folder in zip(parts, folders, strict=True))
    if twice := next((name for i, name in enumerate(names) if name in names[:i]), None):
        raise FormatError(f"{path}: expected every concept once, got {twice!r} twice: rename one folder")
    return names


def _texts(path: Path, table: object, key: str) -> list[str]:
    found = texts(table.get(key)) if isinstance(table, dict) else None
    if found is None:
        raise FormatError(f"{path}: expected a dict with a list of texts under {key!r}, got something else")
    return found
