"""Which electrodes to trust: a shape, a word and a colour for each channel, and the reason of the one chosen."""

import re
from collections import Counter
from math import ceil
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QPointF, QRectF, Qt
from PyQt6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPainterPath, QPen

from bci.channel_quality import LEAST, SECONDS, Assessment, Condition, assess_channels, impedances, measure
from bci.snapshot import Snapshot
from bci.viewing import About, Viewed
from gui.samples_pane import SamplesPane
from gui.shapes import SHAPES
from gui.sheet import Item, Sheet, square
from gui.theme import Theme
from gui.words import Piece, Words

__all__ = ["QualityPane"]

ROLES = {
    Condition.GOOD: "good",
    Condition.FLAT: "bad",
    Condition.SATURATED: "bad",
    Condition.LINE: "warning",
    Condition.NOISY: "warning",
    Condition.MISSING: "lost",
}
"""Colour of each condition, a role of the theme."""
MARKS = {
    Condition.GOOD: "●",
    Condition.FLAT: "▬",
    Condition.SATURATED: "■",
    Condition.LINE: "∿",
    Condition.NOISY: "▲",
    Condition.MISSING: "○",
}
"""Their shapes, as words have them; cells have the same ones, drawn."""
_SHAPES = {
    Condition.GOOD: "disc",
    Condition.SATURATED: "square",
    Condition.NOISY: "triangle",
    Condition.MISSING: "ring",
}

SMALL = 0.75
"""Size of labels where many channels share little room."""
WORD = 0.85
"""Size of the word below a label."""

_STEPS = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}


class QualityPane(SamplesPane):
    """A grid of channels: with their words where there is room, as shapes alone where there are hundreds."""

    title: ClassVar[str] = "Channel quality"
    help: ClassVar[str] = "How each channel of the raw signal was in the last 2 s. Choose one to read why."
    rate: ClassVar[float] = 2.0

    def __init__(self, viewed: Viewed, theme: Theme) -> None:
        super().__init__(viewed, theme)
        self.grid = _Grid(self)
        self.reason = Words(theme, lines=3)
        self.body.addWidget(self.grid, 1)
        self.body.addWidget(self.reason)
        self.labels = tuple(self.channels[i].label for i in self.eeg)
        self._impedances = impedances(self.channels)
        self.assessments: tuple[Assessment, ...] = ()
        self.chosen: int | None = None
        self._ohms: dict[int, float] = {}

    def lacks(self, about: About, snapshot: Snapshot) -> str | None:  # noqa: ARG002 (what panes are asked)
        """Say that there are no samples."""
        if self.viewed.history.end:
            return None
        return f"No samples yet. Channels are judged {LEAST:g} s after the first one."

    def draw(self, about: About, snapshot: Snapshot) -> None:
        """Judge the channels."""
        data = self.latest(SECONDS)
        if self.stale(snapshot):
            lost = Assessment(Condition.MISSING, f"the stream is {snapshot.state}")
            self.assessments = (lost,) * len(self.eeg)
        else:
            self.assessments = assess_channels(measure(data[:, self.eeg], about.stream.sfreq))
        self._ohms = {electrode: _median(data[:, column]) for electrode, column in self._impedances.items()}
        self._count()
        self.explain()
        self.grid.update()

    def recolour(self) -> None:
        """Take on the colours of the theme."""
        self.grid.set_theme(self.theme)
        self.reason.set_theme(self.theme)

    def choose(self, place: int | None) -> None:
        """Explain one channel, by its place among the EEG channels."""
        self.chosen = place
        self.explain()
        self.grid.update()

    def in_words(self, place: int) -> str:
        """Return what there is to say of a channel."""
        assessment = self.assessments[place]
        return f"{self.labels[place]} {assessment.condition}: {assessment.reason}{self.impedance(place, '; ')}"

    def impedance(self, place: int, before: str = "") -> str:
        """Return the impedance of a channel with its unit; empty if the stream carries none."""
        column = int(self.eeg[place])
        if column not in self._ohms or not np.isfinite(self._ohms[column]):
            return ""
        return f"{before}{self._ohms[column]:.3g} {self.channels[self._impedances[column]].unit}"

    def explain(self) -> None:
        """Tell the reason of the channel that is chosen, or which ones are not good."""
        if not self.assessments:
            return
        pieces = self._faulty() if self.chosen is None else self._reason(self.chosen)
        self.reason.say(
            pieces or [("muted", "nothing to complain of"), ("muted", "choose a channel for its numbers")]
        )
        self.grid.setAccessibleDescription(self.reason.text)

    def _reason(self, place: int) -> list[Piece]:
        assessment = self.assessments[place]
        head = f"{MARKS[assessment.condition]} {self.labels[place]} {assessment.condition}"
        parts = [*re.split(": |, ", assessment.reason), *filter(None, [self.impedance(place)])]
        return [(ROLES[assessment.condition], head), *(("text", part) for part in parts)]

    def _faulty(self) -> list[Piece]:
        if len({assessment.reason for assessment in self.assessments}) == 1 and len(self.labels) > 1:
            return [("muted", f"all: {self.assessments[0].reason}")]
        by_condition: dict[Condition, list[str]] = {}
        for label, assessment in zip(self.labels, self.assessments, strict=True):
            if assessment.condition is not Condition.GOOD:
                by_condition.setdefault(assessment.condition, []).append(label)
        return [(ROLES[c], f"{MARKS[c]} {', '.join(labels)}") for c, labels in by_condition.items()]

    def _count(self) -> None:
        counts = Counter(assessment.condition for assessment in self.assessments)
        there = [condition for condition in Condition if counts[condition]]
        self.words.say([(ROLES[c], f"{MARKS[c]} {counts[c]} {c}") for c in there])


