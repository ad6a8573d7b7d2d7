"""Ranking concepts by their scores, in NumPy; the torch decoder does the same on its device."""

from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from bci.types import Ranking, read_only

__all__ = ["rank", "rank_scores", "softmax", "truth_ranks", "unit"]

Real = TypeVar("Real", bound=np.floating[Any])


def unit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Scale vectors (..., D) to unit norm; zero stays zero."""
    norms = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.maximum(norms, np.finfo(np.float32).tiny))


def softmax(scores: NDArray[Real], temperature: float) -> NDArray[Real]:
    """Softmax of `scores / temperature` over the last axis."""
    powers = np.exp((scores - scores.max(axis=-1, keepdims=True)) / temperature)
    return np.asarray(powers / powers.sum(axis=-1, keepdims=True))


def truth_ranks(scores: NDArray[np.floating[Any]], truths: NDArray[np.int64]) -> NDArray[np.int64]:
    """Count for each row of scores (n, N) the other concepts that score at least as high as the truth (n,).

    Ties never help.
    """
    own = np.take_along_axis(scores, truths[:, None], axis=1)
    return np.asarray(np.count_nonzero(scores >= own, axis=1) - 1)


def rank(
    embedding: NDArray[np.float32],
    prototypes: NDArray[np.float32],
    truth: int | None,
    k: int,
    temperature: float = 1.0,
) -> Ranking:
    """Rank one embedding (D,) against unit-norm prototypes (N, D)."""
    direction = unit(embedding.astype(np.float32, copy=False))
    return rank_scores(prototypes @ direction, direction, truth, k, temperature)


def rank_scores(
    scores: NDArray[np.float32],
    embedding: NDArray[np.float32],
    truth: int | None,
    k: int,
    temperature: float = 1.0,
) -> Ranking:
    """Rank by the scores (N,) that a decoder gave, from an embedding (D,) that the ranking then holds."""
    best = _best(scores, min(k, len(scores)))
    powers = np.exp((scores - scores[best[0]]) / temperature)
    return Ranking(
        indices=read_only(best),
        scores=read_only(scores[best]),
        probabilities=read_only(powers[best] / powers.sum()),
        embedding=read_only(embedding),
        truth_rank=None if truth is None else int(np.count_nonzero(scores >= scores[truth])) - 1,
        n_concepts=len(scores),
    )


def _best(scores: NDArray[np.float32], k: int) -> NDArray[np.int64]:
    """Indices of the best, best first; stable, so that equal scores keep the order of the bank."""
    threshold = np.partition(scores, len(scores) - k)[len(scores) - k]
    candidates = np.flatnonzero(scores >= threshold)
    return np.asarray(candidates[np.argsort(-scores[candidates], kind="stable")][:k], np.int64)
