"""Decisions of a file at another temperature or among other concepts: a look back, not what was decided."""

from collections.abc import Sequence
from math import log10
from typing import ClassVar

import numpy as np
import pyqtgraph as pg
from PyQt6.QtCore import Qt
from PyQt6.QtGui import QColor, QPen
from PyQt6.QtWidgets import QAbstractSpinBox, QDoubleSpinBox, QHBoxLayout, QToolButton, QWidget

from bci.decided import Decided
from bci.reliability import log_loss
from bci.snapshot import Snapshot
from bci.tally import top5_counts
from bci.viewing import About, Viewed
from bci.what_if import Expected, Gallery, Reranked, WhatIf, leaning
from bci.wilson import wilson
from gui.bank_menu import BankMenu
from gui.category_choice import CategoryChoice
from gui.figure_pane import FigurePane
from gui.numbers import within
from gui.pane import HIDDEN
from gui.plots import Plot
from gui.scales import percent_end
from gui.theme import Theme

__all__ = ["WhatIfPane"]

COOLEST, HOTTEST = 1e-3, 20.0
"""Temperatures to choose from."""
DOT = 7
"""Size, pixels."""
BEYOND = 0.02
"""How far chance is drawn beyond the first and the last number of candidates, decades."""
LOW = 18
"""Lines of text below whose height a pane has no room for the name of an axis; the words tell it."""

Piece = tuple[str, str]


