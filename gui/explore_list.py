"""The list of trials: a table that makes a cell when it is looked at, so that a hundred thousand cost nothing."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QAbstractTableModel, QEvent, QModelIndex, Qt, pyqtSignal
from PyQt6.QtGui import QColor, QFontMetrics, QResizeEvent
from PyQt6.QtWidgets import QAbstractItemView, QHeaderView, QTableView

from bci.explored import Explored, Judged
from gui.hit_marks import LOOKS, Mark, mark
from gui.theme import Theme

__all__ = ["TrialList", "TrialTable"]

SIGNS = {Mark.BEST: "●", Mark.FIVE: "◐", Mark.MISS: "○"}
"""Marks of hits as letters."""
_COLUMNS = ("", "", "shown", "rank", "named", "p")
_TIPS = (
    "Which trial it is, counted from 1 in order of presentation; of a mean, how many repetitions are in it.",
    "● top-1 hit, ◐ top-5 hit, ○ miss",
    "What was shown.",
    "Rank of what was shown, 1 is best; equal scores never help.",
    "The concept that is ranked first.",
    "Its probability.",
)
_NUMBERS = (0, 3, 5)
LETTERS = 9
"""Of a name for which there is room at least, before probabilities are shown."""
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_NOWHERE = QModelIndex()


class TrialTable(QAbstractTableModel):
    """The trials that are shown, one a row.

    Parameters
    ----------
    theme
        Its colours.
    """

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._explored: Explored | None = None
        self._judged: Judged | None = None
        self._counts: NDArray[np.int64] | None = None
        self._shown = np.zeros(0, np.int64)

    def show(
        self, explored: Explored, judged: Judged, shown: NDArray[np.int64], counts: NDArray[np.int64] | None
    ) -> None:
        """Show other trials.

        Parameters
        ----------
        shown
            Rows of `explored`, in order.
        counts
            Repetitions in each row of `explored`; None for single trials.
        """
        self.beginResetModel()
        self._explored, self._judged, self._shown, self._counts = explored, judged, shown, counts
        self.endResetModel()

    def set_theme(self, theme: Theme) -> None:
        """Take on other colours."""
        self._theme = theme
        if len(self._shown):
            self.dataChanged.emit(self.index(0, 0), self.index(len(self._shown) - 1, len(_COLUMNS) - 1))

    def rowCount(self, parent: QModelIndex = _NOWHERE) -> int:  # noqa: N802 (Qt's name)
        """Trials shown."""
        return 0 if parent.isValid() else len(self._shown)

    def columnCount(self, parent: QModelIndex = _NOWHERE) -> int:  # noqa: N802 (Qt's name)
        """What is told of each."""
        return 0 if parent.isValid() else len(_COLUMNS)

    def headerData(  # noqa: N802 (Qt's name)
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        """Name a column."""
        if orientation is not Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return ("trial" if self._counts is None else "n") if section == 0 else _COLUMNS[section]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _RIGHT if section in _NUMBERS else _LEFT
        return _TIPS[section] if role == Qt.ItemDataRole.ToolTipRole else None

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return what a cell shows."""
        if self._explored is None or self._judged is None:
            return None
        row, column = int(self._shown[index.row()]), index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            return self._text(self._explored, self._judged, row, column)
        if role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole):
            return self._told(self._explored, self._judged, row, column)
        if role == Qt.ItemDataRole.TextAlignmentRole and column in _NUMBERS:
            return _RIGHT
        if role == Qt.ItemDataRole.ForegroundRole and column == 1:
            return QColor(getattr(self._theme, LOOKS[self._mark(self._explored, self._judged, row)][1]))
        return None

    def _text(self, explored: Explored, judged: Judged, row: int, column: int) -> str:
        truth, rank = int(explored.truth[row]), int(judged.rank[row])
        if column == 0:
            return f"{row + 1 if self._counts is None else int(self._counts[row])}"
        if column == 1:
            return SIGNS[self._mark(explored, judged, row)] if rank >= 0 else "?"
        if column == 2:
            return explored.concepts[truth] if truth >= 0 else "unknown"
        if column == 3:
            return f"{rank + 1}" if rank >= 0 else ""
        if column == 4:
            return explored.concepts[int(judged.best[row])]
        p = float(judged.confidence[row]) * 100
        return f"{p:.0f} %" if p >= 1 else "< 1 %"

    def _told(self, explored: Explored, judged: Judged, row: int, column: int) -> str:
        if column == 1:
            known = judged.rank[row] >= 0
            return self._mark(explored, judged, row).value if known else "truth unknown"
        return self._text(explored, judged, row, column)

    def _mark(self, explored: Explored, judged: Judged, row: int) -> Mark:
        return mark(int(judged.rank[row]), len(explored.concepts))


class TrialList(QTableView):
    """The table as a list of which one row is chosen.

    Parameters
    ----------
    table
        What it shows.
    """

    chosen = pyqtSignal(int)
    """Row that was chosen."""

    def __init__(self, table: TrialTable) -> None:
        super().__init__()
        self.setModel(table)
        self.setAccessibleName("Trials")
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        rows, columns = self.verticalHeader(), self.horizontalHeader()
        assert rows is not None  # noqa: S101 (for the type checker)
        assert columns is not None  # noqa: S101 (for the type checker)
        self._rows, self._columns = rows, columns
        rows.hide()
        rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        columns.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        columns.setHighlightSections(False)
        for stretched in (2, 4):
            columns.setSectionResizeMode(stretched, QHeaderView.ResizeMode.Stretch)
        self._fit()
        selection = self.selectionModel()
        assert selection is not None  # noqa: S101 (for the type checker)
        selection.currentRowChanged.connect(lambda now, _: self.chosen.emit(now.row()) if now.isValid() else None)

    def _fit(self) -> None:
        """Give rows and columns the size that the font makes necessary."""
        metrics = QFontMetrics(self.font())
        self._rows.setDefaultSectionSize(round(metrics.height() * 1.35))
        self._columns.setMinimumSectionSize(metrics.horizontalAdvance("●") + 16)
        for column, widest in ((0, "99999"), (1, "●"), (3, "rank"), (5, "100 %")):
            self.setColumnWidth(column, metrics.horizontalAdvance(widest) + 16)
        self._leave_room()

    def changeEvent(self, event: QEvent | None) -> None:  # noqa: N802 (Qt's name)
        """Follow the size of the font."""
        super().changeEvent(event)
        if event is not None and event.type() == QEvent.Type.FontChange:
            self._fit()

    def resizeEvent(self, event: QResizeEvent | None) -> None:  # noqa: N802 (Qt's name)
        """Leave out probabilities where they would leave no room for names."""
        super().resizeEvent(event)
        self._leave_room()

    def _leave_room(self) -> None:
        others = sum(self.columnWidth(column) for column in (0, 1, 3))
        needed = self.fontMetrics().horizontalAdvance("100 %" + 2 * "n" * LETTERS) + 16
        self.setColumnHidden(5, self.width() - others < needed)

    def choose(self, row: int) -> None:
        """Choose a row and bring it into sight."""
        model = self.model()
        assert model is not None  # noqa: S101 (for the type checker)
        self.selectRow(row)
        self.scrollTo(model.index(row, 0))
