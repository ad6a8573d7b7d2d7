"""What stands beside the signals: the labels of their channels, and the bars that say how large they are."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

from PyQt6.QtCore import QEvent, QRect, QSize, Qt, pyqtSignal
from PyQt6.QtGui import QColor, QHelpEvent, QMouseEvent, QPainter, QPaintEvent, QResizeEvent
from PyQt6.QtWidgets import QSizePolicy, QToolTip, QWidget

from gui.scales import round_up
from gui.theme import Theme

__all__ = ["Gutter", "Row", "Scale", "ScaleBars", "unit_of"]

MOST_COLUMNS = 3
"""Columns of labels side by side, where lanes are lower than a line of text."""
SHARE = 0.3
"""Part of the pane's width that labels take at most."""
STEP = 2.5
"""How much larger a round number is than the one before at most: a bar may become so much longer."""
APART = 18
"""Pixels from one bar's words to those of the next."""


@dataclass(frozen=True, slots=True)
class Row:
    """A channel's label and what is to be said of it."""

    label: str
    bad: bool = False
    clipped: bool = False

    @property
    def word(self) -> str:
        """What is said beside the label."""
        return "bad" if self.bad else "clip" if self.clipped else ""


@dataclass(frozen=True, slots=True)
class Scale:
    """How large a kind of channel is drawn: its pixels per unit."""

    kind: str
    unit: str
    gain: float


