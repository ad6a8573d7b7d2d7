"""An epoch as the decoder's preprocessing leaves it: every channel, and the mean over the back of the head."""

from collections.abc import Sequence

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PyQt6.QtCore import QEvent, Qt
from PyQt6.QtGui import QColor, QResizeEvent
from PyQt6.QtWidgets import QVBoxLayout, QWidget

from bci.montage import posterior
from gui.plots import Plot
from gui.scales import round_up
from gui.sheet import MARGIN
from gui.theme import Theme
from gui.words import Words

__all__ = ["EpochPlot"]

LOW = 9
"""Lines of words below whose height there is no room for names at the axes."""
FAINT = 150
"""Opacity of the single channels, of 255."""


class EpochPlot(QWidget):
    """A butterfly plot: microvolts before any scaling, over seconds from the onset.

    Parameters
    ----------
    theme
        Its colours.
    labels
        Channels, in the order of an epoch.
    window
        First second, and end, relative to the onset.
    filters
        What the preprocessing does to the signal, in words.
    """

    def __init__(self, theme: Theme, labels: Sequence[str], window: tuple[float, float], filters: str) -> None:
        super().__init__()
        self._theme = theme
        self._labels = tuple(labels)
        self._window = window
        self._filters = filters
        self._back = list(posterior(self._labels))
        self._top = 0.0
        self.words = Words(theme, lines=1)
        self.plot = Plot(theme, "time after the onset (s)", "µV")
        self.plot.setMinimumHeight(1)
        self.plot.setAccessibleName("Epoch")
        self.plot.setXRange(*window, padding=0)
        self._channels = pg.PlotDataItem(connect="finite")
        self._mean = pg.PlotDataItem()
        self._onset = pg.InfiniteLine(0)
        for item in (self._onset, self._channels, self._mean):
            self.plot.addItem(item, ignoreBounds=True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(MARGIN, 0, MARGIN, 0)
        layout.setSpacing(2)
        layout.addWidget(self.words)
        layout.addWidget(self.plot, 1)
        self._fit_font()
        self._paint()

    def show_epoch(self, epoch: NDArray[np.float32] | None, what: str) -> None:
        """Show an epoch (C, T) in microvolts; `what` says of what. None shows nothing."""
        self.plot.setVisible(epoch is not None)
        self.words.setVisible(epoch is not None)
        if epoch is None:
            return
        start, end = self._window
        times = start + np.arange(epoch.shape[1]) * (end - start) / epoch.shape[1]
        apart = np.full((len(epoch), 1), np.nan)
        self._channels.setData(
            np.tile(np.append(times, end), len(epoch)), np.concatenate([epoch, apart], axis=1).ravel()
        )
        self._mean.setVisible(bool(self._back))
        if self._back:
            self._mean.setData(times, epoch[self._back].mean(axis=0))
        self._scale(float(np.abs(epoch).max(initial=0.0)))
        self.words.say([("text", what), *self._legend()])

    def set_theme(self, theme: Theme) -> None:
        """Take on other colours."""
        self._theme = theme
        self.words.set_theme(theme)
        self.plot.paint(theme)
        self._paint()

    def resizeEvent(self, event: QResizeEvent | None) -> None:  # noqa: N802 (Qt's name)
        """Leave the names of the axes to the words above where the plot is low."""
        super().resizeEvent(event)
        self.plot.show_labels(shown=self.plot.height() > LOW * self.fontMetrics().height())

    def changeEvent(self, event: QEvent | None) -> None:  # noqa: N802 (Qt's name)
        """Follow the size of the font."""
        super().changeEvent(event)
        if event is not None and event.type() in (QEvent.Type.FontChange, QEvent.Type.ApplicationFontChange):
            self._fit_font()

    def _legend(self) -> list[tuple[str, str]]:
        told = [("muted", "µV over s from the onset"), ("muted", f"thin: {len(self._labels)} channels")]
        if self._back:
            names = [self._labels[i] for i in self._back]
            more = ", ..." if len(names) > 6 else ""
            told.append(("text", f"thick: mean of {', '.join(names[:6])}{more}"))
        return [*told, ("muted", f"before scaling; {self._filters}")]

    def _scale(self, most: float) -> None:
        """Let the axis end at a round number, and at 1 µV the least: it stays where it is from trial to trial."""
        top = round_up(max(1.0, most))
        if top != self._top:
            self._top = top
            self.plot.setYRange(-top, top, padding=0.05)
            self.plot.getAxis("left").setTicks([[(at, f"{at:+g}" if at else "0") for at in (-top, 0.0, top)]])

    def _paint(self) -> None:
        theme = self._theme
        thin = QColor(theme.trace)
        thin.setAlpha(FAINT)
        self._channels.setPen(pg.mkPen(thin, width=1))
        self._mean.setPen(pg.mkPen(QColor(theme.text), width=2.5))
        self._onset.setPen(pg.mkPen(QColor(theme.muted), width=1, style=Qt.PenStyle.DashLine))

    def _fit_font(self) -> None:
        for side in ("bottom", "left"):
            axis = self.plot.getAxis(side)
            axis.setStyle(tickFont=self.font())
            axis.label.setFont(self.font())
