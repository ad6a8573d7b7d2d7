"""What the decoder has just named: the best concepts of the latest decision, or why there is none.

A best concept that leads by less than `CLEAR` is called no clear winner. A decision is stale once twice the usual
time between decisions has passed; it then fades and says so.
"""

from collections.abc import Sequence
from typing import ClassVar

import numpy as np
from PyQt6.QtCore import QRectF, Qt
from PyQt6.QtGui import QColor, QPainter

from bci.clock import Clock, lsl_clock
from bci.snapshot import Snapshot
from bci.types import Decision, Ranking, SourceState, Status
from bci.viewing import Viewed
from gui.numbers import duration, percent
from gui.sheet import MARGIN, SMALLEST, Item, square
from gui.sheet_pane import SheetPane
from gui.theme import Theme
from gui.thumbnails import Thumbnails

__all__ = ["CLEAR", "NowPane", "age", "margin", "period"]

CLEAR = 0.05
"""Probability by which a clear winner leads."""
CARDS = 5
FADED = 0.5
"""Opacity of what is stale or not to be acted on."""
FIRST = 1.6
"""How much taller the card of the best concept is than the others."""

_FLOWING = (SourceState.FLOWING, SourceState.RECOVERED)
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


class NowPane(SheetPane):
    """Cards of the best five concepts, as large as the pane lets them be.

    Parameters
    ----------
    viewed
        The session.
    theme
        Its colours.
    clock
        Seconds on the clock of the decisions' onsets.
    """

    title: ClassVar[str] = "Now"
    help: ClassVar[str] = "The concepts that fit the latest event best, with their probabilities."
    rate: ClassVar[float] = 10.0

    def __init__(self, viewed: Viewed, theme: Theme, clock: Clock = lsl_clock) -> None:
        super().__init__(viewed, theme)
        self._clock = clock
        self._pictures = Thumbnails(viewed.about)
        self._decision: Decision | None = None
        self._state = SourceState.CONNECTED
        self._age = self._period = 0.0

    def refresh(self, snapshot: Snapshot) -> None:
        """Show the latest decision and how old it is."""
        window = self.viewed.about.window
        self._state = snapshot.state
        if snapshot.recent and snapshot.recent[-1] is not self._decision:
            self._decision = snapshot.recent[-1]
            self._period = period([decision.onset for decision in snapshot.recent], window[1] - window[0])
            self.setAccessibleDescription(self._spoken(self._decision))
        if self._decision is not None:
            self._age = age(self._decision, window[1], self._clock())
        seq = None if self._decision is None else self._decision.seq
        self.show_anew(seq, self._state, duration(self._age), self._stale)

    @property
    def _stale(self) -> bool:
        return self._age > 2 * self._period

    # -------------------------------------------------------------------------------- drawing

    def draw(self, painter: QPainter, area: QRectF) -> None:
        """Draw cards, or why there are none."""
        decision = self._decision
        if decision is None:
            detail = "One is made as soon as the window after a marker is complete."
            self.notice(painter, area, "No decision yet", detail)
        elif decision.ranking is None:
            self._draw_reason(painter, area, decision)
        else:
            self._draw_ranking(painter, area, decision, decision.ranking)

    def _draw_reason(self, painter: QPainter, area: QRectF, decision: Decision) -> None:
        """Say why the latest event has no ranking."""
        size = self.sheet.size_in(area)
        used = self.sheet.flow(painter, area, self._about_time(), size)
        headline = Item(f"✕ No decision: {decision.status}", self.theme.bad, bold=True)
        self.sheet.notice(painter, area.adjusted(0, used, 0, 0), headline, decision.reason, size * 1.2)

    def _draw_ranking(self, painter: QPainter, area: QRectF, decision: Decision, ranking: Ranking) -> None:
        size = self.sheet.size_in(area)
        head = [*_flags(decision, self.theme), *self._about_margin(margin(ranking)), *self._about_time()]
        # as much room as most decisions need, so that cards stay where they are from one to the next
        usual = [*self._about_margin(0.0), Item("▲ stale: 99.9 s ago", self.theme.text)]
        used = max(self.sheet.flow(painter, area, head, size), self.sheet.flow_height(area, usual, size))
        space = self.sheet.line_height(size) * 0.3
        below = area.adjusted(0, used + space, 0, 0)
        doubtful = self._stale or decision.status is Status.ARTIFACT
        painter.setOpacity(FADED if doubtful else 1.0)
        places = cards(below, min(CARDS, len(ranking.indices)), least=self.sheet.line_height(size) * 0.9)
        column = min(places[0].height(), area.width() * 0.2)
        for place, card in enumerate(places):
            concept, probability = int(ranking.indices[place]), float(ranking.probabilities[place])
            self._draw_card(painter, card, column, concept, probability, best=not place)
        painter.setOpacity(1.0)

    def _draw_card(
        self, painter: QPainter, card: QRectF, column: float, concept: int, probability: float, *, best: bool
    ) -> None:
        """Picture in a column of its own, then name and number over a bar from 0 to 100 %."""
        sheet, theme, side = self.sheet, self.theme, min(card.height(), column)
        picture = square(card.adjusted((column - side) / 2, 0, 0, 0), side)
        self._pictures.draw(painter, picture, concept, theme, sheet.font())
        words = card.adjusted(column + max(MARGIN, column * 0.15), 0, 0, 0)
        thick = card.height() * 0.14
        bar = QRectF(words.left(), words.bottom() - thick, words.width(), thick)
        line = QRectF(words.left(), words.top(), words.width(), words.height() - bar.height())
        size = self._card_size(line)
        number = Item(percent(probability), theme.text, bold=best)
        room = sheet.text_width("100.0 %", size, bold=True)
        glyphs = self._pictures.glyphs
        glyph = sheet.line_height(size) * 0.55 if glyphs.category(concept) else 0.0
        glyphs.draw(painter, square(line, glyph), concept, glyphs.hue(concept, theme))
        name = Item(self.viewed.about.concepts[concept], theme.text, bold=best)
        sheet.tip(card, self._told(concept, probability))
        sheet.write(painter, line.adjusted(glyph * 1.5, 0, -room, 0), name, size)
        sheet.write(painter, QRectF(line.right() - room, line.top(), room, line.height()), number, size, _RIGHT)
        _bar(painter, bar, probability, theme, theme.accent if best else theme.lost)

    def _card_size(self, line: QRectF) -> float:
        """Size of a card's words: as tall as the line allows, but so that some twenty letters fit."""
        tall = line.height() * 0.62 / self.sheet.line_height()
        wide = line.width() / self.sheet.text_width("n" * 20 + "100.0 %")
        return max(SMALLEST, min(tall, wide))

    # -------------------------------------------------------------------------------- words

    def _about_margin(self, lead: float | None) -> list[Item]:
        kind = "calibrated" if self.viewed.about.calibration else "uncalibrated"
        told = [Item(kind, self.theme.muted)]
        if lead is None:
            return told
        points = f"margin {lead * 100:.1f} pp"
        if lead < CLEAR:
            return [Item(f"≈ no clear winner: {points}", self.theme.warning), *told]
        return [Item(points, self.theme.text), *told]

    def _about_time(self) -> list[Item]:
        told = f"{duration(self._age)} ago"
        items = [Item(f"▲ stale: {told}", self.theme.warning) if self._stale else Item(told, self.theme.muted)]
        if self._state not in _FLOWING:
            items.append(Item(f"■ source {self._state}", self.theme.bad, bold=True))
        return items

    def _told(self, concept: int, probability: float) -> str:
        category = self._pictures.glyphs.category(concept)
        named = self.viewed.about.concepts[concept] + (f" ({category})" if category else "")
        return f"{named}: {percent(probability)}"

    def _spoken(self, decision: Decision) -> str:
        """Say a decision to screen readers."""
        if decision.ranking is None:
            return f"no decision: {decision.status}, {decision.reason}"
        pairs = zip(decision.ranking.indices, decision.ranking.probabilities, strict=True)
        return ", ".join(self._told(int(concept), float(p)) for concept, p in pairs)


