"""How often the decoder is right, how sure that is, and what luck alone would reach."""

from typing import ClassVar, NamedTuple

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PyQt6.QtCore import QPointF, QRectF, Qt
from PyQt6.QtGui import QBrush, QColor, QPainter, QPen

from bci.decided import Decided
from bci.eprocess import ALARM
from bci.running import LATEST, Share, curve, separation, share, share_accepted
from bci.snapshot import Snapshot
from bci.tally import chance, top5_counts
from bci.viewing import About, Viewed
from gui.figure_pane import FigurePane, lacks_truth
from gui.numbers import within
from gui.plots import Plot
from gui.scales import percent_end, round_up
from gui.sheet import MARGIN, SMALLEST, Item, Sheet, scaled
from gui.theme import Theme
from gui.words import Piece, Words

__all__ = ["AccuracyPane"]

_NOISY = 10
"""First events whose share of hits does not decide how far the axis reaches."""
_FIRST_COLUMN = 0.22
"""Share of the width of the table that names of rows take."""
_ROWS = 5
"""Of the table, its heads among them."""
_ROOMY, _PLOTTED = 11, 3.5
"""Lines of words: a plot that high has labels, and one lower than that is left out, as the table says the same."""
_FLAT = 4
"""Times its height that a pane with a plot is wide at most."""
_WORDS = 7.5
"""Lines of words above the plot, with what lies between them."""

Curve = tuple[NDArray[np.int64], NDArray[np.float64]]


class _Column(NamedTuple):
    """What is known of being among the best `k`."""

    k: int
    every: Share
    latest: Share
    accepted: Share
    chance: float


