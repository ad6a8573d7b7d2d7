"""Scores aligned with the test queries, without labels: transductive, a figure of its own, never the headline.

CSLS: Conneau et al. 2018, Word translation without parallel data, arXiv:1710.04087. What it gains needs many
queries at once, which no live decoder has.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from models.evaluation.answers import Answers

__all__ = ["aligned"]

NEIGHBOURS = 10


def aligned(answers: Answers, how: str) -> Answers:
    """Return answers whose scores take the other queries of the same fold into account.

    Parameters
    ----------
    how
        `centre`: a candidate's mean over the queries is subtracted from its scores; `csls`: twice the score minus
        the mean of the query's and of the candidate's ten best.
    """
    align = {"centre": _centred, "csls": _csls}[how]
    scores = answers.scores.copy()
    for fold in np.unique(answers.fold):
        rows = np.flatnonzero(answers.fold == fold)
        columns = np.flatnonzero(np.isfinite(scores[rows]).any(axis=0))
        scores[np.ix_(rows, columns)] = align(scores[np.ix_(rows, columns)])
    return replace(answers, scores=scores)


def _centred(scores: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(scores - scores.mean(axis=0))


def _csls(scores: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(2 * scores - _best(scores, 1)[:, None] - _best(scores, 0)[None])


def _best(scores: NDArray[np.float32], axis: int) -> NDArray[np.float32]:
    """Mean of the best along an axis."""
    n = min(NEIGHBOURS, scores.shape[axis])
    return np.asarray(np.moveaxis(np.partition(scores, -n, axis=axis), axis, 0)[-n:].mean(axis=0))
