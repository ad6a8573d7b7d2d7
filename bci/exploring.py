"""A look at single trials: which of them come next, means over repetitions, and what the chosen ones come to.

It is a look and no evaluation: nothing here knows of folds, intervals or controls, as `bci evaluate` does.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bci.explored import Explored, Flags, Ints, Judged
from bci.tally import top5_counts

__all__ = ["Means", "Order", "Outcome", "Summary", "average", "next_row", "order", "select", "summarise"]


# ------------------------------------------------------------------------------------------------- which trials


class Order(StrEnum):
    """In which order trials are shown; those of unknown truth come last."""

    TRIAL = "as presented"
    BEST = "best first"
    WORST = "worst first"
    MISSES = "most confident miss"


class Outcome(StrEnum):
    """Which trials are shown, by what became of them."""

    ALL = "all outcomes"
    HIT = "top-1 hits"
    MISS = "top-1 misses"
    FIVE = "top-5 hits"
    FIVE_MISS = "top-5 misses"


def order(judged: Judged, by: Order) -> Ints:
    """Return the trials (n,) in an order; equal ranks by the probability of the truth, then as presented."""
    n = len(judged.rank)
    if by is Order.TRIAL:
        return np.arange(n)
    unknown = ~judged.told
    if by is Order.MISSES:
        hit = judged.rank == 0
        return np.lexsort((np.where(hit, judged.confidence, -judged.confidence), hit, unknown))
    sign = 1 if by is Order.BEST else -1
    return np.lexsort((-sign * np.nan_to_num(judged.belief), sign * judged.rank, unknown))


def select(
    explored: Explored, judged: Judged, outcome: Outcome = Outcome.ALL, concept: int | None = None, text: str = ""
) -> Flags:
    """Choose trials by what became of them, by what was shown, and by a text.

    Parameters
    ----------
    concept
        The concept that was shown; None for any.
    text
        Stands, in any case of letters, in the name of what was shown or in a group's value. What was ranked first
        is not searched: trials chosen by their answers would have no accuracy.

    Returns
    -------
    chosen
        (n,) bool.
    """
    chosen = _of(judged, outcome)
    if concept is not None:
        chosen = chosen & (explored.truth == concept)
    if wanted := text.strip().lower():
        chosen = chosen & _mentions(explored, wanted)
    return chosen


def next_row(shown: Ints, flags: Flags, at: int) -> int | None:
    """Return the first place after `at` in `shown` whose trial is flagged, None if there is none."""
    later = np.flatnonzero(flags[shown[at + 1 :]])
    return at + 1 + int(later[0]) if len(later) else None


def _of(judged: Judged, outcome: Outcome) -> Flags:
    if outcome is Outcome.ALL:
        return np.ones(len(judged.rank), bool)
    hits = judged.hits(1 if outcome in (Outcome.HIT, Outcome.MISS) else 5)
    return hits if outcome in (Outcome.HIT, Outcome.FIVE) else judged.told & ~hits


def _mentions(explored: Explored, wanted: str) -> Flags:
    named = np.array([*(wanted in name.lower() for name in explored.concepts), False])  # the last for -1
    found = named[explored.truth]
    for column in explored.groups.values():
        if column.dtype.kind == "U":
            found = found | (np.strings.find(np.strings.lower(column), wanted) >= 0)
    return np.asarray(found)


# ------------------------------------------------------------------------------------------------------- averaging


@dataclass(frozen=True, slots=True)
class Means:
    """Means over repetitions; none is of a single trial.

    Parameters
    ----------
    explored
        The means. A group's value is that of all of its repetitions, or how many different ones there are.
    members
        For each mean the trials that went into it.
    """

    explored: Explored
    members: tuple[Ints, ...]


def average(explored: Explored) -> Means:
    """Average the scores of all trials that showed one picture to one subject.

    Where the picture is unknown, of those that showed one concept. What was shown only once is left out: it would
    be a single trial among means.
    """
    members = _repetitions(explored)
    first = np.array([rows[0] for rows in members], np.int64)
    means = [explored.scores[rows].mean(axis=0, dtype=np.float64) for rows in members]
    together = ("subject", "session", "recording")
    return Means(
        Explored(
            concepts=explored.concepts,
            truth=explored.truth[first],
            images=explored.images[first],
            scores=np.array(means, np.float32).reshape(len(members), len(explored.concepts)),
            groups={name: _joint(name, explored.groups[name], members) for name in together},
            trained=np.array([explored.trained[rows].any() for rows in members], bool),
        ),
        members,
    )


def _repetitions(explored: Explored) -> tuple[Ints, ...]:
    """Trials that belong together, in the order of the first of them."""
    kept = np.flatnonzero((explored.truth >= 0) | (explored.images >= 0))
    people = np.unique(explored.groups["subject"], return_inverse=True)[1].ravel()
    shown = np.stack([people, explored.truth, explored.images], axis=1)[kept]
    code, counts = np.unique(shown, axis=0, return_inverse=True, return_counts=True)[1:]
    rows = np.split(kept[np.argsort(code.ravel(), kind="stable")], np.cumsum(counts)[:-1])
    return tuple(sorted((each for each in rows if len(each) > 1), key=lambda each: int(each[0])))


def _joint(name: str, column: NDArray[Any], members: tuple[Ints, ...]) -> NDArray[np.str_]:
    values = [list(dict.fromkeys(column[rows].tolist())) for rows in members]
    return np.array([str(own[0]) if len(own) == 1 else f"{len(own)} {name}s" for own in values], np.str_)


# ------------------------------------------------------------------------------------------------------ a summary


@dataclass(frozen=True, slots=True)
class Summary:
    """What the chosen trials come to.

    Parameters
    ----------
    n, total
        Trials that are shown, and that there are.
    told
        Those shown whose truth is known.
    top1, top5
        How many of these have their truth ranked first, and among the best five; None where this says nothing.
    chance1
        Share that always naming what is shown most often gets right; NaN if no truth is known.
    chance5
        Share of the best five that luck gets right.
    trained
        Trials shown that the decoder was trained on.
    by_outcome
        They were chosen by what became of them: shares of hits say nothing.
    """

    n: int
    total: int
    told: int
    top1: int
    top5: int | None
    chance1: float
    chance5: float
    trained: int
    by_outcome: bool = False

    def words(self, what: str = "trials") -> tuple[str, ...]:
        """Say it, a phrase at a time; `what` is what is counted."""
        phrases = [f"{self.n:,} of {self.total:,} {what}"]
        if self.told < self.n:
            phrases.append("truth unknown" if not self.told else f"truth unknown in {self.n - self.told:,}")
        if self.by_outcome:
            phrases.append("chosen by outcome: accuracy of these says nothing")
        elif self.told:
            phrases.append(f"top-1 {_share(self.top1, self.told)}, chance {_percent(self.chance1)}")
            if self.top5 is not None:
                phrases.append(f"top-5 {_share(self.top5, self.told)}, chance {_percent(self.chance5)}")
        if self.trained:
            phrases.append(f"{self.trained:,} of them trained on")
        return tuple(phrases)


def summarise(explored: Explored, judged: Judged, shown: Ints, *, by_outcome: bool = False) -> Summary:
    """Count what became of the trials in `shown`."""
    told = shown[judged.told[shown]]
    often = np.bincount(explored.truth[told]).max() if len(told) else np.nan
    n_concepts = len(explored.concepts)
    return Summary(
        n=len(shown),
        total=len(explored),
        told=len(told),
        top1=int(judged.hits(1)[told].sum()),
        top5=int(judged.hits(5)[told].sum()) if top5_counts(n_concepts) else None,
        chance1=float(often) / max(len(told), 1),
        chance5=min(1.0, 5 / n_concepts),
        trained=int(explored.trained[shown].sum()),
        by_outcome=by_outcome,
    )


def _share(hits: int, n: int) -> str:
    return f"{_percent(hits / n)} ({hits:,} of {n:,})"


def _percent(share: float) -> str:
    return f"{share * 100:.1f} %"