class WhatIfPane(FigurePane):
    """Accuracy over numbers of candidates, and trust in probabilities, at a temperature and among categories."""

    title: ClassVar[str] = "What if"
    help: ClassVar[str] = (
        "What decisions of a file would have been at another temperature, or among other concepts."
    )
    rate: ClassVar[float] = 2.0
    lines: ClassVar[int] = 3
    always: ClassVar[bool] = True

    def __init__(self, viewed: Viewed, theme: Theme) -> None:
        self.temperature, self.candidates = _temperature(), CategoryChoice()
        self.reset = _button("Reset", "Back to what was decided")
        self.plot = Plot(theme, "candidates", "right, %")
        self._curves = tuple(_Curve(self.plot, k) for k in (1, 5))
        super().__init__(viewed, theme, _in_a_row(self.temperature, self.candidates, self.reset), self.plot)
        self.plot.setAccessibleName("accuracy over numbers of candidates")
        self.plot.setMinimumHeight(1)
        self.plot.getAxis("left").setStyle(maxTickLevel=0)
        self.plot.getAxis("bottom").enableAutoSIPrefix(False)  # noqa: FBT003 (pyqtgraph's way)
        self._own = _own_gallery(viewed.about)
        self._what_if = (
            None if self._own is None else WhatIf(self._own, viewed.about.temperature, first=viewed.about.first)
        )
        self.banks = self._bank_menu()
        self._reset()
        self.recolour()
        self.temperature.valueChanged.connect(self._choose)
        self.candidates.changed.connect(self._choose)
        self.reset.clicked.connect(self._start_over)

    def follow(self, snapshot: Snapshot) -> None:
        """Take in the decisions that came since."""
        if self._what_if is not None and self.viewed.player is not None:
            self._what_if.add(snapshot.recent)

    def refresh(self, snapshot: Snapshot) -> None:
        """Show what the decisions so far would have been."""
        self.follow(snapshot)
        if self.banks is not None and self.banks.reading:
            self.banks.poll(self._show_gallery)
            self.outdate()  # there is something to say while it is read, and if it does not fit
        super().refresh(snapshot)

    def lacks(self, about: About, snapshot: Snapshot) -> str | None:
        """Say what is missing."""
        if about.hide_truth:
            return HIDDEN
        if self.viewed.player is None:
            return "For files only: open a recording with bci live --file, and its decisions can be ranked anew."
        if self._what_if is None:
            return "This decoder has no prototypes to rank against: its decisions stay as they are."
        return None if len(self._what_if) else _nothing(snapshot.decided)

    def draw(self, about: About, snapshot: Snapshot) -> None:  # noqa: ARG002 (what is kept here is all there is)
        """Compare what would have been with what was."""
        assert self._what_if is not None  # noqa: S101 (`lacks` has looked)
        if self._too_few:
            self.words.say([_LABEL, ("warning", "choose categories of two concepts at least")])
            self._plot(())
            return
        found = self._what_if.reranked
        self.words.say([_LABEL, *self._about_bank(), *self._figures(found), *self._notes(found)])
        self._plot(self._what_if.curve())

    def recolour(self) -> None:
        """Take on the colours of the theme."""
        self.plot.paint(self.theme)
        for curve in self._curves:
            curve.paint(self.theme)

    def fit(self) -> None:
        """Leave a low pane to its curves."""
        self.plot.getAxis("bottom").showLabel(self.height() >= LOW * self.fontMetrics().height())

    # -------------------------------------------------------------------------------- what is chosen

    def _bank_menu(self) -> BankMenu | None:
        """Let another bank be chosen, where the decoder is here to say how it ranks one."""
        menu, read = self.candidates.menu(), self.viewed.read_gallery
        if menu is None or read is None or self._own is None:
            return None
        banks = BankMenu(menu, read, self)
        banks.own_chosen.connect(self._start_over)
        return banks

    def _show_gallery(self, gallery: Gallery) -> None:
        assert self._what_if is not None  # noqa: S101 (else there is nothing to rank)
        self._what_if.rank_against(gallery)
        self.candidates.offer(gallery.categories, len(gallery.concepts))
        self._too_few = False

    def _choose(self) -> None:
        if self._what_if is not None:
            candidates = self._chosen(self._what_if.gallery)
            self._too_few = len(candidates) < 2
            if not self._too_few:
                self._what_if.choose(self._chosen_temperature(), candidates)
        self.redraw()

    def _start_over(self) -> None:
        self._reset()
        self._choose()

    def _reset(self) -> None:
        about = self.viewed.about
        self.temperature.blockSignals(True)  # noqa: FBT003 (Qt's way)
        self.temperature.setValue(about.temperature)
        self.temperature.blockSignals(False)  # noqa: FBT003
        self._round = self.temperature.value()
        if self.banks is not None:
            self.banks.forget()
        if self._own is None:
            self.candidates.offer(about.categories, len(about.concepts))
        else:
            self._show_gallery(self._own)

    def _chosen_temperature(self) -> float:
        """The box rounds: what it is reset to is what decisions were made with."""
        value = self.temperature.value()
        return self.viewed.about.temperature if value == self._round else value

    def _chosen(self, gallery: Gallery) -> np.typing.NDArray[np.int64]:
        """Rows of the concepts that are ticked."""
        chosen = self.candidates.chosen
        if self.candidates.all_chosen:
            return np.arange(len(gallery.concepts))
        return np.flatnonzero([category in chosen for category in gallery.categories])

    # -------------------------------------------------------------------------------- words

    def _about_bank(self) -> list[Piece]:
        """Say what is ranked against, if it is not what was decided among, or why it is not."""
        assert self._what_if is not None  # noqa: S101
        name = self._what_if.gallery.name
        told = [("accent", f"bank {name}")] if name else []
        if self.banks is not None and self.banks.reading:
            return [*told, ("muted", "reading a bank …")]
        return [*told, ("warning", f"▲ {self.banks.refused}")] if self.banks and self.banks.refused else told

    def _figures(self, found: Reranked) -> list[Piece]:
        assert self._what_if is not None  # noqa: S101
        if not len(found):
            return [("warning", f"none of {len(self._what_if):,} decisions shows one of these concepts")]
        overlapping, decided = self._what_if.overlapping, self._what_if.decided
        ks = (1, 5) if top5_counts(found.n_candidates) else (1,)
        loss, before = (log_loss(each.confidence, each.hits(1)) for each in (found, decided))
        return [
            *(("text", _share(found, k, overlapping=overlapping)) for k in ks),
            _trust(found, overlapping=overlapping),
            ("muted", f"of {found.n_candidates:,}"),
            ("text", f"log-loss {loss:.3f}"),
            (
                "muted",
                f"decided: {before:.3f}, top-1 {decided.hits(1).mean() * 100:.1f} % of {decided.n_candidates:,}",
            ),
            ("muted", f"n {len(found):,}"),
        ]

    def _notes(self, found: Reranked) -> list[Piece]:
        assert self._what_if is not None  # noqa: S101
        others, missed = len(self._what_if) - len(found), self._what_if.missed
        return [
            *([("warning", f"▲ {missed:,} decisions were not seen")] if missed else []),
            *([("muted", f"{others:,} show other concepts")] if others else []),
            ("accent", "● top-1"),
            ("text", "■ top-5"),
            ("chance", "- - chance"),
            ("muted", "over candidates: mean of all random ones beside the truth"),
            ("muted", "log-loss of 'the best is right'"),
            ("muted", "[ ] 95 %, pointwise"),
        ]

    # -------------------------------------------------------------------------------- drawing

    def _plot(self, points: Sequence[Expected]) -> None:
        for curve in self._curves:
            curve.show(points)
        if not points:
            return
        best = max(max(point.top1, point.top5 or 0, 1 / point.size) for point in points) * 100
        self.plot.setYRange(0, percent_end(best), padding=0.04)
        low, high = log10(points[0].size), log10(points[-1].size)
        self.plot.setXRange(low, high, padding=0.12 if high > low else 0)
        self.plot.getAxis("bottom").setTicks([[(log10(point.size), f"{point.size:,}") for point in points]])


