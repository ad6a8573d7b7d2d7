"""Marks of hits by shape: a full circle for the best one, a half one for the best five, an empty one for none."""

from enum import Enum

from PyQt6.QtCore import QRectF, Qt
from PyQt6.QtGui import QColor, QPainter, QPen

from bci.tally import top5_counts
from gui.theme import Theme

__all__ = ["Mark", "draw_mark", "mark"]


class Mark(Enum):
    """What became of a truth, in words."""

    BEST = "top-1 hit"
    FIVE = "top-5 hit"
    MISS = "miss"


_ROLES = {Mark.BEST: "good", Mark.FIVE: "accent", Mark.MISS: "muted"}


def mark(rank: int | None, n_concepts: int) -> Mark:
    """Return the mark of a truth's rank, counted from 0; None or a negative one is a missing ranking, a miss."""
    if rank == 0:
        return Mark.BEST
    if rank is not None and 0 < rank < 5 and top5_counts(n_concepts):
        return Mark.FIVE
    return Mark.MISS


def draw_mark(painter: QPainter, area: QRectF, what: Mark, theme: Theme) -> None:
    """Draw a mark into a square."""
    colour = QColor(getattr(theme, _ROLES[what]))
    pen = max(1.0, area.width() * 0.1)
    disc = area.adjusted(pen, pen, -pen, -pen)
    painter.setPen(QPen(colour, pen))
    painter.setBrush(colour if what is Mark.BEST else Qt.BrushStyle.NoBrush)
    painter.drawEllipse(disc)
    if what is Mark.FIVE:
        painter.setBrush(colour)
        painter.drawPie(disc, 90 * 16, 180 * 16)
