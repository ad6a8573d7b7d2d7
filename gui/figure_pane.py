"""A pane with a figure: numbers in words over a drawing, or one sentence where there is nothing to draw."""

from typing import ClassVar

from PyQt6.QtCore import Qt
from PyQt6.QtGui import QColor, QPalette, QResizeEvent
from PyQt6.QtWidgets import QLabel, QSizePolicy, QStackedLayout, QVBoxLayout, QWidget

from bci.session import Snapshot
from bci.viewing import About, Viewed
from gui.pane import Pane
from gui.sheet import MARGIN
from gui.theme import Theme
from gui.words import Words

__all__ = ["HIDDEN", "FigurePane"]

FLAT = 9
"""Height, in lines of text, below which there is a single line of words."""
HIDDEN = "Hidden from this screen: a participant may see it."


class FigurePane(Pane):
    """Draws anew only if a decision has come since the last refresh.

    Parameters
    ----------
    viewed
        The session.
    theme
        Its colours.
    drawing
        What it draws on.
    """

    lines: ClassVar[int] = 2
    """Lines of words at most."""

    def __init__(self, viewed: Viewed, theme: Theme, drawing: QWidget) -> None:
        super().__init__(viewed, theme)
        self.words, self.sentence = Words(theme, self.lines), _sentence()
        page, self._pages = QWidget(), QStackedLayout(self)
        column = QVBoxLayout(page)
        column.setContentsMargins(MARGIN, MARGIN // 2, MARGIN, MARGIN // 2)
        column.setSpacing(2)
        column.addWidget(self.words)
        column.addWidget(drawing, 1)
        self._pages.addWidget(page)
        self._pages.addWidget(self.sentence)
        self._snapshot: Snapshot | None = None
        self._about: About | None = None
        self._drawn = -1
        self._colour()

    def refresh(self, snapshot: Snapshot) -> None:
        """Show how the session stands."""
        about = self.viewed.about
        self._snapshot = snapshot
        if len(snapshot.decided) == self._drawn and about is self._about:
            return
        self._drawn, self._about = len(snapshot.decided), about
        lacking = self.lacks(about, snapshot)
        if lacking is None:
            self.draw(about, snapshot)
        self.sentence.setText(lacking or "")
        self.sentence.setToolTip(lacking or "")
        self.sentence.setAccessibleName(lacking or "")
        self._pages.setCurrentIndex(0 if lacking is None else 1)

    def lacks(self, about: About, snapshot: Snapshot) -> str | None:
        """Say what is missing and what to do about it; None where the figure can be drawn."""
        raise NotImplementedError

    def draw(self, about: About, snapshot: Snapshot) -> None:
        """Bring numbers and drawing up to date."""
        raise NotImplementedError

    def outdate(self) -> None:
        """Draw anew with the next refresh, because something else than the decisions has changed."""
        self._drawn = -1

    def redraw(self) -> None:
        """Draw what was shown last once more, at once."""
        self.outdate()
        if self._snapshot is not None:
            self.refresh(self._snapshot)

    def set_theme(self, theme: Theme) -> None:
        """Take on other colours."""
        super().set_theme(theme)
        self.words.set_theme(theme)
        self._colour()
        self.redraw()

    def resizeEvent(self, event: QResizeEvent | None) -> None:  # noqa: N802 (Qt's name)
        """Leave a flat pane to its drawing but for a line."""
        super().resizeEvent(event)
        self.words.set_lines(1 if self.height() < FLAT * self.fontMetrics().height() else self.lines)

    def _colour(self) -> None:
        ink = self.sentence.palette()
        ink.setColor(QPalette.ColorRole.WindowText, QColor(self.theme.muted))
        self.sentence.setPalette(ink)


def _sentence() -> QLabel:
    label = QLabel()
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    label.setAlignment(Qt.AlignmentFlag.AlignCenter)
    label.setContentsMargins(MARGIN, MARGIN, MARGIN, MARGIN)
    label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Ignored)
    return label
