"""What decisions would have been at another temperature or among other concepts, without encoding again.

The embeddings of the latest decisions are kept; their scores are products with the prototypes of the candidates:
some of the concepts that were ranked, or those of another bank. Nothing of it was decided: it is a look back,
and a setting chosen by it holds for these trials alone.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from bci.errors import ConfigError, MismatchError
from bci.rank_histogram import expected_top_k
from bci.ranking import softmax, truth_ranks
from bci.tally import top5_counts
from bci.types import Decision
from bci.wilson import wilson

__all__ = ["KEPT", "SIZES", "Expected", "Gallery", "Leaning", "Reranked", "WhatIf", "leaning", "rerank"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

KEPT = 2000
"""Decisions that are remembered at most."""
SIZES = (2, 10, 50, 200)
"""Numbers of candidates that accuracy is told for, besides that of all."""
AT_ONCE = 2**22
"""Scores that are held at a time."""

Leaning = Literal["overconfident", "underconfident", "fits"]


@dataclass(frozen=True, slots=True)
class Gallery:
    """Concepts as a decoder ranks them.

    Parameters
    ----------
    concepts
        Their names, each once.
    prototypes
        (N, D) float32, in the space of `Ranking.embedding`: scores are `prototypes @ embedding`.
    categories
        One per concept, or empty.
    name
        Of the bank's file; empty for what the decoder ranks anyway.
    """

    concepts: tuple[str, ...]
    prototypes: NDArray[np.float32]
    categories: tuple[str, ...] = ()
    name: str = ""


@dataclass(frozen=True, slots=True)
class Reranked:
    """Decisions whose truth is among the candidates.

    Parameters
    ----------
    n_candidates
        What they are ranked among.
    rank
        (n,) int64 number of other candidates that score at least as high as the truth.
    confidence
        (n,) float64 probability of the candidate ranked first.
    """

    n_candidates: int
    rank: Ints
    confidence: Floats

    def __len__(self) -> int:
        return len(self.rank)

    def hits(self, k: int) -> NDArray[np.bool_]:
        """(n,) whether the truth is among the best `k`."""
        return self.rank < k


@dataclass(frozen=True, slots=True)
class Expected:
    """Accuracy among random candidates, the truth and `size` - 1 others, on average over all such subsets.

    Parameters
    ----------
    size
        Number of candidates; luck has the truth among its best k in k / `size` of the trials.
    top1, top5
        Shares; `top5` is None where five are all there are.
    """

    size: int
    top1: float
    top5: float | None


def rerank(
    embeddings: NDArray[np.float32],
    truths: Ints,
    prototypes: NDArray[np.float32],
    candidates: Ints,
    temperature: float,
) -> tuple[Ints, Floats]:
    """Rank embeddings against some of the concepts.

    Parameters
    ----------
    embeddings
        (n, D), as in `Ranking.embedding`.
    truths
        (n,) concepts that were shown; -1 for one that has no prototype.
    prototypes
        (N, D), see `Gallery`.
    candidates
        (M,) concepts to rank, ascending, one at least.
    temperature
        Of the softmax over their scores, above 0.

    Returns
    -------
    rank
        (n,) number of other candidates that score at least as high as the truth; -1 where the truth is none.
    confidence
        (n,) probability of the best candidate.
    """
    place = np.full(len(prototypes) + 1, -1)  # the last one is that of concepts without a prototype
    place[candidates] = np.arange(len(candidates))
    column, vectors = place[truths], prototypes[candidates]
    rank, confidence = np.full(len(truths), -1), np.empty(len(truths))
    step = max(1, AT_ONCE // len(candidates))
    for first in range(0, len(truths), step):
        rows = slice(first, first + step)
        scores = embeddings[rows] @ vectors.T
        confidence[rows] = softmax(scores, temperature).max(axis=1)
        told = np.flatnonzero(column[rows] >= 0)
        rank[rows][told] = truth_ranks(scores[told], column[rows][told])
    return rank, confidence


def leaning(confidence: Floats, hits: NDArray[np.bool_]) -> Leaning | None:
    """Say where mean confidence (n,) lies: above, below or in the 95 % interval of accuracy; None of no trials."""
    interval = wilson(int(hits.sum()), len(hits))
    if interval is None:
        return None
    said = float(confidence.mean())
    if interval[0] <= said <= interval[1]:
        return "fits"
    return "overconfident" if said > interval[1] else "underconfident"


class WhatIf:
    """The latest decisions, and what they would have been.

    Parameters
    ----------
    own
        What was ranked: truths are numbers of its concepts.
    temperature
        That decisions were made with.
    kept
        Decisions that are remembered; the oldest is forgotten first. Those without a ranking or a truth are not.
    first
        Number of the first decision there can be.
    """

    def __init__(self, own: Gallery, temperature: float, kept: int = KEPT, first: int = 0) -> None:
        self._own = self._gallery = own
        self._row = np.arange(len(own.concepts))  # of each concept in the gallery, -1 where it is not there
        self._temperature = temperature
        self._candidates = np.arange(len(own.concepts))
        self._expectation = _Expectation(len(own.concepts))
        self._embeddings: deque[NDArray[np.float32]] = deque(maxlen=kept)
        self._truths: deque[int] = deque(maxlen=kept)
        self._decided: deque[tuple[int, float]] = deque(maxlen=kept)
        self._reranked: deque[tuple[int, float]] = deque(maxlen=kept)
        self._next = first
        self.missed = 0
        """Decisions that were made and not handed in."""
        self.overlapping = False
        """Whether windows of the sliding mode are among them: these are no independent trials."""

    def __len__(self) -> int:
        return len(self._truths)

    def add(self, decisions: Sequence[Decision]) -> None:
        """Take decisions in, in the order in which they were made; those taken in before change nothing.

        Raises
        ------
        MismatchError
            If embeddings are not as long as the prototypes.
        """
        new = [decision for decision in decisions if decision.seq >= self._next]
        if not new:
            return
        self.missed += new[-1].seq + 1 - self._next - len(new)
        self._next = new[-1].seq + 1
        embeddings: list[NDArray[np.float32]] = []
        truths: list[int] = []
        for decision in new:
            ranking = decision.ranking
            if ranking is None or ranking.truth_rank is None or decision.truth is None:
                continue
            embeddings.append(ranking.embedding)
            truths.append(decision.truth)
            self._decided.append((ranking.truth_rank, float(ranking.probabilities[0])))
            self.overlapping |= decision.marker is None
        self._embeddings.extend(embeddings)
        self._truths.extend(truths)
        self._reranked.extend(self._rank(embeddings, truths))

    @property
    def gallery(self) -> Gallery:
        """What is ranked now."""
        return self._gallery

    def rank_against(self, gallery: Gallery) -> None:
        """Rank all that is remembered among the concepts of another bank; truths are found by their names.

        Raises
        ------
        MismatchError
            If its prototypes are not as long as those of the decoder.
        ConfigError
            If it has a single concept.
        """
        expected, got = self._own.prototypes.shape[1], gallery.prototypes.shape[1]
        if got != expected:
            raise MismatchError(f"expected prototypes of length {expected}, as the decoder's are, got {got}")
        if len(gallery.concepts) < 2:
            raise ConfigError(f"expected a bank of two concepts at least, got {len(gallery.concepts)}")
        place = {name: row for row, name in enumerate(gallery.concepts)}
        self._gallery = gallery
        self._row = np.array([place.get(name, -1) for name in self._own.concepts], np.int64)
        self.choose(self._temperature, np.arange(len(gallery.concepts)))

    def choose(self, temperature: float, candidates: Ints) -> None:
        """Rank all that is remembered anew.

        Parameters
        ----------
        temperature
            Of the softmax over scores.
        candidates
            (M,) concepts of the gallery to rank, in any order.

        Raises
        ------
        ConfigError
            If there are no two candidates, or the temperature is not above 0.
        """
        candidates = np.unique(candidates)
        if len(candidates) < 2 or not temperature > 0:
            raise ConfigError(
                f"expected two candidates at least and a temperature above 0, got {len(candidates)} and "
                f"{temperature:g}"
            )
        if len(candidates) != self._expectation.n_candidates:
            self._expectation = _Expectation(len(candidates))
        self._temperature, self._candidates = temperature, candidates
        again = self._rank(self._embeddings, self._truths)
        self._reranked.clear()
        self._reranked.extend(again)

    @property
    def decided(self) -> Reranked:
        """What was decided of the decisions that `reranked` is of."""
        told = [was for was, would in zip(self._decided, self._reranked, strict=True) if would[0] >= 0]
        return _columns(len(self._own.concepts), told)

    @property
    def reranked(self) -> Reranked:
        """What would have been, where the truth is a candidate."""
        return _columns(len(self._candidates), self._reranked)

    def curve(self) -> tuple[Expected, ...]:
        """Accuracy over numbers of candidates, up to all of them; empty without trials."""
        found = self.reranked
        sizes = [*(size for size in SIZES if size < found.n_candidates), found.n_candidates]
        return tuple(self._expectation(found.rank, size) for size in sizes) if len(found) else ()

    def _rank(self, embeddings: Sequence[NDArray[np.float32]], truths: Sequence[int]) -> list[tuple[int, float]]:
        if not truths:
            return []
        rows, prototypes = np.stack(embeddings), self._gallery.prototypes
        if rows.shape[1] != prototypes.shape[1]:
            raise MismatchError(
                f"expected embeddings as long as the prototypes, {prototypes.shape[1]}, got {rows.shape[1]}"
            )
        shown = self._row[np.array(truths, np.int64)]
        ranks, confidence = rerank(rows, shown, prototypes, self._candidates, self._temperature)
        return list(zip(ranks.tolist(), confidence.tolist(), strict=True))


class _Expectation:
    """Expected hits by the rank among all candidates, each computed once."""

    def __init__(self, n_candidates: int) -> None:
        self.n_candidates = n_candidates
        self._known: dict[tuple[int, int], Floats] = {}

    def __call__(self, ranks: Ints, size: int) -> Expected:
        top5 = self._mean(ranks, size, 5) if top5_counts(size) else None
        return Expected(size, self._mean(ranks, size, 1), top5)

    def _mean(self, ranks: Ints, size: int, k: int) -> float:
        known = self._known.setdefault((size, k), np.full(self.n_candidates, np.nan))
        new = np.unique(ranks[np.isnan(known[ranks])])
        if len(new):
            known[new] = expected_top_k(new, self.n_candidates, size, k)
        return float(known[ranks].mean())


def _columns(n_candidates: int, rows: Sequence[tuple[int, float]]) -> Reranked:
    rank, confidence = np.array(rows, np.float64).reshape(-1, 2).T
    told = rank >= 0
    return Reranked(n_candidates, rank[told].astype(np.int64), confidence[told])
