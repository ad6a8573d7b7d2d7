"""Figures over presentations, candidates, the window's end and channels.

Single trials and averages never share a number: a point of k presentations counts groups of k.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bci.rank_histogram import expected_top_k
from models.config import EvaluationConfig
from models.evaluation import metrics
from models.evaluation.accumulation import drawn_accuracy
from models.evaluation.answers import Answers
from models.evaluation.evidence import Evidence
from models.evaluation.report import Curve, Figure, Point
from models.evaluation.scoring import accuracy, can_be_judged, interval_of_mean, leading_figures

__all__ = ["Judge", "candidate_curve", "repetition_curves", "retrained_curve"]

Ints = NDArray[np.int64]
Oracle = Callable[[Ints], Answers]
"""From groups of rows of the judged trials (m, k) to the oracle's answers to their averages."""


@dataclass(frozen=True, slots=True)
class Judge:
    """What turns answers into a point: the protocol, the bootstrap's seed, the oracle of a synthetic world."""

    evaluation: EvaluationConfig
    seed: int
    oracle: Oracle | None = None

    def point(self, x: float, answers: Answers, groups: Ints | None = None) -> Point:
        """Return the leading figures of answers; `groups` are rows of the judged trials, for the oracle."""
        figures = leading_figures(answers, self.evaluation, self.seed)
        return Point(x, len(answers), figures, self.ceiling(groups))

    def ceiling(self, groups: Ints | None) -> tuple[Figure, ...]:
        """Return the oracle's top-1, and top-5 of more than five, on averages of groups; nothing without it."""
        if self.oracle is None or groups is None:
            return ()
        best = self.oracle(groups)
        ks = (1, 5) if best.n_candidates.min() > 5 else (1,)
        return tuple(accuracy(best, k, self.evaluation, self.seed) for k in ks)


def repetition_curves(
    answers: Answers, averaged: Mapping[int, Answers], groups: Mapping[int, Ints], evidence: Evidence, judge: Judge
) -> list[Curve]:
    """Compare averaging epochs with summing evidence, over the same groups of presentations.

    Parameters
    ----------
    averaged
        Number of presentations -> answers to their averages.
    groups
        Number of presentations -> rows of the judged trials.
    """
    if not averaged:
        return []
    single = judge.point(1, answers, answers.row[:, None])
    usable = {k: each for k, each in averaged.items() if can_be_judged(each)}
    mean = [judge.point(k, each, groups[k][np.isin(groups[k][:, 0], each.row)]) for k, each in usable.items()]
    total = [judge.point(k, evidence.summed(k)) for k in usable]
    over = "presentations"
    fitted = evidence.fitted_on or "nothing: presentations count as independent"
    curves = [
        Curve(
            "repetitions-averaged",
            over,
            "epochs of k presentations of a concept are averaged, then decoded",
            (single, *mean),
        ),
        Curve(
            "repetitions-summed",
            over,
            f"log-probabilities of the same k are summed; temperature and discount fitted to {fitted}",
            (single, *total),
        ),
    ]
    return [*curves, *_drawn(evidence, judge)]


def _drawn(evidence: Evidence, judge: Judge) -> list[Curve]:
    """Two concepts: balanced accuracy of k trials of one class, drawn from one held-out recording."""
    answers = evidence.answers
    if len(answers.concepts) != 2:
        return []
    log_odds = metrics.contrast(evidence.log_p)
    points = []
    for k in judge.evaluation.curves.repetitions:
        drawn = drawn_accuracy(log_odds, answers.truth, answers.parts, k, judge.seed)
        if drawn is not None:
            points.append(Point(k, len(answers), (Figure("balanced_accuracy", *drawn, 0.5),)))
    how = "summed log-odds of k trials of one class, drawn from one held-out part, against 0; draws overlap"
    return [Curve("repetitions-drawn", "presentations", how, tuple(points))]


def candidate_curve(answers: Answers, sizes: tuple[int, ...], judge: Judge) -> list[Curve]:
    """Return what random subsets of the candidates come to, on average over all subsets."""
    fewest = int(answers.n_candidates.min())
    sizes = tuple(sorted({size for size in sizes if size < fewest} | {fewest}))
    if len(sizes) < 2:
        return []
    points = [Point(size, len(answers), _of_subset(answers, size, judge)) for size in sizes]
    how = (
        "expected top-k among random subsets of the candidates that hold the truth, in closed form from the ranks"
    )
    return [Curve("candidates", "candidates", how, tuple(points))]


def _of_subset(answers: Answers, size: int, judge: Judge) -> tuple[Figure, ...]:
    figures = []
    for k in (k for k in (1, 5) if k < size):
        hits = expected_top_k(answers.ranks, answers.n_candidates, size, k)
        interval = interval_of_mean(answers, hits, judge.evaluation, judge.seed)
        chance = expected_top_k(answers.constant_ranks, answers.n_candidates, size, k)
        figures.append(Figure(f"top{k}", float(hits.mean()), interval, float(chance.mean())))
    return tuple(figures)


def retrained_curve(name: str, over: str, how: str, each: Mapping[float, Answers], judge: Judge) -> list[Curve]:
    """Return a curve of decoders that were trained anew for each point, x -> answers."""
    points = tuple(judge.point(x, each[x]) for x in sorted(each))
    return [Curve(name, over, how, points)] if len(points) > 1 else []
