"""Where the misses go: ranks of the truth, what is confused with what, and what becomes of each class."""

import numpy as np
from numpy.typing import NDArray

from bci import confusion as counting
from bci.rank_histogram import rank_histogram
from models.config import EvaluationConfig
from models.evaluation.answers import Answers
from models.evaluation.report import ClassCounts, Confusion, Figure, Histogram
from models.evaluation.scoring import interval_of_mean

__all__ = ["classes", "confusion", "ranks"]

MOST_BINS = 25
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
