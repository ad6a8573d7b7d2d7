"""A table of shares as colours: what was shown in rows, what was named in columns."""

from collections.abc import Sequence

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PyQt6.QtCore import QEvent, QPointF, QRectF, QSize, QSizeF, Qt, pyqtSignal
from PyQt6.QtGui import (
    QColor,
    QFont,
    QFontMetricsF,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPixmap,
)
from PyQt6.QtWidgets import QSizePolicy, QWidget

from gui.sheet import scaled
from gui.theme import Theme

__all__ = ["HeatMap"]

STEPS = 64
SMALL = 0.8
"""Size of names, of the pane's font."""
CLOSE = 0.9
"""Distance of names, of the height of their font."""
FEWEST_LINES = 4
"""Room, in heights of the font, that names of columns need upright."""
NAMES = 0.3
"""Share of the width, and of the height, that names of rows and columns take at most."""
_MOVES = {
    Qt.Key.Key_Up: (-1, 0),
    Qt.Key.Key_Down: (1, 0),
    Qt.Key.Key_Left: (0, -1),
    Qt.Key.Key_Right: (0, 1),
}


class HeatMap(QWidget):
    """Cells that can be pointed at and chosen, with the mouse or with arrow keys and Enter.

    Parameters
    ----------
    theme
        Its colours.
    """

    pointed = pyqtSignal(object)
    """The cell (row, column) under the mouse or the keyboard's cursor; None if there is none."""
    chosen = pyqtSignal(int, int)
    """A cell was clicked, or Enter pressed on it."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.theme = theme
        self._labels: tuple[str, ...] = ()
        self._shares: NDArray[np.float64] = np.zeros((0, 0))
        self._most = 1.0
        self._laid, self._drawn = QRectF(), QPixmap()
        self._laid_for: tuple[QSize, str, tuple[str, ...]] | None = None
        self._drawn_for: tuple[QSize, float, str] | None = None
        self._cell: tuple[int, int] | None = None
        self._colours = _colours(theme)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Confusions: arrow keys move, Enter lists trials")
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Ignored)

    def sizeHint(self) -> QSize:  # noqa: N802 (Qt's name)
        """Whatever there is."""
        return QSize(0, 0)

    @property
    def cell(self) -> tuple[int, int] | None:
        """What is pointed at."""
        return self._cell

    def set_shares(self, labels: Sequence[str], shares: NDArray[np.float64]) -> None:
        """Show shares (n, n), the largest one in the strongest colour; NaN where nothing is known."""
        if tuple(labels) != self._labels:
            self._labels = tuple(labels)
            self._point(None)
        self._shares = shares
        self._most = float(np.nanmax(shares, initial=1e-9))
        self._drawn_for = None
        self.update()

    def set_theme(self, theme: Theme) -> None:
        """Take on other colours."""
        self.theme = theme
        self._colours = _colours(theme)
        self._drawn_for = None
        self.update()

    def cell_rect(self, row: int, column: int) -> QRectF:
        """Where a cell lies."""
        area, n = self._area(), len(self._labels)
        width, height = area.width() / n, area.height() / n
        return QRectF(area.left() + column * width, area.top() + row * height, width, height)

    # -------------------------------------------------------------------------------- painting

    def paintEvent(self, event: QPaintEvent | None) -> None:  # noqa: ARG002, N802 (Qt's name)
        """Draw names and cells, unless they are as they were, and the cursor."""
        if not self._labels:
            return
        drawn_for = (self.size(), self.devicePixelRatioF(), self.font().key())
        if drawn_for != self._drawn_for:
            self._drawn, self._drawn_for = self._draw(), drawn_for
        painter = QPainter(self)
        painter.drawPixmap(0, 0, self._drawn)
        if self._cell is not None:
            painter.setPen(QColor(self.theme.accent))
            painter.drawRect(self.cell_rect(*self._cell))
        painter.end()

    def _draw(self) -> QPixmap:
        drawn = QPixmap((QSizeF(self.size()) * self.devicePixelRatioF()).toSize())
        drawn.setDevicePixelRatio(self.devicePixelRatioF())
        drawn.fill(QColor(self.theme.panel))
        painter = QPainter(drawn)
        painter.setFont(self._font())
        painter.drawImage(self._area(), self._cells())
        if self._room_for_numbers():
            self._draw_numbers(painter)
        painter.setPen(QColor(self.theme.muted))
        self._draw_row_names(painter)
        self._draw_column_names(painter)
        painter.end()
        return drawn

    def _cells(self) -> QImage:
        """One pixel per cell."""
        n = len(self._labels)
        image = QImage(n, n, QImage.Format.Format_RGB32)
        for row, column in np.ndindex(n, n):
            image.setPixelColor(column, row, self._colour(float(self._shares[row, column])))
        return image

    def _colour(self, share: float) -> QColor:
        """Of a cell; nothing is known of a row that was never shown."""
        unknown = np.isnan(share)
        return QColor(self.theme.raised) if unknown else self._colours[round(share / self._most * (STEPS - 1))]

    def _draw_numbers(self, painter: QPainter) -> None:
        """Write shares into the cells that have any."""
        light, dark = QColor(self.theme.text), QColor(self.theme.ground)
        for row, column in np.argwhere(self._shares > 0).tolist():
            share = float(self._shares[row, column])
            grey = _grey(self._colour(share))
            painter.setPen(light if abs(_grey(light) - grey) > abs(_grey(dark) - grey) else dark)
            painter.drawText(self.cell_rect(row, column), Qt.AlignmentFlag.AlignCenter, f"{share * 100:.0f}")

    def _draw_row_names(self, painter: QPainter) -> None:
        metrics, width = self._metrics(), self._area().left() - 4
        if self.cell_rect(0, 0).height() < metrics.height() * CLOSE - 0.1:
            return
        for row, label in enumerate(self._labels):
            rect = self.cell_rect(row, 0)
            rect.setLeft(0)
            rect.setWidth(width)
            text = metrics.elidedText(label, Qt.TextElideMode.ElideRight, width)
            painter.drawText(rect, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, text)

    def _draw_column_names(self, painter: QPainter) -> None:
        metrics, height = self._metrics(), self._area().top() - 4
        upright = self._names_upright()
        for column, label in enumerate(self._labels):
            rect = self.cell_rect(0, column)
            if not upright:
                text = metrics.elidedText(label, Qt.TextElideMode.ElideRight, rect.width() - 4)
                box = QRectF(rect.left(), 0, rect.width(), height)
                painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)
            elif rect.width() >= metrics.height() * CLOSE - 0.1:
                painter.save()
                painter.translate(QPointF(rect.center().x() + metrics.ascent() / 2 - 1, height))
                painter.rotate(-90)
                painter.drawText(QPointF(0, 0), metrics.elidedText(label, Qt.TextElideMode.ElideRight, height))
                painter.restore()

    # -------------------------------------------------------------------------------- layout

    def _metrics(self) -> QFontMetricsF:
        return QFontMetricsF(self._font())

    def _font(self) -> QFont:
        return scaled(self.font(), SMALL)

    def _widest(self) -> float:
        metrics = self._metrics()
        return max(metrics.horizontalAdvance(label) for label in self._labels)

    def _names_upright(self) -> bool:
        """Whether names of columns stand on end: beside each other most of them would be cut."""
        return self._widest() > (self.width() * (1 - NAMES)) / len(self._labels)

    def _area(self) -> QRectF:
        """Where the cells lie."""
        laid_for = (self.size(), self.font().key(), self._labels)
        if laid_for != self._laid_for:
            self._laid, self._laid_for = self._lay(), laid_for
        return self._laid

    def _lay(self) -> QRectF:
        """What the names leave, and all of it where names find no room."""
        n, least = len(self._labels), self._metrics().height() * CLOSE
        spare = self.height() - n * least  # if rows are to be named
        rows_named = spare >= self._metrics().height() * (FEWEST_LINES if self._names_upright() else 1)
        left = min(self._widest() + 8, self.width() * NAMES) if rows_named else 1.0
        top = self._metrics().height() + 4
        if self._names_upright():
            most = min(self._widest() + 8, self.height() * NAMES)
            fits = (self.width() - left) / n >= least
            top = (min(most, spare) if rows_named else most) if fits else 1.0
        return QRectF(left, top, max(self.width() - left - 1, 1), max(self.height() - top - 1, 1))

    def _room_for_numbers(self) -> bool:
        cell, metrics = self.cell_rect(0, 0), self._metrics()
        return cell.width() >= metrics.horizontalAdvance("100") + 4 and cell.height() >= metrics.height()

    # -------------------------------------------------------------------------------- mouse and keyboard

    def _at(self, point: QPointF) -> tuple[int, int] | None:
        area, n = self._area() if self._labels else QRectF(), len(self._labels)
        if not area.contains(point):
            return None
        row = int((point.y() - area.top()) / area.height() * n)
        column = int((point.x() - area.left()) / area.width() * n)
        return min(row, n - 1), min(column, n - 1)

    def _point(self, cell: tuple[int, int] | None) -> None:
        if cell != self._cell:
            self._cell = cell
            self.pointed.emit(cell)
            self.update()

    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:  # noqa: N802 (Qt's name)
        """Point at a cell."""
        if event is not None:
            self._point(self._at(event.position()))

    def leaveEvent(self, event: QEvent | None) -> None:  # noqa: ARG002, N802 (Qt's name)
        """Point at nothing."""
        self._point(None)

    def mousePressEvent(self, event: QMouseEvent | None) -> None:  # noqa: N802 (Qt's name)
        """Choose a cell."""
        cell = None if event is None else self._at(event.position())
        if cell is not None:
            self._point(cell)
            self.chosen.emit(*cell)

    def keyPressEvent(self, event: QKeyEvent | None) -> None:  # noqa: N802 (Qt's name)
        """Move from cell to cell, or choose one."""
        if event is None or not self._labels:
            return
        move = _MOVES.get(Qt.Key(event.key()))
        if move is not None:
            row, column = self._cell or (0, 0)
            last = len(self._labels) - 1
            moved = (row, column) if self._cell is None else (row + move[0], column + move[1])
            self._point((min(max(moved[0], 0), last), min(max(moved[1], 0), last)))
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._cell is not None:
            self.chosen.emit(*self._cell)
        else:
            super().keyPressEvent(event)


def _colours(theme: Theme) -> list[QColor]:
    """From nothing, which is the darkest in the dark and the brightest in the light, to all."""
    table = pg.colormap.get(theme.map).getLookupTable(nPts=STEPS, alpha=False)
    colours = [QColor(*map(int, entry)) for entry in table]
    return colours if theme.name == "dark" else colours[::-1]


def _grey(colour: QColor) -> int:
    return 299 * colour.red() + 587 * colour.green() + 114 * colour.blue()
