"""The names of events, above the signals."""

from collections.abc import Callable, Iterator, Sequence
from math import ceil, floor

from PyQt6.QtCore import QRect, QRectF, QSize, Qt
from PyQt6.QtGui import QColor, QPainter, QPaintEvent
from PyQt6.QtWidgets import QSizePolicy, QWidget

from gui.hit_marks import draw_mark
from gui.shapes import SHAPES
from gui.theme import Theme
from gui.trace_events import POOL, TraceMark

__all__ = ["MarkBar"]


class MarkBar(QWidget):
    """Marks in a row; what has no room is left out, or is drawn as its shape alone."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.theme = theme
        self.setAccessibleName("Events")
        self.setToolTip(
            "Events at their sample times. Full disc: the truth was ranked first; half: among the best five; "
            "ring: missed; triangle: not decoded, or flagged."
        )
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.placed: tuple[tuple[float, TraceMark], ...] = ()
        """What is shown, with its x, from left to right."""

    def sizeHint(self) -> QSize:  # noqa: N802 (Qt's name)
        """One line of text."""
        return QSize(100, self.fontMetrics().height() + 2)

    def place(self, placed: Sequence[tuple[float, TraceMark]]) -> None:
        """Show marks at x, pixels of the screen."""
        ordered = tuple(sorted(placed, key=lambda pair: pair[0]))[-POOL:]
        if ordered != self.placed:
            before, self.placed = self._extents(), ordered
            changed = before ^ self._extents()
            left = min((left for left, _, _ in changed), default=0.0)
            right = max((right for _, right, _ in changed), default=0.0)
            self.update(QRect(floor(left), 0, ceil(right - left) + 1, self.height()))

    def paintEvent(self, event: QPaintEvent | None) -> None:  # noqa: N802 (Qt's name)
        """Draw each mark up to where the next one begins."""
        area = self.rect() if event is None else event.rect()
        painter = QPainter(self)
        painter.fillRect(area, QColor(self.theme.panel))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for left, right, drawn in self._extents():
            if left <= area.right() and right >= area.left():
                self._draw(painter, drawn, left, right - 3)
        painter.end()

    def _extents(self) -> set[tuple[float, float, TraceMark]]:
        """From where to where each mark is drawn."""
        extents, taken = set(), 0.0
        ends = [*(x for x, _ in self.placed[1:]), float(self.width())][: len(self.placed)]
        for (x, drawn), end in zip(self.placed, ends, strict=True):
            if drawn.window is None:  # what is missing is said, whatever comes next
                taken = x + self.fontMetrics().horizontalAdvance(drawn.text) + 6
                extents.add((x, taken, drawn))
            elif x >= taken:
                extents.add((x, end, drawn))
        return extents

    def _draw(self, painter: QPainter, drawn: TraceMark, x: float, end: float) -> None:
        metrics = self.fontMetrics()
        side = metrics.ascent() * 0.75
        for draw in self._shapes(drawn):
            if x + side > end:
                return
            draw(painter, QRectF(x, (self.height() - side) / 2, side, side))
            x += side + 3
        text = metrics.elidedText(drawn.text, Qt.TextElideMode.ElideRight, int(end - x))
        if len(text) > 2 or text == drawn.text:
            painter.setPen(QColor(self.theme.text))
            painter.drawText(QRectF(x, 0, end - x, self.height()), Qt.AlignmentFlag.AlignVCenter, text)

    def _shapes(self, drawn: TraceMark) -> Iterator[Callable[[QPainter, QRectF], None]]:
        outcome = drawn.outcome
        if outcome is not None:
            yield lambda painter, area: draw_mark(painter, area, outcome, self.theme)
        if drawn.doubtful:
            yield lambda painter, area: SHAPES["triangle"](painter, area, QColor(self.theme.warning))
