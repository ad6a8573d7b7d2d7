"""What is looked at, single trials or means over repetitions, and what there is to say of it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from bci.explored import Exploration, Explored, Judged, judge
from bci.exploring import average, summarise

__all__ = ["Look", "means", "single_trials"]

NO_EVALUATION = ("muted", "a look, no evaluation: for that, bci evaluate")
KEPT = 8
"""Mean epochs that are kept: some of them are of thousands."""


@dataclass(frozen=True, slots=True)
class Look:
    """Single trials, or means over trials; pieces of text come with the role of the theme that colours them.

    Parameters
    ----------
    explored, judged
        The rows, their scores, and how they came out.
    epoch
        Returns the epoch (C, T) of a row, in microvolts.
    members
        The trials that went into each row; None for single trials.
    """

    explored: Explored
    judged: Judged
    epoch: Callable[[int], NDArray[np.float32]]
    members: tuple[NDArray[np.int64], ...] | None = None

    def rows(self, row: int) -> NDArray[np.int64]:
        """Trials that went into a row."""
        return np.array([row]) if self.members is None else self.members[row]

    def row_of(self, trial: int) -> int:
        """Return the row that a trial went into, -1 if there is none."""
        if self.members is None:
            return trial
        return next((row for row, trials in enumerate(self.members) if trial in trials), -1)

    def counts(self) -> NDArray[np.int64] | None:
        """Trials in each row; None for single trials."""
        return None if self.members is None else np.array([len(each) for each in self.members], np.int64)

    def what(self, row: int) -> str:
        """Say what a row is."""
        return "single trial" if self.members is None else f"mean of {len(self.members[row])} repetitions"

    def origin(self, row: int) -> list[tuple[str, str]]:
        """Say what a row is and where it comes from."""
        groups = self.explored.groups
        pieces = [(self._colour, self.what(row))]
        if self.explored.trained[row] and not self.explored.trained.all():
            pieces.append(("warning", "▲ trained on"))
        pieces += [("text", _named(name, str(groups[name][row]))) for name in ("recording", "subject", "session")]
        if self.members is None:
            same = groups["recording"] == groups["recording"][row]
            pieces.append(("text", f"trial {int(same[: row + 1].sum()):,} of {int(same.sum()):,}"))
            if "onset" in groups:
                pieces.append(("text", f"at {float(groups['onset'][row]):.2f} s"))
            pieces.append(("text", f"repetition {int(groups['repetition'][row]) + 1:,}"))
        return pieces

    def summary(self, shown: NDArray[np.int64], *, by_outcome: bool) -> list[tuple[str, str]]:
        """Say what the rows that are shown come to; see `bci.exploring.summarise`."""
        if not len(self.explored):
            return [NO_EVALUATION]
        counted = "trials" if self.members is None else f"means of {_span(self.members)}"
        first, *others = summarise(self.explored, self.judged, shown, by_outcome=by_outcome).words(counted)
        return [(self._colour, first), *(("text", phrase) for phrase in others), NO_EVALUATION]

    @property
    def _colour(self) -> str:
        return "text" if self.members is None else "accent"


def single_trials(exploration: Exploration) -> Look:
    """Look at every trial by itself."""
    return Look(exploration.explored, judge(exploration.explored, exploration.temperature), exploration.epoch)


def means(exploration: Exploration) -> Look:
    """Look at means over repetitions; see `bci.exploring.average`."""
    averages = average(exploration.explored)

    @lru_cache(maxsize=KEPT)
    def epoch(row: int) -> NDArray[np.float32]:
        trials = averages.members[row].tolist()
        total = sum(exploration.epoch(trial).astype(np.float64) for trial in trials)
        return np.asarray(total / len(trials), np.float32)

    judged = judge(averages.explored, exploration.temperature)
    return Look(averages.explored, judged, epoch, averages.members)


def _named(name: str, value: str) -> str:
    """`subject 1`, but `2 subjects` of a mean over several."""
    return value if value.endswith(f" {name}s") else f"{name} {value}"


def _span(members: Sequence[NDArray[np.int64]]) -> str:
    low, high = (extreme(map(len, members)) for extreme in (min, max))
    return f"{low:,} repetitions" if low == high else f"{low:,} to {high:,} repetitions"
