"""Shapes by which outcomes and faults are told apart, each drawn into a square."""

from collections.abc import Callable

from PyQt6.QtCore import QPointF, QRectF, Qt
from PyQt6.QtGui import QColor, QPainter, QPen, QPolygonF

__all__ = ["SHAPES"]

Draw = Callable[[QPainter, QRectF, QColor], None]

STROKE = 1 / 9
"""Width of lines, of that of the square; never less than a pixel."""


def _disc(painter: QPainter, area: QRectF, colour: QColor) -> None:
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    painter.drawEllipse(area)


def _ring(painter: QPainter, area: QRectF, colour: QColor) -> None:
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawEllipse(_stroked(painter, area, colour))


def _half(painter: QPainter, area: QRectF, colour: QColor) -> None:
    _ring(painter, area, colour)
    painter.setBrush(colour)
    painter.drawPie(_stroked(painter, area, colour), 90 * 16, 180 * 16)


def _tick(painter: QPainter, area: QRectF, colour: QColor) -> None:
    painter.fillRect(QRectF(area.center().x() - 1, area.top(), 2, area.height()), colour)


def _triangle(painter: QPainter, area: QRectF, colour: QColor) -> None:
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    painter.drawPolygon(QPolygonF([area.bottomLeft(), QPointF(area.center().x(), area.top()), area.bottomRight()]))


def _cross(painter: QPainter, area: QRectF, colour: QColor) -> None:
    painter.setPen(colour)
    painter.drawLine(area.topLeft(), area.bottomRight())
    painter.drawLine(area.bottomLeft(), area.topRight())


def _square(painter: QPainter, area: QRectF, colour: QColor) -> None:
    painter.fillRect(area, colour)


def _stroked(painter: QPainter, area: QRectF, colour: QColor) -> QRectF:
    """Take up a pen, and return where its line has its middle so that it stays within the square."""
    width = max(1.0, STROKE * area.width())
    painter.setPen(QPen(colour, width))
    return area.adjusted(width / 2, width / 2, -width / 2, -width / 2)


SHAPES: dict[str, Draw] = {
    "disc": _disc,
    "half": _half,
    "ring": _ring,
    "tick": _tick,
    "triangle": _triangle,
    "cross": _cross,
    "square": _square,
}
