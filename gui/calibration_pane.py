"""Whether probabilities may be believed: confidence against accuracy, and where the temperature comes from."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
import pyqtgraph as pg
from PyQt6.QtGui import QColor

from bci.reliability import ECE_FROM, ReliabilityBin, brier, calibration_error, log_loss, reliability
from bci.snapshot import Snapshot
from bci.viewing import About, Viewed
from gui.figure_pane import FigurePane, lacks_ranking, lacks_truth
from gui.pane import HIDDEN
from gui.plots import Plot
from gui.scales import percent_end
from gui.theme import Theme
from gui.words import Piece

__all__ = ["CalibrationPane"]

POINT = 7
"""Size, pixels."""


class CalibrationPane(FigurePane):
    """Reliability diagram of the best concept's probability, with proper scores."""

    title: ClassVar[str] = "Calibration"
    help: ClassVar[str] = "Of the trials named with 30 % probability, were 30 % right? On the diagonal they were."
    rate: ClassVar[float] = 1.0
    lines: ClassVar[int] = 3

    def __init__(self, viewed: Viewed, theme: Theme) -> None:
        self.plot = Plot(theme, "probability, %", "right, %")
        super().__init__(viewed, theme, self.plot)
        self._ideal = pg.PlotDataItem([0, 100], [0, 100])
        self._bars = pg.ErrorBarItem(beam=0)
        self._points = pg.ScatterPlotItem(size=POINT, symbol="s", pxMode=True)
        for item in (self._ideal, self._bars, self._points):
            self.plot.addItem(item)
        for side in ("left", "bottom"):
            self.plot.getAxis(side).setStyle(maxTickLevel=0)
        self.recolour()

    def lacks(self, about: About, snapshot: Snapshot) -> str | None:
        """Say what is missing."""
        lacking = lacks_truth(about, snapshot, "how often probabilities are right") or lacks_ranking(snapshot)
        if lacking is None or lacking == HIDDEN:
            return lacking
        source = " ".join(text for _, text in _source(about)).capitalize()
        return f"{source}. {lacking}"

    def draw(self, about: About, snapshot: Snapshot) -> None:
        """Compare what was said with what was right."""
        decided = snapshot.decided
        judged = decided.told & decided.ranked
        confidence, hits = decided.probability[judged], decided.hits(1)[judged]
        bins = reliability(confidence, hits)
        error = calibration_error(bins)
        missing = int(decided.told.sum()) - len(hits)
        self._plot(bins)
        self.words.say(
            [
                *_source(about),
                ("text", f"ECE from {ECE_FROM} trials on" if error is None else f"ECE {error * 100:.1f} %"),
                ("text", f"log-loss {log_loss(confidence, hits):.3f}"),
                ("text", f"Brier {brier(confidence, hits):.3f}"),
                ("muted", f"n {len(hits):,}"),
                ("muted", "bars 95 %, pointwise"),
                *([("warning", f"{missing:,} not ranked")] if missing else []),
                ("muted", "scores of 'the best is right'"),
                ("muted", "bins of equal counts"),
            ]
        )

    def recolour(self) -> None:
        """Take on the colours of the theme."""
        self.plot.paint(self.theme)
        self._ideal.setPen(QColor(self.theme.chance))
        self._points.setBrush(QColor(self.theme.accent))
        self._points.setPen(QColor(self.theme.panel))
        self._bars.setData(pen=QColor(self.theme.accent))

    def _plot(self, bins: Sequence[ReliabilityBin]) -> None:
        x = np.array([each.confidence for each in bins]) * 100
        y = np.array([each.accuracy for each in bins]) * 100
        low, high = np.array([each.interval for each in bins]).T * 100
        self._points.setData(x, y)
        self._bars.setData(x=x, y=y, top=high - y, bottom=y - low)
        end = percent_end(max(x.max(), high.max()))
        self.plot.setRange(xRange=(0, end), yRange=(0, end), padding=0.05)


def _source(about: About) -> list[Piece]:
    """Say which temperature is in use, where it comes from, and what else it belongs to if it does."""
    fitted = about.calibration
    if fitted is None:
        return [("warning", "uncalibrated: raw softmax")]
    other = _other(about, fitted)
    return [
        ("warning", f"uncalibrated here: fitted to {other}") if other else ("good", "calibrated"),
        ("text", f"temperature {fitted.get('temperature', 'unknown'):.4}"),
        ("muted", f"{fitted.get('date', 'date unknown')}, {fitted.get('source', 'source unknown')}"),
    ]


def _other(about: About, fitted: Mapping[str, Any]) -> str:
    """Name what a temperature belongs to instead: another bank, number of concepts, or averaged presentations."""
    here = {"bank": about.decoder.bank, "n": len(about.concepts), "k": 1}
    words = {"bank": "bank {}", "n": "{} concepts", "k": "{} presentations averaged"}
    differing = [key for key, value in here.items() if fitted.get(key, value) != value]
    return ", ".join(words[key].format(fitted[key]) for key in differing)
