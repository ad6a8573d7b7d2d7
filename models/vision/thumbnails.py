"""Small pictures of a bank's concepts, for screens: `NAME.thumbnails/INDEX.webp` beside the bank."""

from collections.abc import Sequence
from pathlib import Path

from bci.errors import OutputError
from models.vision.pictures import read_picture

__all__ = ["save_thumbnails", "thumbnail_folder"]

SIDE = 160
"""Longer side, pixels."""


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
