"""Repetitions of one presentation, averaged: the noise of n repeats shrinks by the square root of n.

What is averaged are the embeddings of single trials (Grootswagers, Wardle & Carlson 2017,
doi:10.1162/jocn_a_01068, on averaging before decoding). Figures of single trials and of averages are kept apart:
they answer different questions.
"""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bci.errors import MismatchError
from bci.ranking import rank
from bci.running import Share
from bci.types import Decision, Evidence, Ranking
from bci.wilson import wilson

__all__ = ["Averages", "Presentation", "of_averages", "of_repeats"]

KEPT = 512
"""Presentations whose sums are kept at most; the one that was repeated longest ago is forgotten first."""


@dataclass(frozen=True, slots=True)
class Presentation:
    """One presentation and its repeats so far.

    Parameters
    ----------
    group
        Its name.
    truth
        What was shown; None if unknown, or if its repeats disagree.
    repeats
        How many decisions belong to it.
    averaged
        How many of them were decoded and so went into the average.
    hits
        How many repeats named the truth by themselves.
    ranking
        Of the mean embedding; None without prototypes or before a repeat was decoded.
    evidence
        What its repeats say together; None where evidence is not summed.
    """

    group: str
    truth: int | None
    repeats: int
    averaged: int
    hits: int
    ranking: Ranking | None
    evidence: Evidence | None = None

    @property
    def hit(self) -> bool:
        """Whether the average names the truth; a missing ranking is a miss."""
        return self.ranking is not None and self.ranking.truth_rank == 0


def of_repeats(presentations: Sequence[Presentation]) -> Share:
    """Return how often a single repeat named what was shown; repeats are not independent: no interval."""
    told = [each for each in presentations if each.truth is not None]
    return Share(sum(each.hits for each in told), sum(each.repeats for each in told), None)


def of_averages(presentations: Sequence[Presentation]) -> Share:
    """Return how often the average over the repeats of a presentation named what was shown."""
    told = [each for each in presentations if each.truth is not None]
    hits = sum(each.hit for each in told)
    return Share(hits, len(told), wilson(hits, len(told)))


class Averages:
    """Sums up the repeats of presentations, in whatever order they come.

    Parameters
    ----------
    prototypes
        (N, D) float32, unit norm: what averages are ranked against. None if they cannot be had; then repeats are
        counted and nothing is ranked.
    first
        Number of the first decision there can be.
    """

    def __init__(self, prototypes: NDArray[np.float32] | None = None, first: int = 0) -> None:
        self._prototypes = prototypes
        self._sums: OrderedDict[str, _Sum] = OrderedDict()
        self._next = first
        self.single = 0
        """Decisions that belong to no presentation."""
        self.missed = 0
        """Decisions that were made and not handed in."""

    def add(self, decision: Decision) -> None:
        """Take one decision in; one that was taken in before changes nothing."""
        if decision.seq < self._next:
            return
        self.missed += decision.seq - self._next
        self._next = decision.seq + 1
        if decision.group is None:
            self.single += 1
            return
        self._sums.setdefault(decision.group, _Sum(decision.truth)).add(decision)
        self._sums.move_to_end(decision.group)
        if len(self._sums) > KEPT:
            self._sums.popitem(last=False)

    @property
    def presentations(self) -> tuple[Presentation, ...]:
        """Those remembered, the one repeated last at the end.

        Raises
        ------
        MismatchError
            If embeddings are not as long as the prototypes.
        """
        return tuple(total.told(group, self._prototypes) for group, total in self._sums.items())


class _Sum:
    """The embeddings of one presentation, added up."""

    def __init__(self, truth: int | None) -> None:
        self._truth = truth
        self._repeats = self._averaged = self._hits = 0
        self._sum: NDArray[np.float64] | None = None
        self._evidence: Evidence | None = None
        self._told: Presentation | None = None  # as long as nothing is added

    def add(self, decision: Decision) -> None:
        self._told = None
        self._repeats += 1
        self._truth = self._truth if decision.truth == self._truth else None
        self._evidence = decision.evidence or self._evidence
        if decision.ranking is None:
            return
        self._averaged += 1
        self._hits += decision.ranking.truth_rank == 0
        embedding = decision.ranking.embedding.astype(np.float64)
        self._sum = embedding if self._sum is None else self._sum + embedding

    def told(self, group: str, prototypes: NDArray[np.float32] | None) -> Presentation:
        if self._told is None:
            counts = (self._repeats, self._averaged, self._hits)
            self._told = Presentation(group, self._truth, *counts, self._ranked(prototypes), self._evidence)
        return self._told

    def _ranked(self, prototypes: NDArray[np.float32] | None) -> Ranking | None:
        if prototypes is None or self._sum is None:
            return None
        if len(self._sum) != prototypes.shape[1]:
            raise MismatchError(
                f"expected embeddings as long as the prototypes, {prototypes.shape[1]}, got {len(self._sum)}"
            )
        return rank((self._sum / self._averaged).astype(np.float32), prototypes, self._truth, 5)
