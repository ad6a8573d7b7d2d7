"""A shape and a hue for each category, so that none is told by its colour alone."""

import math
from collections.abc import Callable, Sequence

from PyQt6.QtCore import QPointF, QRectF, Qt
from PyQt6.QtGui import QColor, QPainter, QPainterPath, QPolygonF

from gui.theme import Theme

__all__ = ["Glyphs"]


class Glyphs:
    """Seven shapes and eight hues: as their numbers have no common divisor, 56 categories differ.

    Parameters
    ----------
    categories
        One per concept, or empty.
    """

    def __init__(self, categories: Sequence[str]) -> None:
        self._categories = tuple(categories)
        self._order = {name: place for place, name in enumerate(sorted(set(self._categories)))}

    def category(self, concept: int) -> str:
        """Name of a concept's category, empty if there is none."""
        return self._categories[concept] if self._categories else ""

    def hue(self, concept: int, theme: Theme) -> str:
        """Colour of a concept's category; one and the same where there are none."""
        place = self._order[self._categories[concept]] if self._categories else -1
        return theme.categories[place % len(theme.categories)]

    def shape(self, concept: int) -> int | None:
        """Number of its category's shape, None if it has none."""
        return self._order[self._categories[concept]] % len(_SHAPES) if self._categories else None

    def draw(self, painter: QPainter, area: QRectF, concept: int, colour: str) -> None:
        """Draw the shape of a concept's category into a square; nothing if it has none."""
        shape = self.shape(concept)
        if shape is None:
            return
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(colour))
        painter.drawPath(_SHAPES[shape](area))


def _circle(area: QRectF) -> QPainterPath:
    path = QPainterPath()
    path.addEllipse(area)
    return path


def _square(area: QRectF) -> QPainterPath:
    path = QPainterPath()
    inset = area.width() * 0.08
    path.addRect(area.adjusted(inset, inset, -inset, -inset))
    return path


def _polygon(corners: int, turn: float, inner: float | None = None) -> Callable[[QRectF], QPainterPath]:
    """Regular polygon with its first corner at `turn` degrees; a star if there is an inner radius."""

    def path(area: QRectF) -> QPainterPath:
        radii = (1.0,) if inner is None else (1.0, inner)
        n = corners * len(radii)
        points = [
            area.center() + QPointF(math.cos(angle), math.sin(angle)) * (area.width() / 2 * radii[i % len(radii)])
            for i in range(n)
            for angle in [math.radians(turn + 360 * i / n)]
        ]
        drawn = QPainterPath()
        drawn.addPolygon(QPolygonF(points))
        drawn.closeSubpath()
        return drawn

    return path


_SHAPES: tuple[Callable[[QRectF], QPainterPath], ...] = (
    _circle,
    _square,
    _polygon(3, -90),  # triangle that points up
    _polygon(4, -90),  # diamond
    _polygon(3, 90),  # triangle that points down
    _polygon(5, -90, 0.45),  # star
    _polygon(4, -90, 0.35),  # cross with narrow arms
)
