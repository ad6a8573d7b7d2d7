"""Thousands of lines, drawn with one call."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PyQt6 import sip
from PyQt6.QtCore import QLine
from PyQt6.QtGui import QColor, QPainter, QPen

__all__ = ["TracePen"]

AT_FIRST = 4096
"""Lines that there is memory for at first."""
BYTES = 16
"""Of a `QLine`: four numbers of 32 bits."""


class TracePen:
    """Memory that NumPy writes lines into and Qt draws them from, without an object for each."""

    def __init__(self) -> None:
        self._grow(AT_FIRST)

    def draw(self, painter: QPainter, lines: NDArray[np.int32], colour: str, width: int) -> None:
        """Draw lines (n, 4), x1, y1, x2, y2."""
        if len(lines) > len(self._values):
            self._grow(2 * len(lines))
        self._values[: len(lines)] = lines
        painter.setPen(QPen(QColor(colour), width))
        painter.drawLines(self._array[: len(lines)])

    def _grow(self, n: int) -> None:
        array: Any = sip.array  # its stub knows no arguments
        self._array = array(QLine, n)
        memory: Any = sip.voidptr(self._array, n * BYTES)
        self._values = np.frombuffer(memory, np.int32).reshape(n, 4)
