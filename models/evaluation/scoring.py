"""From held-out answers to figures: which number is the headline, which stand beside it, and their intervals.

Two candidates are judged by the AUC inside each held-out recording, averaged (scores of different decoders share
no scale), or inside each subject, if subjects are drawn; more candidates by top-1.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from bci.bootstrap import Interval, auc_interval, mean_interval
from bci.errors import MismatchError
from bci.rank_histogram import two_way
from bci.roc import auc
from models.config import EvaluationConfig
from models.evaluation import metrics
from models.evaluation.answers import Answers
from models.evaluation.report import Figure

__all__ = [
    "accuracy",
    "can_be_judged",
    "fold_value",
    "further_figures",
    "headline",
    "headline_value",
    "interval_of_mean",
    "leading_figures",
    "parts_of_both",
]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def headline_value(answers: Answers) -> float:
    """Return the mean AUC within recordings of two candidates, or top-1 of more."""
    ranks = answers.ranks  # refuses scores that are not finite
    if len(answers.concepts) > 2:
        return metrics.top_k(ranks, 1)
    evidence, positive = metrics.contrast(answers.scores), answers.truth == 1
    parts = [answers.parts == part for part in parts_of_both(answers)]
    return float(np.mean([auc(evidence[part], positive[part]) for part in parts]))


def headline(answers: Answers, evaluation: EvaluationConfig, seed: int) -> Figure:
    """Return the headline with its bootstrap interval and chance."""
    value = headline_value(answers)
    if len(answers.concepts) > 2:
        return Figure(
            "top1", value, interval_of_mean(answers, answers.ranks == 0, evaluation, seed), answers.chance()
        )
    kept = np.isin(answers.parts, parts_of_both(answers))
    interval = auc_interval(
        metrics.contrast(answers.scores)[kept],
        answers.truth[kept] == 1,
        answers.parts[kept],
        evaluation.unit,
        evaluation.resamples,
        seed,
    )
    return Figure("auc", value, interval, 0.5)


def fold_value(answers: Answers, fold: int) -> float | None:
    """Return the headline figure inside one fold, None where it needs a concept that was not shown."""
    inside = answers.fold == fold
    truth, scores = answers.truth[inside], answers.scores[inside]
    if len(answers.concepts) > 2:
        return metrics.top_k(metrics.truth_ranks(scores, truth), 1) if len(truth) else None
    return auc(metrics.contrast(scores), truth == 1) if len(np.unique(truth)) == 2 else None


def parts_of_both(answers: Answers) -> Ints:
    """Return the recordings (or subjects) in which both concepts were shown.

    Raises
    ------
    MismatchError
        If there are none.
    """
    parts = _with_both(answers)
    if not parts:
        raise MismatchError(
            "AUC needs a held-out recording in which both concepts were shown: leave out larger parts"
        )
    return np.array(parts)


def can_be_judged(answers: Answers) -> bool:
    """Whether there is a headline figure: of two candidates both must have been shown in one recording."""
    return len(answers.concepts) > 2 or bool(_with_both(answers))


def _with_both(answers: Answers) -> list[int]:
    return [int(part) for part in np.unique(answers.parts) if len(set(answers.truth[answers.parts == part])) == 2]


# ----------------------------------------------------------------------------------------------- further figures


def leading_figures(answers: Answers, evaluation: EvaluationConfig, seed: int) -> tuple[Figure, ...]:
    """Return the headline and what always stands with it: top-1 of two candidates, top-5 of more than five."""
    return headline(answers, evaluation, seed), *_beside_headline(answers, evaluation, seed)


def _beside_headline(answers: Answers, evaluation: EvaluationConfig, seed: int) -> tuple[Figure, ...]:
    if len(answers.concepts) == 2:
        return (accuracy(answers, 1, evaluation, seed),)
    return (accuracy(answers, 5, evaluation, seed),) if answers.n_candidates.min() > 5 else ()


def accuracy(answers: Answers, k: int, evaluation: EvaluationConfig, seed: int) -> Figure:
    """Return the share of trials whose truth is among the first `k`."""
    hits = answers.ranks < k
    return Figure(
        f"top{k}", float(hits.mean()), interval_of_mean(answers, hits, evaluation, seed), answers.chance(k)
    )


def further_figures(
    answers: Answers, evaluation: EvaluationConfig, shares: Floats, seed: int
) -> tuple[Figure, ...]:
    """Return what stands beside the headline.

    Parameters
    ----------
    shares
        (n, N) probabilities of the candidates, for log-loss and Brier score.
    """
    n, ranks = len(answers.concepts), answers.ranks
    leading = _beside_headline(answers, evaluation, seed)
    n_sets, n_shown = len(np.unique(answers.candidate_sets)), len(np.unique(answers.truth))
    balanced = Figure(
        "balanced_accuracy", metrics.balanced_accuracy(ranks, answers.truth, n), None, n_sets / n_shown
    )
    figures = [balanced, *_proper_scores(answers, shares)]
    if n == 2:
        return (
            Figure("pooled_auc", auc(metrics.contrast(answers.scores), answers.truth == 1), None, 0.5),
            *leading,
            *figures,
        )
    median = Figure("median_rank", float(np.median(ranks)), None, float(np.median(answers.n_candidates - 1)) / 2)
    above = two_way(ranks, answers.n_candidates)
    wins = Figure("two_way", float(above.mean()), interval_of_mean(answers, above, evaluation, seed), 0.5)
    return (*leading, median, wins, *figures)


def _proper_scores(answers: Answers, shares: Floats) -> tuple[Figure, Figure]:
    """Return log-loss and Brier score of probabilities (n, N), beside those of equal ones."""
    uniform = np.where(np.isfinite(answers.scores), 1 / answers.n_candidates[:, None], 0.0)
    return (
        Figure(
            "log_loss",
            metrics.log_loss(shares, answers.truth),
            None,
            metrics.log_loss(uniform, answers.truth),
        ),
        Figure("brier", metrics.brier(shares, answers.truth), None, metrics.brier(uniform, answers.truth)),
    )


def interval_of_mean(answers: Answers, values: NDArray[Any], evaluation: EvaluationConfig, seed: int) -> Interval:
    """Return the bootstrap interval of a mean over trials.

    Trials are drawn within recordings; not by concept as well: where each is shown once, nothing would be left to
    vary. Subjects and concepts are drawn whole.
    """
    clusters = {"trial": answers.recording, "subject": answers.subject, "concept": answers.truth}[evaluation.unit]
    return mean_interval(values, clusters, evaluation.unit, evaluation.resamples, seed)
