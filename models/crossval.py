"""Cross-validation: decoders fitted per fold, judged on what they never saw, beside controls that should fail.

The core takes any `Fit`, so that it can be tested with decoders of which the truth is known. Everything is split
before anything is fitted, and a fitted decoder is handed signals alone.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from bci.errors import MismatchError
from bci.types import TrialSet
from models.config import EvaluationConfig
from models.controls import EXPECTED, UNITS, p_value, shuffled, unit_codes
from models.pool import Progress, run_each
from models.report import Control, Figure, FoldResult
from models.scoring import Answers, collect, fold_value, headline, headline_value
from models.splits import Split, folds
from replay.trials import take

__all__ = [
    "Arm",
    "Fit",
    "Outcome",
    "Predict",
    "check_copies",
    "check_split",
    "cross_validate",
    "shuffle_control",
]

DECODER = "decoder"


class Predict(Protocol):
    """A fitted decoder. It is handed signals alone: no labels, no markers, no order."""

    def __call__(self, data: NDArray[np.float32]) -> NDArray[np.float32]:
        """Score epochs (n, n_channels, n_times) against all concepts: (n, N)."""
        ...


class Fit(Protocol):
    """How a decoder is made from training trials; picklable, the same for the same seed."""

    def __call__(self, train: TrialSet, seed: int) -> Predict:
        """Fit everything that is fitted, scaling included, to these trials."""
        ...


@dataclass(frozen=True, slots=True)
class Arm:
    """A way to make decoders, the trials to make and judge them with, and who is left out when."""

    fit: Fit
    trials: TrialSet
    splits: tuple[Split, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What cross-validation came to."""

    answers: Answers
    folds: tuple[FoldResult, ...]
    headline: Figure
    controls: tuple[Control, ...]


# ---------------------------------------------------------------------------------------------- cross-validation


@dataclass(frozen=True, slots=True)
class _Job:
    arm: str
    fold: int
    permutation: int  # 0 keeps the labels


@dataclass(frozen=True, slots=True)
class _FitFold:
    """Fit one fold and score what was held out; the answer depends on the job alone."""

    arms: Mapping[str, Arm]
    evaluation: EvaluationConfig
    seed: int

    def __call__(self, job: _Job) -> NDArray[np.float32]:
        arm = _permuted(self.arms[job.arm], self.evaluation, self.seed, job.permutation)
        split = arm.splits[job.fold]
        predict = arm.fit(take(arm.trials, split.train), self.seed + job.permutation)
        return predict(arm.trials.data[split.test])


def _permuted(arm: Arm, evaluation: EvaluationConfig, seed: int, permutation: int) -> Arm:
    """Shuffle the labels once, before anything is split, so that all folds of a permutation see the same ones.

    Only so is its figure, if nothing can be decoded, drawn from the same distribution as the observed one: folds
    that are shuffled each on its own vary less in the mean, and p comes out too small.
    """
    if not permutation:
        return arm
    trials = shuffled(arm.trials, (seed, permutation))
    by_label = evaluation.by in ("concept", "image")
    return Arm(arm.fit, trials, folds(trials, evaluation) if by_label else arm.splits)


def cross_validate(
    decoder: Arm,
    evaluation: EvaluationConfig,
    *,
    concepts: tuple[str, ...] | None = None,
    controls: Mapping[str, Arm] | None = None,
    seed: int = 0,
    processes: int = 1,
    progress: Progress | None = None,
) -> Outcome:
    """Train and judge a decoder per fold, as many on shuffled labels as asked for, and the controls.

    Parameters
    ----------
    decoder
        What is judged.
    concepts
        Names of the score columns; by default the trials' own.
    controls
        Key of `models.controls.EXPECTED` -> what is judged in the same way beside it.
    processes
        Figures do not depend on it.

    Raises
    ------
    MismatchError
        If a split leaks, or scores do not fit the concepts.
    """
    arms = {DECODER: decoder, **(controls or {})}
    for arm in arms.values():
        for split in arm.splits:
            check_split(arm.trials, split, evaluation)
        check_copies(arm.trials, arm.splits)
    jobs = _jobs(arms, evaluation.permutations)
    results = run_each(_FitFold(arms, evaluation, seed), jobs, processes, progress)
    own: dict[str, Answers] = {}
    null: dict[int, float] = {}
    for (name, permutation), answers in _joined(results, arms, concepts, evaluation, seed):
        if permutation:
            null[permutation] = headline_value(answers)
        else:
            own[name] = answers
    figure = headline(own[DECODER], evaluation, seed)
    shuffles = (shuffle_control("shuffled-labels", figure, list(null.values())),) if null else ()
    beside = (Control(name, EXPECTED[name], headline(own[name], evaluation, seed)) for name in controls or {})
    return Outcome(
        answers=own[DECODER],
        folds=_fold_results(decoder, own[DECODER], evaluation),
        headline=figure,
        controls=(*shuffles, *beside),
    )


def _jobs(arms: Mapping[str, Arm], permutations: int) -> list[_Job]:
    jobs = [_Job(name, fold, 0) for name, arm in arms.items() for fold in range(len(arm.splits))]
    n_folds = len(arms[DECODER].splits)
    return jobs + [_Job(DECODER, fold, p) for p in range(1, permutations + 1) for fold in range(n_folds)]


