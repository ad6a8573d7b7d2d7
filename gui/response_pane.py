"""Whether the brain answers the pictures, and when: the running average around event onsets.

What is averaged, and what may be said of it, is `bci.response`'s affair. A pane is refreshed only while it can be
seen: it catches up on events whose samples are still kept, and says how many are in the average.
"""

from collections import deque
from typing import ClassVar, NamedTuple

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PyQt6.QtCore import QEvent, QPointF, QRectF, Qt
from PyQt6.QtGui import QColor, QPainter, QPen, QResizeEvent
from PyQt6.QtWidgets import QGraphicsPathItem, QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from bci.response import TIMES, Kind, Response, ResponseView
from bci.session import Snapshot
from bci.viewing import About, Viewed
from gui.figure_pane import FigurePane
from gui.plots import Plot
from gui.sheet import Item, Sheet, scaled
from gui.theme import Theme

__all__ = ["ResponsePane"]

AT_ONCE = 2
"""Events that one refresh takes in: ten a second, each a few milliseconds at 63 channels and 1 kHz."""
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
_LATE = 5.0  # seconds after which samples that have not come will not come


class _Line(NamedTuple):
    """What the end of a line is called, and how it is drawn."""

    label: str
    n: str
    colour: str
    dash: Qt.PenStyle
    end: float


