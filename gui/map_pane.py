"""Where decisions lie among the concepts, on a map that was fitted once; see `bci.projection_map`."""

from typing import ClassVar

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PyQt6.QtCore import QEvent, QObject, QPointF
from PyQt6.QtGui import QColor, QHelpEvent
from PyQt6.QtWidgets import QToolTip

from bci.projection_map import place
from bci.snapshot import Snapshot
from bci.viewing import About, Viewed
from gui.figure_pane import FigurePane
from gui.glyphs import Glyphs
from gui.plots import Plot
from gui.theme import Theme

__all__ = ["MapPane"]

TRAIL = 10
"""Decisions whose positions are shown, the latest one included."""
DOT, LIVE, RING = 5, 15, 19
"""Sizes, pixels."""
MANY = 500
"""Concepts above which dots are smaller."""
NEAR = 12
"""Pixels within which the mouse is at a concept."""


class MapPane(FigurePane):
    """Concepts as dots in the hue of their category, the latest decisions and the truth."""

    title: ClassVar[str] = "Map"
    help: ClassVar[str] = "Concepts on a fixed map, and the latest decisions among them, weighted by probability."

    def __init__(self, viewed: Viewed, theme: Theme) -> None:
        self.plot = Plot(theme, "", "")
        super().__init__(viewed, theme, self.plot)
        self.plot.setAspectLocked()
        for side in ("left", "bottom"):
            self.plot.hideAxis(side)
        self._dots = pg.ScatterPlotItem(size=DOT, pen=None, pxMode=True)
        self._trail = pg.PlotDataItem()
        self._passed = pg.ScatterPlotItem(size=DOT, pxMode=True)
        self._live = pg.ScatterPlotItem(size=LIVE, symbol="d", pxMode=True)
        self._truth = pg.ScatterPlotItem(size=RING, symbol="o", brush=None, pxMode=True)
        for item in (self._dots, self._trail, self._passed, self._truth, self._live):
            self.plot.addItem(item)
        self._glyphs = Glyphs(viewed.about.categories)
        self._mapped: NDArray[np.float32] | None = None
        self.plot.viewport().installEventFilter(self)
        self.recolour()

    def lacks(self, about: About, snapshot: Snapshot) -> str | None:  # noqa: ARG002 (a map needs no decision)
        """Say what is missing."""
        if about.map is None:
            return (
                "This bank has no map. A map is fitted offline, once, and stored in the bank's file; "
                "then each decision is placed among the concepts here."
            )
        return None

    def draw(self, about: About, snapshot: Snapshot) -> None:
        """Place the latest decisions."""
        assert about.map is not None  # noqa: S101 (`lacks` has looked)
        if about.map is not self._mapped:
            self._mapped = about.map
            self._draw_concepts(about.map)
        newest = snapshot.recent[-1] if snapshot.recent else None
        rankings = [each.ranking for each in snapshot.recent if each.ranking is not None][-TRAIL:]
        path = np.array([place(about.map, each.indices, each.probabilities) for each in rankings]).reshape(-1, 2)
        live = newest is not None and newest.ranking is not None
        truth = None if newest is None or about.hide_truth else newest.truth
        self._trail.setData(path[:, 0], path[:, 1])
        self._passed.setData(pos=path[:-1] if live else path)
        self._live.setData(pos=path[-1:] if live else path[:0])
        self._truth.setData(pos=about.map[:0] if truth is None else about.map[truth : truth + 1])
        self._tell(about, snapshot, truth)

    def recolour(self) -> None:
        """Take on the colours of the theme; dots have those of their categories once they are drawn anew."""
        self._mapped = None
        self.plot.paint(self.theme)
        self._trail.setPen(QColor(self.theme.muted))
        self._passed.setPen(QColor(self.theme.panel))
        self._passed.setBrush(QColor(self.theme.text))
        self._live.setBrush(QColor(self.theme.accent))
        self._live.setPen(QColor(self.theme.panel))
        self._truth.setPen(QColor(self.theme.truth), width=2)

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:  # noqa: N802 (Qt's name)
        """Tell the name of a concept at the mouse."""
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip and self._mapped is not None:
            QToolTip.showText(event.globalPos(), self.concept_at(QPointF(event.pos())), self.plot)
            return True
        return super().eventFilter(watched, event)

    def concept_at(self, point: QPointF) -> str:
        """Name and category of the concept at a point of the plot, in pixels; empty if there is none."""
        about, box = self.viewed.about, self.plot.getViewBox()
        if about.map is None:
            return ""
        at = box.mapSceneToView(self.plot.mapToScene(point.toPoint()))
        per_pixel = np.array(box.viewPixelSize())
        distances = np.linalg.norm((about.map - [at.x(), at.y()]) / per_pixel, axis=1)
        nearest = int(distances.argmin())
        if distances[nearest] > NEAR:
            return ""
        category = self._glyphs.category(nearest)
        return about.concepts[nearest] + (f" ({category})" if category else "")

    def _draw_concepts(self, places: NDArray[np.float32]) -> None:
        hues = {name: pg.mkBrush(QColor(name)) for name in self.theme.categories}
        self._dots.setData(pos=places, brush=[hues[self._glyphs.hue(i, self.theme)] for i in range(len(places))])
        self._dots.setSize(DOT if len(places) <= MANY else DOT - 2)
        low, high = places.min(axis=0).tolist(), places.max(axis=0).tolist()
        self.plot.setRange(xRange=(low[0], high[0]), yRange=(low[1], high[1]), padding=0.08)

    def _tell(self, about: About, snapshot: Snapshot, truth: int | None) -> None:
        newest = snapshot.recent[-1] if snapshot.recent else None
        if newest is None:
            live = ("muted", "no decision yet")
        elif newest.ranking is None:
            live = ("warning", f"no position: {newest.status}")
        else:
            live = ("accent", f"◆ {about.concepts[newest.ranking.indices[0]]}")
        shown = [] if truth is None else [("truth", f"○ shown: {about.concepts[truth]}")]
        hidden = [("muted", "truth hidden from this screen")] if about.hide_truth else []
        n_kinds = len(set(about.categories))
        repeated = ", hues repeat" if n_kinds > len(self.theme.categories) else ""
        kinds = [("muted", f"{n_kinds:,} categories by hue{repeated}")] if n_kinds else []
        banner = ("muted", "map is a projection")
        self.words.say([live, *shown, *hidden, banner, ("muted", f"{len(about.concepts):,} concepts"), *kinds])
