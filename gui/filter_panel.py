"""Which trials are listed, and in which order: search, outcome, concept, order, and whether they are averaged."""

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtWidgets import QComboBox, QGridLayout, QLineEdit, QToolButton, QWidget

from bci.explored import Explored, Judged
from bci.exploring import Order, Outcome, order, select
from bci.tally import top5_counts

__all__ = ["FilterPanel"]

EVERY_CONCEPT = "all concepts"


class FilterPanel(QWidget):
    """A search, some choices, and a button for an action that whoever has it sets.

    Parameters
    ----------
    explored
        Single trials: the concepts that can be chosen are those that were shown.
    """

    filtered = pyqtSignal()
    """Other trials are wanted."""
    reordered = pyqtSignal()
    """Another order is wanted."""

    def __init__(self, explored: Explored) -> None:
        super().__init__()
        self.search = QLineEdit()
        self.search.setPlaceholderText("search what was shown, recording, subject")
        self.search.setAccessibleName("Search")
        self.search.setClearButtonEnabled(True)
        self.outcome, self.concept, self.order = _choice("Outcome"), _choice("Concept shown"), _choice("Order")
        for outcome in _outcomes(len(explored.concepts)):
            self.outcome.addItem(outcome.value, outcome)
        self.concept.addItem(EVERY_CONCEPT, None)
        shown = np.unique(explored.truth)
        for concept in shown[shown >= 0].tolist():
            self.concept.addItem(explored.concepts[concept], concept)
        for by in Order:
            self.order.addItem(by.value, by)
        self.search.textChanged.connect(self.filtered)
        for box in (self.outcome, self.concept):
            box.currentIndexChanged.connect(self.filtered)
        self.order.currentIndexChanged.connect(self.reordered)
        self.averages = QToolButton()
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(4)
        grid.addWidget(self.search, 0, 0, 1, 2)
        grid.addWidget(self.outcome, 1, 0)
        grid.addWidget(self.concept, 1, 1)
        grid.addWidget(self.order, 2, 0)
        grid.addWidget(self.averages, 2, 1, Qt.AlignmentFlag.AlignRight)
        for column in (0, 1):
            grid.setColumnStretch(column, 1)

    @property
    def by_outcome(self) -> bool:
        """Whether trials are chosen by what became of them."""
        return Outcome(self.outcome.currentData()) is not Outcome.ALL

    def rows(self, explored: Explored, judged: Judged) -> NDArray[np.int64]:
        """Return the rows that are wanted, in their order."""
        outcome = Outcome(self.outcome.currentData())
        chosen = select(explored, judged, outcome, self.concept.currentData(), self.search.text())
        ordered = order(judged, Order(self.order.currentData()))
        return ordered[chosen[ordered]]

    def state(self) -> dict[str, str]:
        """Return what is chosen, in words."""
        return {
            "outcome": self.outcome.currentText(),
            "concept": self.concept.currentText(),
            "search": self.search.text(),
            "order": self.order.currentText(),
        }

    def clear(self) -> None:
        """Want all trials; the order stays."""
        self.search.clear()
        self.outcome.setCurrentIndex(0)
        self.concept.setCurrentIndex(0)

    def focus_search(self) -> None:
        """Let the next letters be typed into the search."""
        self.search.setFocus()
        self.search.selectAll()


def _choice(name: str) -> QComboBox:
    box = QComboBox()
    box.setAccessibleName(name)
    box.setToolTip(name)
    box.setMinimumContentsLength(10)
    box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    return box


def _outcomes(n_concepts: int) -> tuple[Outcome, ...]:
    """Choices by outcome; those of the best five only where these say something."""
    five = (Outcome.FIVE, Outcome.FIVE_MISS)
    return tuple(each for each in Outcome if each not in five or top5_counts(n_concepts))