class ResponsePane(FigurePane):
    """Averages at the posterior electrodes with their standard errors, global field power, and the verdict."""

    title: ClassVar[str] = "Response"
    help: ClassVar[str] = (
        "Average of the raw signal around event onsets at the back of the head, and whether it is one."
    )
    rate: ClassVar[float] = 5.0
    lines: ClassVar[int] = 1

    def __init__(self, viewed: Viewed, theme: Theme) -> None:
        drawing = QWidget()
        super().__init__(viewed, theme, drawing)
        self.plot = Plot(theme, "time after the onset", "average")
        self.plot.setMinimumHeight(1)
        self.plot.setXRange(1e3 * TIMES[0], 1e3 * TIMES[-1], padding=0)
        self.legend = Sheet(theme, self._draw_legend, margin=0)
        self.verdict = QLabel()
        self.verdict.setWordWrap(True)
        self.verdict.setTextFormat(Qt.TextFormat.PlainText)
        self.verdict.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        column, row = QVBoxLayout(drawing), QHBoxLayout()
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        row.setSpacing(0)
        row.addWidget(self.plot, 1)
        row.addWidget(self.legend)
        column.addWidget(self.verdict)
        column.addWidget(self.words)
        column.addLayout(row, 1)
        self._onset = pg.InfiniteLine(0, label="onset", labelOpts={"position": 0.06})
        self._begins = pg.InfiniteLine(0, label="begins", labelOpts={"position": 0.94})
        self._power = pg.PlotDataItem()
        for item in (self._onset, self._begins, self._power):
            self.plot.addItem(item, ignoreBounds=True)
        self._averages: list[_Average] = []
        self._lines: list[_Line] = []
        self._top = 0.0
        self._role = "muted"
        self._view: ResponseView | None = None
        self._begin()
        self._paint()

    def refresh(self, snapshot: Snapshot) -> None:
        """Take in what was decided and has its samples, and show the average."""
        if self.viewed.about.hide_truth != self._hidden:
            self._begin()
        self._queue(snapshot)
        if self._feed():
            self._drawn = -1
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
        view = self.response.view()
        self._tell(view, int((~snapshot.decided.window).sum()))
        while len(self._averages) < len(view.labels):
            self._averages.append(_Average(self.plot))
        times = 1e3 * view.times
        for average, mean, error in zip(self._averages, view.mean, view.error, strict=False):
            average.show(times, mean, error)
        for average in self._averages[len(view.labels) :]:
            average.hide()
        self._power.setData(times, np.nan_to_num(view.gfp))
        self._begins.setVisible(view.verdict.onset is not None)
        self._begins.setValue(1e3 * (view.verdict.onset or 0.0))
        self._scale(view)
        self._view = view
        self._paint()

    def set_theme(self, theme: Theme) -> None:
        """Take on other colours."""
        self.plot.paint(theme)
        self.legend.set_theme(theme)
        super().set_theme(theme)
        self._paint()

    def resizeEvent(self, event: QResizeEvent | None) -> None:  # noqa: N802 (Qt's name)
        """Make the best of the room."""
        super().resizeEvent(event)
        self._fit()

    def changeEvent(self, event: QEvent | None) -> None:  # noqa: N802 (Qt's name)
        """Follow the size of the font."""
        super().changeEvent(event)
        if event is not None and event.type() == QEvent.Type.FontChange:
            self._fit()

    def _fit(self) -> None:
        """Leave labels out where there is no room for them."""
        roomy = self.height() > _LOW * self.legend.line_height()
        for side in ("bottom", "left"):
            self.plot.getAxis(side).showLabel(roomy)
        for line in (self._onset, self._begins):
            line.label.setVisible(roomy)
        self.plot.getAxis("bottom").setTicks([_TICKS[roomy]])
        self.verdict.setFont(scaled(self.font(), 1.15 if roomy else 1.0, bold=True))
        self._fit_legend()

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
        self._queued = 0
        self._view = None
        self._drawn = -1

    def _queue(self, snapshot: Snapshot) -> None:
        """Let the events that were decided meanwhile wait for their turn, whether the pane was seen or not."""
        decided = snapshot.decided
        new = range(self._queued, len(decided))
        self._queued = len(decided)
        events = ((float(decided.onset[i]), int(decided.truth[i])) for i in new if not decided.window[i])
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
        mark, role = _MARKS[view.verdict.kind]
        together = view.verdict.text.replace("SNR ", "SNR\N{NO-BREAK SPACE}").replace(
            " ms", "\N{NO-BREAK SPACE}ms"
        )
        self.verdict.setText(f"{mark} {together}")
        self.verdict.setAccessibleName(view.verdict.text)
        self._role = role
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

    def _paint(self) -> None:
        if self._view is None:
            return
        theme, view = self.theme, self._view
        self._lines = []
        for place, (average, label, n) in enumerate(zip(self._averages, view.labels, view.counts, strict=False)):
            colour = theme.text if place == 0 else theme.categories[(place - 1) % len(theme.categories)]
            dash = _DASHES[(place + place // len(theme.categories)) % len(_DASHES)]
            average.paint(colour, dash)
            if n:
                name = label if place else "all"
                self._lines.append(_Line(name, f"n {n:,}", colour, dash, float(view.mean[place, -1])))
        self._lines.append(
            _Line("field power", "", theme.muted, Qt.PenStyle.DotLine, float(np.nan_to_num(view.gfp[-1])))
        )
        self._power.setPen(pg.mkPen(QColor(theme.muted), width=1, style=Qt.PenStyle.DotLine))
        self._onset.setPen(pg.mkPen(QColor(theme.accent), width=1))
        self._begins.setPen(pg.mkPen(QColor(getattr(theme, self._role)), width=1, style=Qt.PenStyle.DashLine))
        palette = self.verdict.palette()
        palette.setColor(palette.ColorRole.WindowText, QColor(getattr(theme, self._role)))
        self.verdict.setPalette(palette)
        for line, ink in ((self._onset, theme.accent), (self._begins, getattr(theme, self._role))):
            line.label.setColor(QColor(ink))
        self._fit_legend()
        self.legend.update()

    def _fit_legend(self) -> None:
        """Give the names at the ends of the lines their width, at most a third of the pane."""
        widest = max((self.legend.text_width(f"{line.label} {line.n}") for line in self._lines), default=0.0)
        self.legend.setFixedWidth(round(min(widest + 2 * self.legend.line_height(), self.width() / 3)))

    def _draw_legend(self, painter: QPainter, area: QRectF) -> None:
        """Write each line's name where it ends, or as near as the other names let it be."""
        height = self.legend.line_height()
        fit = max(1, int(area.height() // height))
        shown = self._lines if len(self._lines) <= fit else self._lines[: fit - 1]
        bottom = area.bottom() - (height if len(shown) < len(self._lines) else 0)
        box = self.plot.getViewBox()
        ends = [box.mapViewToScene(QPointF(0, line.end)).y() for line in shown]
        for line, middle in zip(shown, spread(ends, height, bottom), strict=True):
            painter.setPen(QPen(QColor(line.colour), 1.5, line.dash))
            painter.drawLine(QPointF(0, middle), QPointF(1.3 * height, middle))
            place = QRectF(1.5 * height, middle - height / 2, area.width() - 1.5 * height, height)
            n = min(self.legend.text_width(f" {line.n}"), place.width())
            self.legend.write(painter, place.adjusted(0, 0, -n, 0), Item(line.label, line.colour))
            self.legend.write(painter, place.adjusted(place.width() - n, 0, 0, 0), Item(f" {line.n}", line.colour))
        if len(shown) < len(self._lines):
            rest = self._lines[len(shown) :]
            place = QRectF(0, area.bottom() - height, area.width(), height)
            self.legend.write(painter, place, Item(f"{len(rest)} more", self.theme.muted))
            self.legend.tip(place, ", ".join(f"{line.label} {line.n}" for line in rest))


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


def spread(ends: list[float], apart: float, height: float) -> list[float]:
    """Return places as near to `ends` as they can be with `apart` pixels between them, within `height`."""
    order = np.argsort(ends, kind="stable")
    places = np.clip(np.array(ends, float)[order], apart / 2, height - apart / 2)
    for i in range(1, len(places)):
        places[i] = max(places[i], places[i - 1] + apart)
    bottom = height - apart / 2
    for i in reversed(range(len(places))):
        places[i] = min(places[i], bottom)
        bottom = places[i] - apart
    back = np.empty(len(places))
    back[order] = places
    return [float(place) for place in back]
