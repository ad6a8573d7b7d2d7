"""What was retrieved for each test picture: the concepts that score best, and where the truth came.

Presentations of one picture to one person are answered together, by the mean of their scores: for a linear map
that is the answer to their mean epoch. It is for looking at; figures are elsewhere in the report.
"""

import numpy as np
from numpy.typing import NDArray

from bci.types import TrialSet
from models.evaluation.answers import Answers
from models.evaluation.metrics import truth_ranks
from models.evaluation.report import Query, Retrieval
from models.groups import joint

__all__ = ["retrieval"]

Ints = NDArray[np.int64]

NEAREST = 5
"""Concepts that are shown for each picture."""
MOST_QUERIES = 400
"""Of more pictures some, evenly spaced in the order of the bank."""


def retrieval(answers: Answers, trials: TrialSet) -> Retrieval | None:
    """Return what was retrieved; None where all candidates would be shown.

    Parameters
    ----------
    answers
        To single trials, or whatever the trials of the set are.
    trials
        That were judged.
    """
    if len(answers.concepts) <= NEAREST:
        return None
    groups = _groups(answers, trials)
    chosen = groups[np.linspace(0, len(groups) - 1, min(len(groups), MOST_QUERIES)).astype(np.int64)]
    queries = sorted((_query(answers, rows) for rows in chosen), key=lambda query: -query.rank)
    counts = [len(rows) for rows in groups]
    return Retrieval(tuple(queries), len(groups), (min(counts), max(counts)))


def _groups(answers: Answers, trials: TrialSet) -> NDArray[np.object_]:
    """Rows of the answers to each picture, in the order of truths; to each trial where pictures are unknown."""
    images = trials.images[answers.row]
    shown = images if (images >= 0).all() else answers.row
    codes = joint(answers.truth, shown, answers.subject, answers.fold)
    order = np.argsort(codes, kind="stable")
    groups = np.empty(int(codes.max()) + 1, object)
    groups[:] = np.split(order, np.flatnonzero(np.diff(codes[order])) + 1)
    return groups


def _query(answers: Answers, rows: Ints) -> Query:
    scores = answers.scores[rows].mean(axis=0)
    truth = answers.truth[rows[:1]]
    best = np.argsort(-scores, kind="stable")[:NEAREST]
    return Query(
        truth=answers.concepts[int(truth[0])],
        rank=int(truth_ranks(scores[None], truth)[0]),
        presentations=len(rows),
        nearest=tuple((answers.concepts[column], float(scores[column])) for column in best.tolist()),
    )
