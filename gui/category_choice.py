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

    Parameters
    ----------
    categories
        One per concept, or empty: then all concepts are chosen for good.
    n_concepts
        How many concepts there are.
    """

    changed = pyqtSignal()

    def __init__(self, categories: Sequence[str], n_concepts: int) -> None:
        super().__init__()
        self._n_concepts = n_concepts
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.list = QListWidget()
        self.list.setAccessibleName("Categories")
        self._all = self._line("all categories", "")
        counts = sorted(Counter(categories).items())
        self._lines = [self._line(f"{name or 'none'} ({count})", name) for name, count in counts]
        menu = QMenu(self)
        action = QWidgetAction(menu)
        action.setDefaultWidget(self.list)
        menu.addAction(action)
        self.setMenu(menu)
        self.setEnabled(len(counts) > 1)
        self._counts = Counter(categories)
        height = self.list.sizeHintForRow(0) * min(ROWS, self.list.count()) + 2 * self.list.frameWidth()
        self.list.setFixedHeight(height)
        self.list.itemChanged.connect(self._ticked)
        self._tell()

    @property
    def chosen(self) -> frozenset[str]:
        """Categories that are ticked."""
        return frozenset(line.data(_HELD) for line in self._lines if line.checkState() == Qt.CheckState.Checked)

    @property
    def all_chosen(self) -> bool:
        """Whether nothing is left out."""
        return len(self.chosen) == len(self._lines)

    def choose_all(self) -> None:
        """Tick every category."""
        self._all.setCheckState(Qt.CheckState.Checked)

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
        self.setToolTip(told if self.isEnabled() else f"{told}; the bank names no categories to choose from")
