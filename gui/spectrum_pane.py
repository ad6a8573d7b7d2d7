"""Spectrum of the EEG and the power in its bands, by Welch's method from the last seconds."""

from typing import ClassVar

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PyQt6.QtCore import QPointF, QRectF, Qt
from PyQt6.QtGui import QColor, QPainter

from bci.snapshot import Snapshot
from bci.spectrum import BANDS, LINES, Band, Spectrum, clean_stretch, decibels, line_frequency, welch
from bci.viewing import About, Viewed
from gui.plots import Plot
from gui.samples_pane import SamplesPane
from gui.sheet import Item, Sheet
from gui.theme import Theme
from gui.words import Piece

__all__ = ["SpectrumPane"]

SECONDS, WINDOW = 8.0, 4.0
VALUES = 2**19
"""Samples that are transformed at most, of all channels together: 63 channels at 1 kHz."""
HIGHEST = 80.0
"""Frequency that is shown at most, Hz."""
LOWEST = 0.5
UNIT = "dB re 1 µV²/Hz"
LOUD = 6.0
"""Decibels above its surroundings from which on line noise is worth a warning."""
BARS = (-20.0, 40.0)
"""Range of the bars, dB re 1 uV^2."""

_LOW = 18
"""Lines of words below whose height there is no room for labels at the axes."""
_LOWER = 9
"""Below whose height there is none for bars."""


