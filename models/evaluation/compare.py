"""Two decoders on the same trials: exact McNemar test of hits, paired bootstrap of all figures.

McNemar 1947, doi:10.1007/BF02295996: of the trials that only one of the two got right, each should have half. It
treats trials as independent; the bootstrap draws what `evaluation.unit` says.
"""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from bci.bootstrap import auc_difference_interval, mean_interval
from bci.errors import MismatchError
from bci.roc import auc
from models.config import EvaluationConfig
from models.evaluation import metrics
from models.evaluation.answers import SavedAnswers
from models.evaluation.report import Comparison, Difference

__all__ = ["compare", "mcnemar"]


def compare(first: SavedAnswers, second: SavedAnswers, evaluation: EvaluationConfig, seed: int) -> Comparison:
    """Put two decoders side by side.

    Parameters
    ----------
    evaluation
        What the bootstrap draws, and how often.

    Raises
    ------
    MismatchError
        If they did not answer to the same trials, among the same candidates, in the same folds.
    """
    second = _reordered(second, first.concepts)
    _refuse_different(first, second)
    differences = (*_areas(first, second, evaluation, seed), *_hits(first, second, evaluation, seed))
    return Comparison(first.name, second.name, len(first.truth), differences)


def _reordered(answers: SavedAnswers, concepts: tuple[str, ...]) -> SavedAnswers:
    """Bring the candidates into another order, if they are the same ones."""
    if answers.concepts == concepts or sorted(answers.concepts) != sorted(concepts):
        return answers
    order = np.array([answers.concepts.index(name) for name in concepts])
    scores = None if answers.scores is None else answers.scores[:, order]
    return replace(answers, concepts=concepts, truth=np.argsort(order)[answers.truth], scores=scores)


def _refuse_different(first: SavedAnswers, second: SavedAnswers) -> None:
    def refuse(what: str, one: object, other: object) -> None:
        raise MismatchError(
            f"expected two evaluations of the same {what}, got {one} in {first.name!r} and {other} in "
            f"{second.name!r}: evaluate both on the same data with the same evaluation.*"
        )

    if first.concepts != second.concepts:
        refuse("candidates", len(first.concepts), len(second.concepts))
    if first.trials != second.trials:
        refuse("trials", f"set {first.trials}", f"set {second.trials}")
    if not np.array_equal(first.row, second.row) or not np.array_equal(first.truth, second.truth):
        refuse("trials", f"{len(first.row)} of them", f"{len(second.row)}")
    if not np.array_equal(first.fold, second.fold):
        refuse("folds", int(first.fold.max()) + 1, int(second.fold.max()) + 1)


def mcnemar(first: NDArray[np.bool_], second: NDArray[np.bool_]) -> float:
    """Return the two-sided p-value of the exact McNemar test of hits (n,) on the same trials."""
    from scipy.stats import binomtest  # noqa: PLC0415 (1.3 s to import)

    better, worse = int(np.count_nonzero(first & ~second)), int(np.count_nonzero(second & ~first))
    return float(binomtest(better, better + worse).pvalue) if better + worse else 1.0


def _hits(
    first: SavedAnswers, second: SavedAnswers, evaluation: EvaluationConfig, seed: int
) -> Iterator[Difference]:
    clusters = _clusters(first, evaluation)

    def difference(name: str, one: NDArray[np.int64], other: NDArray[np.int64]) -> Difference:
        interval = mean_interval(one - other, clusters, evaluation.unit, evaluation.resamples, seed)
        return Difference(name, float(one.mean()), float(other.mean()), float((one - other).mean()), interval)

    for k in (k for k in (1, 5) if k < len(first.concepts)):
        hits, others = first.ranks < k, second.ranks < k
        yield replace(
            difference(f"top{k}", hits.astype(np.int64), others.astype(np.int64)),
            p=mcnemar(hits, others),
            only_first=int(np.count_nonzero(hits & ~others)),
            only_second=int(np.count_nonzero(others & ~hits)),
        )
    if len(first.concepts) > 2:
        yield difference("mean_rank", first.ranks, second.ranks)


def _clusters(answers: SavedAnswers, evaluation: EvaluationConfig) -> NDArray[np.int64]:
    return {"trial": answers.recording, "subject": answers.subject, "concept": answers.truth}[evaluation.unit]


def _areas(
    first: SavedAnswers, second: SavedAnswers, evaluation: EvaluationConfig, seed: int
) -> Iterator[Difference]:
    """Two candidates: the mean of the AUCs inside held-out recordings."""
    if len(first.concepts) > 2 or first.scores is None or second.scores is None:
        return
    positive, parts = first.truth == 1, first.parts
    both = [part for part in np.unique(parts) if len(set(positive[parts == part])) == 2]
    kept = np.isin(parts, both)
    one, other = metrics.contrast(first.scores), metrics.contrast(second.scores)
    interval = auc_difference_interval(
        one[kept], other[kept], positive[kept], parts[kept], evaluation.unit, evaluation.resamples, seed
    )
    values = [float(np.mean([auc(each[parts == p], positive[parts == p]) for p in both])) for each in (one, other)]
    yield Difference("auc", values[0], values[1], values[0] - values[1], interval)