def _joined(
    results: Iterator[tuple[_Job, NDArray[np.float32]]],
    arms: Mapping[str, Arm],
    concepts: tuple[str, ...] | None,
    evaluation: EvaluationConfig,
    seed: int,
) -> Iterator[tuple[tuple[str, int], Answers]]:
    """Yield (arm, permutation) and its answers as soon as all of its folds are there, and forget its scores."""
    waiting: dict[tuple[str, int], dict[int, NDArray[np.float32]]] = {}
    for job, scores in results:
        key = (job.arm, job.permutation)
        scored = waiting.setdefault(key, {})
        scored[job.fold] = scores
        if len(scored) == len(arms[job.arm].splits):
            arm = _permuted(arms[job.arm], evaluation, seed, job.permutation)
            tests = [split.test for split in arm.splits]
            each = [waiting[key][fold] for fold in range(len(arm.splits))]
            del waiting[key]
            yield key, collect(arm.trials, concepts or arm.trials.concept_names, tests, each, evaluation)


def shuffle_control(name: str, observed: Figure, null: Sequence[float]) -> Control:
    """Sum up the headline figures of permutations beside the observed one.

    Parameters
    ----------
    name
        Key of `models.controls.EXPECTED`.
    null
        One headline figure per permutation.
    """
    values = np.array(null)
    figure = Figure(observed.name, float(values.mean()), None, observed.chance)
    sd = float(values.std(ddof=1)) if len(values) > 1 else None
    return Control(name, EXPECTED[name], figure, sd, p_value(observed.value, values), len(values))


def _fold_results(arm: Arm, answers: Answers, evaluation: EvaluationConfig) -> tuple[FoldResult, ...]:
    return tuple(
        FoldResult(
            held_out=_held_out(arm.trials, split.test, evaluation),
            n_train=len(split.train),
            n_scored=int(np.count_nonzero(answers.fold == fold)),
            value=fold_value(answers, fold),
        )
        for fold, split in enumerate(arm.splits)
    )


def _held_out(trials: TrialSet, rows: NDArray[np.int64], evaluation: EvaluationConfig) -> tuple[str, ...]:
    by = evaluation.by
    columns = [trials.groups[name][rows] for name in _shown_names(trials, by)] if by in UNITS else []
    columns = columns or [_left_out(trials, by)[rows]]
    return tuple(sorted({"/".join(map(str, values)) for values in zip(*columns, strict=True)}))


def _shown_names(trials: TrialSet, by: str) -> list[str]:
    """Columns that tell what is left out apart: a recording's own, and the outer ones where there are several."""
    return [name for name in UNITS[by] if name == by or len(set(trials.groups[name])) > 1]


def _left_out(trials: TrialSet, by: str) -> NDArray[Any]:
    """What each trial is, in the respect in which parts are left out: (n_trials,)."""
    if by in UNITS:
        return unit_codes(trials, by)
    if by == "concept":
        return np.array(trials.concept_names)[trials.concepts]
    return trials.images if by == "image" else trials.groups[by]


def check_split(trials: TrialSet, split: Split, evaluation: EvaluationConfig) -> None:
    """Refuse a split that lets the decoder see what it is judged on, or that leaves nothing to rank.

    Raises
    ------
    MismatchError
        If a trial, or a group that is to be left out together, stands on both sides; under `zero-shot` a
        concept, under `seen-concept/new-image` a picture; or if `zero-shot` holds out a single concept.
    """
    if evaluation.protocol == "zero-shot" and len(np.unique(trials.concepts[split.test])) < 2:
        raise MismatchError(
            "zero-shot ranks what a fold holds out: expected at least two concepts per fold, got one: "
            "set evaluation.folds to fewer than half the number of concepts"
        )
    if shared := np.intersect1d(split.train, split.test).size:
        raise MismatchError(f"the split leaks: {shared} trials are trained and tested on; split anew")
    also = {"zero-shot": "concept", "seen-concept/new-image": "image"}.get(evaluation.protocol, evaluation.by)
    for name in {evaluation.by: None, also: None}:
        column = _left_out(trials, name)
        if (both := np.flatnonzero(np.isin(column[split.test], column[split.train]))).size:
            (held_out,) = _held_out(trials, split.test[both[:1]], evaluation.model_copy(update={"by": name}))
            raise MismatchError(
                f"the split leaks: {name} {held_out} is on both sides, which {evaluation.protocol} by "
                f"{evaluation.by} forbids; split by {name}"
            )


def check_copies(trials: TrialSet, splits: Sequence[Split]) -> None:
    """Refuse folds that test on a copy of what they train on, such as one file under two names.

    Raises
    ------
    MismatchError
        If an epoch that is not flat stands bit for bit on both sides.
    """
    flat = np.ptp(trials.data, axis=2).max(axis=1) == 0
    prints = np.array([hash(epoch.tobytes()) for epoch in trials.data])
    names = trials.groups["recording"]
    for split in splits:
        copied = np.isin(prints[split.test], prints[split.train]) & ~flat[split.test]
        if copied.any():
            row = split.test[np.argmax(copied)]
            twin = split.train[np.argmax(prints[split.train] == prints[row])]
            raise MismatchError(
                f"the split leaks: {copied.sum()} tested epochs are trained on as well, bit for bit, first in "
                f"recordings {names[row]} and {names[twin]}: leave the copy out"
            )