class AccuracyPane(FigurePane):
    """Top-1 and top-5 with intervals and chance, of the session and of its latest events; the e-value."""

    title: ClassVar[str] = "Accuracy"
    help: ClassVar[str] = "Share of events whose truth was ranked first, or among the first five, and chance."
    rate: ClassVar[float] = 2.0

    def __init__(self, viewed: Viewed, theme: Theme) -> None:
        self._table = Sheet(theme, self._draw_table, margin=0)
        self._notes = Words(theme)
        self._plot = Plot(theme, "events with a truth", "accuracy")
        super().__init__(viewed, theme, self._table, self._notes, self._plot)
        self._columns: tuple[_Column, ...] = ()
        self._plot.setAccessibleName("accuracy over events")
        self._plot.setMinimumHeight(1)
        self._lines = tuple(_Line(self._plot, k) for k in (1, 5))
        self._end = 100

    def lacks(self, about: About, snapshot: Snapshot) -> str | None:
        """Say why there is no accuracy; events that were not decoded are misses, and have one."""
        return lacks_truth(about, snapshot, "accuracy")

    def draw(self, about: About, snapshot: Snapshot) -> None:
        """Bring figures and curves up to date."""
        decided, n_concepts = snapshot.decided, len(about.concepts)
        ks = (1, 5) if top5_counts(n_concepts) else (1,)
        self._columns = tuple(_column(decided, k, n_concepts) for k in ks)
        self.words.say(self._verdict(about, snapshot))
        player = self.viewed.player
        self._notes.say(_remarks(decided, n_concepts, again=player is not None and player.repeated))
        curves = [curve(decided, k) for k in ks]
        for line, column, points in zip(self._lines, self._columns, curves, strict=False):
            line.show(column, points, self.theme)
        self._lines[1].set_visible(visible=5 in ks)
        self._scale(curves)
        self.fit()
        self._table.update()
        self.setAccessibleDescription(self._spoken())

    def recolour(self) -> None:
        """Take on the colours of the theme."""
        self._table.set_theme(self.theme)
        self._notes.set_theme(self.theme)
        self._plot.paint(self.theme)

    def fit(self) -> None:
        """Make the best of the room: words of a size that fits the table, and the plot if it is high enough."""
        size, left = self._sizes()
        self._plot.setVisible(left > 0)
        self._plot.getAxis("left").setTicks([[(share, f"{share:g} %") for share in _ticks(self._end, left)]])
        for line in self._lines:
            line.set_labelled(labelled=left >= _ROOMY)
        self._table.setFixedHeight(round(self._table.line_height(size) * _ROWS))
        font = scaled(self.font(), size)
        for words in (self.words, self._notes):
            words.setFont(font)
        self._plot.show_labels(shown=left >= _ROOMY)
        for side in ("bottom", "left"):
            self._plot.getAxis(side).setTickFont(font)

    def _scale(self, curves: list[Curve]) -> None:
        """Let the axes hold the curves but for their first leaps, the intervals and chance."""
        last = int(curves[0][0][-1])
        reached = [float(shares[trials > min(_NOISY, last - 1)].max()) for trials, shares in curves]
        bounds = [column.every.interval[1] for column in self._columns if column.every.interval is not None]
        most = 100 * max(*reached, *bounds, *(column.chance for column in self._columns))
        self._end = percent_end(1.1 * most)
        self._plot.setXRange(0, last * 1.02, padding=0)
        self._plot.setYRange(0, self._end * 1.04, padding=0)
        steps = _steps(last)
        ticks = [(at, f"{at:,}" if at < steps[-1] else f"{at:,} events") for at in steps]
        self._plot.getAxis("bottom").setTicks([ticks])

    # -------------------------------------------------------------------------------- words

    def _verdict(self, about: About, snapshot: Snapshot) -> list[Piece]:
        """Say what may be said about chance while one watches."""
        if about.paradigm is None:
            return [("muted", "no declared order: nothing is said about chance")]
        if snapshot.e_value is None:
            refused = [("warning", "▲ not in the declared order"), ("muted", "nothing is said about chance")]
            return [*refused, ("muted", about.paradigm)]
        if snapshot.above_chance:
            said = ("good", "▲ above chance (valid under watching)")
            return [said, ("text", f"e-value {_evidence(snapshot.e_value)}"), ("muted", about.paradigm)]
        value = f"e-value {_evidence(snapshot.e_value)} of {ALARM:g}"
        return [("text", "not yet above chance"), ("text", value), ("muted", about.paradigm)]

    def _rows(self) -> list[tuple[str, list[str]]]:
        n = self._columns[0].every.n
        rows = [
            (f"all {n}", [_told(column.every) for column in self._columns]),
            (f"latest {min(n, LATEST)}", [_told(column.latest) for column in self._columns]),
            ("accepted", [_told(column.accepted) for column in self._columns]),
        ]
        return [*rows, ("chance", [_chance(column, len(self.viewed.about.concepts)) for column in self._columns])]

    def _spoken(self) -> str:
        """Say the figures to screen readers."""
        return "; ".join(
            f"{name}, top-{column.k}: {told}"
            for name, cells in self._rows()
            for column, told in zip(self._columns, cells, strict=True)
        )

    # -------------------------------------------------------------------------------- table

    def _sizes(self) -> tuple[float, float]:
        """Return the size of words, and the lines that this leaves to the plot, none if it would be too flat.

        Words are smaller than elsewhere where the table does not fit the width, and as large as they can be
        without the plot: far from the screen they are all that can be read.
        """
        needed = self._table.text_width("100.0 % = 5 / 1000 " * 2) / (1 - _FIRST_COLUMN)
        widest, lines = (self.width() - 2 * MARGIN) / needed, (self.height() - MARGIN) / self._table.line_height()
        size = max(SMALLEST, min(1.0, widest))
        left = lines - _WORDS * size
        if left >= _PLOTTED and self.height() * _FLAT > self.width():
            return size, left
        return max(SMALLEST, min(widest, lines / _WORDS)), 0.0

    def _draw_table(self, painter: QPainter, area: QRectF) -> None:
        if not self._columns:
            return
        (size, _), n = self._sizes(), len(self._columns)
        height = self._table.line_height(size)
        for column, line in enumerate(self._lines[:n], 1):
            line.draw_key(painter, self._table, _cell(area, 0, column, n, height), size)
        for row, (name, cells) in enumerate(self._rows(), 1):
            colour = self.theme.chance if name == "chance" else self.theme.text
            self._table.write(painter, _cell(area, row, 0, n, height), Item(name, self.theme.muted), size)
            for column, told in enumerate(cells, 1):
                self._table.write(painter, _cell(area, row, column, n, height), Item(told, colour), size)


