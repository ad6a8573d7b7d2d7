"""Events and decisions beside the signals: at which sample, with which shape and words."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import ceil, floor

import numpy as np
from PyQt6.QtCore import QPointF, QRect, QRectF, QSize, Qt
from PyQt6.QtGui import QColor, QPainter, QPaintEvent, QPolygonF
from PyQt6.QtWidgets import QSizePolicy, QWidget

from bci.decided import Decided
from bci.history import History
from bci.types import Decision, Status
from bci.viewing import About
from gui.hit_marks import Mark, draw_mark, mark
from gui.theme import Theme

__all__ = ["POOL", "MarkBar", "TraceMark", "mark_of", "mark_of_row", "sample_at"]

POOL = 50
"""Marks that are drawn at most."""
STEPS = 12
"""Steps in which the sample of a time is looked for: clocks drift against the nominal rate."""


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
    guess = history.end - 1
    for _ in range(STEPS):  # a row at a time: samples may have hundreds of channels
        guess = min(max(guess, history.start), history.end - 1)
        off = (time - _time_of(history, guess)) * history.sfreq
        if abs(off) <= 0.5 or np.isnan(off):
            break
        guess += round(off)
    near = history.between(guess - 2, guess + 3)
    if not len(near.times) or time < near.times[0] - 1 / history.sfreq:
        return None
    return near.first + int(np.abs(near.times - time).argmin())


def _time_of(history: History, sample: int) -> float:
    times = history.between(sample, sample + 1).times
    return float(times[0]) if len(times) else np.nan


def mark_of(decision: Decision, sample: int, about: About) -> TraceMark:
    """Return what is drawn of a decision whose event happened at a sample."""
    name = "" if decision.marker is None else decision.marker.value
    rank = None if decision.ranking is None else decision.ranking.truth_rank
    return _drawn(sample, name, decision.status, rank, about)


def mark_of_row(decided: Decided, row: int, sample: int, about: About) -> TraceMark:
    """Return what is drawn of a decision of long ago, of which the columns alone are kept."""
    truth, rank = int(decided.truth[row]), int(decided.rank[row])
    name = about.concepts[truth] if truth >= 0 else ""
    return _drawn(sample, name, Status(int(decided.status[row])), rank if rank >= 0 else None, about)


def _drawn(sample: int, name: str, status: Status, rank: int | None, about: About) -> TraceMark:
    sfreq, (begin, end) = about.stream.sfreq, about.window
    words = [name] if name and not about.hide_truth else []
    if status is not Status.OK:
        words.append(str(status))
    outcome = None if rank is None or about.hide_truth else mark(rank, len(about.concepts))
    window = sample + round(begin * sfreq), sample + round(end * sfreq)
    return TraceMark(sample, " · ".join(words), outcome, status is not Status.OK, window)


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
            yield self._triangle

    def _triangle(self, painter: QPainter, area: QRectF) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(self.theme.warning))
        painter.drawPolygon(
            QPolygonF([area.bottomLeft(), QPointF(area.center().x(), area.top()), area.bottomRight()])
        )
