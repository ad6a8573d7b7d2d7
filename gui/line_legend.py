"""Names of lines beside their plot, each where its line ends, or as near to that as the other names let it be."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from PyQt6.QtCore import QPointF, QRectF, Qt
from PyQt6.QtGui import QColor, QPainter, QPen

from gui.plots import Plot
from gui.sheet import Item, Sheet
from gui.theme import Theme

__all__ = ["LineEnd", "LineLegend", "spread"]


class LineEnd(NamedTuple):
    """What a line is called and of how many events it is, how it is drawn, and at which value it ends."""

    label: str
    n: str
    colour: str
    dash: Qt.PenStyle
    value: float


class LineLegend(Sheet):
    """Stands at the right of a plot and is as high.

    Parameters
    ----------
    theme
        Its colours.
    plot
        Whose lines it names.
    """

    def __init__(self, theme: Theme, plot: Plot) -> None:
        super().__init__(theme, self._draw_names, margin=0)
        self._plot = plot
        self.lines: tuple[LineEnd, ...] = ()

    def set_lines(self, lines: Sequence[LineEnd]) -> None:
        """Name other lines."""
        self.lines = tuple(lines)
        self.update()

    def fit(self, most: float) -> None:
        """Take the width that the names need, and `most` pixels at most."""
        widest = max((self.text_width(f"{line.label} {line.n}") for line in self.lines), default=0.0)
        self.setFixedWidth(round(min(widest + 2 * self.line_height(), most)))

    def _draw_names(self, painter: QPainter, area: QRectF) -> None:
        height = self.line_height()
        fit = max(1, int(area.height() // height))
        shown = self.lines if len(self.lines) <= fit else self.lines[: fit - 1]
        rest = self.lines[len(shown) :]
        box = self._plot.getViewBox()
        ends = [box.mapViewToScene(QPointF(0, line.value)).y() for line in shown]
        bottom = area.bottom() - (height if rest else 0)
        for line, middle in zip(shown, spread(ends, height, bottom), strict=True):
            self._draw_name(painter, line, QRectF(0, middle - height / 2, area.width(), height))
        if rest:
            place = QRectF(0, area.bottom() - height, area.width(), height)
            self.write(painter, place, Item(f"{len(rest)} more", self.theme.muted))
            self.tip(place, ", ".join(f"{line.label} {line.n}" for line in rest))

    def _draw_name(self, painter: QPainter, line: LineEnd, area: QRectF) -> None:
        """Draw a piece of the line, its name, and the number of its events, which is never cut."""
        height, middle = area.height(), area.center().y()
        painter.setPen(QPen(QColor(line.colour), 1.5, line.dash))
        painter.drawLine(QPointF(0, middle), QPointF(1.3 * height, middle))
        place = area.adjusted(1.5 * height, 0, 0, 0)
        n = min(self.text_width(f" {line.n}"), place.width())
        self.write(painter, place.adjusted(0, 0, -n, 0), Item(line.label, line.colour))
        self.write(painter, place.adjusted(place.width() - n, 0, 0, 0), Item(f" {line.n}", line.colour))


def spread(ends: Sequence[float], apart: float, height: float) -> list[float]:
    """Return places as near to `ends` as they can be with `apart` pixels between them, within `height`."""
    order = np.argsort(ends, kind="stable")
    places = np.clip(np.array(ends, float)[order], apart / 2, height - apart / 2)
    for i in range(1, len(places)):
        places[i] = max(places[i], places[i - 1] + apart)
    bottom = height - apart / 2
    for i in reversed(range(len(places))):
        places[i] = min(places[i], bottom)
        bottom = places[i] - apart
    back = np.empty(len(places))
    back[order] = places
    return [float(place) for place in back]
