"""Small pictures of a bank's concepts, for screens: `NAME.thumbnails/INDEX.webp` beside the bank."""

import base64
import io
from collections.abc import Collection, Sequence
from pathlib import Path

from bci.bank import load_bank
from bci.errors import OutputError
from models.vision.pictures import read_picture

__all__ = ["save_thumbnails", "thumbnail_folder", "thumbnail_uris"]

SIDE = 160
"""Longer side, pixels."""
PAGE_SIDE = 112
"""Longer side of those that are part of a page."""


def thumbnail_folder(bank: Path) -> Path:
    """Return where the thumbnails of a bank lie."""
    return bank.with_suffix(".thumbnails")


def save_thumbnails(bank: Path, pictures: Sequence[Path | None]) -> None:
    """Write one thumbnail for each concept of a bank, in its order, instead of any that are there.

    A concept without a picture gets none.

    Raises
    ------
    OutputError
        If they cannot be written.
    """
    folder = thumbnail_folder(bank)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for stale in folder.glob("*.webp"):
            stale.unlink()
        for index, path in enumerate(pictures):
            if path is None:
                continue
            small = read_picture(path)
            small.thumbnail((SIDE, SIDE))
            small.save(folder / f"{index}.webp", quality=80)
    except OSError as error:
        raise OutputError(
            f"cannot write thumbnails to {folder}: {error}; make room or name another place"
        ) from None


def thumbnail_uris(bank: Path, names: Collection[str]) -> dict[str, str]:
    """Return the thumbnails of some of a bank's concepts as data URIs for a page; none of those without one.

    Parameters
    ----------
    bank
        Its file.
    names
        Concepts.
    """
    folder = thumbnail_folder(bank)
    if not folder.is_dir():
        return {}
    files = {name: folder / f"{index}.webp" for index, name in enumerate(load_bank(bank).names)}
    return {name: _uri(files[name]) for name in names if name in files and files[name].is_file()}


def _uri(file: Path) -> str:
    """Encode a picture anew, small: a page holds pixels, whatever lay in the file besides."""
    small = read_picture(file)
    small.thumbnail((PAGE_SIDE, PAGE_SIDE))
    encoded = io.BytesIO()
    small.save(encoded, "WEBP", quality=70)
    return f"data:image/webp;base64,{base64.b64encode(encoded.getvalue()).decode('ascii')}"
