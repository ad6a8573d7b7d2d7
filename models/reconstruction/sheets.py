"""Sheets of pictures in rows: what was shown above what was generated."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from bci.errors import OutputError
from models.reconstruction.pairs import Pixels

__all__ = ["save_picture", "save_samples", "tiled"]

GAP = 4
"""Between pictures, pixels."""
BACKGROUND = 255


def save_samples(path: Path, true: Pixels, generated: Pixels) -> None:
    """Write true pictures (n, side, side, 3) above generated ones."""
    save_picture(path, tiled([true, generated]))


def tiled(rows: Sequence[Pixels]) -> Pixels:
    """Lay rows of pictures, each (n, height, width, 3), out on one (H, W, 3)."""
    return np.concatenate([np.concatenate([_padded(picture) for picture in row], axis=1) for row in rows], axis=0)


def save_picture(path: Path, pixels: Pixels) -> None:
    """Write a picture (H, W, 3).

    Raises
    ------
    OutputError
        If it cannot be written.
    """
    try:
        Image.fromarray(pixels).save(path)
    except OSError as error:
        raise OutputError(f"cannot write {path}: {error}; make room or name another place") from None


def _padded(picture: Pixels) -> Pixels:
    return np.pad(picture, ((0, GAP), (0, GAP), (0, 0)), constant_values=BACKGROUND)
