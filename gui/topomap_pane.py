"""Where on the head the power is: a map of one band between the electrodes, seen from above, the nose up."""

from typing import ClassVar, NamedTuple

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PyQt6.QtCore import QPointF, QRectF, Qt
from PyQt6.QtGui import QColor, QImage, QPainter, QPainterPath, QPen

from bci.snapshot import Snapshot
from bci.spectrum import BANDS, BROAD, Band, clean_stretch, decibels, thinned, welch
from bci.topography import FEWEST, grid, spline_matrix
from bci.viewing import About, Viewed
from gui.samples_pane import SamplesPane
from gui.sheet import Item, Sheet
from gui.theme import Theme
from gui.words import Piece

__all__ = ["TopomapPane"]

SECONDS = 2.0
"""How much of the signal is seen."""
LEAST = 1.0
"""How much of it must be there without a gap."""
SIZE = 64
"""Cells of the map, across and down; they are smoothed when drawn."""
SILENT = 1e-6
"""Power below which a channel is flat, microvolts squared."""

_NOSE, _EAR = 0.12, 0.1  # how far they stand out, radii of the head
_BACK = -0.7  # behind it names stand above their electrodes, radii of the head
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_CENTRE = Qt.AlignmentFlag.AlignCenter


class _Montage(NamedTuple):
    """Electrodes that can be drawn: their channels, places and the map between them, if there is any."""

    columns: NDArray[np.int64]
    places: NDArray[np.float64]
    matrix: NDArray[np.float32] | None


