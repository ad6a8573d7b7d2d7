"""Events and decisions beside the signals: at which sample, with which shape and words."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from PyQt6.QtCore import QPointF, QRectF, QSize, Qt
from PyQt6.QtGui import QColor, QPainter, QPaintEvent, QPolygonF
from PyQt6.QtWidgets import QSizePolicy, QWidget

from bci.history import History
from bci.types import Decision, Status
from bci.viewing import About
from gui.hit_marks import Mark, draw_mark, mark
from gui.theme import Theme

__all__ = ["POOL", "MarkBar", "TraceMark", "mark_of", "sample_at"]

POOL = 50
"""Marks that are drawn at most."""
NEAR = 0.25
"""Seconds by which the time of a sample may differ from what the nominal rate says."""


@dataclass(frozen=True, slots=True)
class TraceMark:
    """Something to be drawn at a sample.

    Parameters
    ----------
    sample
        Index since the start of the stream.
    text
        Words beside it.
    outcome
        What became of its truth; None if that is not known, or not to be shown.
    doubtful
        Whether it was not decoded, or is flagged.
    window
        First sample of the epoch and the one after its last; None if there is none.
    """

    sample: int
    text: str
    outcome: Mark | None = None
    doubtful: bool = False
    window: tuple[int, int] | None = None


def sample_at(history: History, time: float) -> int | None:
    """Return the index of the sample nearest to a time, None if it is not kept, or not there yet."""
    if not history.last_time >= time - 1 / history.sfreq:
        return None
    guess = history.end - 1 - round((history.last_time - time) * history.sfreq)
    margin = round(NEAR * history.sfreq) + 1
    near = history.between(guess - margin, guess + margin + 1)
    if not len(near.times) or time < near.times[0] - 1 / history.sfreq:
        return None
    return near.first + int(np.abs(near.times - time).argmin())


def mark_of(decision: Decision, sample: int, about: About) -> TraceMark:
    """Return what is drawn of a decision whose event happened at a sample."""
    sfreq, (begin, end) = about.stream.sfreq, about.window
    named = decision.marker is not None and not about.hide_truth
    words = [decision.marker.value] if named and decision.marker is not None else []
    if decision.status is not Status.OK:
        words.append(str(decision.status))
    window = sample + round(begin * sfreq), sample + round(end * sfreq)
    doubtful = decision.status is not Status.OK
    return TraceMark(sample, " · ".join(words), _outcome(decision, about), doubtful, window)


def _outcome(decision: Decision, about: About) -> Mark | None:
    if about.hide_truth or decision.ranking is None or decision.ranking.truth_rank is None:
        return None
    return mark(decision.ranking.truth_rank, len(about.concepts))


class MarkBar(QWidget):
    """The names of events, above the signals; what has no room is left out, or is drawn as its shape alone."""

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
            self.placed = ordered
            self.update()

    def paintEvent(self, event: QPaintEvent | None) -> None:  # noqa: ARG002, N802 (Qt's name)
        """Draw each mark up to where the next one begins."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(self.theme.panel))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        taken = 0.0
        for (x, drawn), (end, _) in pairwise([*self.placed, (float(self.width()), None)]):
            if drawn is None or (x < taken and drawn.window is not None):
                continue
            if drawn.window is None:  # what is missing is said, whatever comes next
                end = taken = x + self.fontMetrics().horizontalAdvance(drawn.text) + 6  # noqa: PLW2901
            self._draw(painter, drawn, x, end - 3)
        painter.end()

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
            yield self._triangle

    def _triangle(self, painter: QPainter, area: QRectF) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(self.theme.warning))
        painter.drawPolygon(
            QPolygonF([area.bottomLeft(), QPointF(area.center().x(), area.top()), area.bottomRight()])
        )