class _Curve:
    """The share of trials with the truth among the best `k`, over numbers of candidates, and that of luck."""

    def __init__(self, plot: Plot, k: int) -> None:
        self._k = k
        self._line = pg.PlotDataItem(symbol="o" if k == 1 else "s", symbolSize=DOT)
        self._chance = pg.PlotDataItem()
        self._chance.setZValue(-1)
        plot.addItem(self._line)
        plot.addItem(self._chance)

    def show(self, points: Sequence[Expected]) -> None:
        shares = [(point.size, point.top1 if self._k == 1 else point.top5) for point in points]
        told = [(size, share) for size, share in shares if share is not None]
        x = np.log10([size for size, _ in told])
        self._line.setData(x, np.array([share for _, share in told]) * 100)
        if not told:
            self._chance.setData(x, x)
            return
        between = np.linspace(x[0] - BEYOND, x[-1] + BEYOND, 50)  # luck bends between the points
        self._chance.setData(between, 100 * self._k / 10**between)

    def paint(self, theme: Theme) -> None:
        colour = QColor(theme.accent if self._k == 1 else theme.text)
        self._line.setPen(QPen(colour, 0, Qt.PenStyle.SolidLine if self._k == 1 else Qt.PenStyle.DotLine))
        self._line.setSymbolBrush(colour)
        self._line.setSymbolPen(QColor(theme.panel))
        self._chance.setPen(QPen(QColor(theme.chance), 0, Qt.PenStyle.DashLine))


def _own_gallery(about: About) -> Gallery | None:
    """What decisions were made among; None if it is not here."""
    return None if about.prototypes is None else Gallery(about.concepts, about.prototypes, about.categories)


def _nothing(decided: Decided) -> str:
    """Say why there is no decision to rank anew."""
    if not len(decided):
        return "No decision yet. Play the file: each of its decisions can then be ranked anew."
    if not decided.told.any():
        return "No truth in the markers: it cannot be known what would have been right."
    return "No decision of an event with a truth was seen here."


_LABEL: Piece = ("warning", "what if: not what was decided")


def _share(found: Reranked, k: int, *, overlapping: bool) -> str:
    hits, n = int(found.hits(k).sum()), len(found)
    interval = None if overlapping else wilson(hits, n)
    return f"top-{k} {hits / n * 100:.1f} %{within(interval)}"


def _trust(found: Reranked, *, overlapping: bool) -> Piece:
    hits = found.hits(1)
    told = f"says {found.confidence.mean() * 100:.0f} %, right {hits.mean() * 100:.0f} %"
    verdict = None if overlapping else leaning(found.confidence, hits)
    if verdict is None:
        return "text", told
    return ("good", f"{told}: it fits") if verdict == "fits" else ("warning", f"{told}: {verdict}")


def _in_a_row(*widgets: QWidget) -> QWidget:
    row = QWidget()
    layout = QHBoxLayout(row)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(4)
    for widget in widgets:
        layout.addWidget(widget)
    layout.addStretch(1)
    return row


def _temperature() -> QDoubleSpinBox:
    box = QDoubleSpinBox()
    box.setAccessibleName("Temperature")
    box.setToolTip("Temperature of the softmax over scores, lower is surer: type it, or turn the wheel")
    box.setButtonSymbols(QAbstractSpinBox.ButtonSymbols.NoButtons)
    box.setPrefix("T ")
    box.setDecimals(4)
    box.setRange(COOLEST, HOTTEST)
    box.setStepType(QAbstractSpinBox.StepType.AdaptiveDecimalStepType)
    box.setKeyboardTracking(False)
    return box


def _button(text: str, tip: str) -> QToolButton:
    button = QToolButton()
    button.setText(text)
    button.setToolTip(tip)
    button.setAccessibleName(tip)
    button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    return button
