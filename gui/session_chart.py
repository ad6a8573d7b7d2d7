"""A whole session along one axis of time: lanes of shapes, one per outcome, under a ribbon of running accuracy.

However many decisions there are, they are counted in as many cells as shapes fit side by side; the area of a shape
then says how many decisions it stands for.
"""

import numpy as np
from PyQt6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, pyqtSignal
from PyQt6.QtGui import (
    QColor,
    QFont,
    QFontMetricsF,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPolygonF,
    QResizeEvent,
)
from PyQt6.QtWidgets import QSizePolicy, QWidget

from bci.overview import columns
from gui.numbers import clock
from gui.scales import percent_end
from gui.session_plan import FLATTEST, SMALLEST, Bar, Course, Lane, Plan, Scene
from gui.shapes import SHAPES
from gui.sheet import scaled
from gui.theme import Theme

__all__ = ["SessionChart"]

SMALL = 0.85
"""Size of its words, of the pane's font."""
LEAST = 0.45
"""Size of the smallest shape, of the largest."""
POINT = 3
"""Pixels from one point of the ribbon to the next."""
STEPS = (1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14400, 28800)
"""Seconds from one tick to the next."""


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
        self.scene = Scene()
        self._plan: Plan | None = None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Decisions of the session: arrow keys move, Enter chooses")
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Ignored)

    def sizeHint(self) -> QSize:  # noqa: N802 (Qt's name)
        """Whatever there is."""
        return QSize(0, 0)

    def set_scene(self, scene: Scene) -> None:
        """Show a scene."""
        self.scene, self._plan = scene, None
        self.setToolTip("Lanes from the top: " + ", ".join(lane.name for lane in scene.lanes))
        self.update()

    def set_theme(self, theme: Theme) -> None:
        """Take on other colours."""
        self.theme = theme
        self.update()

    # -------------------------------------------------------------------------------- painting

    def paintEvent(self, event: QPaintEvent | None) -> None:  # noqa: ARG002, N802 (Qt's name)
        """Draw pauses, ribbon, lanes, bars, cursor and the axis of time."""
        if not len(self.scene.onset):
            return
        painter = QPainter(self)
        painter.setFont(self._font())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._draw_pauses(painter)
        self._draw_ribbon(painter)
        for number, lane in enumerate(self.scene.lanes):
            self._draw_lane(painter, lane, self.plan.lane(number))
        for number, bar in enumerate(self.scene.bars, len(self.scene.lanes)):
            self._draw_bar(painter, bar, self.plan.lane(number))
        self._draw_cursor(painter)
        self._draw_time(painter)
        painter.end()

    def _draw_pauses(self, painter: QPainter) -> None:
        area = self.plan.area
        for begin, end in self.scene.pauses:
            left, right = self.plan.x(begin), self.plan.x(end)
            painter.fillRect(QRectF(left, 0, max(right - left, 1), area.bottom()), QColor(self.theme.raised))

    def _draw_ribbon(self, painter: QPainter) -> None:
        ribbon, scene = self.plan.ribbon, self.scene
        if ribbon.height() < FLATTEST * self._metrics().height():
            return
        painter.setPen(QColor(self.theme.muted))
        if not scene.courses:
            text = self._metrics().elidedText(scene.instead, Qt.TextElideMode.ElideRight, ribbon.width())
            painter.drawText(ribbon, Qt.AlignmentFlag.AlignCenter, text)
            return
        most = max(max(course.shares.max(), course.chance) for course in scene.courses)
        top = percent_end(float(most) * 100) / 100
        margin = QRectF(0, ribbon.top(), ribbon.left() - 4, ribbon.height())
        right = Qt.AlignmentFlag.AlignRight
        painter.drawText(margin, right | Qt.AlignmentFlag.AlignTop, f"{top * 100:g} %")
        painter.drawText(margin, right | Qt.AlignmentFlag.AlignBottom, "0 %")
        for course in scene.courses:
            self._draw_course(painter, course, ribbon, top)

    def _draw_course(self, painter: QPainter, course: Course, ribbon: QRectF, top: float) -> None:
        def y(share: float) -> float:
            return ribbon.bottom() - share / top * ribbon.height()

        n_points = max(1, int(ribbon.width() / POINT))
        at = columns(course.times, self.plan.start, self.plan.stop, n_points)
        last = np.full(n_points, -1)
        last[at] = np.arange(len(at))  # of several trials in a column the last one counts
        kept = last[last >= 0]
        points = [
            QPointF(self.plan.x(time), y(share))
            for time, share in zip(course.times[kept].tolist(), course.shares[kept].tolist(), strict=True)
        ]
        pen = painter.pen()
        pen.setStyle(Qt.PenStyle.DotLine)
        pen.setColor(QColor(self.theme.chance))
        painter.setPen(pen)
        painter.drawLine(QPointF(ribbon.left(), y(course.chance)), QPointF(ribbon.right(), y(course.chance)))
        pen.setStyle(Qt.PenStyle.DashLine if course.dashed else Qt.PenStyle.SolidLine)
        pen.setColor(QColor(self.theme.accent))
        painter.setPen(pen)
        painter.drawPolyline(QPolygonF(points))

    def _draw_lane(self, painter: QPainter, lane: Lane, rect: QRectF) -> None:
        colour, size = QColor(getattr(self.theme, lane.role)), self.plan.size
        self._draw_name(painter, lane.name, rect, size + 4)
        draw = SHAPES[lane.shape]
        draw(painter, _square(QPointF(size / 2 + 1, rect.center().y()), size), colour)
        counts = self.plan.counts(lane.flags)
        most = max(int(counts.max()), 1)
        sizes = size * np.maximum(LEAST, np.sqrt(counts / most))
        step, y = rect.width() / len(counts), rect.center().y()
        for cell in np.flatnonzero(counts).tolist():
            draw(painter, _square(QPointF(rect.left() + (cell + 0.5) * step, y), float(sizes[cell])), colour)

    def _draw_name(self, painter: QPainter, name: str, rect: QRectF, left: float) -> None:
        """Write the name of a lane, smaller where lanes are flat; where they are flatter the tool tip has it."""
        flat = rect.height() / self._metrics().height()
        if flat < SMALLEST:
            return
        painter.save()
        painter.setFont(scaled(self.font(), SMALL * min(flat, 1.0)))
        painter.setPen(QColor(self.theme.muted))
        painter.drawText(QRectF(left, rect.top(), rect.left(), rect.height()), Qt.AlignmentFlag.AlignVCenter, name)
        painter.restore()

    def _draw_bar(self, painter: QPainter, bar: Bar, rect: QRectF) -> None:
        self._draw_name(painter, bar.name, rect, 0)
        for begin, end in bar.spans:
            left, right = max(self.plan.x(begin), rect.left()), min(self.plan.x(end), rect.right())
            if right > left:
                stretch = QRectF(left, rect.center().y() - 2, right - left, 4)
                painter.fillRect(stretch, QColor(getattr(self.theme, bar.role)))

    def _draw_cursor(self, painter: QPainter) -> None:
        if self.cursor_at is not None and self.cursor_at < len(self.scene.onset):
            x = self.plan.x(self.scene.onset[self.cursor_at])
            painter.setPen(QColor(self.theme.accent))
            painter.drawLine(QPointF(x, 0), QPointF(x, self.plan.area.bottom()))

    def _draw_time(self, painter: QPainter) -> None:
        area, metrics = self.plan.area, self._metrics()
        length = self.plan.stop - self.plan.start
        painter.setPen(QColor(self.theme.line))
        painter.drawLine(area.bottomLeft(), area.bottomRight())
        painter.setPen(QColor(self.theme.muted))
        most = max(area.width() / (metrics.horizontalAdvance("0:00:00") * 1.5), 1)
        step = next((step for step in STEPS if length / step <= most), STEPS[-1])
        for seconds in np.arange(0, length + 1e-9, step).tolist():
            text, x = clock(seconds), self.plan.x(self.plan.start + seconds)
            painter.drawLine(QPointF(x, area.bottom()), QPointF(x, area.bottom() + 3))
            left = min(x - metrics.horizontalAdvance(text) / 2, self.width() - metrics.horizontalAdvance(text))
            painter.drawText(QPointF(left, area.bottom() + 2 + metrics.ascent()), text)

    # -------------------------------------------------------------------------------- layout

    @property
    def plan(self) -> Plan:
        """Where things lie, measured once for a session, a size and a font."""
        if self._plan is None:
            self._plan = Plan.of(self.scene, self.size(), self._metrics())
        return self._plan

    def resizeEvent(self, event: QResizeEvent | None) -> None:  # noqa: N802 (Qt's name)
        """Measure anew."""
        super().resizeEvent(event)
        self._plan = None

    def changeEvent(self, event: QEvent | None) -> None:  # noqa: N802 (Qt's name)
        """Measure another font."""
        super().changeEvent(event)
        if event is not None and event.type() == QEvent.Type.FontChange:
            self._plan = None

    def _metrics(self) -> QFontMetricsF:
        return QFontMetricsF(self._font())

    def _font(self) -> QFont:
        return scaled(self.font(), SMALL)

    # -------------------------------------------------------------------------------- mouse and keyboard

    def decision_at(self, point: QPointF) -> int | None:
        """Number of the decision nearest in time, of those in the lane that was hit; None if there is none."""
        onset, area = self.scene.onset, self.plan.area
        if not len(onset) or not area.left() - 4 <= point.x() <= area.right() + 4:
            return None
        hit = [lane.flags for i, lane in enumerate(self.scene.lanes) if self.plan.lane(i).contains(point)]
        among = np.flatnonzero(hit[0]) if hit and hit[0].any() else np.arange(len(onset))
        return int(among[np.abs(onset[among] - self.plan.time(point.x())).argmin()])

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
        last = len(self.scene.onset) - 1
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


def _square(centre: QPointF, size: float) -> QRectF:
    return QRectF(centre.x() - size / 2, centre.y() - size / 2, size, size)