class _Grid(Sheet):
    """Cells of equal size, chosen with the mouse or the arrow keys."""

    def __init__(self, pane: QualityPane) -> None:
        super().__init__(pane.theme, self._draw_cells)
        self._pane = pane
        self._columns = 1
        self._cells: list[QRectF] = []
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Channels")

    def mousePressEvent(self, event: QMouseEvent | None) -> None:  # noqa: N802 (Qt's name)
        """Choose the channel under the mouse; none if it was chosen already or there is none."""
        if event is not None:
            at = next((i for i, cell in enumerate(self._cells) if cell.contains(event.position())), None)
            self._pane.choose(None if at == self._pane.chosen else at)

    def keyPressEvent(self, event: QKeyEvent | None) -> None:  # noqa: N802 (Qt's name)
        """Go to the next channel with the arrow keys, to none with Escape."""
        steps = {**_STEPS, Qt.Key.Key_Up: -self._columns, Qt.Key.Key_Down: self._columns}
        if event is None or not self._cells:
            return
        key, chosen = Qt.Key(event.key()), self._pane.chosen
        if key in steps:
            place = 0 if chosen is None else chosen + steps[key]
            self._pane.choose(place if 0 <= place < len(self._cells) else chosen)
        elif key == Qt.Key.Key_Escape and chosen is not None:
            self._pane.choose(None)
        else:
            super().keyPressEvent(event)

    def _draw_cells(self, painter: QPainter, _: QRectF) -> None:
        if self._pane.assessments:
            lines = self._lay_out(len(self._pane.assessments))
            for place, cell in enumerate(self._cells):
                self._draw_cell(painter, cell, place, lines)

    def _lay_out(self, n: int) -> int:
        """Divide the room among cells, and return what each has room for: 3 for all, 1 for its shape alone."""
        area, (width, tall, lines) = QRectF(self.rect()), self._kind(n)
        self._columns = max(1, int(area.width() // width))
        rows = ceil(n / self._columns)
        self._columns = ceil(n / rows)
        width = min(area.width() / self._columns, 2 * width)
        tall = min(area.height() / rows, 1.5 * tall)
        self._cells = [
            QRectF(i % self._columns * width, i // self._columns * tall, width, tall).adjusted(1, 1, -1, -1)
            for i in range(n)
        ]
        return lines

    def _kind(self, n: int) -> tuple[float, float, int]:
        """Width, height and what there is room for, of the kind of cell that tells most of those that fit."""
        height, label = self.line_height(), max(map(self.text_width, self._pane.labels))
        ohms = max((self._pane.impedance(place, " ") for place in range(n)), key=len)
        word = max(self.text_width(f"{condition}{ohms}", WORD) for condition in Condition)
        kinds = (
            (max(label + 1.4 * height, word) + 12, 2 * height + 8, 3),
            (label + 1.4 * height + 8, height + 6, 2),
            (SMALL * (label + height) + 6, SMALL * height + 1, 2),
            (height + 2, height + 2, 1),
        )
        room = self.size()
        smallest = (room.width() * room.height() / n) ** 0.5 * 0.9
        fitting = (kind for kind in kinds if int(room.width() // kind[0]) * int(room.height() // kind[1]) >= n)
        return next(fitting, (smallest, smallest, 0))

    def _draw_cell(self, painter: QPainter, cell: QRectF, place: int, lines: int) -> None:
        pane = self._pane
        condition = pane.assessments[place].condition
        colour = getattr(self.theme, ROLES[condition])
        if place == pane.chosen:
            painter.setPen(QPen(QColor(self.theme.accent), 2 if self.hasFocus() else 1))
            painter.setBrush(QColor(self.theme.raised))
            painter.drawRoundedRect(cell, 3, 3)
        height = self.line_height()
        side = min(cell.width(), cell.height(), height) * 0.72
        block = min(cell.height(), 2 * height if lines == 3 else height)
        top = cell.center().y() - block / 2
        inset = 4 if cell.height() >= height else 0
        first = QRectF(cell.left() + inset, top, cell.width() - 2 * inset, min(height, cell.height()))
        shape = square(first, side)
        if lines <= 1:
            shape.moveCenter(cell.center())
        _draw_mark(painter, shape, condition, colour)
        self.tip(cell, pane.in_words(place))
        if lines > 1:
            name = first.adjusted(side + inset + 1, 0, 0, 0)
            size = min(1.0, (cell.height() + 2) / height)
            self.write(painter, name, Item(pane.labels[place], self.theme.text), max(SMALL, size))
        if lines > 2:
            words = f"{condition}{pane.impedance(place, ' ')}"
            self.write(painter, first.translated(0, height), Item(words, colour), WORD)


def _draw_mark(painter: QPainter, area: QRectF, condition: Condition, colour: str) -> None:
    """Draw the shape of a condition into a square."""
    side, middle = area.width(), area.center()
    if condition is Condition.FLAT:
        painter.fillRect(QRectF(area.left(), middle.y() - side * 0.14, side, side * 0.28), QColor(colour))
    elif condition is Condition.LINE:
        wave = QPainterPath(QPointF(area.left(), middle.y()))
        wave.cubicTo(
            QPointF(area.left() + side * 0.4, area.top() - side * 0.3),
            QPointF(area.right() - side * 0.4, area.bottom() + side * 0.3),
            QPointF(area.right(), middle.y()),
        )
        painter.strokePath(wave, QPen(QColor(colour), max(1.2, side * 0.16)))
    else:
        inset = side * 0.08
        SHAPES[_SHAPES[condition]](painter, area.adjusted(inset, inset, -inset, -inset), QColor(colour))


def _median(values: NDArray[np.float32]) -> float:
    there = values[np.isfinite(values)]
    return float(np.median(there)) if len(there) else np.nan
