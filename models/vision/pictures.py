"""Which pictures and names are embedded: folders in the layout of THINGS, a flat folder, or a list of names.

Folders are read as `replay.things_pictures` does, so that picture i of a bank is picture i of the trials.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from bci.errors import FormatError, MismatchError
from models.few import few
from replay.things_pictures import read_folders

__all__ = ["Pictures", "content_hash", "list_pictures", "others_of", "read_names", "read_picture"]

SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp"})


@dataclass(frozen=True, slots=True)
class Pictures:
    """Picture files by concept.

    Parameters
    ----------
    names
        (N,) concepts, each once.
    paths
        (M,) files, those of the first concept first.
    owner
        (M,) int64 concept of each.
    """

    names: tuple[str, ...]
    paths: tuple[Path, ...]
    owner: NDArray[np.int64]

    def of(self, concept: int) -> list[Path]:
        """Return the files of a concept."""
        return [self.paths[row] for row in np.flatnonzero(self.owner == concept)]


def list_pictures(folder: Path) -> Pictures:
    """List the pictures of a folder.

    A folder of folders holds one concept in each: `0001_aardvark` and `aardvark` are both the concept `aardvark`.
    In a flat folder every picture is a concept of its own, named as its file.

    Raises
    ------
    FormatError
        If there is no picture, pictures lie beside folders of pictures, or a name occurs twice.
    """
    folder = folder.absolute()
    try:
        direct = _pictures_in(folder)
        below = next((place for place in _folders_in(folder) if _pictures_in(place)), None)
    except OSError as error:
        raise FormatError(f"cannot read pictures from {folder}: {error.strerror}") from None
    if direct and below:
        raise FormatError(
            f"expected pictures or folders of pictures in {folder}, got both: "
            f"{direct[0].name} lies beside {below.name}"
        )
    if below:
        found = read_folders(folder)
        return Pictures(found.names, tuple(folder.parent / file for file in found.files), found.concepts)
    if not direct:
        raise FormatError(
            f"expected pictures ({', '.join(sorted(SUFFIXES))}) in {folder} or its folders, got none"
        )
    _refuse_repeated([path.stem for path in direct], folder)
    return _gathered([(path.stem, [path]) for path in direct])


def others_of(pictures: Pictures, shown: Pictures) -> Pictures:
    """Return pictures of the concepts that were shown, in their order, without those that were shown.

    A picture counts as shown if a file of its concept has the same content or the same name.

    Raises
    ------
    MismatchError
        If nothing is left of a concept.
    """
    index = {name: concept for concept, name in enumerate(pictures.names)}
    left = [
        (name, _others(pictures.of(index[name]) if name in index else [], shown.of(concept)))
        for concept, name in enumerate(shown.names)
    ]
    if bare := [name for name, paths in left if not paths]:
        raise MismatchError(f"expected other pictures of every concept shown, got none of {few(bare, 5)}")
    return _gathered(left)


def content_hash(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_picture(path: Path) -> Image.Image:
    """Decode a picture as RGB.

    Raises
    ------
    FormatError
        If it cannot be decoded whole.
    """
    try:
        with Image.open(path) as image:
            return image.convert("RGB")
    except UnidentifiedImageError:
        raise FormatError(f"{_short(path)}: no picture") from None
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise FormatError(f"{_short(path)}: {error}") from None


def read_names(path: Path) -> tuple[str, ...]:
    """Read concept names: a JSON list, or a text file with one name a line.

    Raises
    ------
    FormatError
        If the file cannot be read, has no name, or has one twice.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
        listed = json.loads(text) if path.suffix.lower() == ".json" else text.splitlines()
    except (OSError, ValueError) as error:
        raise FormatError(f"cannot read names from {path}: {error}") from None
    if not isinstance(listed, list) or not all(isinstance(name, str) for name in listed):
        raise FormatError(f"{path}: expected a list of names")
    names = [name.strip() for name in listed if name.strip()]
    if not names:
        raise FormatError(f"{path}: expected at least one name, got none")
    _refuse_repeated(names, path)
    return tuple(names)


def _short(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"


def _folders_in(folder: Path) -> list[Path]:
    return [place for place in folder.iterdir() if place.is_dir() and not place.name.startswith(".")]


def _pictures_in(folder: Path) -> list[Path]:
    files = sorted(folder.iterdir(), key=lambda path: path.name)
    return [file for file in files if file.suffix.lower() in SUFFIXES and not file.name.startswith(".")]


def _others(paths: Sequence[Path], shown: Sequence[Path]) -> list[Path]:
    names, contents = {path.name for path in shown}, {content_hash(path) for path in shown}
    return [path for path in paths if path.name not in names and content_hash(path) not in contents]


def _gathered(groups: Sequence[tuple[str, Sequence[Path]]]) -> Pictures:
    owner = np.repeat(np.arange(len(groups)), [len(paths) for _, paths in groups])
    return Pictures(tuple(name for name, _ in groups), tuple(p for _, paths in groups for p in paths), owner)


def _refuse_repeated(names: Sequence[str], origin: Path) -> None:
    if twice := [name for name, count in Counter(names).items() if count > 1]:
        raise FormatError(f"{origin}: expected every name once, got {few(twice, 5)} more than once")
