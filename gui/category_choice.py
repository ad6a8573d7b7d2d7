"""A button that opens a list of categories to tick."""

from collections import Counter
from collections.abc import Sequence

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtWidgets import QListWidget, QListWidgetItem, QMenu, QToolButton, QWidgetAction

__all__ = ["CategoryChoice"]

ROWS = 10
"""Lines of the list that can be seen at most."""
_HELD = Qt.ItemDataRole.UserRole


class CategoryChoice(QToolButton):
    """Says how many concepts are chosen; the list stays open while categories are ticked.

    Its owner may put further actions into the menu; without any, a list with nothing to choose cannot be opened.
    """

    changed = pyqtSignal()

    def __init__(self) -> None:
        super().__init__()
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.list = QListWidget()
        self.list.setAccessibleName("Categories")
        self._menu = QMenu(self)
        action = QWidgetAction(self._menu)
        action.setDefaultWidget(self.list)
        self._menu.addAction(action)
        self.setMenu(self._menu)
        self.list.itemChanged.connect(self._ticked)

    def offer(self, categories: Sequence[str], n_concepts: int) -> None:
        """Offer the categories of a bank, all of them ticked.

        Parameters
        ----------
        categories
            One per concept, or empty: then all concepts are chosen for good.
        n_concepts
            How many concepts there are.
        """
        self._n_concepts, self._counts = n_concepts, Counter(categories)
        self.list.blockSignals(True)  # noqa: FBT003 (Qt's way)
        self.list.clear()
        self._all = self._line("all categories", "")
        counts = sorted(self._counts.items())
        self._lines = [self._line(f"{name or 'none'} ({count})", name) for name, count in counts]
        self.list.blockSignals(False)  # noqa: FBT003
        self.list.setEnabled(len(counts) > 1)
        self.setEnabled(len(counts) > 1 or len(self._menu.actions()) > 1)
        height = self.list.sizeHintForRow(0) * min(ROWS, self.list.count()) + 2 * self.list.frameWidth()
        self.list.setFixedHeight(height)
        self._tell()

    @property
    def chosen(self) -> frozenset[str]:
        """Categories that are ticked."""
        return frozenset(line.data(_HELD) for line in self._lines if line.checkState() == Qt.CheckState.Checked)

    @property
    def all_chosen(self) -> bool:
        """Whether nothing is left out."""
        return len(self.chosen) == len(self._lines)

    def _line(self, text: str, held: str) -> QListWidgetItem:
        line = QListWidgetItem(text, self.list)
        line.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsUserCheckable)
        line.setData(_HELD, held)
        line.setCheckState(Qt.CheckState.Checked)
        return line

    def _ticked(self, line: QListWidgetItem) -> None:
        self.list.blockSignals(True)  # noqa: FBT003 (Qt's way)
        if line is self._all:
            for each in self._lines:
                each.setCheckState(line.checkState())
        some = Qt.CheckState.PartiallyChecked if self.chosen else Qt.CheckState.Unchecked
        self._all.setCheckState(Qt.CheckState.Checked if self.all_chosen else some)
        self.list.blockSignals(False)  # noqa: FBT003
        self._tell()
        self.changed.emit()

    def _tell(self) -> None:
        n = sum(self._counts[name] for name in self.chosen)
        self.setText(f"all {self._n_concepts:,}" if self.all_chosen else f"{n:,} of {self._n_concepts:,}")
        told = f"Candidates: {self.text()} concepts"
        self.setAccessibleName(told)
        self.setToolTip(told if self.list.isEnabled() else f"{told}; the bank names no categories to choose from")
