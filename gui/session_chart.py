"""A whole session along one axis of time: lanes of shapes, one per outcome, under a ribbon of running accuracy.

However many decisions there are, they are counted in as many cells as shapes fit side by side; the area of a shape
then says how many decisions it stands for.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QPointF, QRectF, QSize, Qt, pyqtSignal
from PyQt6.QtGui import QColor, QFont, QFontMetricsF, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPolygonF
from PyQt6.QtWidgets import QSizePolicy, QWidget

from bci.overview import column_counts, columns
from gui.sheet import scaled
from gui.theme import Theme

__all__ = ["SHAPES", "Course", "Lane", "SessionChart"]

SMALL = 0.85
"""Size of its words, of the pane's font."""
SHAPE = 0.6
"""Size of shapes, of the height of a lane."""
FLATTEST = 2.2
"""Height of the ribbon at least, in lines of text; a flatter one could not be read."""
SMALLEST = 0.7
"""Size of names of lanes at least, of the other words."""
LEAST = 0.45
"""Size of the smallest shape, of the largest."""
POINT = 3
"""Pixels from one point of the ribbon to the next."""
STEPS = (1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14400, 28800)
"""Seconds from one tick to the next."""
TOPS = (1, 2, 5, 10, 20, 50, 100)
"""Ends of the scale of the ribbon, %."""

