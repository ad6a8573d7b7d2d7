"""How many repeats went into an average, and what averages gain over single trials; never mixed in one number."""

from collections.abc import Sequence
from typing import ClassVar

from PyQt6.QtCore import QPointF, QRectF
from PyQt6.QtGui import QColor, QPainter, QPen

from bci.averaging import Averages, Presentation, of_averages, of_repeats
from bci.running import Share
from bci.snapshot import Snapshot
from bci.viewing import Viewed
from gui.hit_marks import draw_mark, mark
from gui.numbers import within
from gui.pane import HIDDEN
from gui.sheet import Item, square
from gui.sheet_pane import SheetPane
from gui.theme import Theme

__all__ = ["AveragingPane"]

_COLUMNS = ((0.0, 0.22), (0.22, 0.38), (0.38, 0.59), (0.59, 0.75), (0.75, 1.0))
"""Where the columns of the table begin and end, as shares of its width."""
_LETTERS = 54
"""Width of the table."""
_HEADS = ("presentation", "repeats", "average", "single", "evidence")


class AveragingPane(SheetPane):
    """The latest presentations: repeats, rank of their average, hits of their single trials, evidence so far."""

    title: ClassVar[str] = "Averaging"
    help: ClassVar[str] = "How many repeats of a presentation were averaged, apart from its single trials."

    def __init__(self, viewed: Viewed, theme: Theme) -> None:
        super().__init__(viewed, theme)
        self._averages = Averages(viewed.about.prototypes, viewed.about.first)
        self._presentations: tuple[Presentation, ...] = ()

    def refresh(self, snapshot: Snapshot) -> None:
        """Take the decisions in that came since."""
        last = snapshot.recent[-1].seq if snapshot.recent else -1
        if self.show_anew(last, self.viewed.about.hide_truth):
            for decision in snapshot.recent:
                self._averages.add(decision)
            self._presentations = self._averages.presentations

    # -------------------------------------------------------------------------------- drawing

    def draw(self, painter: QPainter, area: QRectF) -> None:
        """Draw figures over a table, or why there are none."""
        if self.viewed.about.hide_truth:
            self.notice(painter, area, "Hidden", HIDDEN)
        elif not self._presentations:
            detail = "Markers name no presentation that several trials belong to."
            self.notice(painter, area, "Single trials: nothing is averaged", detail)
        else:
            size = self.sheet.size_in(area)
            used = self.sheet.flow(painter, area, self._figures(), size) + self.sheet.line_height(size) * 0.4
            fitting = min(size, area.width() / self.sheet.text_width("n" * _LETTERS))
            self._draw_table(painter, area.adjusted(0, used, 0, 0), fitting)

    def _draw_table(self, painter: QPainter, area: QRectF, size: float) -> None:
        """The presentation that was repeated last comes first."""
        line = self.sheet.line_height(size) * 1.15
        for words, cell in zip(_HEADS, _cells(area, line), strict=True):
            self.sheet.write(painter, cell, Item(words, self.theme.muted), size)
        painter.setPen(QPen(QColor(self.theme.line), 1))
        painter.drawLine(area.topLeft() + _down(line), area.topRight() + _down(line))
        for row, each in enumerate(reversed(self._presentations), 1):
            if (row + 1) * line > area.height() + 1:
                break
            self._draw_row(painter, _cells(area.adjusted(0, row * line, 0, 0), line), each, size)

    def _draw_row(self, painter: QPainter, cells: Sequence[QRectF], each: Presentation, size: float) -> None:
        sheet, theme = self.sheet, self.theme
        sheet.write(painter, cells[0], Item(each.group, theme.text), size)
        left_out = "" if each.averaged == each.repeats else f" of {each.repeats}"
        sheet.write(painter, cells[1], Item(f"{each.averaged}{left_out}", theme.text), size)
        n, rank = len(self.viewed.about.concepts), None if each.ranking is None else each.ranking.truth_rank
        if rank is None:
            best = None if each.ranking is None else self.viewed.about.concepts[each.ranking.indices[0]]
            sheet.write(painter, cells[2], Item(best or "not ranked", theme.muted), size)
        else:
            side = cells[2].height() * 0.65
            draw_mark(painter, square(cells[2], side), mark(rank, n), theme)
            words = cells[2].adjusted(side * 1.5, 0, 0, 0)
            sheet.write(painter, words, Item(f"{rank + 1} of {n}", theme.text), size)
        single = "unknown" if each.truth is None else f"{each.hits} of {each.repeats}"
        sheet.write(painter, cells[3], Item(single, theme.text), size)
        sheet.write(painter, cells[4], self._evidence(each), size)

    def _evidence(self, each: Presentation) -> Item:
        """What its repeats say together, and whether that suffices; the sign says the same as the colour."""
        told = each.evidence
        if told is None:
            return Item("-", self.theme.muted)
        best, p = self.viewed.about.concepts[told.ranking.indices[0]], told.ranking.probabilities[0]
        sign = "■ " if told.stopped else ""
        return Item(f"{sign}{p * 100:.0f} % {best}", self.theme.good if told.sure else self.theme.text)

    # -------------------------------------------------------------------------------- words

    def _figures(self) -> list[Item]:
        text, muted = self.theme.text, self.theme.muted
        items = [Item(_told("Single trials", of_repeats(self._presentations), "repeats"), text)]
        if self.viewed.about.prototypes is not None:
            items.append(Item(_told("Averages", of_averages(self._presentations), "presentations"), text))
        else:
            items.append(Item("Averages: not ranked, prototypes are not here", muted))
        items.append(Item("top-1, [ ] 95 % pointwise", muted))
        if self.viewed.about.stopping is not None:
            items.append(Item(f"Evidence: {self.viewed.about.stopping}", muted))
        if self._averages.single:
            items.append(Item(f"{self._averages.single} trials belong to no presentation", muted))
        if self._averages.missed:
            items.append(Item(f"▲ {self._averages.missed} decisions were not seen", self.theme.warning))
        return items


def _told(what: str, share: Share, unit: str) -> str:
    if share.value is None:
        return f"{what}: truth unknown"
    return f"{what}: {share.value * 100:.1f} %{within(share.interval)} of {share.n} {unit}"


def _cells(area: QRectF, height: float) -> list[QRectF]:
    """Divide the first line of an area into columns."""
    gap = height * 0.3
    return [
        QRectF(area.left() + start * area.width(), area.top(), (end - start) * area.width() - gap, height)
        for start, end in _COLUMNS
    ]


def _down(height: float) -> QPointF:
    return QPointF(0, height)
