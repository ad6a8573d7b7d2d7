"""Marks of hits by shape: a full circle for the best one, a half one for the best five, an empty one for none."""

from enum import Enum

from PyQt6.QtCore import QRectF
from PyQt6.QtGui import QColor, QPainter

from bci.tally import top5_counts
from gui.shapes import SHAPES
from gui.theme import Theme

__all__ = ["LOOKS", "Mark", "draw_mark", "mark"]

MARGIN = 0.05
"""Empty at each side of a mark, of the width of its square; half a pixel at least."""


class Mark(Enum):
    """What became of a truth, in words."""

    BEST = "top-1 hit"
    FIVE = "top-5 hit"
    MISS = "miss"


LOOKS = {Mark.BEST: ("disc", "good"), Mark.FIVE: ("half", "accent"), Mark.MISS: ("ring", "muted")}
"""Shape, and role of the theme that gives its colour."""


def mark(rank: int | None, n_concepts: int) -> Mark:
    """Return the mark of a truth's rank, counted from 0; None or a negative one is a missing ranking, a miss."""
    if rank == 0:
        return Mark.BEST
    if rank is not None and 0 < rank < 5 and top5_counts(n_concepts):
        return Mark.FIVE
    return Mark.MISS


def draw_mark(painter: QPainter, area: QRectF, what: Mark, theme: Theme) -> None:
    """Draw a mark into a square."""
    shape, role = LOOKS[what]
    margin = max(0.5, MARGIN * area.width())
    inside = area.adjusted(margin, margin, -margin, -margin)
    SHAPES[shape](painter, inside, QColor(getattr(theme, role)))