Floats = NDArray[np.float64]
Spans = Sequence[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Lane:
    """Decisions of one kind.

    Parameters
    ----------
    name
        What they are called.
    shape
        One of `SHAPES`.
    role
        Of the theme.
    flags
        (n,) which decisions are in it.
    """

    name: str
    shape: str
    role: str
    flags: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Course:
    """Running accuracy of one kind.

    Parameters
    ----------
    times, shares
        (m,) seconds, and shares from 0 to 1.
    chance
        Share that luck comes to; None if unknown.
    dashed
        How its line is drawn.
    """

    times: Floats
    shares: Floats
    chance: float | None
    dashed: bool = False


@dataclass(frozen=True, slots=True)
class _Scene:
    onset: Floats = field(default_factory=lambda: np.zeros(0))
    lanes: tuple[Lane, ...] = ()
    courses: tuple[Course, ...] = ()
    pauses: Spans = ()
    recording: Spans | None = None
    instead: str = ""


@dataclass(frozen=True, slots=True)
class _Frame:
    """Where things lie.

    Parameters
    ----------
    area
        Of all that has a time, pixels.
    line, size
        Height of a lane and of a shape, pixels.
    start, stop
        Seconds at its left and right end.
    cell, cells
        (n,) cell of each decision, and how many there are.
    """

    area: QRectF
    line: float
    size: float
    start: float
    stop: float
    cell: NDArray[np.int64]
    cells: int

    def x(self, time: float) -> float:
        """Pixels from the left."""
        return self.area.left() + (time - self.start) / (self.stop - self.start) * self.area.width()


class SessionChart(QWidget):
    """Draws lanes; a click, or Enter on the cursor that arrow keys move, chooses a decision.

    Parameters
    ----------
    theme
        Its colours.
    """

    chosen = pyqtSignal(int)
    """Number of a decision."""
    pointed = pyqtSignal(int)
    """Number of the decision at the cursor."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.theme = theme
        self.cursor_at: int | None = None
        self._scene = _Scene()
        self._laid_for: tuple[_Scene, QSize, str] = (self._scene, QSize(), "")
        self._laid = self._lay()
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Decisions of the session: arrow keys move, Enter chooses")
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Ignored)

    def sizeHint(self) -> QSize:  # noqa: N802 (Qt's name)
        """Whatever there is."""
        return QSize(0, 0)

    def set_session(
        self,
        onset: Floats,
        lanes: Sequence[Lane],
        courses: Sequence[Course],
        pauses: Spans,
        recording: Spans | None,
        instead: str = "",
    ) -> None:
        """Show a session.

        Parameters
        ----------
        onset
            (n,) seconds, one per decision.
        courses
            What the ribbon shows; none if `instead` says why there is none.
        pauses, recording
            (from, until) seconds; no recording is None where nothing is known of it.
        """
        self._scene = _Scene(onset, tuple(lanes), tuple(courses), pauses, recording, instead)
        self.setToolTip("Lanes from the top: " + ", ".join(lane.name for lane in lanes))
        self.update()

    def set_theme(self, theme: Theme) -> None:
        """Take on other colours."""
        self.theme = theme
        self.update()

    # -------------------------------------------------------------------------------- painting

    def paintEvent(self, event: QPaintEvent | None) -> None:  # noqa: ARG002, N802 (Qt's name)
        """Draw pauses, ribbon, lanes, recording, cursor and the axis of time."""
        if not len(self._scene.onset):
            return
        painter = QPainter(self)
        painter.setFont(self._font())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._draw_pauses(painter)
        self._draw_ribbon(painter)
        for number, lane in enumerate(self._scene.lanes):
            self._draw_lane(painter, lane, self.lane_rect(number))
        self._draw_recording(painter)
        self._draw_cursor(painter)
        self._draw_time(painter)
        painter.end()

    def _draw_pauses(self, painter: QPainter) -> None:
        area = self._area()
        for begin, end in self._scene.pauses:
            left, right = self._x(begin), self._x(end)
            painter.fillRect(QRectF(left, 0, max(right - left, 1), area.bottom()), QColor(self.theme.raised))

    def _draw_ribbon(self, painter: QPainter) -> None:
        ribbon, scene = self._ribbon(), self._scene
        if ribbon.height() < FLATTEST * self._metrics().height():
            return
        painter.setPen(QColor(self.theme.muted))
        if not scene.courses:
            text = self._metrics().elidedText(scene.instead, Qt.TextElideMode.ElideRight, ribbon.width())
            painter.drawText(ribbon, Qt.AlignmentFlag.AlignCenter, text)
            return
        top = self._top()
        margin = QRectF(0, ribbon.top(), ribbon.left() - 4, ribbon.height())
        right = Qt.AlignmentFlag.AlignRight
        painter.drawText(margin, right | Qt.AlignmentFlag.AlignTop, f"{top * 100:g} %")
        painter.drawText(margin, right | Qt.AlignmentFlag.AlignBottom, "0 %")
        for course in scene.courses:
            self._draw_course(painter, course, ribbon, top)

    def _draw_course(self, painter: QPainter, course: Course, ribbon: QRectF, top: float) -> None:
        def y(share: float) -> float:
            return ribbon.bottom() - share / top * ribbon.height()

        frame = self._frame()
        n_points = max(1, int(ribbon.width() / POINT))
        at = columns(course.times, frame.start, frame.stop, n_points)
        last = np.full(n_points, -1)
        last[at] = np.arange(len(at))  # of several trials in a column the last one counts
        kept = last[last >= 0]
        points = [
            QPointF(frame.x(time), y(share))
            for time, share in zip(course.times[kept].tolist(), course.shares[kept].tolist(), strict=True)
        ]
        pen = painter.pen()
        pen.setStyle(Qt.PenStyle.DotLine)
        pen.setColor(QColor(self.theme.chance))
        painter.setPen(pen)
        if course.chance is not None:
            painter.drawLine(QPointF(ribbon.left(), y(course.chance)), QPointF(ribbon.right(), y(course.chance)))
        pen.setStyle(Qt.PenStyle.DashLine if course.dashed else Qt.PenStyle.SolidLine)
        pen.setColor(QColor(self.theme.accent))
        painter.setPen(pen)
        painter.drawPolyline(QPolygonF(points))

    def _draw_lane(self, painter: QPainter, lane: Lane, rect: QRectF) -> None:
        colour, size = QColor(getattr(self.theme, lane.role)), self._frame().size
        self._draw_name(painter, lane.name, rect, size + 4)
        draw = SHAPES[lane.shape]
        draw(painter, QPointF(size / 2 + 1, rect.center().y()), size / 2, colour)
        counts = self._counts(lane)
        most = max(int(counts.max()), 1)
        radii = size / 2 * np.maximum(LEAST, np.sqrt(counts / most))
        step, y = rect.width() / len(counts), rect.center().y()
        for cell in np.flatnonzero(counts).tolist():
            draw(painter, QPointF(rect.left() + (cell + 0.5) * step, y), float(radii[cell]), colour)

    def _draw_name(self, painter: QPainter, name: str, rect: QRectF, left: float) -> None:
        """Write the name of a lane, smaller where lanes are flat; where they are flatter the tool tip has it."""
        font, flat = self._font(), rect.height() / self._metrics().height()
        if flat < SMALLEST:
            return
        font.setPointSizeF(font.pointSizeF() * min(flat, 1.0))
        painter.save()
        painter.setFont(font)
        painter.setPen(QColor(self.theme.muted))
        painter.drawText(QRectF(left, rect.top(), rect.left(), rect.height()), Qt.AlignmentFlag.AlignVCenter, name)
        painter.restore()

    def _draw_recording(self, painter: QPainter) -> None:
        if self._scene.recording is None:
            return
        rect = self.lane_rect(len(self._scene.lanes))
        self._draw_name(painter, "recorded", rect, 0)
        for begin, end in self._scene.recording:
            left, right = max(self._x(begin), rect.left()), min(self._x(end), rect.right())
            bar = QRectF(left, rect.center().y() - 2, right - left, 4)
            if right > left:
                painter.fillRect(bar, QColor(self.theme.bad))

    def _draw_cursor(self, painter: QPainter) -> None:
        if self.cursor_at is not None and self.cursor_at < len(self._scene.onset):
            x = self._x(self._scene.onset[self.cursor_at])
            painter.setPen(QColor(self.theme.accent))
            painter.drawLine(QPointF(x, 0), QPointF(x, self._area().bottom()))

    def _draw_time(self, painter: QPainter) -> None:
        area, metrics, frame = self._area(), self._metrics(), self._frame()
        length = frame.stop - frame.start
        painter.setPen(QColor(self.theme.line))
        painter.drawLine(area.bottomLeft(), area.bottomRight())
        painter.setPen(QColor(self.theme.muted))
        most = max(area.width() / (metrics.horizontalAdvance("0:00:00") * 1.5), 1)
        step = next((step for step in STEPS if length / step <= most), STEPS[-1])
        for seconds in np.arange(0, length + 1e-9, step).tolist():
            text, x = clock(seconds), frame.x(frame.start + seconds)
            painter.drawLine(QPointF(x, area.bottom()), QPointF(x, area.bottom() + 3))
            left = min(x - metrics.horizontalAdvance(text) / 2, self.width() - metrics.horizontalAdvance(text))
            painter.drawText(QPointF(left, area.bottom() + 2 + metrics.ascent()), text)

    # -------------------------------------------------------------------------------- layout

    def lane_rect(self, number: int) -> QRectF:
        """Where a lane lies, counted from the top."""
        area, line = self._area(), self._frame().line
        rows = len(self._scene.lanes) + (self._scene.recording is not None)
        return QRectF(area.left(), area.bottom() - (rows - number) * line, area.width(), line)

    def _frame(self) -> _Frame:
        """Sizes and the span of time, measured once for a session, a size and a font."""
        laid_for = (self._scene, self.size(), self.font().key())
        if laid_for[1:] != self._laid_for[1:] or laid_for[0] is not self._laid_for[0]:
            self._laid, self._laid_for = self._lay(), laid_for
        return self._laid

    def _lay(self) -> _Frame:
        metrics, onset = self._metrics(), self._scene.onset
        names = [*(lane.name for lane in self._scene.lanes), "recorded"]
        rows = len(self._scene.lanes) + (self._scene.recording is not None)
        height = self.height() - metrics.height() - 2
        line = min(metrics.height(), height / max(rows, 1))
        size = max(line * SHAPE, 1.0)
        left = max(metrics.horizontalAdvance(name) for name in names) + size + 10
        area = QRectF(left, 0, max(self.width() - left - 4, 1), height)
        start = float(onset.min()) if len(onset) else 0.0
        stop = max(float(onset.max(initial=start)), start + 1.0)
        cells = max(1, int(area.width() / size))
        return _Frame(area, line, size, start, stop, columns(onset, start, stop, cells), cells)

    def _ribbon(self) -> QRectF:
        area = self._area()
        return QRectF(area.left(), 3, area.width(), max(self.lane_rect(0).top() - 7, 1))

    def _area(self) -> QRectF:
        """All that has a time."""
        return self._frame().area

    def _x(self, time: float) -> float:
        return self._frame().x(time)

    def _counts(self, lane: Lane) -> NDArray[np.int64]:
        frame = self._frame()
        return column_counts(frame.cell, lane.flags, frame.cells)

    def _top(self) -> float:
        """End of the ribbon's scale."""
        shares = [float(course.shares.max()) for course in self._scene.courses]
        chances = [course.chance or 0.0 for course in self._scene.courses]
        most = max(*shares, *chances) * 100
        return next(top for top in TOPS if most <= top + 1e-9) / 100

    def _metrics(self) -> QFontMetricsF:
        return QFontMetricsF(self._font())

    def _font(self) -> QFont:
        return scaled(self.font(), SMALL)

    # -------------------------------------------------------------------------------- mouse and keyboard

    def decision_at(self, point: QPointF) -> int | None:
        """Number of the decision nearest in time, of those in the lane that was hit; None if there is none."""
        onset, area = self._scene.onset, self._area()
        if not len(onset) or not area.left() - 4 <= point.x() <= area.right() + 4:
            return None
        hit = [lane.flags for i, lane in enumerate(self._scene.lanes) if self.lane_rect(i).contains(point)]
        among = np.flatnonzero(hit[0]) if hit and hit[0].any() else np.arange(len(onset))
        frame = self._frame()
        time = frame.start + (point.x() - area.left()) / area.width() * (frame.stop - frame.start)
        return int(among[np.abs(onset[among] - time).argmin()])

    def point_at(self, number: int) -> None:
        """Move the cursor to a decision."""
        self.cursor_at = number
        self.pointed.emit(number)
        self.update()

    def mousePressEvent(self, event: QMouseEvent | None) -> None:  # noqa: N802 (Qt's name)
        """Choose a decision."""
        number = None if event is None else self.decision_at(event.position())
        if number is not None:
            self.point_at(number)
            self.chosen.emit(number)

    def keyPressEvent(self, event: QKeyEvent | None) -> None:  # noqa: N802 (Qt's name)
        """Move from decision to decision, or choose one."""
        last = len(self._scene.onset) - 1
        if event is None or last < 0:
            return
        here = last if self.cursor_at is None else self.cursor_at
        moves = {
            Qt.Key.Key_Left: here - (self.cursor_at is not None),
            Qt.Key.Key_Right: here + 1,
            Qt.Key.Key_Home: 0,
            Qt.Key.Key_End: last,
        }
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.cursor_at is not None:
            self.chosen.emit(self.cursor_at)
        elif event.key() in moves:
            self.point_at(min(max(moves[Qt.Key(event.key())], 0), last))
        else:
            super().keyPressEvent(event)


def clock(seconds: float) -> str:
    """Write a time since the start: minutes and seconds, with hours where there are any."""
    whole = round(seconds)
    minutes = f"{whole // 60 % 60:02d}" if whole >= 3600 else f"{whole // 60}"
    hours = f"{whole // 3600}:" if whole >= 3600 else ""
    return f"{hours}{minutes}:{whole % 60:02d}"


# ------------------------------------------------------------------------------------------------ shapes

Draw = Callable[[QPainter, QPointF, float, QColor], None]


def _disc(painter: QPainter, at: QPointF, radius: float, colour: QColor) -> None:
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    painter.drawEllipse(at, radius, radius)


def _half(painter: QPainter, at: QPointF, radius: float, colour: QColor) -> None:
    _ring(painter, at, radius, colour)
    painter.setBrush(colour)
    box = QRectF(at.x() - radius, at.y() - radius, 2 * radius, 2 * radius)
    painter.drawPie(box, 90 * 16, 180 * 16)


def _ring(painter: QPainter, at: QPointF, radius: float, colour: QColor) -> None:
    painter.setPen(colour)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawEllipse(at, radius - 0.5, radius - 0.5)


def _tick(painter: QPainter, at: QPointF, radius: float, colour: QColor) -> None:
    painter.fillRect(QRectF(at.x() - 1, at.y() - radius, 2, 2 * radius), colour)


def _triangle(painter: QPainter, at: QPointF, radius: float, colour: QColor) -> None:
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    corners = ((0.0, -radius), (radius, radius), (-radius, radius))
    painter.drawPolygon(QPolygonF([at + QPointF(*corner) for corner in corners]))


def _cross(painter: QPainter, at: QPointF, radius: float, colour: QColor) -> None:
    painter.setPen(colour)
    for side in (-radius, radius):
        painter.drawLine(at + QPointF(-radius, side), at + QPointF(radius, -side))


def _square(painter: QPainter, at: QPointF, radius: float, colour: QColor) -> None:
    painter.fillRect(QRectF(at.x() - radius, at.y() - radius, 2 * radius, 2 * radius), colour)


SHAPES: dict[str, Draw] = {
    "disc": _disc,
    "half": _half,
    "ring": _ring,
    "tick": _tick,
    "triangle": _triangle,
    "cross": _cross,
    "square": _square,
}