def margin(ranking: Ranking) -> float | None:
    """Return by how much the best concept's probability exceeds that of the second; None without a second."""
    if len(ranking.probabilities) < 2:
        return None
    return float(ranking.probabilities[0]) - float(ranking.probabilities[1])


def age(decision: Decision, window_end: float, now: float) -> float:
    """Return the seconds since a decision was made: its window had to end, then its latency passed."""
    return max(0.0, now - (decision.onset + window_end + decision.latency))


def period(onsets: Sequence[float], window: float) -> float:
    """Return the usual seconds between decisions, the median; the length of the window before there are two."""
    return float(np.median(np.diff(onsets))) if len(onsets) > 1 else window


def cards(area: QRectF, n: int, least: float) -> list[QRectF]:
    """Divide an area among at most `n` cards, none lower than `least` but the only one; the first is taller."""
    gap = max(2.0, area.height() * 0.02)
    fitting = next((m for m in range(n, 1, -1) if (area.height() - gap * (m - 1)) / (m - 1 + FIRST) >= least), 1)
    unit = max(0.0, (area.height() - gap * (fitting - 1)) / (fitting - 1 + FIRST))
    unit = min(unit, area.width() * 0.25)
    heights = [unit * FIRST] + [unit] * (fitting - 1)
    tops = np.cumsum([0.0, *(height + gap for height in heights)])
    return [
        QRectF(area.left(), area.top() + float(top), area.width(), height)
        for top, height in zip(tops, heights, strict=False)
    ]


def _flags(decision: Decision, theme: Theme) -> list[Item]:
    """What speaks against a decision that was made all the same."""
    if decision.status is Status.OK:
        return []
    judged = "no decision: artifact" if decision.status is Status.ARTIFACT else str(decision.status)
    items = [Item(f"▲ {judged}", theme.warning, bold=True)]
    return [*items, Item(decision.reason, theme.warning)] if decision.reason else items


def _bar(painter: QPainter, area: QRectF, share: float, theme: Theme, colour: str) -> None:
    painter.fillRect(area, QColor(theme.raised))
    painter.fillRect(QRectF(area.left(), area.top(), area.width() * share, area.height()), QColor(colour))
