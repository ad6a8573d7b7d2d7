"""One trial as pictures: what was shown, beside the concepts that fit best with their scores and probabilities."""

from dataclasses import dataclass

from PyQt6.QtCore import QRectF, Qt
from PyQt6.QtGui import QColor, QPainter, QPen
from PyQt6.QtWidgets import QVBoxLayout, QWidget

from bci.types import Ranking
from bci.viewing import About
from gui.hit_marks import draw_mark, mark
from gui.numbers import percent
from gui.sheet import MARGIN, Item, Sheet
from gui.theme import Theme
from gui.thumbnails import Thumbnails

__all__ = ["Shown", "TrialCards", "columns_of"]

LARGEST = 1.5
SMALLEST = 0.5
"""Size of words at most and at least, in sizes of the application's font."""
PICTURE = 3.0
"""Side of a picture in lines of words below which these rather become smaller."""
UNDER = 3.6
"""Lines of words under a picture."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A trial as it is drawn.

    Parameters
    ----------
    truth
        Concept that was shown, None if unknown.
    ranking
        The best concepts.
    score
        What scores are called.
    certainty
        What probabilities are: `calibrated` or `uncalibrated`.
    what
        `single trial`, or `mean of n repetitions`.
    """

    truth: int | None
    ranking: Ranking
    score: str
    certainty: str
    what: str


