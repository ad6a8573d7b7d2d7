"""The panes of a session as docks: movable, tabbed, and arranged by presets."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeVar

from PyQt6.QtCore import QByteArray, Qt
from PyQt6.QtWidgets import QDockWidget, QMainWindow, QTabWidget

from gui.pane import Pane

__all__ = ["PRESETS", "Columns", "Rows", "Tabs", "Workspace"]


@dataclass(frozen=True, slots=True)
class Tabs:
    """Panes one behind the other, the first in front."""

    panes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Columns:
    """Parts side by side, with their shares of the width."""

    parts: "tuple[Part, ...]"
    shares: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Rows:
    """Parts one above the other, with their shares of the height."""

    parts: "tuple[Part, ...]"
    shares: tuple[int, ...]


Part = str | Tabs | Columns | Rows
P = TypeVar("P", bound=Pane)

PRESETS: Mapping[str, Part] = {
    "Experiment": Rows(
        (
            Columns(
                (
                    "TracePane",
                    Rows(("NowPane", Columns(("TruthPane", "AccuracyPane"), (2, 3))), (4, 5)),
                ),
                (5, 6),
            ),
            Columns(("TimelinePane", "ProvenancePane"), (5, 6)),
        ),
        (14, 4),
    ),
    "Monitor": Columns(
        (
            Rows(("TracePane", "TimelinePane"), (4, 1)),
            Rows(
                (Columns(("QualityPane", "TopomapPane"), (4, 3)), "SpectrumPane", "ResponsePane"),
                (13, 14, 14),
            ),
        ),
        (11, 9),
    ),
    "Debug": Rows(
        (
            Columns(("LatencyPane", "RanksPane", "ConfusionPane"), (1, 1, 1)),
            Columns(
                (
                    "CalibrationPane",
                    "MapPane",
                    Tabs(("AccuracyPane", "AveragingPane", "WhatIfPane", "ReconstructionPane")),
                ),
                (1, 1, 1),
            ),
            Columns(("TimelinePane", "ProvenancePane"), (1, 1)),
        ),
        (4, 4, 2),
    ),
    "Kiosk": Rows(("NowPane", "AccuracyPane"), (5, 2)),
}
"""How panes are arranged for what; those not named are closed."""


class Workspace(QMainWindow):
    """Holds the docks.

    Parameters
    ----------
    panes
        By the names of their classes.
    """

    def __init__(self, panes: Mapping[str, Pane]) -> None:
        super().__init__()
        self.setWindowFlags(Qt.WindowType.Widget)
        self.setDockNestingEnabled(True)
        self.setTabPosition(Qt.DockWidgetArea.AllDockWidgetAreas, QTabWidget.TabPosition.North)
        self.panes = dict(panes)
        self.docks = {name: self._dock(name, pane) for name, pane in panes.items()}
        self.preset = ""

    def arrange(self, preset: str, saved: str = "") -> None:
        """Arrange the panes as a preset wants them, or as they were left.

        Parameters
        ----------
        saved
            What `layout_text` returned; what makes no sense any more is ignored.
        """
        self.preset = preset
        for dock in self.docks.values():
            dock.setFloating(False)  # which shows it
            self.removeDockWidget(dock)
        names, _, state = saved.partition(":")
        if state and self.restoreState(QByteArray.fromBase64(state.encode())):
            self._keep_only(names)
            return
        part = PRESETS[preset]
        self.addDockWidget(Qt.DockWidgetArea.TopDockWidgetArea, self.docks[_first(part)])
        self._split(part)
        for name in _all(part):
            self.docks[name].show()
        for front in _tabs(part):
            self.docks[front.panes[0]].raise_()
        self.spread()

    def cover(self, below: str, above: str) -> None:
        """Put a pane as a tab in front of another one, where that is open."""
        if not self.docks[below].isHidden():
            self.tabifyDockWidget(self.docks[below], self.docks[above])
            self.docks[above].show()
            self.docks[above].raise_()

    def uncover(self, below: str, above: str) -> None:
        """Take away a pane that shares a place with another one."""
        if self.docks[above] in self.tabifiedDockWidgets(self.docks[below]):
            self.removeDockWidget(self.docks[above])

    def _keep_only(self, named: str) -> None:
        """Remove the docks of other presets, which Qt brings back too, and give those named the sizes they had."""
        found = re.findall(r"(\w+) (\d+) (\d+)", named)
        sizes = {name: (int(width), int(height)) for name, width, height in found if name in self.docks}
        for name in self.docks.keys() - sizes.keys():
            self.removeDockWidget(self.docks[name])
        for side, across in enumerate((Qt.Orientation.Horizontal, Qt.Orientation.Vertical)):
            wanted = {self.docks[name]: size[side] for name, size in sizes.items() if size[side]}
            self.resizeDocks([*wanted], [*wanted.values()], across)

    def _size(self, dock: QDockWidget) -> str:
        """Width and height, 0 where it is not that of its place: that of tabs is higher, by their bar."""
        width = 0 if dock.visibleRegion().isEmpty() else dock.width()
        return f"{width} {0 if self.tabifiedDockWidgets(dock) else dock.height()}"

    def spread(self) -> None:
        """Give each part of the preset its share of the room."""
        self._share(PRESETS[self.preset], self.width(), self.height())

    def layout_text(self) -> str:
        """Return where the panes are, for `arrange`."""
        shown = ",".join(f"{name} {self._size(dock)}" for name, dock in self.docks.items() if not dock.isHidden())
        return f"{shown}:{bytes(self.saveState().toBase64().data()).decode()}"

    def pane(self, kind: type[P]) -> P:
        """Return the pane of a class."""
        pane = self.panes[kind.__name__]
        assert isinstance(pane, kind)  # noqa: S101 (for the type checker)
        return pane

    def seen(self, name: str) -> bool:
        """Whether a pane can be seen: its dock is open and no tab covers it."""
        return self.docks[name].isVisible() and not self.panes[name].visibleRegion().isEmpty()

    def _dock(self, name: str, pane: Pane) -> QDockWidget:
        dock = QDockWidget(pane.title, self)
        dock.setObjectName(name)
        dock.setAccessibleName(pane.title)
        dock.setToolTip(pane.help)
        dock.setWidget(pane)
        dock.hide()
        return dock

    def _split(self, part: Part) -> None:
        if isinstance(part, Tabs):
            for below, above in pairwise(part.panes):
                self.tabifyDockWidget(self.docks[below], self.docks[above])
        if not isinstance(part, Columns | Rows):
            return
        across = Qt.Orientation.Horizontal if isinstance(part, Columns) else Qt.Orientation.Vertical
        firsts = [self.docks[_first(each)] for each in part.parts]
        for before, after in pairwise(firsts):
            self.splitDockWidget(before, after, across)
        for each in part.parts:
            self._split(each)

    def _share(self, part: Part, width: int, height: int) -> None:
        if not isinstance(part, Columns | Rows):
            return
        columns = isinstance(part, Columns)
        room, whole = (width if columns else height), sum(part.shares)
        sizes = [room * share // whole for share in part.shares]
        across = Qt.Orientation.Horizontal if columns else Qt.Orientation.Vertical
        self.resizeDocks([self.docks[_first(each)] for each in part.parts], sizes, across)
        for each, size in zip(part.parts, sizes, strict=True):
            self._share(each, size if columns else width, height if columns else size)


def _first(part: Part) -> str:
    return next(_all(part))


def _all(part: Part) -> Iterator[str]:
    if isinstance(part, str):
        yield part
    elif isinstance(part, Tabs):
        yield from part.panes
    else:
        for each in part.parts:
            yield from _all(each)


def _tabs(part: Part) -> Iterator[Tabs]:
    if isinstance(part, Tabs):
        yield part
    elif not isinstance(part, str):
        for each in part.parts:
            yield from _tabs(each)
