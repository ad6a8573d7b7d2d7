"""A few words and numbers in a line or two: they flow, and what finds no room is left to the tool tip."""

from collections.abc import Iterator, Sequence

from PyQt6.QtCore import QPointF, Qt
from PyQt6.QtGui import QColor, QPainter, QPaintEvent

from gui.strip import Strip
from gui.theme import Theme

__all__ = ["Piece", "Words"]

Piece = tuple[str, str]
"""The role of the theme that gives its colour, and what it says."""


class Words(Strip):
    """Shows pieces of text side by side; none is ever broken, the last that is seen may be elided.

    Parameters
    ----------
    theme
        Its colours.
    lines
        How many there are at most.
    """

    def __init__(self, theme: Theme, lines: int = 2) -> None:
        super().__init__(theme)
        self._lines = lines
        self._pieces: tuple[Piece, ...] = ()

    @property
    def text(self) -> str:
        """All that it says."""
        return " · ".join(text for _, text in self._pieces)

    def say(self, pieces: Sequence[Piece]) -> None:
        """Show other pieces."""
        if tuple(pieces) == self._pieces:
            return
        with self.changing():
            self._pieces = tuple(pieces)
        self.setToolTip(self.text)
        self.setAccessibleName(self.text)

    def set_lines(self, lines: int) -> None:
        """Change how many lines there are at most."""
        if lines != self._lines:
            with self.changing():
                self._lines = lines

    def heightForWidth(self, width: int) -> int:  # noqa: N802 (Qt's name)
        """Height in pixels of the lines that a width makes necessary."""
        lines = 1 + max((line for line, _, _, _ in self._flow(width)), default=0) if self._pieces else 0
        return round(lines * self.metrics().lineSpacing() + 0.5)

    def paintEvent(self, event: QPaintEvent | None) -> None:  # noqa: ARG002, N802 (Qt's name)
        """Draw the pieces."""
        painter = QPainter(self)
        painter.setFont(self.text_font())
        metrics = self.metrics()
        for line, x, role, text in self._flow(self.width()):
            painter.setPen(QColor(getattr(self.theme, role)))
            painter.drawText(QPointF(x, line * metrics.lineSpacing() + metrics.ascent()), text)
        painter.end()

    def _flow(self, width: int) -> Iterator[tuple[int, float, str, str]]:
        """Line, x, role and text of each piece that can be seen."""
        metrics = self.metrics()
        space = metrics.averageCharWidth() * 2
        line, x = 0, 0.0
        for number, (role, text) in enumerate(self._pieces):
            needed = metrics.horizontalAdvance(text)
            if x and x + needed > width and line + 1 < self._lines:
                line, x = line + 1, 0.0
            more = number + 1 < len(self._pieces) and line + 1 == self._lines
            room = width - x - (metrics.horizontalAdvance(" …") if more else 0)
            if needed > room and line + 1 == self._lines:
                rest = "  ".join(text for _, text in self._pieces[number:])
                yield line, x, role, metrics.elidedText(rest, Qt.TextElideMode.ElideRight, width - x)
                return
            yield line, x, role, metrics.elidedText(text, Qt.TextElideMode.ElideRight, width)
            x += needed + space
