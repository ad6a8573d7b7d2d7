"""Where the misses go: ranks and scores of the truth, what is taken for what, and what becomes of each class."""

import numpy as np
from numpy.typing import NDArray

from bci import confusion as counting
from bci.rank_histogram import rank_histogram
from models.config import EvaluationConfig
from models.evaluation.answers import Answers
from models.evaluation.report import ClassCounts, Confusion, Figure, Histogram, Similarity
from models.evaluation.scoring import interval_of_mean

__all__ = ["classes", "confusion", "ranks", "similarity"]

Floats = NDArray[np.float64]

MOST_BINS = 25
MARGINS = np.arange(-4, 4.5, 0.5)
"""Edges of bins of scores, standard deviations."""
FEWEST = 6
"""Candidates of which a trial's others have a spread worth dividing by."""
AT_ONCE = 1024
"""Trials whose scores are standardised at a time."""
MOST_CONCEPTS = 30
"""More concepts are confused by category alone, if they have any."""


def ranks(answers: Answers) -> Histogram:
    """Count the ranks of the truth in at most 25 bins of equal width, the last one perhaps narrower."""
    most = int(answers.n_candidates.max())
    width = -(-most // MOST_BINS)
    edges = np.minimum(np.arange(0, most + width, width), most)
    counted = rank_histogram(answers.ranks, answers.n_candidates, edges)
    chance = np.round(counted.expected, 3)
    return Histogram(tuple(edges.tolist()), tuple(counted.counts.tolist()), tuple(chance.tolist()))


def similarity(answers: Answers, evaluation: EvaluationConfig, seed: int) -> Similarity | None:
    """Compare the score of the truth with those of the others; None where there are too few to have a spread."""
    if answers.n_candidates.min() < FEWEST:
        return None
    margins, others = np.empty(len(answers)), np.zeros(len(MARGINS) - 1)
    for first in range(0, len(answers), AT_ONCE):
        part = slice(first, first + AT_ONCE)
        margins[part], apart = _standardised(answers.scores[part], answers.truth[part])
        others += _binned(apart)
    figure = Figure("margin", float(margins.mean()), interval_of_mean(answers, margins, evaluation, seed), 0.0)
    expected = np.round(others / others.sum() * len(answers), 3)
    return Similarity(figure, tuple(MARGINS.tolist()), tuple(_binned(margins).tolist()), tuple(expected.tolist()))


def _standardised(scores: NDArray[np.float32], truth: NDArray[np.int64]) -> tuple[Floats, Floats]:
    """Return scores of the truth (n,) and of all others, by mean and standard deviation of a trial's others."""
    others = np.isfinite(scores)
    np.put_along_axis(others, truth[:, None], values=False, axis=1)
    known = np.where(others, scores, np.nan).astype(np.float64)
    mean = np.nanmean(known, axis=1, keepdims=True)
    spread = np.nanstd(known, axis=1, keepdims=True)
    spread[spread == 0] = 1  # all the same: the truth is as far as it is
    own = np.take_along_axis(scores, truth[:, None], axis=1)
    return ((own - mean) / spread)[:, 0], ((known - mean) / spread)[others]


def _binned(margins: Floats) -> NDArray[np.int64]:
    return np.histogram(np.clip(margins, MARGINS[0], MARGINS[-1]), MARGINS)[0]


def confusion(
    answers: Answers, categories: dict[str, str], evaluation: EvaluationConfig, seed: int
) -> Confusion | None:
    """Count what is called what, by category, or by concept where there are few; None where neither makes sense.

    Parameters
    ----------
    categories
        Concept -> category; may be empty.
    """
    names = answers.concepts
    told = [categories.get(name, "") for name in names] if categories else []
    rows = counting.grouping(names, told, MOST_CONCEPTS, most_categories=len(names))
    if rows is None:
        return None
    shown, called = rows.code[answers.truth], rows.code[answers.scores.argmax(axis=1)]
    counts = counting.confusion(shown, called, len(rows.labels))
    right = shown == called
    value = Figure(
        f"{rows.of}_top1",
        float(right.mean()),
        interval_of_mean(answers, right, evaluation, seed),
        _chance(answers, rows.code),
    )
    return Confusion(rows.of, rows.labels, tuple(map(tuple, counts.tolist())), value)


def classes(answers: Answers) -> tuple[ClassCounts, ...]:
    """Count what became of the trials of each candidate; nothing where there are many."""
    n = len(answers.concepts)
    if n > MOST_CONCEPTS:
        return ()
    counts = counting.confusion(answers.truth, answers.scores.argmax(axis=1), n)
    each = zip(answers.concepts, counts.sum(axis=1), counts.sum(axis=0), np.diag(counts), strict=True)
    return tuple(
        ClassCounts(concept, int(shown), int(named), int(right), _share(right, shown), _share(right, named))
        for concept, shown, named, right in each
    )


def _share(part: np.int64, whole: np.int64) -> float | None:
    return float(part / whole) if whole else None


def _chance(answers: Answers, code: NDArray[np.int64]) -> float:
    """Return the share that random ranking gets right: that of the true label's candidates."""
    competes = np.isfinite(answers.scores)
    table = np.stack([(competes & (code == label)).sum(axis=1) for label in range(int(code.max()) + 1)], axis=1)
    own = np.take_along_axis(table, code[answers.truth][:, None], axis=1)[:, 0]
    return float((own / answers.n_candidates).mean())
