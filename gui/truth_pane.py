"""What was shown, and how near the decoder came to it."""

from typing import ClassVar

import numpy as np
from PyQt6.QtCore import QRectF
from PyQt6.QtGui import QPainter

from bci.rank_histogram import two_way
from bci.snapshot import Snapshot
from bci.types import Decision
from bci.viewing import Viewed
from gui.hit_marks import draw_mark, mark
from gui.pane import HIDDEN
from gui.sheet import MARGIN, SMALLEST, Item, square
from gui.sheet_pane import SheetPane
from gui.theme import Theme
from gui.thumbnails import Thumbnails

__all__ = ["TruthPane"]

LATEST = 40
"""Marks of the latest events, as many as there is room for."""
_ROWS = ((0.0, 1.6), (1.6, 2.6), (3.0, 4.0), (4.0, 5.0), (5.0, 6.0))
"""Where lines of words begin and end, in lines."""


class TruthPane(SheetPane):
    """The concept that was shown, its rank among all, and the marks of the latest events."""

    title: ClassVar[str] = "Truth"
    help: ClassVar[str] = "What was shown, where markers tell it, and its rank among all concepts."
    rate: ClassVar[float] = 10.0

    def __init__(self, viewed: Viewed, theme: Theme) -> None:
        super().__init__(viewed, theme)
        self._pictures = Thumbnails(viewed.about)
        self._decision: Decision | None = None
        self._ranks: list[int] = []

    def refresh(self, snapshot: Snapshot) -> None:
        """Show the truth of the latest decision."""
        decided = snapshot.decided
        if self.show_anew(len(decided), self.viewed.about.hide_truth):
            self._decision = snapshot.recent[-1] if snapshot.recent else None
            self._ranks = decided.rank[decided.told][-LATEST:].tolist()

    # -------------------------------------------------------------------------------- drawing

    def draw(self, painter: QPainter, area: QRectF) -> None:
        """Draw the picture and what is told of it, or why there is none."""
        lacking = self._lacking()
        if lacking is not None:
            self.notice(painter, area, *lacking)
            return
        if self._decision is None or self._decision.truth is None:
            return
        side = min(area.height(), area.width() * 0.42)
        picture = QRectF(area.left(), area.top(), side, side)
        self._pictures.draw(painter, picture, self._decision.truth, self.theme, self.sheet.font())
        self._draw_words(
            painter, area.adjusted(side + 1.5 * MARGIN, 0, 0, 0), self._decision, self._decision.truth
        )

    def _lacking(self) -> tuple[str, str] | None:
        """Say why there is no truth to be shown, and what it means."""
        about, decision = self.viewed.about, self._decision
        if about.hide_truth:
            return "Hidden", HIDDEN
        if decision is None:
            return "No event yet", "What was shown appears here once an event is decided."
        if decision.truth is not None:
            return None
        if decision.marker is None:
            return "Truth unknown", "No marker tells what was shown in this window; it counts in no accuracy."
        named = f"The marker {decision.marker.value!r} names none of the {len(about.concepts)} concepts"
        return "Truth unknown", f"{named}; it counts in no accuracy."

    def _draw_words(self, painter: QPainter, area: QRectF, decision: Decision, truth: int) -> None:
        sheet, theme = self.sheet, self.theme
        tall, wide = area.height() / (8 * sheet.line_height()), area.width() / sheet.text_width("n" * 16)
        size = max(SMALLEST, min(tall, wide))
        line = sheet.line_height(size)
        rows = [area.adjusted(0, line * top, 0, line * end - area.height()) for top, end in _ROWS]
        sheet.write(painter, rows[0], Item(self.viewed.about.concepts[truth], theme.truth, bold=True), size * 1.3)
        sheet.write(painter, rows[1], Item(self._pictures.glyphs.category(truth), theme.muted), size)
        rank = None if decision.ranking is None else decision.ranking.truth_rank
        what = mark(rank, len(self.viewed.about.concepts))
        draw_mark(painter, square(rows[2], line * 0.85), what, theme)
        sheet.write(painter, rows[2].adjusted(line * 1.2, 0, 0, 0), Item(what.value, theme.text, bold=True), size)
        for row, words in zip(rows[3:], self._rank(decision, rank), strict=False):
            sheet.write(painter, row, Item(words, theme.text), size)
        self._draw_latest(painter, QRectF(area.left(), area.bottom() - line, area.width(), line), size)

    def _rank(self, decision: Decision, rank: int | None) -> tuple[str, ...]:
        n = len(self.viewed.about.concepts)
        if rank is None:
            return (f"not ranked: {decision.status}", decision.reason)
        if n < 2:
            return (f"rank {rank + 1} of {n}",)
        above = float(two_way(np.array([rank]), n)[0])
        return (f"rank {rank + 1} of {n}", f"percentile {above * 100:.1f} %")

    def _draw_latest(self, painter: QPainter, area: QRectF, size: float) -> None:
        """Marks of the latest events, the newest one at the right."""
        sheet, n = self.sheet, len(self.viewed.about.concepts)
        label = Item("latest", self.theme.muted)
        room = sheet.text_width("latest  ", size)
        side, step = area.height() * 0.6, area.height() * 0.75
        shown = self._ranks[-max(1, int((area.width() - room) / step)) :]
        sheet.tip(area, f"the latest {len(shown)} events with a truth, the newest one at the right")
        sheet.write(painter, area, label, size)
        for place, rank in enumerate(shown):
            draw_mark(
                painter, square(area.adjusted(room + place * step, 0, 0, 0), side), mark(rank, n), self.theme
            )
