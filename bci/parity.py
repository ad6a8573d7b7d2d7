"""Does live equal offline? A session's decisions against those of the same recording, decoded from its file."""

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

import numpy as np

from bci.types import Decision, Ranking

__all__ = ["Parity", "compare"]

_NEIGHBOURS = 1e-6  # concepts whose scores are closer than this may swap places


@dataclass(frozen=True, slots=True)
class Parity:
    """How many events were decoded on both sides, how many alike, and how far scores lie apart."""

    compared: int
    same_ranking: int
    max_abs_score_diff: float


def compare(live: Sequence[Decision], offline: Sequence[Decision]) -> Parity:
    """Compare events in order; those that one side lacks are passed over.

    Rankings are the same if the best concepts and the truth's rank are, neighbours within 1e-6 aside.
    """
    pairs = [(a, b) for a, b in _matched(live, offline) if a is not None and b is not None]
    return Parity(
        compared=len(pairs),
        same_ranking=sum(_same(a, b) for a, b in pairs),
        max_abs_score_diff=max((_score_difference(a, b) for a, b in pairs), default=0.0),
    )


def _matched(live: Sequence[Decision], offline: Sequence[Decision]) -> list[tuple[Ranking | None, Ranking | None]]:
    """Pair rankings of the same event: all in order, or the longest common stretches of markers."""
    ours, theirs = ([_value(decision) for decision in side] for side in (live, offline))
    if ours == theirs:
        return [(a.ranking, b.ranking) for a, b in zip(live, offline, strict=True)]
    blocks = SequenceMatcher(None, ours, theirs, autojunk=False).get_matching_blocks()
    return [
        (live[block.a + i].ranking, offline[block.b + i].ranking) for block in blocks for i in range(block.size)
    ]


def _value(decision: Decision) -> str:
    return "" if decision.marker is None else decision.marker.value


def _same(a: Ranking, b: Ranking) -> bool:
    if a.truth_rank != b.truth_rank or len(a.indices) != len(b.indices):
        return False
    swapped = np.flatnonzero(a.indices != b.indices)
    return all(abs(float(a.scores[i]) - float(b.scores[i])) <= _NEIGHBOURS for i in swapped)


def _score_difference(a: Ranking, b: Ranking) -> float:
    """Largest difference between scores of the same concept, over those that both name."""
    _, ours, theirs = np.intersect1d(a.indices, b.indices, return_indices=True)
    return float(np.abs(a.scores[ours] - b.scores[theirs]).max(initial=0.0))