class TrialCards(QWidget):
    """The true picture at the left, the best concepts at the right; or why there is nothing to see.

    Parameters
    ----------
    about
        The concepts and their pictures.
    theme
        Its colours.
    """

    def __init__(self, about: About, theme: Theme) -> None:
        super().__init__()
        self._about = about
        self._theme = theme
        self._pictures = Thumbnails(about)
        self._shown: Shown | None = None
        self._lacking = ("", "")
        self._sheet = Sheet(theme, self._draw)
        self.setAccessibleName("Trial")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._sheet)

    def show_trial(self, shown: Shown) -> None:
        """Show a trial."""
        self._shown = shown
        self.setAccessibleDescription(self._spoken(shown))
        self._sheet.update()

    def show_nothing(self, headline: str, detail: str) -> None:
        """Say why there is nothing to see, and what to do."""
        self._shown, self._lacking = None, (headline, detail)
        self.setAccessibleDescription(f"{headline}: {detail}")
        self._sheet.update()

    def set_theme(self, theme: Theme) -> None:
        """Take on other colours."""
        self._theme = theme
        self._sheet.set_theme(theme)

    # -------------------------------------------------------------------------------- drawing

    def _draw(self, painter: QPainter, area: QRectF) -> None:
        if self._shown is None:
            headline, detail = self._lacking
            self._sheet.notice(painter, area, Item(headline, self._theme.text, bold=True), detail, 1.2)
            return
        width = area.width() * 0.27
        size = self._size(area.width() - width, area.height(), self._shown)
        self._draw_truth(painter, QRectF(area.left(), area.top(), width, area.height()), self._shown, size)
        middle = area.left() + width + 1.5 * MARGIN
        painter.setPen(QPen(QColor(self._theme.raised), 1))
        painter.drawLine(round(middle), round(area.top()), round(middle), round(area.bottom()))
        self._draw_best(painter, area.adjusted(width + 3 * MARGIN, 0, 0, 0), self._shown, size)

    def _size(self, width: float, height: float, shown: Shown) -> float:
        """Size of words: as large as lets the pictures be larger than the words."""
        line = self._sheet.line_height()
        sizes = (each / 10 for each in range(round(LARGEST * 10), round(SMALLEST * 10), -1))
        largest = min(LARGEST, max(1.0, width / 560))
        fitting = (
            size
            for size in sizes
            if size <= largest
            and self._columns(width, height - 1.3 * line * size, shown, size)[1] > PICTURE * line * size
        )
        return next(fitting, SMALLEST)

    def _columns(self, width: float, height: float, shown: Shown, size: float) -> tuple[int, float]:
        least = self._sheet.text_width(f"{shown.score} -0.000", size)
        return columns_of(width, height, len(shown.ranking.indices), UNDER * self._sheet.line_height(size), least)

    def _draw_truth(self, painter: QPainter, area: QRectF, shown: Shown, size: float) -> None:
        sheet, theme, line = self._sheet, self._theme, self._sheet.line_height(size)
        sheet.write(painter, _row(area, 0, line), Item("shown", theme.muted), size)
        below = area.adjusted(0, 1.3 * line, 0, 0)
        if shown.truth is None:
            detail = f"Nothing tells which of the {len(self._about.concepts):,} concepts it was: there is no rank."
            sheet.notice(painter, below, Item("Truth unknown", theme.text, bold=True), detail, size)
            return
        side = max(0.0, min(below.width(), below.height() - UNDER * line))
        self._picture(painter, QRectF(below.left(), below.top(), side, side), shown.truth)
        words = below.adjusted(0, side + 0.3 * line, 0, 0)
        name = Item(self._about.concepts[shown.truth], theme.truth, bold=True)
        sheet.write(painter, _row(words, 0, line), name, size * 1.1)
        rank, n = shown.ranking.truth_rank, shown.ranking.n_concepts
        what, dot = mark(rank, n), 0.8 * line
        row = _row(words, 1.15 * line, line)
        draw_mark(painter, QRectF(row.left(), row.center().y() - dot / 2, dot, dot), what, theme)
        sheet.write(painter, row.adjusted(1.15 * line, 0, 0, 0), Item(what.value, theme.text, bold=True), size)
        told = "" if rank is None else f"rank {rank + 1:,} of {n:,}"
        sheet.write(painter, _row(words, 2.2 * line, line), Item(told, theme.text), size)

    def _draw_best(self, painter: QPainter, area: QRectF, shown: Shown, size: float) -> None:
        sheet, line = self._sheet, self._sheet.line_height(size)
        sheet.write(painter, _row(area, 0, line), self._heading(shown), size)
        below = area.adjusted(0, 1.3 * line, 0, 0)
        k = len(shown.ranking.indices)
        columns, side = self._columns(below.width(), below.height(), shown, size)
        across, down = below.width() / columns, below.height() / -(-k // columns)
        for place in range(k):
            left, top = below.left() + place % columns * across, below.top() + place // columns * down
            self._draw_card(painter, QRectF(left, top, across - MARGIN, down), shown, place, side, size)

    def _heading(self, shown: Shown) -> Item:
        k, n = len(shown.ranking.indices), shown.ranking.n_concepts
        best = f"best {k} of {n:,}" if k < n else f"all {n} concepts"
        return Item(f"{best}; p {shown.certainty}", self._theme.muted)

    def _draw_card(
        self, painter: QPainter, area: QRectF, shown: Shown, place: int, side: float, size: float
    ) -> None:
        """Picture, name, score, probability as number and as bar; framed if it is what was shown."""
        sheet, theme, line = self._sheet, self._theme, self._sheet.line_height(size)
        concept, p = int(shown.ranking.indices[place]), float(shown.ranking.probabilities[place])
        score, right = float(shown.ranking.scores[place]), concept == shown.truth
        picture = QRectF(area.left(), area.top(), side, side)
        self._picture(painter, picture, concept)
        if right:
            painter.setPen(QPen(QColor(theme.truth), 3))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(picture.adjusted(1.5, 1.5, -1.5, -1.5))
        words = area.adjusted(0, side + 0.15 * line, 0, 0)
        name = f"{'✓' if right else f'{place + 1}.'} {self._about.concepts[concept]}"
        colour = theme.truth if right else theme.text
        sheet.write(painter, _row(words, 0, line), Item(name, colour, bold=right or place == 0), size)
        sheet.write(painter, _row(words, line, line), Item(f"{shown.score} {score:.3f}", theme.text), size)
        sheet.write(painter, _row(words, 2 * line, line), Item(f"p {percent(p)}", theme.text), size)
        bar = QRectF(words.left(), words.top() + 3.05 * line, max(side, 0.8 * words.width()), 0.2 * line)
        painter.fillRect(bar, QColor(theme.raised))
        filled = theme.accent if place == 0 else theme.lost
        painter.fillRect(QRectF(bar.left(), bar.top(), bar.width() * p, bar.height()), QColor(filled))
        sheet.tip(area, f"{self._about.concepts[concept]}: {shown.score} {score:.4f}, p {percent(p)}")

    def _picture(self, painter: QPainter, area: QRectF, concept: int) -> None:
        if area.width() >= 1:
            self._pictures.draw(painter, area, concept, self._theme, self._sheet.font())

    def _spoken(self, shown: Shown) -> str:
        """Say a trial to screen readers."""
        truth = "truth unknown" if shown.truth is None else f"shown: {self._about.concepts[shown.truth]}"
        rank = shown.ranking.truth_rank
        place = "" if rank is None else f", rank {rank + 1} of {shown.ranking.n_concepts}"
        pairs = zip(shown.ranking.indices.tolist(), shown.ranking.probabilities.tolist(), strict=True)
        best = ", ".join(f"{self._about.concepts[concept]} {percent(p)}" for concept, p in pairs)
        return f"{shown.what}; {truth}{place}; best: {best}; {shown.certainty}"


def columns_of(width: float, height: float, k: int, under: float, least: float) -> tuple[int, float]:
    """Return in how many columns, the fewest of equals, `k` cards have the largest pictures, and their side.

    Parameters
    ----------
    under
        Height of the words under a picture.
    least
        Width that the words of a card need.
    """

    def side(columns: int) -> float:
        return max(0.0, min(width / columns - MARGIN, height / -(-k // columns) - under))

    most = max(1, min(k, int(width // (least + MARGIN))))
    best = max(range(1, most + 1), key=lambda columns: (side(columns), -columns))
    return best, side(best)


def _row(area: QRectF, top: float, line: float) -> QRectF:
    return QRectF(area.left(), area.top() + top, area.width(), line)
