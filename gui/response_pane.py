"""Whether the brain answers the pictures, and when: the running average around event onsets.

What is averaged, and what may be said of it, is `bci.response`'s affair. Events are averaged whether the pane can
be seen or not; it says how many of all are in the average.
"""

from collections import deque
from typing import ClassVar

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PyQt6.QtCore import Qt
from PyQt6.QtGui import QColor, QPalette, QPen
from PyQt6.QtWidgets import QGraphicsPathItem, QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from bci.evoked import TIMES
from bci.response import Response, ResponseView
from bci.response_verdict import Kind
from bci.snapshot import Snapshot
from bci.viewing import About, Viewed
from gui.figure_pane import FigurePane
from gui.line_legend import LineEnd, LineLegend
from gui.pane import tint
from gui.plots import Plot
from gui.sheet import scaled
from gui.theme import Theme

__all__ = ["ResponsePane"]

AT_ONCE = 2
"""Events that are taken in at a time: ten a second, each a millisecond at 63 channels and 1 kHz."""
MOST = 256
"""Events that wait for their samples at most; the oldest are given up first."""
FAINT = 50
"""Opacity of the bands, of 255."""

_MARKS = {
    Kind.FEW: ("○", "muted"),
    Kind.NONE: ("▲", "warning"),
    Kind.FOUND: ("●", "good"),
    Kind.EARLY: ("▲", "bad"),
    Kind.LATE: ("▲", "bad"),
    Kind.RHYTHMIC: ("◐", "warning"),
}
"""Shape and role of each verdict."""
_DASHES = (
    Qt.PenStyle.SolidLine,
    Qt.PenStyle.DashLine,
    Qt.PenStyle.DashDotLine,
    Qt.PenStyle.DashDotDotLine,
)
_SCALE = (1, 2, 3, 5, 7, 10, 15, 20, 30, 50, 70, 100, 150, 200, 500, 1000)
"""Where the axis may end, microvolts."""
_LOW = 20
"""Lines of words below whose height there is no room for labels at the axes."""
_TICKS = (
    [(0, "0"), (300, "300 ms")],
    [(-100, "-100"), *((at, f"{at}") for at in range(0, 500, 100)), (500, "500 ms")],
)
_LEGEND = 1 / 3
"""Share of the width that names of lines take at most."""
_LATE = 5.0  # seconds after which samples that have not come will not come


