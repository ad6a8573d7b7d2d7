"""Stacked bars of the stages that decisions pass, one bar for typical decisions and one for slow ones."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import isnan
from typing import ClassVar

from PyQt6.QtCore import QPointF, QRectF, Qt
from PyQt6.QtGui import QColor, QPainter, QPaintEvent

from gui.strip import Strip
from gui.theme import Theme

__all__ = ["StageBar", "StageBars"]

SPARE = 1.15
"""What is seen at least, of the budget."""


@dataclass(frozen=True, slots=True)
class StageBar:
    """One bar.

    Parameters
    ----------
    name
        What it is of: `p50`.
    stages
        Milliseconds of each stage.
    painted
        Milliseconds from there to the screen, at the same percentile; NaN if unknown.
    """

    name: str
    stages: tuple[float, ...]
    painted: float

    @property
    def text(self) -> str:
        """What painting adds."""
        return "not seen yet" if isnan(self.painted) else f"+ {self.painted:.0f} ms"


class StageBars(Strip):
    """Draws bars, the budget, and a legend with the stages of the first bar.

    Parameters
    ----------
    theme
        Its colours.
    stages
        Names.
    """

    scale: ClassVar[float] = 0.85

    def __init__(self, theme: Theme, stages: Sequence[str]) -> None:
        super().__init__(theme)
        self._stages = tuple(stages)
        self._bars: tuple[StageBar, ...] = ()
        self._budget = 1.0

    def set_bars(self, bars: Sequence[StageBar], budget: float) -> None:
        """Show other bars and a budget, in milliseconds."""
        with self.changing():
            self._bars, self._budget = tuple(bars), budget
        told = "\n".join(f"{bar.name}: {', '.join(self._told(bar))}" for bar in bars)
        self.setToolTip(told)
        self.setAccessibleName(f"Stages of decisions: {told}")

    def heightForWidth(self, width: int) -> int:  # noqa: N802 (Qt's name)
        """Height in pixels of the bars, and of a legend of so many lines as a width makes necessary."""
        lines = 1 + max((line for line, *_ in self._legend(width)), default=0)
        return round((len(self._bars) + lines) * self._line() + 6)

    def paintEvent(self, event: QPaintEvent | None) -> None:  # noqa: ARG002, N802 (Qt's name)
        """Draw bars, budget and legend."""
        if not self._bars:
            return
        painter = QPainter(self)
        painter.setFont(self.text_font())
        area = self._area()
        for row, bar in enumerate(self._bars):
            self._draw(painter, bar, row, area)
        self._draw_budget(painter, area)
        self._draw_legend(painter, len(self._bars) * self._line() + 5)
        painter.end()

    def _draw(self, painter: QPainter, bar: StageBar, row: int, area: QRectF) -> None:
        line = self._line()
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.setPen(QColor(self.theme.muted))
        painter.drawText(QRectF(0, row * line, area.left(), line), middle, bar.name)
        painter.setPen(QColor(self.theme.text))
        right = QRectF(area.right(), row * line, self.width() - area.right(), line)
        painter.drawText(right, middle | Qt.AlignmentFlag.AlignRight, bar.text)
        x = area.left()
        for stage, length in enumerate((*bar.stages, 0.0 if isnan(bar.painted) else bar.painted)):
            end = min(x + length / self._longest() * area.width(), area.right())
            self._fill(painter, QRectF(x, row * line + 2, end - x, line - 4), stage)
            x = end

    def _fill(self, painter: QPainter, rect: QRectF, stage: int) -> None:
        """Fill a part of a bar; painting is no part of the latency that the budget is for, and thinner."""
        if stage < len(self._stages):
            painter.fillRect(rect, QColor(self.theme.categories[stage]))
        else:
            thin = rect.height() / 3
            painter.fillRect(rect.adjusted(0, thin, 0, -thin), QColor(self.theme.muted))

    def _draw_budget(self, painter: QPainter, area: QRectF) -> None:
        x = area.left() + self._budget / self._longest() * area.width()
        painter.setPen(QColor(self.theme.warning))
        painter.drawLine(QPointF(x, 0), QPointF(x, len(self._bars) * self._line()))

    def _draw_legend(self, painter: QPainter, top: float) -> None:
        metrics, side = self.metrics(), self.metrics().ascent() * 0.7
        painter.setPen(QColor(self.theme.muted))
        for line, x, stage, text in self._legend(self.width()):
            base = top + line * self._line() + metrics.ascent()
            if stage is not None:
                self._fill(painter, QRectF(x, base - side, side, side), stage)
            painter.drawText(QPointF(x + (0 if stage is None else side + 3), base), text)

    def _legend(self, width: int) -> Iterator[tuple[int, float, int | None, str]]:
        """Line, x, stage and text of each entry; the first one has no stage and says of which bar they are."""
        if not self._bars:
            return
        metrics = self.metrics()
        line, x = 0, 0.0
        entries = [(None, f"at {self._bars[0].name}, ms:"), *enumerate(self._told(self._bars[0]))]
        for stage, text in entries:
            needed = metrics.horizontalAdvance(text) + (0 if stage is None else metrics.ascent() * 0.7 + 3)
            if x and x + needed > width:
                line, x = line + 1, 0.0
            yield line, x, stage, text
            x += needed + metrics.averageCharWidth() * 1.5

    def _told(self, bar: StageBar) -> list[str]:
        told = [f"{name} {length:.1f}" for name, length in zip(self._stages, bar.stages, strict=True)]
        return [*told, "painted: not known" if isnan(bar.painted) else f"painted {bar.painted:.0f}"]

    def _longest(self) -> float:
        """Milliseconds from the left to the right."""
        return max(self._budget * SPARE, *(sum(bar.stages) * 1.02 for bar in self._bars))

    def _area(self) -> QRectF:
        metrics = self.metrics()
        left = metrics.horizontalAdvance("p99") + 6
        right = max(metrics.horizontalAdvance(bar.text) for bar in self._bars) + 6
        return QRectF(left, 0, max(self.width() - left - right, 1), len(self._bars) * self._line())

    def _line(self) -> float:
        return self.metrics().height()
