"""A pane with a figure: numbers in words over a drawing, or one sentence where there is nothing to draw."""

from typing import ClassVar

from PyQt6.QtCore import QEvent, Qt
from PyQt6.QtGui import QPalette, QResizeEvent
from PyQt6.QtWidgets import QLabel, QSizePolicy, QStackedLayout, QVBoxLayout, QWidget

from bci.snapshot import Snapshot
from bci.viewing import About, Viewed
from gui.pane import HIDDEN, Pane, tint
from gui.sheet import MARGIN
from gui.theme import Theme
from gui.words import Words

__all__ = ["FigurePane", "lacks_ranking", "lacks_truth"]

FLAT = 9
"""Height, in lines of text, below which there is a single line of words."""


class FigurePane(Pane):
    """Draws anew only if a decision has come since the last refresh.

    Parameters
    ----------
    viewed
        The session.
    theme
        Its colours.
    *drawing
        What it draws on, from the top; the last one takes the room that is left.
    """

    lines: ClassVar[int] = 2
    """Lines of words at most."""

    def __init__(self, viewed: Viewed, theme: Theme, *drawing: QWidget) -> None:
        super().__init__(viewed, theme)
        self.words, self.sentence = Words(theme, self.lines), _sentence()
        page, self._pages = QWidget(), QStackedLayout(self)
        column = QVBoxLayout(page)
        column.setContentsMargins(MARGIN, MARGIN // 2, MARGIN, MARGIN // 2)
        column.setSpacing(2)
        for widget in (self.words, *drawing):
            column.addWidget(widget)
        column.setStretchFactor(drawing[-1], 1)
        column.addStretch()  # takes the room of a last one that is hidden
        self._pages.addWidget(page)
        self._pages.addWidget(self.sentence)
        self._snapshot: Snapshot | None = None
        self._about: About | None = None
        self._drawn: tuple[object, ...] = ()
        tint(self.sentence, QPalette.ColorRole.WindowText, self.theme.muted)

    def refresh(self, snapshot: Snapshot) -> None:
        """Show how the session stands."""
        about = self.viewed.about
        self._snapshot = snapshot
        shown = (len(snapshot.decided), snapshot.pauses, snapshot.excluded)
        if shown == self._drawn and about is self._about:
            return
        self._drawn, self._about = shown, about
        lacking = self.lacks(about, snapshot)
        if lacking is None:
            self.draw(about, snapshot)
        else:
            self.setAccessibleDescription("")  # of the figure that was drawn before
        self.sentence.setText(lacking or "")
        self.sentence.setToolTip(lacking or "")
        self.sentence.setAccessibleName(lacking or "")
        self._pages.setCurrentIndex(0 if lacking is None else 1)

    def lacks(self, about: About, snapshot: Snapshot) -> str | None:  # noqa: ARG002 (nothing, unless a pane says so)
        """Say what is missing and what to do about it; None where the figure can be drawn."""
        return None

    def draw(self, about: About, snapshot: Snapshot) -> None:
        """Bring numbers and drawing up to date."""
        raise NotImplementedError

    def fit(self) -> None:
        """Leave out what there is no room for; called when the size of the pane or of its font has changed."""

    def recolour(self) -> None:
        """Take on the colours of the theme, before what was shown last is drawn once more."""

    def outdate(self) -> None:
        """Draw anew with the next refresh, because something else than the decisions has changed."""
        self._drawn = ()

    def redraw(self) -> None:
        """Draw what was shown last once more, at once."""
        self.outdate()
        if self._snapshot is not None:
            self.refresh(self._snapshot)

    def set_theme(self, theme: Theme) -> None:
        """Take on other colours."""
        super().set_theme(theme)
        self.words.set_theme(theme)
        tint(self.sentence, QPalette.ColorRole.WindowText, self.theme.muted)
        self.recolour()
        self.redraw()

    def resizeEvent(self, event: QResizeEvent | None) -> None:  # noqa: N802 (Qt's name)
        """Make the best of the room."""
        super().resizeEvent(event)
        self._fit_words()
        self.fit()

    def changeEvent(self, event: QEvent | None) -> None:  # noqa: N802 (Qt's name)
        """Follow the size of the font."""
        super().changeEvent(event)
        if event is not None and event.type() == QEvent.Type.FontChange:
            self._fit_words()
            self.fit()

    def _fit_words(self) -> None:
        """Leave a flat pane to its drawing but for a line."""
        self.words.set_lines(1 if self.height() < FLAT * self.fontMetrics().height() else self.lines)


def lacks_truth(about: About, snapshot: Snapshot, what: str) -> str | None:
    """Say why `what` cannot be known: truth is hidden, or no event has one; None if some has."""
    if about.hide_truth:
        return HIDDEN
    if not len(snapshot.decided):
        return f"No decision yet: {what} can be told once a marker has said what was shown."
    if not snapshot.decided.told.any():
        return f"No truth in the markers: {what} cannot be known. Map marker values to concepts in the config."
    return None


def lacks_ranking(snapshot: Snapshot) -> str | None:
    """Say that no event with a truth was decoded, if that is so."""
    told = snapshot.decided.told
    if (told & snapshot.decided.ranked).any():
        return None
    return f"None of {told.sum():,} events with a truth was decoded; the timeline says why."


def _sentence() -> QLabel:
    label = QLabel()
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    label.setAlignment(Qt.AlignmentFlag.AlignCenter)
    label.setContentsMargins(MARGIN, MARGIN, MARGIN, MARGIN)
    label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Ignored)
    return label
