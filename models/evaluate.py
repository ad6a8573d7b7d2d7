"""Honest evaluation: decoders trained per fold, judged on what they never saw, beside controls that should fail.

The rules: split before anything is fitted, choose nothing on test data, state protocol and chance with every
figure. The core takes any `Fit`, so that it can be tested with decoders of which the truth is known.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from bci.bank import Bank
from bci.errors import MismatchError
from bci.preprocess import scale_epochs
from bci.types import TrialSet
from models.bootstrap import Interval
from models.config import EvaluationConfig, ExperimentConfig
from models.controls import EXPECTED, NoiseLevel, before_stimulus, p_value, shuffled, unit_codes
from models.pool import Progress, run_all
from models.report import Card, Control, Figure, FoldResult, Report
from models.scoring import Answers, collect, fold_value, further_figures, headline, headline_value
from models.splits import Split, folds
from replay.trials import take

if TYPE_CHECKING:
    from models.bundle import Bundle

__all__ = [
    "Arm",
    "Fit",
    "Outcome",
    "Predict",
    "TrainedPerFold",
    "check_split",
    "cross_validate",
    "evaluate_bundle",
    "evaluate_config",
]

PACKAGES = ("bci-live", "numpy", "scipy", "scikit-learn", "torch")
SHUFFLES = 1000
"""Of the truth against the scores of a decoder that is not trained anew."""


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
    seed: int

    def __call__(self, job: _Job) -> NDArray[np.float32]:
        arm = self.arms[job.arm]
        split = arm.splits[job.fold]
        train = take(arm.trials, split.train)
        if job.permutation:
            train = shuffled(train, (self.seed, job.permutation, job.fold))
        predict = arm.fit(train, self.seed + job.permutation)
        return predict(arm.trials.data[split.test])


DECODER = "decoder"


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
    jobs = _jobs(arms, evaluation.permutations)
    scores = dict(zip(jobs, run_all(_FitFold(arms, seed), jobs, processes, progress), strict=True))

    def answers(name: str, permutation: int = 0) -> Answers:
        arm = arms[name]
        each = [scores[_Job(name, fold, permutation)] for fold in range(len(arm.splits))]
        tests = [split.test for split in arm.splits]
        return collect(arm.trials, concepts or arm.trials.concept_names, tests, each, evaluation)

    own = answers(DECODER)
    figure = headline(own, evaluation, seed)
    null = [headline_value(answers(DECODER, p)) for p in range(1, evaluation.permutations + 1)]
    beside = tuple(
        Control(name, EXPECTED[name], headline(answers(name), evaluation, seed)) for name in controls or {}
    )
    shuffles = (_shuffle_control("shuffled-labels", figure, null),) if null else ()
    return Outcome(own, _fold_results(decoder, own, evaluation), figure, (*shuffles, *beside))


def _jobs(arms: Mapping[str, Arm], permutations: int) -> list[_Job]:
    jobs = [_Job(name, fold, 0) for name, arm in arms.items() for fold in range(len(arm.splits))]
    n_folds = len(arms[DECODER].splits)
    return jobs + [_Job(DECODER, fold, p) for p in range(1, permutations + 1) for fold in range(n_folds)]


def _shuffle_control(name: str, observed: Figure, null: Sequence[float]) -> Control:
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
    return tuple(sorted({str(value) for value in _left_out(trials, evaluation.by)[rows]}))


def _left_out(trials: TrialSet, by: str) -> NDArray[Any]:
    """What each trial is, in the respect in which parts are left out: (n_trials,)."""
    if by == "concept":
        return np.array(trials.concept_names)[trials.concepts]
    return trials.images if by == "image" else trials.groups[by]


def check_split(trials: TrialSet, split: Split, evaluation: EvaluationConfig) -> None:
    """Refuse a split that lets the decoder see what it is judged on.

    Raises
    ------
    MismatchError
        If a trial, or a group that is to be left out together, stands on both sides; under `zero-shot` a
        concept; under `seen-concept/new-image` a picture.
    """
    if shared := np.intersect1d(split.train, split.test).size:
        raise MismatchError(f"the split leaks: {shared} trials are trained and tested on; split anew")
    columns = {evaluation.by: _left_out(trials, evaluation.by)}
    if evaluation.protocol == "zero-shot":
        columns["concept"] = _left_out(trials, "concept")
    if evaluation.protocol == "seen-concept/new-image":
        columns["image"] = trials.images
    for name, column in columns.items():
        if (both := np.intersect1d(column[split.train], column[split.test])).size:
            raise MismatchError(
                f"the split leaks: {name} {both[0]} is on both sides, which {evaluation.protocol} by "
                f"{evaluation.by} forbids; split by {name}"
            )
