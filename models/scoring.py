"""From held-out scores to figures: which trials count, which concepts compete, which number is the headline.

Two candidates are judged by the AUC inside each held-out recording or subject, averaged (scores of different
decoders share no scale); more candidates by top-1.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bci.bootstrap import Interval, auc_interval, mean_interval
from bci.errors import MismatchError
from bci.ranking import softmax
from bci.roc import auc
from bci.types import TrialSet
from models import metrics
from models.config import EvaluationConfig
from models.controls import UNITS, unit_codes
from models.report import Figure

__all__ = ["Answers", "collect", "fold_value", "further_figures", "headline", "headline_value"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Answers:
    """Scores of held-out trials against the candidates, and what is needed to judge them.

    Parameters
    ----------
    concepts
        Candidates, in column order.
    scores
        (n, N) float32; under `zero-shot` minus infinity for what is not held out in the trial's fold.
    truth
        (n,) int64 column.
    fold
        (n,) int64, which decoder gave the scores.
    recording, subject
        (n,) int64 codes.
    parts
        (n,) int64 codes of the recordings, sessions or subjects within which an AUC is computed.
    """

    concepts: tuple[str, ...]
    scores: NDArray[np.float32]
    truth: Ints
    fold: Ints
    recording: Ints
    subject: Ints
    parts: Ints

    def __len__(self) -> int:
        return len(self.truth)

    @property
    def n_candidates(self) -> Ints:
        """How many concepts compete in each trial, (n,)."""
        counts: Ints = np.count_nonzero(np.isfinite(self.scores), axis=1).astype(np.int64)
        return counts

    @property
    def candidate_sets(self) -> Ints:
        """Which trials have the same candidates, (n,): one code, or one per fold under `zero-shot`."""
        sets: Ints = np.where(self.n_candidates == len(self.concepts), 0, self.fold + 1)
        return sets

    def chance(self, k: int = 1) -> float:
        """Return the share that the best constant answers get right: `k` concepts for each set of candidates."""
        sets = self.candidate_sets
        each = [self.truth[sets == number] for number in np.unique(sets)]
        return sum(metrics.chance(truth, k) * len(truth) for truth in each) / len(self)


def collect(
    trials: TrialSet,
    concepts: tuple[str, ...],
    tests: Sequence[NDArray[np.int64]],
    scores: Sequence[NDArray[np.float32]],
    evaluation: EvaluationConfig,
) -> Answers:
    """Join the folds and keep the candidates: their columns, and the trials that showed them.

    Parameters
    ----------
    concepts
        Names of the columns of `scores`.
    tests
        Rows of `trials` per fold.
    scores
        (n_test, N) per fold.

    Raises
    ------
    MismatchError
        If scores have another shape, a trial is held out twice, or nothing remains to be scored.
    """
    for rows, answer in zip(tests, scores, strict=True):
        if answer.shape != (len(rows), len(concepts)):
            raise MismatchError(
                f"expected scores ({len(rows)} trials, {len(concepts)} concepts), got {answer.shape}"
            )
    rows = np.concatenate(tests)
    if len(np.unique(rows)) != len(rows):
        raise MismatchError("expected every trial to be held out at most once, got one in several folds")
    columns = _columns(concepts, evaluation.candidates)
    truth = _truth(trials, concepts, columns)[rows]
    kept = truth >= 0
    if not kept.any():
        raise MismatchError("none of the held-out trials shows one of the candidates: nothing to score")
    recording, subject = unit_codes(trials, "recording")[rows], unit_codes(trials, "subject")[rows]
    fold = np.repeat(np.arange(len(tests)), [len(test) for test in tests])[kept]
    chosen, truth = np.concatenate(scores)[kept][:, columns], truth[kept]
    level = _level(evaluation)
    return Answers(
        concepts=tuple(concepts[column] for column in columns),
        scores=_held_out_alone(chosen, truth, fold) if evaluation.protocol == "zero-shot" else chosen,
        truth=truth,
        fold=fold,
        recording=recording[kept],
        subject=subject[kept],
        parts=unit_codes(trials, level)[rows][kept],
    )


def _columns(concepts: tuple[str, ...], candidates: tuple[str, ...]) -> Ints:
    if unknown := [name for name in candidates if name not in concepts]:
        raise MismatchError(
            f"evaluation.candidates: {', '.join(unknown)} not among the decoder's {len(concepts)} concepts"
        )
    chosen = np.array([concepts.index(name) for name in candidates or concepts], np.int64)
    if len(chosen) < 2:
        raise MismatchError("expected at least two candidates to rank")
    return chosen


def _truth(trials: TrialSet, concepts: tuple[str, ...], columns: Ints) -> Ints:
    """Position among the candidates of what each trial showed, -1 if it is none of them."""
    position = {concepts[column]: i for i, column in enumerate(columns)}
    by_concept = np.array([position.get(name, -1) for name in trials.concept_names], np.int64)
    return by_concept[trials.concepts]


def _held_out_alone(scores: NDArray[np.float32], truth: Ints, fold: Ints) -> NDArray[np.float32]:
    """Take out of the competition what was trained on: in each fold the concepts that it does not hold out."""
    masked = np.full_like(scores, -np.inf)
    for number in np.unique(fold):
        rows = np.flatnonzero(fold == number)
        held_out = np.unique(truth[rows])
        if len(held_out) < 2:
            raise MismatchError("zero-shot ranks what is held out: expected at least two concepts, got one")
        masked[np.ix_(rows, held_out)] = scores[np.ix_(rows, held_out)]
    return masked


def _level(evaluation: EvaluationConfig) -> str:
    if evaluation.unit == "subject":
        return "subject"
    return evaluation.by if evaluation.by in UNITS else "recording"


# ----------------------------------------------------------------------------------------------------- headline


def headline_value(answers: Answers) -> float:
    """Return the mean AUC within recordings of two candidates, or top-1 of more."""
    if len(answers.concepts) > 2:
        return metrics.top_k(metrics.truth_ranks(answers.scores, answers.truth), 1)
    metrics.truth_ranks(answers.scores, answers.truth)  # refuses scores that are not finite
    evidence, positive = metrics.contrast(answers.scores), answers.truth == 1
    parts = [answers.parts == part for part in _whole_parts(answers)]
    return float(np.mean([auc(evidence[part], positive[part]) for part in parts]))


def headline(answers: Answers, evaluation: EvaluationConfig, seed: int) -> Figure:
    """Return the headline with its bootstrap interval and chance."""
    value = headline_value(answers)
    if len(answers.concepts) > 2:
        hits = metrics.truth_ranks(answers.scores, answers.truth) == 0
        interval = _mean_interval(answers, hits, evaluation, seed)
        return Figure("top1", value, interval, answers.chance())
    kept = np.isin(answers.parts, _whole_parts(answers))
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


def _whole_parts(answers: Answers) -> Ints:
    """Recordings (or subjects) in which both concepts were shown."""
    parts = [part for part in np.unique(answers.parts) if len(set(answers.truth[answers.parts == part])) == 2]
    if not parts:
        raise MismatchError(
            "AUC needs a held-out recording in which both concepts were shown: leave out larger parts"
        )
    return np.array(parts)


# ----------------------------------------------------------------------------------------------- further figures


def further_figures(
    answers: Answers, evaluation: EvaluationConfig, temperature: float, seed: int
) -> tuple[Figure, ...]:
    """Return what stands beside the headline.

    Parameters
    ----------
    temperature
        Of the softmax over cosines; log-loss and Brier score are those of uncalibrated probabilities.
    """
    n = len(answers.concepts)
    ranks = metrics.truth_ranks(answers.scores, answers.truth)
    shares = softmax(answers.scores.astype(np.float64), temperature)
    uniform = np.where(np.isfinite(answers.scores), 1 / answers.n_candidates[:, None], 0.0)
    n_sets, n_shown = len(np.unique(answers.candidate_sets)), len(np.unique(answers.truth))
    ignorant = metrics.log_loss(uniform, answers.truth)
    figures = [
        Figure("balanced_accuracy", metrics.balanced_accuracy(ranks, answers.truth, n), None, n_sets / n_shown),
        Figure("log_loss", metrics.log_loss(shares, answers.truth), None, ignorant),
        Figure("brier", metrics.brier(shares, answers.truth), None, metrics.brier(uniform, answers.truth)),
    ]
    if n == 2:
        pooled = auc(metrics.contrast(answers.scores), answers.truth == 1)
        return (Figure("pooled_auc", pooled, None, 0.5), _accuracy(answers, ranks, 1, evaluation, seed), *figures)
    median = Figure("median_rank", float(np.median(ranks)), None, float(np.median(answers.n_candidates - 1)) / 2)
    wins = metrics.percentile(ranks, answers.n_candidates)
    percentile = Figure("percentile", float(wins.mean()), _mean_interval(answers, wins, evaluation, seed), 0.5)
    top5 = (_accuracy(answers, ranks, 5, evaluation, seed),) if answers.n_candidates.min() > 5 else ()
    return (*top5, median, percentile, *figures)


def _accuracy(answers: Answers, ranks: Ints, k: int, evaluation: EvaluationConfig, seed: int) -> Figure:
    interval = _mean_interval(answers, ranks < k, evaluation, seed)
    return Figure(f"top{k}", metrics.top_k(ranks, k), interval, answers.chance(k))


def _mean_interval(
    answers: Answers, values: NDArray[np.generic], evaluation: EvaluationConfig, seed: int
) -> Interval:
    # not by concept as well: where each is shown once, nothing would be left to vary
    clusters = answers.subject if evaluation.unit == "subject" else answers.recording
    return mean_interval(values, clusters, evaluation.unit, evaluation.resamples, seed)
