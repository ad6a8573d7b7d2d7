"""How long decisions take, stage by stage, against their budget."""

from collections.abc import Iterator
from typing import ClassVar

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PyQt6.QtCore import Qt
from PyQt6.QtGui import QColor

from bci.decided import Decided
from bci.latency import latency_histogram, missed, near_percentiles
from bci.snapshot import Snapshot
from bci.tally import percentiles
from bci.verdict import STAGES
from bci.viewing import About, Viewed
from gui.figure_pane import FigurePane
from gui.plots import Plot
from gui.scales import round_counts
from gui.stage_bars import StageBar, StageBars
from gui.theme import Theme

__all__ = ["LatencyPane"]

PERCENTS = (50, 95, 99)
TICKS = 3
FLATTEST = 5
"""Height of the distribution with its axis at least, in lines of text."""


class LatencyPane(FigurePane):
    """Stages of typical and of slow decisions, and the distribution of latencies."""

    title: ClassVar[str] = "Latency"
    help: ClassVar[str] = (
        "From the arrival of an epoch's last sample, or of its marker if later, to the decision: all stamps are "
        "of one clock, local_clock of LSL on this computer."
    )
    rate: ClassVar[float] = 2.0

    def __init__(self, viewed: Viewed, theme: Theme) -> None:
        self.bars = StageBars(theme, STAGES)
        self.plot = Plot(theme, "latency, ms (counts, √ scale)", "")
        super().__init__(viewed, theme, self.bars, self.plot)
        self._histogram = pg.BarGraphItem(x0=[], x1=[], height=[])
        self._budget = pg.InfiniteLine(angle=90)
        for item in (self._histogram, self._budget):
            self.plot.addItem(item)
        self._painted = np.zeros(0)
        self.recolour()

    def painted(self, seconds: NDArray[np.float64]) -> None:
        """Take in how long decisions waited to be seen; shown with the next refresh.

        Parameters
        ----------
        seconds
            (m,) from the moment a decision was handed to the sinks until the window had painted it; of the latest
            decisions, or of all. NaN for those that were replaced before they could be seen.
        """
        if seconds is not self._painted:
            self._painted = seconds
            self.outdate()

    def lacks(self, about: About, snapshot: Snapshot) -> str | None:  # noqa: ARG002 (latency needs no facts)
        """Say what is missing."""
        decided = snapshot.decided
        if not len(decided):
            return "No decision yet. Latency appears with the first one."
        if not decided.ranked.any():
            return f"None of {len(decided):,} events was decoded, so there is no latency; the timeline says why."
        return None

    def draw(self, about: About, snapshot: Snapshot) -> None:
        """Summarise the decisions that have a ranking."""
        decided, budget = snapshot.decided, about.budget
        latency = decided.latency[decided.ranked]
        self._tell(latency, budget)
        self.bars.set_bars(list(self._stages(decided)), budget * 1e3)
        self._plot(latency, budget)
        self.fit()

    def fit(self) -> None:
        """Leave the distribution out where it would be too flat to be read."""
        above = self.words.heightForWidth(self.width()) + self.bars.heightForWidth(self.width())
        self.plot.setVisible(self.height() - above >= FLATTEST * self.fontMetrics().height())

    def recolour(self) -> None:
        """Take on the colours of the theme."""
        self.plot.paint(self.theme)
        self.bars.set_theme(self.theme)
        self._histogram.setOpts(brush=QColor(self.theme.accent), pen=QColor(self.theme.panel))
        self._budget.setPen(QColor(self.theme.warning), style=Qt.PenStyle.DashLine)

    def _tell(self, latency: NDArray[np.float64], budget: float) -> None:
        found, over = percentiles(latency) or {}, missed(latency, budget)
        share = f"{over:,} of {len(latency):,} over it ({over / len(latency) * 100:.1f} %)"
        self.words.say(
            [
                ("text", "  ".join(f"p{percent} {found[f'p{percent}']:.3g} ms" for percent in PERCENTS)),
                ("warning", f"| budget {budget * 1e3:g} ms"),
                ("bad" if over else "good", share if over else f"none of {len(latency):,} over it"),
                ("muted", f"one clock: LSL{self._beside()}"),
            ]
        )

    def _beside(self) -> str:
        delay = self.viewed.about.stream.delay
        return f"; beside it the device's own delay of {delay * 1e3:g} ms" if delay else ""

    def _stages(self, decided: Decided) -> Iterator[StageBar]:
        """Stages of the decisions at each percentile, and the same percentile of what painting took."""
        rows = np.flatnonzero(decided.ranked)
        known = self._painted[np.isfinite(self._painted)]
        seen = np.percentile(known, PERCENTS) if len(known) else np.full(len(PERCENTS), np.nan)
        nearest = near_percentiles(decided.latency[rows], PERCENTS)
        for percent, chosen, beyond in zip(PERCENTS, nearest, seen.tolist(), strict=True):
            stages = decided.stages[rows[chosen]].mean(axis=0) * 1e3
            yield StageBar(f"p{percent}", tuple(stages.tolist()), beyond * 1e3)

    def _plot(self, latency: NDArray[np.float64], budget: float) -> None:
        found = latency_histogram(latency)
        edges, line = np.log10(found.edges * 1e3), float(np.log10(budget * 1e3))
        self._histogram.setOpts(x0=edges[:-1], x1=edges[1:], height=np.sqrt(found.counts))
        self._budget.setValue(line)
        held = np.flatnonzero(found.counts)
        low, high = min(edges[held[0]], line), max(edges[held[-1] + 1], line)
        top = float(np.sqrt(found.counts.max()))
        self.plot.setRange(xRange=(low - 0.1, high + 0.1), yRange=(0, top * 1.06), padding=0)
        self.plot.getAxis("left").setTicks(
            [[(np.sqrt(count), f"{count:,}") for count in round_counts(top**2, TICKS)]]
        )
        decades = range(-1, 5)
        thirds = [(np.log10(factor) + power, f"{factor * 10**power:g}") for power in decades for factor in (2, 5)]
        wholes = [(float(power), f"{10**power:g}") for power in decades]
        self.plot.getAxis("bottom").setTicks([wholes + (thirds if high - low < 2 else [])])
