"""Which events and decisions are drawn beside the signals: at which sample, with which shape and words. No Qt."""

from dataclasses import dataclass

import numpy as np

from bci.decided import Decided
from bci.snapshot import Snapshot
from bci.types import Decision, Status
from bci.viewing import About, Viewed
from gui.hit_marks import Mark, mark

__all__ = ["POOL", "DecisionMarks", "TraceMark"]

POOL = 50
"""Marks that are drawn at most."""


@dataclass(frozen=True, slots=True)
class TraceMark:
    """Something to be drawn at a sample.

    Parameters
    ----------
    sample
        Index since the start of the stream.
    text
        Words beside it.
    outcome
        What became of its truth; None if that is not known, or not to be shown.
    doubtful
        Whether it was not decoded, or is flagged.
    window
        First sample of the epoch and the one after its last; None if there is none.
    """

    sample: int
    text: str
    outcome: Mark | None = None
    doubtful: bool = False
    window: tuple[int, int] | None = None


class DecisionMarks:
    """Tells the marks of decisions that were not told before.

    Parameters
    ----------
    viewed
        The session.
    """

    def __init__(self, viewed: Viewed) -> None:
        self._viewed = viewed
        self._told = -1

    def restart(self) -> None:
        """Tell all of them again."""
        self._told = -1

    def recent(self, snapshot: Snapshot, before: int | None) -> list[TraceMark]:
        """Return the marks of what was decided since, at samples below `before` if that is given."""
        told: list[TraceMark] = []
        if not snapshot.recent or snapshot.recent[-1].seq == self._told:
            return told
        for decision in snapshot.recent:
            if decision.seq <= self._told:
                continue
            sample = self._viewed.history.nearest(decision.onset)
            if sample is not None:
                if before is not None and sample >= before:
                    break  # not to be seen before the picture goes on
                told.append(_of_decision(decision, sample, self._viewed.about))
            self._told = decision.seq
        return told

    def past(self, decided: Decided, samples: range) -> list[TraceMark]:
        """Return the marks of all decisions whose onsets lie among some samples; none if they were told."""
        history = self._viewed.history
        if self._told >= 0 or not samples:
            return []
        self._told = len(decided)
        first, last = max(samples.start, history.start), samples[-1]
        begin, end = (history.between(sample, sample + 1).times for sample in (first, last))
        if not len(begin) or not len(end):
            return []
        rows = np.flatnonzero((decided.onset >= begin) & (decided.onset <= end))[-POOL:].tolist()
        onsets = [history.nearest(float(decided.onset[row])) for row in rows]
        about = self._viewed.about
        return [_of_row(decided, row, at, about) for row, at in zip(rows, onsets, strict=True) if at is not None]


def _of_decision(decision: Decision, sample: int, about: About) -> TraceMark:
    marker = "" if decision.marker is None else decision.marker.value
    name = marker if decision.truth is None else about.concepts[decision.truth]
    rank = None if decision.ranking is None else decision.ranking.truth_rank
    return _mark(sample, name, decision.status, rank, about)


def _of_row(decided: Decided, row: int, sample: int, about: About) -> TraceMark:
    """Of long ago, when the columns alone are kept."""
    truth, rank = int(decided.truth[row]), int(decided.rank[row])
    name = about.concepts[truth] if truth >= 0 else ""
    return _mark(sample, name, Status(int(decided.status[row])), rank if rank >= 0 else None, about)


def _mark(sample: int, name: str, status: Status, rank: int | None, about: About) -> TraceMark:
    sfreq, (begin, end) = about.stream.sfreq, about.window
    words = [name] if name and not about.hide_truth else []
    if status is not Status.OK:
        words.append(str(status))
    outcome = None if rank is None or about.hide_truth else mark(rank, len(about.concepts))
    window = sample + round(begin * sfreq), sample + round(end * sfreq)
    return TraceMark(sample, " · ".join(words), outcome, status is not Status.OK, window)