class ResponsePane(FigurePane):
    """Averages at the posterior electrodes with their standard errors, global field power, and the verdict."""

    title: ClassVar[str] = "Response"
    help: ClassVar[str] = (
        "Average of the raw signal around event onsets at the back of the head, and whether it is one."
    )
    lines: ClassVar[int] = 1
    always: ClassVar[bool] = True

    def __init__(self, viewed: Viewed, theme: Theme) -> None:
        drawing = QWidget()
        super().__init__(viewed, theme, drawing)
        self.plot = Plot(theme, "time after the onset", "average")
        self.plot.setMinimumHeight(1)
        self.plot.setXRange(1e3 * TIMES[0], 1e3 * TIMES[-1], padding=0)
        self.legend = LineLegend(theme, self.plot)
        self.verdict = QLabel()
        self.verdict.setWordWrap(True)
        self.verdict.setTextFormat(Qt.TextFormat.PlainText)
        self.verdict.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._lay_out(drawing)
        self._onset = pg.InfiniteLine(0, label="onset", labelOpts={"position": 0.06})
        self._begins = pg.InfiniteLine(0, label="begins", labelOpts={"position": 0.94})
        self._power = pg.PlotDataItem()
        for item in (self._onset, self._begins, self._power):
            self.plot.addItem(item, ignoreBounds=True)
        self._averages: list[_Average] = []
        self._top = 0.0
        self._view: ResponseView | None = None
        self._begin()

    def _lay_out(self, drawing: QWidget) -> None:
        column, row = QVBoxLayout(drawing), QHBoxLayout()
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        row.setSpacing(0)
        row.addWidget(self.plot, 1)
        row.addWidget(self.legend)
        column.addWidget(self.verdict)
        column.addWidget(self.words)
        column.addLayout(row, 1)

    def follow(self, snapshot: Snapshot) -> None:
        """Take in what was decided and has its samples."""
        if self.viewed.about.hide_truth != self._hidden:
            self._begin()
        self._queue(snapshot)
        if self._feed():
            self.outdate()

    def refresh(self, snapshot: Snapshot) -> None:
        """Show the average as it is by now."""
        self.follow(snapshot)
        super().refresh(snapshot)

    def lacks(self, about: About, snapshot: Snapshot) -> str | None:  # noqa: ARG002 (what panes are asked)
        """Say that there are no events, or that their samples have not come."""
        decided = snapshot.decided
        if not len(decided):
            return "No event yet. The average grows with every marker that makes one."
        if decided.window.all():
            return "The decoder slides over the signal: without events there is nothing to average around."
        if not self.response.view().events:
            return "The samples around the first event have not come yet."
        return None

    def draw(self, about: About, snapshot: Snapshot) -> None:  # noqa: ARG002 (what panes are asked)
        """Bring curves and words up to date."""
        view = self._view = self.response.view()
        self._tell(view, self._events)
        self._scale(view)
        self._draw_averages(view)
        self._draw_marks(view)

    def fit(self) -> None:
        """Leave labels out where there is no room for them."""
        roomy = self.height() > _LOW * self.legend.line_height()
        self.plot.show_labels(shown=roomy)
        for line in (self._onset, self._begins):
            line.label.setVisible(roomy)
        self.plot.getAxis("bottom").setTicks([_TICKS[roomy]])
        self.verdict.setFont(scaled(self.font(), 1.15 if roomy else 1.0, bold=True))
        self.legend.fit(self.width() * _LEGEND)

    def recolour(self) -> None:
        """Take on the colours of the theme; curves have theirs once they are drawn anew."""
        self.plot.paint(self.theme)
        self.legend.set_theme(self.theme)

    # -------------------------------------------------------------------------------- what is averaged

    def _begin(self) -> None:
        """Start an average: of each concept, or of all events where truth must not be seen."""
        about = self.viewed.about
        self._hidden = about.hide_truth
        concepts = () if about.hide_truth else about.concepts
        self.response = Response(about.stream.channels, about.stream.sfreq, concepts)
        first, self._n_times = self.response.block(0)
        self._before = -first / about.stream.sfreq
        self._waiting: deque[tuple[float, int]] = deque()  # onset and truth, -1 if unknown
        self._queued = self._events = 0
        self._view = None
        self.outdate()

    def _queue(self, snapshot: Snapshot) -> None:
        """Let the events that were decided meanwhile wait for their turn; an old snapshot tells of none."""
        decided = snapshot.decided
        new = range(self._queued, len(decided))
        self._queued = max(self._queued, len(decided))
        events = [(float(decided.onset[i]), int(decided.truth[i])) for i in new if not decided.window[i]]
        self._events += len(events)
        self._waiting = deque(sorted((*self._waiting, *events)), MOST)

    def _feed(self) -> bool:
        """Average the oldest events whose samples are there; say whether there were any."""
        history, fed = self.viewed.history, 0
        after = self._n_times / history.sfreq - self._before
        while self._waiting and fed < AT_ONCE:
            onset, truth = self._waiting[0]
            window = history.around(onset, self._before, after)
            if window is None and not history.last_time > onset + after + _LATE:
                break
            self._waiting.popleft()
            if window is not None:
                self.response.add(window.data, onset, None if self._hidden or truth < 0 else truth)
                fed += 1
        return fed > 0

    # -------------------------------------------------------------------------------- what is shown

    def _tell(self, view: ResponseView, n_events: int) -> None:
        mark, _ = _MARKS[view.verdict.kind]
        together = view.verdict.text.replace("SNR ", "SNR\N{NO-BREAK SPACE}").replace(
            " ms", "\N{NO-BREAK SPACE}ms"
        )
        self.verdict.setText(f"{mark} {together}")
        self.verdict.setAccessibleName(view.verdict.text)
        left = [("warning", f"{view.rejected:,} rejected")] if view.rejected else []
        where = ", ".join(view.electrodes[:8]) + (" ..." if len(view.electrodes) > 8 else "")
        self.words.say(
            [
                ("text", f"{view.used:,} of {n_events:,} events averaged"),
                *left,
                ("muted", "band ± 1 SE"),
                ("muted", f"at {where}"),
            ]
        )

    def _scale(self, view: ResponseView) -> None:
        heights = np.abs(view.mean) + np.nan_to_num(view.error)
        most = float(np.nanmax(np.concatenate([heights.ravel(), view.gfp, [0.5]])))
        top = next((top for top in _SCALE if top >= 1.05 * most), _SCALE[-1])
        if top != self._top:
            self._top = top
            self.plot.setYRange(-top, top, padding=0)
            self.plot.getAxis("left").setTicks([[(at, f"{at:+g} µV" if at else "0") for at in (-top, 0, top)]])

    def _draw_averages(self, view: ResponseView) -> None:
        """Draw a curve for each class, and field power."""
        while len(self._averages) < len(view.labels):
            self._averages.append(_Average(self.plot))
        for average in self._averages[len(view.labels) :]:
            average.hide()
        times, ends = 1e3 * view.times, []
        for place, (label, n) in enumerate(zip(view.labels, view.counts, strict=True)):
            colour, dash = self._look(place)
            self._averages[place].show(times, view.mean[place], view.error[place])
            self._averages[place].paint(colour, dash)
            if n:
                ends.append(LineEnd(label if place else "all", f"n {n:,}", colour, dash, view.mean[place, -1]))
        power, dotted = np.nan_to_num(view.gfp), Qt.PenStyle.DotLine
        self._power.setData(times, power)
        self._power.setPen(pg.mkPen(QColor(self.theme.muted), width=1, style=dotted))
        self.legend.set_lines([*ends, LineEnd("field power", "", self.theme.muted, dotted, power[-1])])
        self.legend.fit(self.width() * _LEGEND)

    def _look(self, place: int) -> tuple[str, Qt.PenStyle]:
        """Colour and dash of a curve; the first one is that of all events."""
        hues = self.theme.categories
        colour = hues[(place - 1) % len(hues)] if place else self.theme.text
        return colour, _DASHES[(place + place // len(hues)) % len(_DASHES)]

    def _draw_marks(self, view: ResponseView) -> None:
        """Draw where the onset is and where the response begins, this and the verdict in the colour of it."""
        accent, ink = QColor(self.theme.accent), QColor(getattr(self.theme, _MARKS[view.verdict.kind][1]))
        self._begins.setVisible(view.verdict.onset is not None)
        self._begins.setValue(1e3 * (view.verdict.onset or 0.0))
        self._onset.setPen(pg.mkPen(accent, width=1))
        self._onset.label.setColor(accent)
        self._begins.setPen(pg.mkPen(ink, width=1, style=Qt.PenStyle.DashLine))
        self._begins.label.setColor(ink)
        tint(self.verdict, QPalette.ColorRole.WindowText, ink.name())


class _Average:
    """A line and the band of its standard error."""

    def __init__(self, plot: Plot) -> None:
        self._line, self._band = pg.PlotDataItem(), QGraphicsPathItem()
        self._band.setPen(QPen(Qt.PenStyle.NoPen))
        for item in (self._band, self._line):
            plot.addItem(item, ignoreBounds=True)

    def show(self, times: NDArray[np.float64], mean: NDArray[np.float64], error: NDArray[np.float64]) -> None:
        if not np.isfinite(mean).all():
            self.hide()
            return
        width = np.nan_to_num(error)
        around = np.concatenate([mean - width, (mean + width)[::-1]])
        self._band.setPath(pg.arrayToQPath(np.concatenate([times, times[::-1]]), around))
        self._line.setData(times, mean)
        self._line.show()
        self._band.show()

    def hide(self) -> None:
        self._line.hide()
        self._band.hide()

    def paint(self, colour: str, dash: Qt.PenStyle) -> None:
        faint = QColor(colour)
        faint.setAlpha(FAINT)
        self._line.setPen(pg.mkPen(QColor(colour), width=1, style=dash))
        self._band.setBrush(faint)