class TopomapPane(SamplesPane):
    """Level of a band at each electrode as a colour, interpolated where there are enough of them."""

    title: ClassVar[str] = "Scalp map"
    help: ClassVar[str] = (
        "Level of a band over the head in the last 2 s of the raw signal, seen from above, nose up."
    )

    def __init__(self, viewed: Viewed, theme: Theme) -> None:
        super().__init__(viewed, theme)
        self.choice = self.chooser(
            "Band that is shown",
            [f"RMS {BROAD.limits}", *(f"{band.name} {band.limits}" for band in BANDS)],
        )
        self.map = Sheet(theme, self._draw_map)
        self.body.addWidget(self.map, 1)
        self._positions: NDArray[np.float32] | None = None
        self._place()
        self._montages: dict[bytes, _Montage] = {}
        self._shown: _Montage | None = None
        self._live = True
        self.values = np.zeros(0)
        self._image = QImage()
        self.recolour()

    @property
    def band(self) -> Band:
        """The band that is shown."""
        return (BROAD, *BANDS)[self.choice.currentIndex()]

    def lacks(self, about: About, snapshot: Snapshot) -> str | None:  # noqa: ARG002 (what panes are asked)
        """Say that positions or samples are missing."""
        if about.positions is not self._positions:
            self._place()
        if not np.isfinite(self._places).all(axis=1).any():
            names = ", ".join(self.channels[i].label for i in self.eeg[:3]) + ("..." if len(self.eeg) > 3 else "")
            return f"None of the channels has a known place on the head: {names}. Name them by the 10-05 system."
        if self.band.high > about.stream.sfreq / 2:
            return f"At {about.stream.sfreq:g} Hz nothing can be seen of {self.choice.currentText()}."
        data = self.latest(SECONDS)
        sending = np.isfinite(data[:, self.eeg]).any(axis=0)
        self._columns = self.eeg[sending]
        self._data = clean_stretch(data[:, self._columns])
        there = len(self._data) / about.stream.sfreq
        return None if there >= LEAST else f"{there:.1f} s without a gap so far. A map needs {LEAST:g} s."

    def draw(self, about: About, snapshot: Snapshot) -> None:
        """Measure the band, and map it."""
        data, sfreq = thinned(self._data, about.stream.sfreq)
        spectrum = welch(data, sfreq, len(data) / sfreq)
        if spectrum is None:
            return
        power = spectrum.power(self.band.low, self.band.high)
        level = np.sqrt(power) if self.band is BROAD else decibels(power)
        places = self._places[self._columns]
        drawn = np.isfinite(places).all(axis=1) & (power > SILENT)
        stale = self.stale(snapshot)
        self._live = not stale
        self._shown, self.values = self._montage(self._columns[drawn]), level[drawn]
        self._tell(stale, self._columns[~np.isfinite(places).all(axis=1)], self._columns[power <= SILENT])
        self._picture()
        self.map.update()

    def recolour(self) -> None:
        """Take on the colours of the theme."""
        self.map.set_theme(self.theme)
        table = pg.colormap.get(self.theme.map).getLookupTable(nPts=256, alpha=True)
        self._colours = np.asarray(table, np.uint8)
        self._ramp = QImage(self._colours[::-1].tobytes(), 1, 256, 4, QImage.Format.Format_RGBA8888).copy()
        self._picture()

    def _place(self) -> None:
        self._positions = self.viewed.about.positions
        unknown = np.full((len(self.channels), 2), np.nan)
        self._places = unknown if self._positions is None else self._positions.astype(np.float64)
        known = self._places[np.isfinite(self._places).all(axis=1)]
        self._radius = max(1.0, float(np.hypot(*known.T).max(initial=0.0)) + 0.05)
        self._montages = {}

    def _montage(self, columns: NDArray[np.int64]) -> _Montage:
        """Return the map between some electrodes; computed once for those that are there."""
        key = columns.tobytes()
        if key not in self._montages:
            places = self._places[columns]
            self._montages = {key: _Montage(columns, places, spline_matrix(places, grid(SIZE, self._radius)))}
        return self._montages[key]

    def _tell(self, stale: list[Piece], unplaced: NDArray[np.int64], silent: NDArray[np.int64]) -> None:
        unit = "RMS, µV" if self.band is BROAD else "power, dB re 1 µV²"
        pieces = [*stale, ("text", unit)]
        if self._shown is not None and self._shown.matrix is None:
            pieces.append(("warning", f"▲ no map between fewer than {FEWEST} electrodes or on one line"))
        for reason, columns in (("no place", unplaced), ("flat", silent)):
            if len(columns):
                pieces.append(("muted", f"{reason}: {', '.join(self.channels[i].label for i in columns)}"))
        self.words.say(pieces)

    @property
    def limits(self) -> tuple[float, float]:
        """Ends of the colour scale: the lowest and the highest electrode."""
        low, high = float(self.values.min(initial=np.inf)), float(self.values.max(initial=-np.inf))
        return (low, high) if high - low > 1e-6 else (low - 0.5, high + 0.5)

    def _share(self, values: NDArray[np.floating]) -> NDArray[np.uint8]:
        """Return where values are on the colour scale, 0 to 255; beyond its ends there are no colours."""
        low, high = self.limits
        return np.asarray(np.clip((values - low) / (high - low), 0, 1) * 255, np.uint8)

    def _picture(self) -> None:
        if self._shown is None or self._shown.matrix is None:
            self._image = QImage()
            return
        cells = self._shown.matrix @ self.values.astype(np.float32)
        pixels = self._colours[self._share(cells)].tobytes()
        self._image = QImage(pixels, SIZE, SIZE, 4 * SIZE, QImage.Format.Format_RGBA8888).copy()

    # ------------------------------------------------------------------------------------------------ drawing

    def _draw_map(self, painter: QPainter, _: QRectF) -> None:
        """Draw head, map, electrodes and the scale."""
        if self._shown is None or not len(self.values):
            return
        area = QRectF(self.map.rect())
        line = self.map.line_height()
        scale = max(self.map.text_width(text) for text in self._ends()) + 4
        room = QRectF(area.left(), area.top(), area.width() - scale - 24, area.height())
        reach = max(self._radius, 1 + _NOSE) + 0.05
        radius = max(1.0, min(room.width(), room.height()) / (2 * reach))
        centre = room.center()
        painter.setOpacity(1.0 if self._live else 0.5)
        self._draw_field(painter, centre, radius)
        self._draw_head(painter, centre, radius)
        self._draw_electrodes(painter, centre, radius)
        self._draw_scale(
            painter, QRectF(area.right() - scale - 16, area.top() + 4, scale + 16, area.height() - 8), line
        )

    def _draw_field(self, painter: QPainter, centre: QPointF, radius: float) -> None:
        reach = self._radius * radius
        disc = QPainterPath()
        disc.addEllipse(centre, reach, reach)
        painter.save()
        painter.setClipPath(disc)
        if not self._image.isNull():
            painter.drawImage(QRectF(centre.x() - reach, centre.y() - reach, 2 * reach, 2 * reach), self._image)
        painter.restore()

    def _draw_head(self, painter: QPainter, centre: QPointF, radius: float) -> None:
        head = QPainterPath()
        head.addEllipse(centre, radius, radius)
        half = 0.14  # of the angle that the nose takes, radians
        sides = [(np.sin(angle), -np.cos(angle)) for angle in (-half, half)]
        left, right = (centre + QPointF(x, y) * radius for x, y in sides)
        head.moveTo(left)
        head.lineTo(centre + QPointF(0, -1 - _NOSE) * radius)
        head.lineTo(right)
        for side in (-1, 1):
            out = side * (1 + 1.3 * _EAR)
            head.moveTo(centre + QPointF(side * 0.985, -0.17) * radius)
            head.cubicTo(
                centre + QPointF(out, -0.22) * radius,
                centre + QPointF(out, 0.22) * radius,
                centre + QPointF(side * 0.985, 0.17) * radius,
            )
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for colour, width in ((self.theme.panel, 4.0), (self.theme.text, 1.5)):  # seen on any colour of the map
            painter.setPen(QPen(QColor(colour), width))
            painter.drawPath(head)

    def _draw_electrodes(self, painter: QPainter, centre: QPointF, radius: float) -> None:
        shown = self._shown
        if shown is None:
            return
        size = min(self.map.line_height() * (0.22 if shown.matrix is not None else 0.35), radius * 0.05)
        hues = [QColor(*rgba) for rgba in self._colours[self._share(self.values)].tolist()]
        ground = QColor(self.theme.panel)
        named = radius * _nearest(shown.places) > 1.8 * self.map.line_height()
        for column, place, hue, value in zip(shown.columns, shown.places, hues, self.values, strict=True):
            at = centre + QPointF(place[0], -place[1]) * radius
            label = self.channels[column].label
            painter.setPen(QPen(QColor(self.theme.text), 1.0))
            painter.setBrush(hue if shown.matrix is None else ground)
            painter.drawEllipse(at, size, size)
            reach = QRectF(at.x() - 8, at.y() - 8, 16, 16)
            self.map.tip(reach, f"{label}: {self._in_words(value)}")
            if named:
                self._name(painter, at, size if place[1] > _BACK else -size - self.map.line_height(), label)

    def _name(self, painter: QPainter, at: QPointF, below: float, label: str) -> None:
        """Write a label below an electrode, on a ground of its own: the map has all colours."""
        width, height = self.map.text_width(label, 0.85) + 4, self.map.line_height(0.85)
        plate = QRectF(at.x() - width / 2, at.y() + below + 1, width, height)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(self.theme.panel))
        painter.drawRoundedRect(plate, 3, 3)
        self.map.write(painter, plate, Item(label, self.theme.text), 0.85, _CENTRE)

    def _draw_scale(self, painter: QPainter, area: QRectF, line: float) -> None:
        """Draw the colours from the lowest to the highest electrode, with both values."""
        high, low = self._ends()
        bar = QRectF(area.right() - 10, area.top(), 10, area.height())
        painter.drawImage(bar, self._ramp)
        words = QRectF(area.left(), area.top(), area.width() - 14, line)
        self.map.write(painter, words, Item(high, self.theme.text), 1.0, _RIGHT)
        words.moveBottom(area.bottom())
        self.map.write(painter, words, Item(low, self.theme.text), 1.0, _RIGHT)

    def _ends(self) -> tuple[str, str]:
        low, high = self.limits
        return self._in_words(high), self._in_words(low)

    def _in_words(self, value: float) -> str:
        return f"{value:.1f} {'µV' if self.band is BROAD else 'dB'}"


def _nearest(places: NDArray[np.float64]) -> float:
    """Return how far apart the two electrodes are that are nearest to each other."""
    squared = ((places[:, None] - places) ** 2).sum(axis=2)
    np.fill_diagonal(squared, 4.0)
    return float(np.sqrt(squared.min()))