class Gutter(QWidget):
    """Labels of the lanes, in staggered columns where they are close; a click marks a channel bad or good."""

    clicked = pyqtSignal(str)
    """Label of the channel."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.theme = theme
        self.rows: tuple[Row, ...] = ()
        self.setAccessibleName("Channel labels")
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Expanding)

    def show_rows(self, rows: Sequence[Row]) -> None:
        """Show these channels, from top to bottom."""
        if tuple(rows) != self.rows:
            relabelled = [row.label for row in rows] != [row.label for row in self.rows]
            self.rows = tuple(rows)
            if relabelled:
                self.fit()
            self.update()

    def resizeEvent(self, event: QResizeEvent | None) -> None:  # noqa: N802 (Qt's name)
        """Stagger labels where lanes have become lower, and only there."""
        super().resizeEvent(event)
        if self.rows:
            self.fit()

    def fit(self) -> None:
        """Take the width that labels need."""
        parent = self.parentWidget()
        room = SHARE * (parent.width() if parent is not None else 640)
        self._columns = max(1, min(MOST_COLUMNS, ceil(self._line / self._pitch), int(room / self._cell)))
        self.setFixedWidth(self._columns * self._cell)

    @property
    def _line(self) -> int:
        return self.fontMetrics().height()

    @property
    def _pitch(self) -> float:
        return max(1.0, self.height() / max(1, len(self.rows)))

    @property
    def _cell(self) -> int:
        metrics = self.fontMetrics()
        widest = max((metrics.horizontalAdvance(row.label) for row in self.rows), default=0)
        return min(widest, 12 * metrics.averageCharWidth()) + metrics.horizontalAdvance(" clip") + 6

    def paintEvent(self, event: QPaintEvent | None) -> None:  # noqa: ARG002, N802 (Qt's name)
        """Write the labels for which there is room."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(self.theme.panel))
        columns = max(1, self.width() // self._cell)
        stride = ceil(self._line / (self._pitch * columns))
        ends = [0] * columns
        for place, index in enumerate(range(0, len(self.rows), stride)):
            top = round((index + 0.5) * self._pitch - self._line / 2)
            top = min(max(top, 0), max(0, self.height() - self._line))
            if top >= ends[place % columns]:  # the first and the last one are moved inwards
                ends[place % columns] = top + self._line
                area = QRect((place % columns) * self._cell, top, self._cell - 4, self._line)
                self._write(painter, area, self.rows[index])
        painter.end()

    def _write(self, painter: QPainter, area: QRect, row: Row) -> None:
        metrics = self.fontMetrics()
        font = painter.font()
        font.setStrikeOut(row.bad)
        painter.setFont(font)
        painter.setPen(QColor(self.theme.lost if row.bad else self.theme.text))
        room = area.width() - metrics.horizontalAdvance(" clip")
        label = metrics.elidedText(row.label, Qt.TextElideMode.ElideRight, max(room, 8))
        painter.drawText(area, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, label)
        font.setStrikeOut(False)
        painter.setFont(font)
        painter.setPen(QColor(self.theme.bad if row.bad else self.theme.warning))
        painter.drawText(area, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, row.word)

    def _row_at(self, y: float) -> Row | None:
        index = int(y / self._pitch)
        return self.rows[index] if 0 <= index < len(self.rows) else None

    def mousePressEvent(self, event: QMouseEvent | None) -> None:  # noqa: N802 (Qt's name)
        """Tell which channel was clicked."""
        row = None if event is None else self._row_at(event.position().y())
        if row is not None:
            self.clicked.emit(row.label)

    def event(self, event: QEvent | None) -> bool:
        """Say under the mouse which channel it is: not all labels may have room."""
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            row = self._row_at(event.pos().y())
            QToolTip.showText(event.globalPos(), "" if row is None else _tip(row), self)
            return True
        return super().event(event)


def _tip(row: Row) -> str:
    said = {"bad": ", marked bad for display", "clip": ", at the rail of the amplifier"}.get(row.word, "")
    return f"{row.label}{said}. Click to mark it {'good' if row.bad else 'bad'} for display."


class ScaleBars(QWidget):
    """A vertical bar for each kind of channel, with what its length stands for."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.theme = theme
        self.scales: tuple[Scale, ...] = ()
        self._alone = True
        self.setAccessibleName("Scale")
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def show_scales(self, scales: Sequence[Scale]) -> None:
        """Show how large each kind is drawn."""
        self.scales, self._alone = tuple(scales), len(scales) == 1
        parent = self.parentWidget()
        while parent is not None and len(self.scales) > 1 and self.sizeHint().width() > parent.width() / 2:
            self.scales = self.scales[:-1]
        self.setFixedSize(self.sizeHint())
        self.setToolTip("; ".join(f"{scale.kind}: the bar is {self._text(scale)}" for scale in scales))
        self.update()

    def sizeHint(self) -> QSize:  # noqa: N802 (Qt's name)
        """Room for the bars and two lines of text."""
        metrics = self.fontMetrics()
        words = [metrics.horizontalAdvance(self._text(scale)) for scale in self.scales]
        return QSize(sum(words) + APART * len(words), 2 * metrics.height())

    def bar(self, scale: Scale) -> tuple[float, float]:
        """Return the value that a bar stands for, and its length in pixels of the screen."""
        value = round_up(2 * self.fontMetrics().height() / abs(scale.gain) / STEP)
        return value, value * abs(scale.gain)

    def paintEvent(self, event: QPaintEvent | None) -> None:  # noqa: ARG002, N802 (Qt's name)
        """Draw the bars from left to right."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(self.theme.panel))
        x, metrics = 0, self.fontMetrics()
        for scale in self.scales:
            length = round(self.bar(scale)[1])
            painter.fillRect(x + 1, (self.height() - length) // 2, 2, length, QColor(self.theme.text))
            width = metrics.horizontalAdvance(self._text(scale))
            painter.setPen(QColor(self.theme.text))
            painter.drawText(
                QRect(x + 7, 0, width + 2, self.height()), Qt.AlignmentFlag.AlignVCenter, self._text(scale)
            )
            x += width + APART
        painter.end()

    def _text(self, scale: Scale) -> str:
        kind = "" if self._alone else f"{scale.kind} "
        return f"{kind}{self.bar(scale)[0]:g} {scale.unit}"


def unit_of(unit: str) -> str:
    """Return how a unit is written beside a number."""
    return "µV" if unit == "microvolts" else unit or "units"
