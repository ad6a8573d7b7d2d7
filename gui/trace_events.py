"""Which events and decisions are drawn beside the signals: at which sample, with which shape and words. No Qt."""

from dataclasses import dataclass

import numpy as np

from bci.decided import Decided
from bci.history import History
from bci.session import Snapshot
from bci.types import Decision, Status
from bci.viewing import About, Viewed
from gui.hit_marks import Mark, mark

__all__ = ["POOL", "DecisionMarks", "TraceMark", "sample_at"]

POOL = 50
"""Marks that are drawn at most."""
STEPS = 12
"""Steps in which the sample of a time is looked for: clocks drift against the nominal rate."""


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
            sample = sample_at(self._viewed.history, decision.onset)
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
        first, last = _time_of(history, max(samples.start, history.start)), _time_of(history, samples[-1])
        rows = np.flatnonzero((decided.onset >= first) & (decided.onset <= last))[-POOL:].tolist()
        onsets = [sample_at(history, float(decided.onset[row])) for row in rows]
        about = self._viewed.about
        return [_of_row(decided, row, at, about) for row, at in zip(rows, onsets, strict=True) if at is not None]


def sample_at(history: History, time: float) -> int | None:
    """Return the index of the sample nearest to a time, None if it is not kept, or not there yet."""
    if not history.last_time >= time - 1 / history.sfreq:
        return None
    guess = history.end - 1
    for _ in range(STEPS):  # a row at a time: samples may have hundreds of channels
        guess = min(max(guess, history.start), history.end - 1)
        off = (time - _time_of(history, guess)) * history.sfreq
        if abs(off) <= 0.5 or np.isnan(off):
            break
        guess += round(off)
    near = history.between(guess - 2, guess + 3)
    if not len(near.times) or time < near.times[0] - 1 / history.sfreq:
        return None
    return near.first + int(np.abs(near.times - time).argmin())


def _time_of(history: History, sample: int) -> float:
    times = history.between(sample, sample + 1).times
    return float(times[0]) if len(times) else np.nan


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