class SpectrumPane(SamplesPane):
    """Power spectral density of the mean over channels or of one, mains frequencies marked, and a bar a band."""

    title: ClassVar[str] = "Spectrum"
    help: ClassVar[str] = "Power at each frequency in the last 8 s of the raw signal, and in the bands of EEG."
    rate: ClassVar[float] = 2.0

    def __init__(self, viewed: Viewed, theme: Theme) -> None:
        super().__init__(viewed, theme)
        labels = [self.channels[i].label for i in self.eeg]
        self.choice = self.chooser("Channel whose spectrum is shown", ["EEG mean", *labels])
        self.plot = Plot(theme, "frequency (Hz)", UNIT)
        self.bars = Sheet(theme, self._draw_bars)
        self.plot.setMinimumHeight(1)
        self.body.addWidget(self.plot, 1)
        self.body.addWidget(self.bars)
        self._curve = self.plot.plot()
        self._lines = [pg.InfiniteLine(line, label=f"{line:g} Hz", labelOpts={"position": 0.9}) for line in LINES]
        for line in self._lines:
            self.plot.addItem(line, ignoreBounds=True)
        self.plot.setXRange(0, min(HIGHEST, viewed.about.stream.sfreq / 2), padding=0)
        highest = int(self.plot.viewRange()[0][1])
        ticks = [(hertz, f"{hertz}" if hertz + 10 < highest else f"{hertz} Hz") for hertz in range(0, highest, 10)]
        self.plot.getAxis("bottom").setTicks([ticks])
        self._limits = (np.nan, np.nan)
        self.powers: dict[Band, float] = {}
        self._live = True
        self.recolour()

    def lacks(self, about: About, snapshot: Snapshot) -> str | None:  # noqa: ARG002 (what panes are asked)
        """Say how much signal is missing."""
        data = self.latest(SECONDS)
        columns = self._columns(data)
        self._data = clean_stretch(data if len(columns) == data.shape[1] else data[:, columns])
        there = len(self._data) / about.stream.sfreq
        if not len(data):
            return f"No samples yet. A spectrum needs {WINDOW:g} s of them."
        if there < WINDOW and len(data) / about.stream.sfreq < WINDOW:
            return f"{there:.1f} of the {WINDOW:g} s that a spectrum needs have come."
        if there < WINDOW:
            return (
                f"Only {there:.1f} s of the last {SECONDS:g} s are without a gap; a spectrum needs {WINDOW:g} s."
            )
        return None

    def draw(self, about: About, snapshot: Snapshot) -> None:
        """Transform what came."""
        spectrum = welch(self._data, about.stream.sfreq, WINDOW)
        if spectrum is None:
            return
        mean = Spectrum(spectrum.frequencies, spectrum.density.mean(axis=0, keepdims=True))
        stale = self.stale(snapshot)
        self._live = not stale
        self._show(mean)
        seconds, n_seen = len(self._data) / about.stream.sfreq, self._data.shape[1]
        partial = not self.choice.currentIndex() and n_seen < len(self.eeg)
        channels = [("text", f"{n_seen} of {len(self.eeg)} channels")] if partial else []
        method = ("muted", f"Welch, {WINDOW:g} s Hann, last {seconds:.1f} s")
        self.words.say([*stale, *self._line(mean), ("muted", UNIT), *channels, method])

    def fit(self) -> None:
        """Leave out what there is no room for: labels of the axes, as words and ticks say the same, then bars."""
        line = self.bars.line_height()
        self.plot.show_labels(shown=self.height() > _LOW * line)
        self.bars.setFixedHeight(round(3 * line + 14))
        self.bars.setVisible(self.height() > _LOWER * line)

    def recolour(self) -> None:
        """Take on the colours of the theme."""
        self.plot.paint(self.theme)
        self.bars.set_theme(self.theme)
        dashed = pg.mkPen(QColor(self.theme.warning), width=1, style=Qt.PenStyle.DashLine)
        for line in self._lines:
            line.setPen(dashed)
            line.label.setColor(QColor(self.theme.warning))

    def _columns(self, data: NDArray[np.float32]) -> NDArray[np.int64]:
        """Return the channels that are looked at: as many as there is time for, none that sends nothing."""
        if self.choice.currentIndex():
            return self.eeg[[self.choice.currentIndex() - 1]]
        fit = min(len(self.eeg), max(1, VALUES // max(1, len(data))))
        columns = self.eeg[np.linspace(0, len(self.eeg) - 1, fit).round().astype(int)]
        sending = np.isfinite(data[:, columns]).any(axis=0)
        return np.asarray(columns[sending] if sending.any() else columns, np.int64)

    def _show(self, mean: Spectrum) -> None:
        seen = (mean.frequencies >= LOWEST) & (mean.frequencies <= HIGHEST)
        level = np.maximum(decibels(mean.density[0, seen]), -60.0)  # a flat channel has no level at all
        self._curve.setData(mean.frequencies[seen], level)
        limits = (np.floor(level.min() / 10) * 10, np.ceil((level.max() + 1) / 10) * 10)
        if limits != self._limits:
            self._limits = limits
            self.plot.setYRange(*limits, padding=0)
            middle = 10 * round(sum(limits) / 20)
            levels = (limits[0], middle, limits[1])
            self.plot.getAxis("left").setTicks([[(level, f"{level:g} dB") for level in levels]])
        self.powers = {band: float(mean.power(band.low, band.high)[0]) for band in BANDS}
        told = ", ".join(f"{band.name} {_power(power)}" for band, power in self.powers.items())
        self.bars.setAccessibleName(f"Band power: {told}")
        self._curve.setPen(pg.mkPen(QColor(self._ink), width=1))
        self.bars.update()

    @property
    def _ink(self) -> str:
        """Colour of what is seen: stale samples do not look live."""
        return self.theme.trace if self._live else self.theme.lost

    def _line(self, mean: Spectrum) -> list[Piece]:
        found = line_frequency(mean)
        if found is None:
            return [("muted", "rate too low to see line noise")]
        line, excess = found[0], float(decibels(found[1])[0])
        if not np.isfinite(excess):
            return []
        if excess >= LOUD:
            return [("warning", f"▲ {line:g} Hz line {excess:+.0f} dB")]
        return [("muted", f"{line:g} Hz line {excess:+.1f} dB")]

    def _draw_bars(self, painter: QPainter, _: QRectF) -> None:
        """Draw name, limits, power and a bar for each band."""
        area = QRectF(self.bars.rect())
        height, gap = self.bars.line_height(), 5.0
        width = (area.width() + gap) / len(BANDS) - gap
        for place, band in enumerate(BANDS):
            power = self.powers.get(band, np.nan)
            cell = QRectF(area.left() + place * (width + gap), 2, width, self.bars.height() - 4)
            value = _power(power)
            lines = (Item(band.name, self.theme.text, bold=True), Item(band.limits, self.theme.muted))
            for row, item in enumerate((*lines, Item(value, self.theme.text))):
                place_of = QRectF(cell.left(), cell.top() + row * height, width, height)
                self.bars.write(painter, place_of, item, 0.9)
            track = QRectF(cell.left(), cell.top() + 3 * height + 2, width, 6)
            self._draw_bar(painter, track, power)
            self.bars.tip(
                cell, f"{band.name}, {band.limits}: {value}; bars from {BARS[0]:g} to {BARS[1]:g} dB re 1 µV²"
            )

    def _draw_bar(self, painter: QPainter, track: QRectF, power: float) -> None:
        low, high = BARS
        level = float(decibels(np.array([max(power, 1e-9)]))[0]) if np.isfinite(power) else low
        share = min(max((level - low) / (high - low), 0.0), 1.0)
        painter.fillRect(track, QColor(self.theme.raised))
        filled = QRectF(track.topLeft(), QPointF(track.left() + share * track.width(), track.bottom()))
        painter.fillRect(filled, QColor(self._ink))


def _power(power: float) -> str:
    """Return a power in words; no more digits than it has meaning."""
    if not np.isfinite(power):
        return "not seen"
    return f"{power:,.0f} µV²" if power >= 10 else f"{power:.1f} µV²" if power >= 0.1 else f"{power:.0e} µV²"
