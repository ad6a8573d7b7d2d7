"""The picture of the signals: a pixmap in pixels of the device, of which a frame paints the new columns alone.

Whatever is painted delays the decoder, which waits for the interpreter meanwhile; so a frame draws all channels'
new columns with one call and brings one strip to the screen. Everything is painted anew only if the scale, the
theme, the size or the channels change.
"""

from math import ceil, floor

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QRect, QRectF, Qt, pyqtSignal
from PyQt6.QtGui import QBrush, QColor, QPainter, QPaintEvent, QPixmap, QResizeEvent, QTransform, QWheelEvent
from PyQt6.QtWidgets import QSizePolicy, QWidget

from gui.sweep import Sweep
from gui.theme import Theme
from gui.trace_events import POOL, TraceMark
from gui.trace_lanes import Lanes, segments
from gui.trace_pen import TracePen

__all__ = ["TraceCanvas"]

GAP = 60
"""The gap ahead of the newest column is a sixtieth of the width."""
NOTCH = 120
"""Of a wheel, in eighths of a degree."""
TINT, GRID, ONSET = 28, 70, 110
"""Opacity, of 255, of the shade of epochs, of the lines of time, and of onsets."""


class TraceCanvas(QWidget):
    """Paints columns of a `Sweep`.

    Attributes
    ----------
    sweep
        What is painted.
    lanes
        Where the channels are drawn.
    faint
        (n_shown,) bool, lanes that are drawn as lost.
    lost
        Whether all of them are.
    centre
        (n_channels,) float32 value in the middle of each lane.
    rolling
        Whether the newest column is at the right edge, rather than the picture standing still.
    grid
        Samples from one line of time to the next.
    marks
        Events, oldest first, and the epochs that they shade.
    """

    resized = pyqtSignal()
    """Other columns would fit."""
    wheeled = pyqtSignal(int, int)
    """Lane under the mouse, and 1 for larger or -1 for smaller."""

    def __init__(self, theme: Theme, n_channels: int) -> None:
        super().__init__()
        self.theme = theme
        self.sweep = Sweep(n_channels, 1, 1)
        self.lanes = Lanes(np.zeros(0, np.int64), np.zeros(0, np.float32), 1)
        self.faint = np.zeros(0, np.bool_)
        self.lost = False
        self.centre = self._earlier = np.zeros(n_channels, np.float32)  # of the newest page and the one before
        self.rolling = False
        self.grid = 1
        self.marks: tuple[TraceMark, ...] = ()
        self._centred = True
        self._turned = 0  # of the wheel since the last step
        self._pixmap = QPixmap(1, 1)
        self._pen = TracePen()
        self.setAccessibleName("Traces")
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(60, 40)

    # -------------------------------------------------------------------------------------------------- geometry

    @property
    def pixels(self) -> tuple[int, int]:
        """Width and height in pixels of the device."""
        ratio = self.devicePixelRatioF()
        return max(1, round(self.width() * ratio)), max(1, round(self.height() * ratio))

    @property
    def shown(self) -> range:
        """Columns that can be seen."""
        kept = self.sweep.columns
        if self.rolling or not len(kept):
            return kept
        return range(max(kept.start, kept.stop + self._gap - self.sweep.width), kept.stop)

    def places(self) -> list[tuple[float, TraceMark]]:
        """Return the marks that can be seen with their x, in pixels of the screen."""
        shown, ratio, width = self.shown, self.devicePixelRatioF(), self.sweep.width
        shift = self._shift if self.rolling else None
        columns = ((self.sweep.column(mark.sample), mark) for mark in self.marks)
        return [
            ((column % width if shift is None else column - shift) / ratio, mark)
            for column, mark in columns
            if column in shown
        ]

    @property
    def _gap(self) -> int:
        return max(4, self.sweep.width // GAP)

    @property
    def _shift(self) -> int:
        """Column at the left edge while the picture rolls."""
        return self.sweep.columns.stop - self.sweep.width

    @property
    def _thick(self) -> int:
        """Width of a line that can be seen, in pixels of the device."""
        return max(1, round(self.devicePixelRatioF()))

    # -------------------------------------------------------------------------------------------------- painting

    def paint_all(self) -> None:
        """Paint everything anew."""
        if (self._pixmap.width(), self._pixmap.height()) != self.pixels:
            self._pixmap = QPixmap(*self.pixels)
        self._pixmap.fill(QColor(self.theme.panel))
        painter = QPainter(self._pixmap)
        self._columns(painter, self.shown)
        self._cursor(painter)
        painter.end()
        self.update()

    def restart(self, n_samples: int) -> None:
        """Forget everything, and have as many columns as fit for `n_samples` samples."""
        self.sweep = Sweep(len(self.centre), self.pixels[0], n_samples)
        self.marks = ()

    def append(self, data: NDArray[np.float32], clipped: NDArray[np.bool_]) -> None:
        """Take samples in, and paint their columns; see `Sweep.append`."""
        width, page = self.sweep.width, (self.sweep.columns.stop - 1) // self.sweep.width
        began = not len(self.sweep.columns)
        changed = self.sweep.append(data, clipped)
        if not len(changed):
            return
        turned = (changed.stop - 1) // width != page
        if began or turned:
            self._turn_page(first=began)
        if len(changed) >= width or (self.rolling and turned):
            self.paint_all()
            return
        if self.sweep.sparse:  # lines begin at the sample before
            before = self.sweep.column(max(self.sweep.first, self.sweep.sample(changed.start) - 1))
            changed = range(max(before, self.shown.start), changed.stop)
        painter = QPainter(self._pixmap)
        self._columns(painter, changed)
        self._cursor(painter)
        painter.end()
        self._bring(range(changed.start, changed.stop + self._gap))

    def recentre(self, *, centred: bool) -> None:
        """Put each channel's median into the middle of its lane, or zero."""
        self._centred = centred
        self.centre = self._earlier = self.sweep.middle() if centred else np.zeros_like(self.centre)

    def _turn_page(self, *, first: bool) -> None:
        """A page begins: offsets may have drifted meanwhile."""
        earlier = self.centre
        self.recentre(centred=self._centred)
        if not first and not self.rolling:
            self._earlier = earlier

    def add_mark(self, mark: TraceMark) -> None:
        """Draw an event and shade its epoch."""
        window = range(0) if mark.window is None else range(*map(self.sweep.column, mark.window))
        columns = _within(window, self.shown)
        before = self._shaded(columns)
        self.marks = (*self.marks, mark)[-POOL:]
        fresh = self._shaded(columns) & ~before
        painter = QPainter(self._pixmap)
        self._shade(painter, columns, fresh)
        onset = self.sweep.column(mark.sample)
        if onset in self.shown:
            self._onset(painter, onset)
            self._bring(range(onset, onset + 2))
        painter.end()
        self._bring(columns)

    def _columns(self, painter: QPainter, columns: range) -> None:
        """Paint columns, page by page: x rises within a page."""
        width, newest = self.sweep.width, (self.sweep.columns.stop - 1) // self.sweep.width
        for page in range(columns.start // width, (columns.stop - 1) // width + 1):
            part = _within(range(page * width, (page + 1) * width), columns)
            self._part(painter, part, self.centre if page == newest else self._earlier)

    def _part(self, painter: QPainter, columns: range, centre: NDArray[np.float32]) -> None:
        x, height = columns.start % self.sweep.width, self._pixmap.height()
        painter.setClipRect(x, 0, len(columns), height)
        painter.fillRect(x, 0, len(columns), height, QColor(self.theme.panel))
        self._grid(painter, columns)
        self._hatch(painter, columns)
        self._traces(painter, columns, centre)
        self._shade(painter, columns, self._shaded(columns))
        for mark in self.marks:
            if (onset := self.sweep.column(mark.sample)) in columns:
                self._onset(painter, onset)
        painter.setClipping(False)

    def _traces(self, painter: QPainter, columns: range, centre: NDArray[np.float32]) -> None:
        thick = self._thick
        lines, lane = segments(self.sweep, self.lanes, columns, centre, thick=thick)
        if not len(lines):
            return
        pen = thick if self.sweep.sparse else 1
        faint = np.full(len(lane), fill_value=True) if self.lost else self.faint[lane]
        if faint.any():
            self._pen.draw(painter, lines[faint], self.theme.lost, pen)
        self._pen.draw(painter, lines if not faint.any() else lines[~faint], self.theme.trace, pen)
        if self.sweep.clipped.any():
            self._rails(painter, lines, lane, 3 * thick)

    def _rails(self, painter: QPainter, lines: NDArray[np.int32], lane: NDArray[np.int64], thick: int) -> None:
        """Draw a bar where a channel hit the rail of the amplifier: at the end far from the lane's middle."""
        clipped = self.sweep.clipped[lines[:, 2] % self.sweep.width, self.lanes.channels[lane]]
        rails, middle = lines[clipped], self.lanes.middle[lane[clipped]]
        upper = np.abs(rails[:, 1] - middle) > np.abs(rails[:, 3] - middle)
        rails[:, 1] = rails[:, 3] = np.where(upper, rails[:, 1], rails[:, 3])
        rails[:, 0] = rails[:, 2]
        self._pen.draw(painter, rails, self.theme.warning, thick)

    def _grid(self, painter: QPainter, columns: range) -> None:
        colour = _faded(self.theme.line, GRID)
        first = -(-self.sweep.sample(columns.start) // self.grid)
        for line in range(first, self.sweep.sample(columns.stop) // self.grid + 1):
            x = self.sweep.column(line * self.grid)
            if x in columns:
                painter.fillRect(x % self.sweep.width, 0, 1, self._pixmap.height(), colour)

    def _hatch(self, painter: QPainter, columns: range) -> None:
        """Strike through what is missing."""
        slots = np.arange(columns.start, columns.stop) % self.sweep.width
        brush = QBrush(QColor(self.theme.lost), Qt.BrushStyle.BDiagPattern)
        for start, stop in _runs(self.sweep.missing[slots]):
            painter.fillRect(int(slots[start]), 0, stop - start, self._pixmap.height(), brush)

    def _shade(self, painter: QPainter, columns: range, which: NDArray[np.bool_]) -> None:
        for start, stop in _runs(which):
            for part in self.sweep.stretches(range(columns.start + start, columns.start + stop)):
                painter.fillRect(part.start, 0, len(part), self._pixmap.height(), _faded(self.theme.accent, TINT))

    def _shaded(self, columns: range) -> NDArray[np.bool_]:
        """Whether a column belongs to an epoch."""
        shaded = np.zeros(len(columns), np.bool_)
        first, end = self.sweep.sample(columns.start), self.sweep.sample(columns.stop)
        for mark in self.marks:
            if mark.window is not None and mark.window[0] < end and mark.window[1] >= first:
                part = _within(range(*map(self.sweep.column, mark.window)), columns)
                shaded[part.start - columns.start : part.stop - columns.start] = True
        return shaded

    def _onset(self, painter: QPainter, column: int) -> None:
        colour = _faded(self.theme.text, ONSET)
        painter.fillRect(column % self.sweep.width, 0, self._thick, self._pixmap.height(), colour)

    def _cursor(self, painter: QPainter) -> None:
        """Empty the gap ahead of the newest column, and draw the present moment."""
        if self.rolling or not len(self.sweep.columns):
            return
        height, stop = self._pixmap.height(), self.sweep.columns.stop
        for part in self.sweep.stretches(range(stop, stop + self._gap)):
            painter.fillRect(part.start, 0, len(part), height, QColor(self.theme.panel))
        painter.fillRect(stop % self.sweep.width, 0, self._thick, height, QColor(self.theme.accent))

    def _bring(self, columns: range) -> None:
        """Bring columns to the screen."""
        if self.rolling:
            self.update()
            return
        ratio = self.devicePixelRatioF()
        for part in self.sweep.stretches(columns):
            left, right = floor(part.start / ratio) - 1, ceil(part.stop / ratio) + 1
            self.update(QRect(left, 0, right - left, self.height()))

    # ----------------------------------------------------------------------------------------------- Qt's events

    def paintEvent(self, event: QPaintEvent | None) -> None:  # noqa: N802 (Qt's name)
        """Copy what changed from the pixmap, pixel for pixel."""
        painter = QPainter(self)
        ratio = self.devicePixelRatioF()
        area = QRectF(self.rect()) if event is None else QRectF(event.rect())
        painter.fillRect(area, QColor(self.theme.panel))
        there = painter.deviceTransform()  # at 125 % a widget may begin between two pixels
        whole = QTransform.fromTranslate(round(there.dx()), round(there.dy()))
        painter.setWorldTransform(whole * there.inverted()[0], combine=True)
        width, height = self._pixmap.width(), self._pixmap.height()
        if self.rolling:
            newest = self._shift % self.sweep.width
            painter.drawPixmap(0, 0, self._pixmap, newest, 0, width - newest, height)
            painter.drawPixmap(width - newest, 0, self._pixmap, 0, 0, newest, height)
        else:
            left, right = floor(area.left() * ratio), min(width, ceil(area.right() * ratio) + 1)
            painter.drawPixmap(left, 0, self._pixmap, left, 0, right - left, height)
        painter.end()

    def resizeEvent(self, event: QResizeEvent | None) -> None:  # noqa: N802 (Qt's name)
        """Ask for columns that fit."""
        super().resizeEvent(event)
        self.resized.emit()

    def wheelEvent(self, event: QWheelEvent | None) -> None:  # noqa: N802 (Qt's name)
        """Ask for larger or smaller signals."""
        if event is None:
            return
        self._turned += event.angleDelta().y()
        steps = int(self._turned / NOTCH)  # wheels and touchpads may tell of parts of a notch
        self._turned -= steps * NOTCH
        lane = int(event.position().y() * self.devicePixelRatioF() / self.lanes.pitch)
        for _ in range(abs(steps)):
            self.wheeled.emit(lane, 1 if steps > 0 else -1)
        event.accept()


def _within(columns: range, bounds: range) -> range:
    start = min(max(columns.start, bounds.start), bounds.stop)
    return range(start, max(start, min(columns.stop, bounds.stop)))


def _runs(which: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Return [start, stop) of each stretch of True."""
    if not which.any():
        return []
    edges = np.flatnonzero(np.diff(np.concatenate([[False], which, [False]]).astype(np.int8)))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))


def _faded(colour: str, opacity: int) -> QColor:
    faded = QColor(colour)
    faded.setAlpha(opacity)
    return faded
