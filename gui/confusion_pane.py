"""What is taken for what: by concept where there are few, else by category."""

from typing import ClassVar

import numpy as np
from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtGui import QKeyEvent
from PyQt6.QtWidgets import QHBoxLayout, QListWidget, QListWidgetItem, QWidget

from bci.confusion import MOST_CATEGORIES, MOST_CONCEPTS, Grouping, confusion, grouping, row_shares, trials
from bci.snapshot import Snapshot
from bci.viewing import About, Viewed
from gui.figure_pane import FigurePane, lacks_ranking, lacks_truth
from gui.heat_map import HeatMap
from gui.theme import Theme

__all__ = ["ConfusionPane"]

LISTED = 200
"""Trials in the list at most, the latest ones."""


class ConfusionPane(FigurePane):
    """A heat map whose rows add up to 100 %; a click lists the trials of a cell."""

    title: ClassVar[str] = "Confusion"
    help: ClassVar[str] = (
        "Rows: what was shown. Columns: what was ranked first. A click on a cell lists its trials."
    )
    rate: ClassVar[float] = 2.0

    trials_chosen = pyqtSignal(list)
    """Numbers of the decisions of a cell that was clicked, or of the one that was picked from the list."""

    def __init__(self, viewed: Viewed, theme: Theme) -> None:
        self.map, self.list = HeatMap(theme), QListWidget()
        super().__init__(viewed, theme, _beside(self.map, self.list))
        self.list.setAccessibleName("Trials of the chosen cell; Enter goes to one, Escape closes the list")
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.hide()
        self._rows: Grouping | None = None
        self._shown = self._named = np.zeros(0, np.int64)
        self._counts = np.zeros((0, 0), np.int64)
        self._listed: tuple[int, int] | None = None
        self._untold = ""
        self.map.pointed.connect(self._tell)
        self.map.chosen.connect(self._choose)
        self.list.itemActivated.connect(self._pick)
        self.list.itemClicked.connect(self._pick)

    def lacks(self, about: About, snapshot: Snapshot) -> str | None:
        """Say what is missing."""
        if grouping(about.concepts, about.categories) is None:
            return _unreadable(about)
        return lacks_truth(about, snapshot, "confusions") or lacks_ranking(snapshot)

    def draw(self, about: About, snapshot: Snapshot) -> None:
        """Count what was named."""
        decided = snapshot.decided
        self._rows = rows = grouping(about.concepts, about.categories)
        assert rows is not None  # noqa: S101 (`lacks` has looked)
        self._shown, self._named = rows.codes(decided.truth), rows.codes(decided.best)
        self._counts = confusion(self._shown, self._named, len(rows.labels))
        missing = int((decided.told & ~decided.ranked).sum())
        self._untold = f"{missing:,} not ranked" if missing else ""
        self.map.set_shares(rows.labels, row_shares(self._counts))
        self._tell(self.map.cell)

    def recolour(self) -> None:
        """Take on the colours of the theme."""
        self.map.set_theme(self.theme)

    def keyPressEvent(self, event: QKeyEvent | None) -> None:  # noqa: N802 (Qt's name)
        """Close the list with Escape."""
        if event is not None and event.key() == Qt.Key.Key_Escape and self.list.isVisible():
            self.list.hide()
            self.map.setFocus()
        else:
            super().keyPressEvent(event)

    def _tell(self, cell: tuple[int, int] | None) -> None:
        """Say what a cell holds, or what the whole table does."""
        if self._rows is None:
            return
        labels, counts = self._rows.labels, self._counts
        if cell is None:
            right = counts.trace() / max(counts.sum(), 1)
            most = np.nanmax(row_shares(counts), initial=0)
            pieces = [
                ("text", f"right {self._rows.of} {right * 100:.1f} %"),
                ("muted", f"n {counts.sum():,}"),
                *([("warning", self._untold)] if self._untold else []),
                ("muted", "row: shown, column: named"),
                ("muted", f"% of row, max {most * 100:.0f}"),
            ]
        else:
            n, of = int(counts[cell]), int(counts[cell[0]].sum())
            pieces = [
                ("truth", f"shown {labels[cell[0]]}"),
                ("text", f"named {labels[cell[1]]}"),
                ("text", f"{n:,} of {of:,}" + (f" = {n / of * 100:.1f} %" if of else "")),
            ]
        self.words.say(pieces)

    def _choose(self, row: int, column: int) -> None:
        """List the trials of a cell; the same cell once more closes the list."""
        same, self._listed = (row, column) == self._listed, (row, column)
        if same and self.list.isVisible():
            self.list.hide()
            return
        numbers = trials(self._shown, self._named, row, column).tolist()
        self._list(numbers)
        if numbers:
            self.trials_chosen.emit(numbers)

    def _list(self, numbers: list[int]) -> None:
        self.list.clear()
        for number in numbers[: -LISTED - 1 : -1]:
            item = QListWidgetItem(f"trial {number:,}{self._named_of(number)}")
            item.setToolTip(item.text())
            item.setData(Qt.ItemDataRole.UserRole, number)
            self.list.addItem(item)
        if len(numbers) > LISTED:
            self.list.addItem(f"and {len(numbers) - LISTED:,} earlier")
        if not numbers:
            self.list.addItem("no trials")
        self.list.show()

    def _named_of(self, number: int) -> str:
        """Name the concepts of a trial where cells are of categories."""
        if self._snapshot is None or self._rows is None or self._rows.of == "concept":
            return ""
        concepts, decided = self.viewed.about.concepts, self._snapshot.decided
        return f": {concepts[decided.truth[number]]} → {concepts[decided.best[number]]}"

    def _pick(self, item: QListWidgetItem) -> None:
        number = item.data(Qt.ItemDataRole.UserRole)
        if number is not None:
            self.trials_chosen.emit([number])


def _unreadable(about: About) -> str:
    n = len(about.concepts)
    if not about.categories:
        return (
            f"{n:,} concepts are too many for a table, and this bank has no categories: "
            "embed the pictures with categories to see confusions by category."
        )
    kinds = len(set(about.categories))
    return (
        f"{n:,} concepts of {kinds:,} categories make no table that an eye could read: "
        f"it takes at most {MOST_CONCEPTS} concepts, or 2 to {MOST_CATEGORIES} categories."
    )


def _beside(left: QWidget, right: QWidget) -> QWidget:
    both = QWidget()
    row = QHBoxLayout(both)
    row.setContentsMargins(0, 0, 0, 0)
    row.addWidget(left, 2)
    row.addWidget(right, 1)
    return both
