"""Single trials with the scores that a decoder gave them, and how each came out."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bci.ranking import rank_scores, softmax, truth_ranks
from bci.types import Ranking, read_only
from bci.viewing import About

__all__ = ["Exploration", "Explored", "Judged", "judge", "ranking"]

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

AT_ONCE = 2**22
"""Scores of which copies are made at a time."""


@dataclass(frozen=True, slots=True)
class Explored:
    """Trials, or means over trials, and the scores that a decoder gave them.

    Parameters
    ----------
    concepts
        Names of the columns of `scores`.
    truth
        (n,) int64 column of what was shown, -1 if unknown.
    images
        (n,) int64 index of the picture that was shown, -1 if unknown.
    scores
        (n, N) float32.
    groups
        Columns such as `subject` and `recording`, each (n,); `onset` is in seconds from the recording's start.
    trained
        (n,) bool: the decoder was trained on it.
    """

    concepts: tuple[str, ...]
    truth: Ints
    images: Ints
    scores: NDArray[np.float32]
    groups: Mapping[str, NDArray[Any]]
    trained: Flags

    def __len__(self) -> int:
        return len(self.truth)


@dataclass(frozen=True, slots=True)
class Exploration:
    """All that is needed to look at the trials of some recordings.

    Parameters
    ----------
    about
        The decoder, its concepts and where their pictures lie. `calibration` is None unless it holds for single
        trials ranked against these very concepts.
    explored
        Single trials.
    epoch
        Returns the epoch (C, T) of a trial: microvolts, preprocessed, before scaling.
    temperature
        Of the softmax over scores that gives probabilities.
    score
        What scores are called: `cosine` where they are, else `score`.
    warning
        What keeps the trials from being held out; empty if nothing does.
    """

    about: About
    explored: Explored
    epoch: Callable[[int], NDArray[np.float32]]
    temperature: float
    score: str = "score"
    warning: str = ""


@dataclass(frozen=True, slots=True)
class Judged:
    """How each trial came out.

    Parameters
    ----------
    rank
        (n,) int64 number of other concepts that score at least as high as the truth; -1 if that is unknown.
    best
        (n,) int64 concept ranked first.
    confidence
        (n,) float32 its probability.
    belief
        (n,) float32 probability of the truth, NaN if unknown.
    """

    rank: Ints
    best: Ints
    confidence: NDArray[np.float32]
    belief: NDArray[np.float32]

    @property
    def told(self) -> Flags:
        """Trials whose truth is known."""
        return np.asarray(self.rank >= 0)

    def hits(self, k: int) -> Flags:
        """Trials whose truth is among the best `k`."""
        return np.asarray(self.told & (self.rank < k))


def judge(explored: Explored, temperature: float) -> Judged:
    """Rank the truth of every trial, some trials at a time."""
    n = len(explored)
    rank, best = np.full(n, -1, np.int64), np.empty(n, np.int64)
    confidence, belief = np.empty(n, np.float32), np.full(n, np.nan, np.float32)
    for rows in _blocks(explored):
        scores, truth = explored.scores[rows], explored.truth[rows]
        probabilities = softmax(scores, temperature)
        best[rows] = scores.argmax(axis=1)
        confidence[rows] = probabilities.max(axis=1)
        told = np.flatnonzero(truth >= 0)
        rank[rows][told] = truth_ranks(scores[told], truth[told])
        belief[rows][told] = probabilities[told, truth[told]]
    return Judged(read_only(rank), read_only(best), read_only(confidence), read_only(belief))


def ranking(explored: Explored, row: int, k: int, temperature: float) -> Ranking:
    """Rank the concepts for one trial, as a decoder would."""
    truth = int(explored.truth[row])
    scores = explored.scores[row]
    return rank_scores(scores, scores, None if truth < 0 else truth, k, temperature)


def _blocks(explored: Explored) -> Iterator[slice]:
    step = max(1, AT_ONCE // len(explored.concepts))
    return (slice(first, first + step) for first in range(0, len(explored), step))
