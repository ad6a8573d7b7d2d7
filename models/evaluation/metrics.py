"""How well scores name what was shown: ranks, accuracies, proper scores.

Ranks count the other concepts that score at least as high as the truth, so that ties never help. Log-loss and
Brier score: Gneiting & Raftery 2007, doi:10.1198/016214506000001437.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from bci import ranking
from bci.errors import MismatchError

__all__ = [
    "balanced_accuracy",
    "brier",
    "contrast",
    "log_loss",
    "recalls",
    "top_k",
    "truth_ranks",
]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def truth_ranks(scores: NDArray[np.floating[Any]], truth: Ints) -> Ints:
    """Count, for each trial, the other concepts whose score is at least the truth's.

    Parameters
    ----------
    scores
        (n, N), higher is better; minus infinity takes a concept out of the competition.
    truth
        (n,) column of the concept that was shown.

    Returns
    -------
    ranks
        (n,) int64, 0 is best.

    Raises
    ------
    MismatchError
        If a score is NaN or infinite: a comparison with it would count for the decoder. Minus infinity is
        allowed for concepts that are no candidates of a trial, not for its truth.
    """
    own = np.take_along_axis(scores, truth[:, None], axis=1)[:, 0]
    bad = np.isnan(scores).any(axis=1) | np.isposinf(scores).any(axis=1) | np.isneginf(own)
    if bad.any():
        raise MismatchError(f"expected finite scores, got NaN or infinity in {bad.sum()} of {len(bad)} trials")
    return ranking.truth_ranks(scores, truth)


def top_k(ranks: Ints, k: int) -> float:
    """Return the share of trials whose truth is among the first `k`."""
    return float(np.mean(ranks < k))


def recalls(hits: NDArray[np.bool_], truth: Ints, n_concepts: int) -> Floats:
    """Return the share of hits per concept (N,), NaN for one that was never shown."""
    shown = np.bincount(truth, minlength=n_concepts)
    named = np.bincount(truth, weights=hits, minlength=n_concepts)
    shares: Floats = np.divide(named, shown, out=np.full(n_concepts, np.nan), where=shown > 0)
    return shares


def balanced_accuracy(ranks: Ints, truth: Ints, n_concepts: int) -> float:
    """Return the mean recall over the concepts that were shown."""
    return float(np.nanmean(recalls(ranks == 0, truth, n_concepts)))


def contrast(scores: NDArray[np.floating[Any]]) -> Floats:
    """Return second minus first column of (n, 2) scores: the evidence for the second concept."""
    if scores.shape[1] != 2:
        raise MismatchError(f"expected scores of two concepts, got {scores.shape[1]}")
    difference: Floats = scores[:, 1].astype(np.float64) - scores[:, 0]
    return difference


def log_loss(shares: Floats, truth: Ints) -> float:
    """Return the mean of minus the natural logarithm of the probability given to the truth."""
    own = np.take_along_axis(shares, truth[:, None], axis=1)
    return float(-np.log(np.maximum(own, np.finfo(np.float64).tiny)).mean())


def brier(shares: Floats, truth: Ints) -> float:
    """Return the mean squared distance, summed over concepts, between probabilities and what was shown."""
    shown = np.zeros_like(shares)
    np.put_along_axis(shown, truth[:, None], 1.0, axis=1)
    return float(((shares - shown) ** 2).sum(axis=1).mean())