class _Line:
    """A curve over events, its interval at the end, and the chance line that goes with it."""

    def __init__(self, plot: Plot, k: int) -> None:
        self._k = k
        self._curve = pg.PlotDataItem()
        self._interval = pg.ErrorBarItem(x=np.zeros(1), y=np.zeros(1), top=0, bottom=0, beam=0)
        # labels of the two chance lines stand beside each other, above theirs
        place = {"position": 0.02 if k == 1 else 0.52, "anchors": [(0, 1), (0, 1)]}
        self._chance = pg.InfiniteLine(angle=0, label="", labelOpts=place)
        self._chance.setZValue(-1)
        for item in (self._curve, self._interval, self._chance):
            plot.addItem(item)

    def show(self, column: _Column, points: Curve, theme: Theme) -> None:
        trials, shares = points
        pen = self._pen(theme)
        self._curve.setData(trials, shares * 100)
        self._curve.setPen(pen)
        low, high = column.every.interval or (shares[-1], shares[-1])
        ends = {"top": np.array([high - shares[-1]]) * 100, "bottom": np.array([shares[-1] - low]) * 100}
        self._interval.setData(x=trials[-1:], y=shares[-1:] * 100, pen=QPen(pen.color(), 0), **ends)
        colour = QColor(theme.chance)
        self._chance.setValue(column.chance * 100)
        self._chance.setPen(QPen(colour, 0, Qt.PenStyle.DashLine))
        self._chance.label.setColor(colour)
        self._chance.label.fill = QBrush(QColor(theme.panel))
        self._chance.label.setFormat(f"chance top-{self._k} {column.chance * 100:.1f} %")

    def set_visible(self, *, visible: bool) -> None:
        for item in (self._curve, self._interval, self._chance):
            item.setVisible(visible)

    def set_labelled(self, *, labelled: bool) -> None:
        self._chance.label.setVisible(labelled)

    def draw_key(self, painter: QPainter, sheet: Sheet, area: QRectF, size: float) -> None:
        """The line as it is in the plot, and its name."""
        width = area.height() * 1.4
        painter.setPen(self._pen(sheet.theme))
        start = QPointF(area.left(), area.center().y())
        painter.drawLine(start, start + QPointF(width, 0))
        name = Item(f"top-{self._k}", sheet.theme.text, bold=True)
        sheet.write(painter, area.adjusted(width * 1.2, 0, 0, 0), name, size)

    def _pen(self, theme: Theme) -> QPen:
        style = Qt.PenStyle.SolidLine if self._k == 1 else Qt.PenStyle.DotLine
        return QPen(QColor(theme.accent if self._k == 1 else theme.text), 0, style)


def _column(decided: Decided, k: int, n_concepts: int) -> _Column:
    latest, accepted = share(decided, k, LATEST), share_accepted(decided, k)[0]
    return _Column(k, share(decided, k), latest, accepted, chance(decided, k, n_concepts))


def _remarks(decided: Decided, n_concepts: int, *, again: bool) -> list[Piece]:
    """Say how the figures are meant, and what else is known; `again`: events of a file were played once more."""
    left_out = share_accepted(decided, 1)[1] or 0.0
    auc = separation(decided) if n_concepts == 2 else None
    return [
        *([("warning", "▲ events played again count again")] if again else []),
        ("muted", "windows overlap: no intervals" if decided.window.any() else "[ ] 95 %, pointwise"),
        ("muted", f"{left_out * 100:.1f} % not accepted"),
        *([] if auc is None else [("text", f"AUC {auc:.3f}")]),
    ]


def _told(share: Share) -> str:
    if share.value is None:
        return "-"
    return f"{share.value * 100:.1f} %{within(share.interval)}"


def _evidence(e_value: float) -> str:
    """Write an e-value; beyond a million nobody needs its digits."""
    if e_value >= 1e6:
        return "> 10\N{SUPERSCRIPT SIX}"
    return f"{e_value:.3g}" if e_value < 1000 else f"{e_value:,.0f}"


def _ticks(end: float, lines: float) -> tuple[float, ...]:
    """Where the axis of accuracy has labels, given its height in lines."""
    return (0.0, end / 2, end) if lines > 5 else (0.0, end)


def _chance(column: _Column, n_concepts: int) -> str:
    alike = column.chance == column.k / n_concepts
    source = f"= {column.k} / {n_concepts}" if alike else "majority"
    return f"{column.chance * 100:.1f} % {source}"


def _steps(last: int) -> list[int]:
    """Three to six round numbers of events, the last of them with room for a word beside it."""
    step = max(1, int(round_up(last / 5)))
    return [0, *range(step, max(step, int(0.9 * last)) + 1, step)]


def _cell(area: QRectF, row: int, column: int, columns: int, height: float) -> QRectF:
    width = area.width() * (1 - _FIRST_COLUMN) / columns
    left = area.left() + (area.width() * _FIRST_COLUMN + (column - 1) * width if column else 0)
    return QRectF(left, area.top() + row * height, (width if column else area.width() * _FIRST_COLUMN) - 4, height)
