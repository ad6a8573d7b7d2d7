"""Where the misses go: ranks of the truth, and what is confused with what."""

import numpy as np
from numpy.typing import NDArray

from models.config import EvaluationConfig
from models.evaluation.answers import Answers
from models.evaluation.report import Confusion, Figure, Histogram
from models.evaluation.scoring import interval_of_mean

__all__ = ["confusion", "rank_histogram"]

MOST_BINS = 25
MOST_CONCEPTS = 30
"""More concepts are confused by category alone, if they have any."""


def rank_histogram(answers: Answers) -> Histogram:
    """Count the ranks of the truth in at most 25 bins of equal width, the last one perhaps narrower."""
    most, ranks = int(answers.n_candidates.max()), answers.ranks
    width = -(-most // MOST_BINS)
    edges = np.minimum(np.arange(0, most + width, width), most)
    counts = np.histogram(ranks, edges)[0]
    # the last bin of np.histogram is closed; ranks end at most - 1
    below = np.minimum(edges[None], answers.n_candidates[:, None]) / answers.n_candidates[:, None]
    chance = np.diff(below, axis=1).sum(axis=0)
    return Histogram(tuple(edges.tolist()), tuple(counts.tolist()), tuple(np.round(chance, 3).tolist()))


def confusion(
    answers: Answers, categories: dict[str, str], evaluation: EvaluationConfig, seed: int
) -> Confusion | None:
    """Count what is called what, by category, or by concept where there are few; None where neither makes sense.

    Parameters
    ----------
    categories
        Concept -> category; may be empty.
    """
    if len(answers.concepts) <= MOST_CONCEPTS or not categories:
        if len(answers.concepts) > MOST_CONCEPTS:
            return None
        of, label = "concept", answers.concepts
    else:
        of, label = "category", tuple(categories.get(name, "") or "none" for name in answers.concepts)
    labels = tuple(sorted(set(label), key=label.index) if of == "concept" else sorted(set(label)))
    code = np.array([labels.index(name) for name in label])
    shown, called = code[answers.truth], code[answers.scores.argmax(axis=1)]
    counts = np.zeros((len(labels), len(labels)), np.int64)
    np.add.at(counts, (shown, called), 1)
    right = shown == called
    value = Figure(
        f"{of}_top1",
        float(right.mean()),
        interval_of_mean(answers, right, evaluation, seed),
        _chance(answers, code),
    )
    return Confusion(of, labels, tuple(map(tuple, counts.tolist())), value)


def _chance(answers: Answers, code: NDArray[np.int64]) -> float:
    """Return the share that random ranking gets right: that of the true label's candidates."""
    competes = np.isfinite(answers.scores)
    table = np.stack([(competes & (code == label)).sum(axis=1) for label in range(int(code.max()) + 1)], axis=1)
    own = np.take_along_axis(table, code[answers.truth][:, None], axis=1)[:, 0]
    return float((own / answers.n_candidates).mean())
