"""All decisions of a session as columns: appended by one thread, read by any other without a lock or a copy.

What a session shows of itself, its accuracy, its ranks, its latency, is computed from these columns.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray

from bci.stretches import Stretch, inside
from bci.types import Decision, Status, read_only
from bci.verdict import STAGES

__all__ = ["Decided", "DecisionTable", "together"]

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Decided:
    """The decisions so far, in the order in which they were made; all arrays are read-only.

    Parameters
    ----------
    onset
        (n,) float64, seconds on the LSL clock.
    status
        (n,) int64, see `bci.types.Status`.
    truth, best
        (n,) int64 index of the concept that was shown, and of the one ranked first; -1 if unknown or not ranked.
    rank
        (n,) int64 number of other concepts whose score is at least the truth's; -1 without truth or ranking.
    probability
        (n,) float64 of the concept ranked first, as it was shown; NaN without a ranking.
    contrast
        (n,) float64 score of the second of two concepts minus that of the first; NaN for any other number.
    window
        (n,) bool: a window of the sliding mode, which overlaps its neighbours, and no event.
    excluded
        (n,) bool: the operator has excluded the stretch that the onset lies in.
    latency
        (n,) float64 seconds.
    stages
        (n, 5) float64 seconds in each of `bci.verdict.STAGES`.
    """

    onset: NDArray[np.float64]
    status: Ints
    truth: Ints
    best: Ints
    rank: Ints
    probability: NDArray[np.float64]
    contrast: NDArray[np.float64]
    window: NDArray[np.bool_]
    excluded: NDArray[np.bool_]
    latency: NDArray[np.float64]
    stages: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.onset)

    @property
    def told(self) -> NDArray[np.bool_]:
        """(n,) whether it is known what was shown."""
        return self.truth >= 0

    @property
    def ranked(self) -> NDArray[np.bool_]:
        """(n,) whether there is a ranking."""
        return self.best >= 0

    def hits(self, k: int) -> NDArray[np.bool_]:
        """(n,) whether the truth is among the best `k`; a missing ranking is a miss."""
        return (self.rank >= 0) & (self.rank < k)


class DecisionTable:
    """Collects decisions into columns that grow."""

    def __init__(self) -> None:
        self._columns = _empty(256)
        self._n = 0
        self._excluded: tuple[Stretch, ...] = ()

    def __len__(self) -> int:
        return self._n

    def add(self, decision: Decision) -> None:
        """Append a decision; for the one thread that writes."""
        if self._n == len(self._columns):
            self._columns = _grown(self._columns)
        at, columns, ranking = self._n, self._columns, decision.ranking
        columns.onset[at] = decision.onset
        columns.status[at] = decision.status
        columns.truth[at] = -1 if decision.truth is None else decision.truth
        columns.window[at] = decision.marker is None
        columns.excluded[at] = any(start <= decision.onset < stop for start, stop in self._excluded)
        columns.latency[at] = decision.latency
        columns.stages[at] = [decision.stages.get(stage, 0.0) for stage in STAGES]
        if ranking is not None:
            columns.best[at] = ranking.indices[0]
            columns.probability[at] = ranking.probabilities[0]
            columns.rank[at] = -1 if ranking.truth_rank is None else ranking.truth_rank
            if ranking.n_concepts == 2:
                columns.contrast[at] = (ranking.scores[0] - ranking.scores[1]) * (1 if ranking.indices[0] else -1)
        self._n = at + 1  # readers see it from now on

    def exclude(self, stretch: Stretch) -> None:
        """Mark what lies in a stretch, so far and later; for the one thread that writes, or while it does not."""
        self._excluded = (*self._excluded, stretch)
        excluded = inside(self._columns.onset, self._excluded)
        self._columns = replace(self._columns, excluded=excluded)  # views of the old columns stay as they are

    def view(self) -> Decided:
        """Return the decisions so far; what comes later does not change them."""
        n, columns = self._n, self._columns  # in this order: columns only ever grow
        return Decided(*(read_only(getattr(columns, field.name)[:n]) for field in fields(Decided)))


def together(parts: Sequence[tuple[Decided, Sequence[str]]]) -> tuple[Decided, int]:
    """Put decisions about several lists of concepts together.

    Parameters
    ----------
    parts
        Decisions, and the concepts that they are of.

    Returns
    -------
    decided
        One part after the other; `truth` and `best` number all concepts that any part ranks.
    n_concepts
        Of the shortest list: what chance is at its best.
    """
    if len(parts) == 1:
        return parts[0][0], len(parts[0][1])
    names = {name: at for at, name in enumerate(dict.fromkeys(name for _, own in parts for name in own))}
    renumbered = [_renumbered(each, np.array([*map(names.__getitem__, own), -1])) for each, own in parts]
    columns = ([getattr(each, field.name) for each in renumbered] for field in fields(Decided))
    return Decided(*(read_only(np.concatenate(column)) for column in columns)), min(len(own) for _, own in parts)


def _renumbered(decided: Decided, place: Ints) -> Decided:
    """Number concepts otherwise; the last place is that of none, -1."""
    return replace(decided, truth=place[decided.truth], best=place[decided.best])


def _empty(n: int) -> Decided:
    return Decided(
        onset=np.zeros(n),
        status=np.full(n, Status.OK, np.int64),
        truth=np.full(n, -1),
        best=np.full(n, -1),
        rank=np.full(n, -1),
        probability=np.full(n, np.nan),
        contrast=np.full(n, np.nan),
        window=np.zeros(n, np.bool_),
        excluded=np.zeros(n, np.bool_),
        latency=np.zeros(n),
        stages=np.zeros((n, len(STAGES))),
    )


def _grown(columns: Decided) -> Decided:
    """Twice as many rows, the first half as before: views of the old ones stay as they are."""
    more = _empty(len(columns))
    pairs = ((getattr(columns, field.name), getattr(more, field.name)) for field in fields(Decided))
    return Decided(*(np.concatenate(pair) for pair in pairs))
