"""A sheet of matched pairs to look at: the picture of the EEG beside that of the fMRI, and how alike they are."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageOps

from bci.errors import OutputError

__all__ = ["contact_sheet", "evenly", "save_sheet"]

SIDE = 96
"""Of a picture, pixels."""

_COLUMNS, _GAP, _MARGIN, _TEXT = 6, 2, 12, 14  # pairs in a row; pixels


def evenly(similarity: NDArray[np.float32], n: int) -> NDArray[np.int64]:
    """Return rows of n pairs, evenly spaced from the most similar to the least: a sheet flatters nobody."""
    order = np.argsort(-similarity, kind="stable")
    return order[np.unique(np.linspace(0, len(order) - 1, min(n, len(order))).round().astype(np.int64))]


def contact_sheet(pairs: Sequence[tuple[Image.Image, Image.Image, str]]) -> Image.Image:
    """Lay pairs of pictures on a sheet, each with a line of text below it, row by row."""
    width, height = 2 * SIDE + _GAP + _MARGIN, SIDE + _TEXT + _MARGIN
    columns = min(_COLUMNS, len(pairs))
    rows = -(-len(pairs) // columns)
    sheet = Image.new("RGB", (columns * width + _MARGIN, rows * height + _MARGIN), "white")
    draw = ImageDraw.Draw(sheet)
    for at, (first, second, said) in enumerate(pairs):
        x, y = _MARGIN + at % columns * width, _MARGIN + at // columns * height
        sheet.paste(ImageOps.fit(first, (SIDE, SIDE)), (x, y))
        sheet.paste(ImageOps.fit(second, (SIDE, SIDE)), (x + SIDE + _GAP, y))
        draw.text((x, y + SIDE + 1), said, fill="black")
    return sheet


def save_sheet(path: Path, sheet: Image.Image) -> None:
    """Write a sheet as PNG.

    Raises
    ------
    OutputError
        If it cannot be written.
    """
    try:
        sheet.save(path, "PNG")
    except OSError as error:
        raise OutputError(f"cannot write {path}: {error}; make room or name another place") from None
