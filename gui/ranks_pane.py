"""Where the truth ranks among all concepts, beside what luck comes to.

Counts are drawn to the scale of their square roots, on which luck scatters equally far in every bin: a rootogram
(Tukey 1977, Exploratory Data Analysis, chapter 17).
"""

from typing import ClassVar

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PyQt6.QtGui import QColor, QFontMetrics

from bci.rank_histogram import RankHistogram, log_edges, rank_histogram, two_way
from bci.snapshot import Snapshot
from bci.viewing import About, Viewed
from gui.figure_pane import FigurePane, lacks_ranking, lacks_truth
from gui.plots import Plot
from gui.scales import round_counts
from gui.theme import Theme

__all__ = ["RanksPane"]

BAR, BAND = 0.7, 0.96
"""Widths, of bins one apart."""
SPARE = 0.8
"""Share of the plot that the axis of ranks takes at least."""
FAINT = 70
"""Opacity of the band, of 255."""


class RanksPane(FigurePane):
    """Histogram of the truth's rank, its median, and two-way identification."""

    title: ClassVar[str] = "Rank of the truth"
    help: ClassVar[str] = "How often the concept that was shown was ranked where, and how often luck would do so."
    rate: ClassVar[float] = 2.0

    def __init__(self, viewed: Viewed, theme: Theme) -> None:
        self.plot = Plot(theme, "rank of the truth, up to", "trials, √ scale")
        super().__init__(viewed, theme, self.plot)
        self._band = pg.BarGraphItem(x=[], y0=[], height=[], width=BAND)
        self._bars = pg.BarGraphItem(x=[], height=[], width=BAR)
        self._luck = pg.PlotDataItem(connect="pairs")
        for item in (self._bars, self._band, self._luck):
            self.plot.addItem(item)
        self.recolour()

    def lacks(self, about: About, snapshot: Snapshot) -> str | None:
        """Say what is missing."""
        if len(about.concepts) < 2:
            return "The bank holds one concept: there is nothing to rank."
        return lacks_truth(about, snapshot, "ranks") or lacks_ranking(snapshot)

    def draw(self, about: About, snapshot: Snapshot) -> None:
        """Count ranks."""
        decided, n_concepts = snapshot.decided, len(about.concepts)
        ranks = decided.rank[decided.rank >= 0]
        overlapping = bool(decided.window.any())
        self._tell(ranks, n_concepts, int(decided.told.sum()) - len(ranks), overlapping=overlapping)
        self._bins(rank_histogram(ranks, n_concepts, log_edges(n_concepts)), overlapping=overlapping)

    def recolour(self) -> None:
        """Take on the colours of the theme."""
        self.plot.paint(self.theme)
        chance = QColor(self.theme.chance)
        faint = QColor(chance)
        faint.setAlpha(FAINT)
        self._bars.setOpts(brush=QColor(self.theme.accent), pen=QColor(self.theme.accent))
        self._band.setOpts(brush=faint, pen=faint)
        self._luck.setPen(chance)

    def _tell(self, ranks: NDArray[np.int64], n_concepts: int, missing: int, *, overlapping: bool) -> None:
        chance = "windows overlap: no band" if overlapping else "band: chance, 95 %, pointwise"
        self.words.say(
            [
                ("text", f"median {np.median(ranks) + 1:,.4g} of {n_concepts:,}"),
                ("text", f"2-way {two_way(ranks, n_concepts).mean() * 100:.1f} % (chance 50 %)"),
                ("muted", f"n {len(ranks):,}"),
                *([("warning", f"{missing:,} not ranked")] if missing else []),
                ("chance", chance),
            ]
        )

    def _bins(self, found: RankHistogram, *, overlapping: bool) -> None:
        x = np.arange(len(found.counts))
        low, high = (np.sqrt(found.expected if overlapping else end) for end in (found.low, found.high))
        self._bars.setOpts(x=x, height=np.sqrt(found.counts))
        self._band.setOpts(x=x, y0=low, height=high - low)
        ends = np.stack([x - BAND / 2, x + BAND / 2], axis=1).ravel()
        self._luck.setData(ends, np.repeat(np.sqrt(found.expected), 2))
        top = float(np.sqrt(max(found.counts.max(), found.high.max(), 1))) * 1.06
        self.plot.setRange(xRange=(-0.5, len(x) - 0.5), yRange=(0, top), padding=0)
        self.plot.getAxis("left").setTicks([[(np.sqrt(count), f"{count:,}") for count in round_counts(top**2)]])
        names = _names(found.edges[1:].tolist(), self.fontMetrics(), self.plot.width() * SPARE)
        self.plot.getAxis("bottom").setTicks([list(enumerate(names))])


def _names(edges: list[int], metrics: QFontMetrics, width: float) -> list[str]:
    """Names of bins, not all where they find no room; a large bank's last one is N, which the words tell."""
    names = [f"{edge / 1000:g}k" if edge >= 1000 else str(edge) for edge in edges[:-1]]
    names.append("N" if edges[-1] >= 1000 else str(edges[-1]))
    for first in "25":
        if sum(metrics.horizontalAdvance(f" {name} ") for name in names) > width:
            names = [*("" if name.startswith(first) else name for name in names[:-1]), names[-1]]
    return names
