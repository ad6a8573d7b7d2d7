"""What the passes of a training came to: the figures of each, and the weights of the one that is chosen."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["CHOSEN_BY", "Passes", "recalled"]

CHOSEN_BY = "eeg_to_fmri/mean_reciprocal_rank"
"""Validation figure whose highest value chooses the pass; of EEG alone, as it is used live."""

Arrays = Mapping[str, NDArray[Any]]


@dataclass(slots=True)
class Passes:
    """The passes so far.

    Parameters
    ----------
    history
        Figures of each.
    chosen
        The best one, from 1; 0 before the first.
    weights
        Of the best one, by name.
    """

    history: list[dict[str, float]] = field(default_factory=list)
    chosen: int = 0
    weights: Arrays = field(default_factory=dict)

    def is_best(self, figures: Mapping[str, float]) -> bool:
        """Whether a pass with these figures is better than all before it."""
        return not self.chosen or figures[CHOSEN_BY] > self.history[self.chosen - 1][CHOSEN_BY]

    def note(self, figures: dict[str, float], weights: Arrays | None) -> None:
        """Add a pass; weights if it is the best one."""
        self.history.append(figures)
        if weights is not None:
            self.chosen, self.weights = len(self.history), weights

    def columns(self) -> dict[str, NDArray[np.float64]]:
        """Return each figure of all passes (n,)."""
        return {name: np.array([row[name] for row in self.history]) for name in self.history[0]}


def recalled(columns: Arrays, weights: Arrays, n: int) -> Passes:
    """Return the passes of which `Passes.columns` and weights were kept."""
    history = [{name: float(column[row]) for name, column in sorted(columns.items())} for row in range(n)]
    return Passes(history, int(np.argmax(columns[CHOSEN_BY])) + 1, weights)
