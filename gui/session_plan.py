"""What a chart of a session shows, and where in the chart it lies."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Self

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QRectF, QSize
from PyQt6.QtGui import QFontMetricsF

from bci.overview import column_counts, columns

__all__ = ["FLATTEST", "SMALLEST", "Bar", "Course", "Lane", "Plan", "Scene"]

SHAPE = 0.6
"""Size of shapes, of the height of a lane."""
MARGIN = 4
"""Pixels between two things."""
FLATTEST = 2.2
"""Height of the ribbon at least, in lines of text; a flatter one could not be read."""
SMALLEST = 0.7
"""Height of a lane that gives way to the ribbon at least, in lines of text."""

Floats = NDArray[np.float64]
Spans = Sequence[tuple[float, float]]
"""From when until when, seconds."""


@dataclass(frozen=True, slots=True)
class Lane:
    """Decisions of one kind.

    Parameters
    ----------
    name
        What they are called.
    shape
        One of `gui.shapes.SHAPES`.
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
class Bar:
    """A lane of stretches.

    Parameters
    ----------
    name
        What they are called.
    role
        Of the theme.
    spans
        The stretches, maybe none; one that has not ended yet has an infinite end.
    """

    name: str
    role: str
    spans: Spans


@dataclass(frozen=True, slots=True)
class Course:
    """Running accuracy of one kind.

    Parameters
    ----------
    times, shares
        (m,) seconds, and shares from 0 to 1.
    chance
        Share that luck comes to.
    dashed
        How its line is drawn.
    """

    times: Floats
    shares: Floats
    chance: float
    dashed: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """What is shown of a session.

    Parameters
    ----------
    onset
        (n,) seconds, one per decision.
    lanes
        From the top.
    courses
        What the ribbon shows; none if `instead` says why there is none.
    pauses
        In which nothing happened: shaded.
    bars
        Below the lanes.
    instead
        Words in the place of courses.
    """

    onset: Floats = field(default_factory=lambda: np.zeros(0))
    lanes: Sequence[Lane] = ()
    courses: Sequence[Course] = ()
    pauses: Spans = ()
    bars: Sequence[Bar] = ()
    instead: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """Where things lie, in pixels.

    Parameters
    ----------
    area
        Of all that has a time.
    rows, line, size
        Number of lanes and bars; height of one, and of a shape.
    start, stop
        Seconds at the left and right end of the area.
    cell, cells
        (n,) cell of each decision, and how many cells there are.
    """

    area: QRectF
    rows: int
    line: float
    size: float
    start: float
    stop: float
    cell: NDArray[np.int64]
    cells: int

    @classmethod
    def of(cls, scene: Scene, size: QSize, metrics: QFontMetricsF) -> Self:
        """Return where a session lies in a chart of a size: names to the left, the axis of time below."""
        onset, rows = scene.onset, len(scene.lanes) + len(scene.bars)
        height = size.height() - metrics.height() - 2
        line = _lane_height(height, metrics.height(), max(rows, 1))
        shape = max(line * SHAPE, 1.0)
        names = [*(lane.name for lane in scene.lanes), *(bar.name for bar in scene.bars), "recorded"]
        left = max(metrics.horizontalAdvance(name) for name in names) + shape + 10
        area = QRectF(left, 0, max(size.width() - left - MARGIN, 1), height)
        start = float(onset.min()) if len(onset) else 0.0
        stop = max(float(onset.max(initial=start)), start + 1.0)
        cells = max(1, int(area.width() / shape))
        return cls(area, rows, line, shape, start, stop, columns(onset, start, stop, cells), cells)

    @property
    def ribbon(self) -> QRectF:
        """Where running accuracy is drawn: above the lanes."""
        top = MARGIN - 1
        return QRectF(self.area.left(), top, self.area.width(), max(self.lane(0).top() - top - MARGIN, 1))

    def lane(self, number: int) -> QRectF:
        """Return where a lane lies, counted from the top."""
        top = self.area.bottom() - (self.rows - number) * self.line
        return QRectF(self.area.left(), top, self.area.width(), self.line)

    def x(self, time: float) -> float:
        """Return the x of a time."""
        return self.area.left() + (time - self.start) / (self.stop - self.start) * self.area.width()

    def time(self, x: float) -> float:
        """Return the time at x."""
        return self.start + (x - self.area.left()) / self.area.width() * (self.stop - self.start)

    def counts(self, flags: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Count the decisions (n,) that are flagged in each cell (cells,)."""
        return column_counts(self.cell, flags, self.cells)


def _lane_height(height: float, text: float, rows: int) -> float:
    """Return how high lanes are: as a line of text, or as flat as the ribbon above them needs and allows."""
    beside_ribbon = (height - FLATTEST * text - 2 * MARGIN) / rows
    fits = beside_ribbon >= SMALLEST * text
    return min(text, beside_ribbon if fits else height / rows)
