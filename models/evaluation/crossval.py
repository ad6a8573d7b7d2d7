"""Decoders fitted per fold, or once for a test partition, judged on what they never saw, beside their controls.

The core takes any `Fit`, so that it can be tested with decoders of which the truth is known. Everything is split
before anything is fitted, and a fitted decoder is handed signals alone.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from bci.errors import ConfigError
from bci.types import TrialSet
from models.config import EvaluationConfig
from models.evaluation.answers import Answers, collect
from models.evaluation.controls import EXPECTED, p_value, shuffled
from models.evaluation.leaks import check_copies, check_split, held_out_names
from models.evaluation.repetitions import available, averages
from models.evaluation.report import Control, Figure, FoldResult
from models.evaluation.scoring import fold_value, headline, headline_value
from models.evaluation.splits import Split, folds
from models.pool import OnDone, run_each
from replay.spill import gather
from replay.trials import take

__all__ = ["Arm", "Fit", "Outcome", "Predict", "View", "cross_validate", "shuffle_control"]

DECODER = "decoder"
BLOCK = 2048
"""Epochs that are scored at a time."""
MOST_SENT = 2**30
"""Bytes of epochs that every process may get a copy of; with more of them all work is done in this process."""

Ints = NDArray[np.int64]
Scores = NDArray[np.float32]


class Predict(Protocol):
    """A fitted decoder. It is handed signals alone: no labels, no markers, no order.

    It may have an attribute `note`, what it chose, and `temperature`, that of the softmax over its scores.
    """

    def __call__(self, data: NDArray[np.float32], /) -> Scores:
        """Score epochs (n, n_channels, n_times) against all concepts: (n, N)."""
        ...


class Fit(Protocol):
    """How a decoder is made from training trials; picklable, the same for the same seed."""

    def __call__(self, train: TrialSet, seed: int) -> Predict:
        """Fit everything that is fitted, scaling included, to these trials."""
        ...


@dataclass(frozen=True, slots=True)
class View:
    """Which part of the epochs a decoder is shown.

    Parameters
    ----------
    channels
        Rows, all by default.
    n_times
        How many samples from the first one, all by default.
    """

    channels: tuple[int, ...] | None = None
    n_times: int | None = None

    def cut(self, data: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return that part of epochs (n, C, T)."""
        data = data[:, :, : self.n_times]
        return data if self.channels is None else data[:, list(self.channels)]

    def of(self, trials: TrialSet) -> TrialSet:
        """Return trials of that part; where it must be copied and is large, it lies in a temporary file."""
        if self.channels is None:
            return replace(trials, data=self.cut(trials.data))
        n_times = trials.data[:0, :, : self.n_times].shape[2]
        blocks = (self.cut(trials.data[first : first + BLOCK]) for first in range(0, len(trials), BLOCK))
        return replace(
            trials,
            data=gather(blocks, (len(trials), len(self.channels), n_times)),
            channels=tuple(trials.channels[channel] for channel in self.channels),
        )


@dataclass(frozen=True, slots=True)
class Arm:
    """A way to make decoders, the trials to make and judge them with, and who is left out when.

    Parameters
    ----------
    splits
        Rows of `trials`; test rows are of `tested` if that is given.
    tested
        A test partition.
    concepts
        Names of the score columns; by default the trials' own.
    view
        What of the epochs is shown.
    filtered
        Whether `evaluation.candidates` says which concepts compete.
    """

    fit: Fit
    trials: TrialSet
    splits: tuple[Split, ...]
    tested: TrialSet | None = None
    concepts: tuple[str, ...] = ()
    view: View = View()
    filtered: bool = True

    @property
    def judged(self) -> TrialSet:
        """What the splits' test rows are of."""
        return self.trials if self.tested is None else self.tested

    @property
    def tests(self) -> list[Ints]:
        """Test rows per fold."""
        return [split.test for split in self.splits]

    def competing(self, evaluation: EvaluationConfig) -> list[Ints]:
        """Test rows per fold of trials that showed a candidate."""
        if not (self.filtered and evaluation.candidates):
            return self.tests
        candidate = np.isin(self.judged.concept_names, evaluation.candidates)[self.judged.concepts]
        return [rows[candidate[rows]] for rows in self.tests]

    def answers(
        self, scores: Sequence[Scores], evaluation: EvaluationConfig, rows: Sequence[Ints] | None = None
    ) -> Answers:
        """Join the scores of the folds, those of all test trials or of averages whose first trials are `rows`."""
        return collect(
            self.judged,
            self.concepts or self.judged.concept_names,
            rows or self.tests,
            scores,
            evaluation if self.filtered else evaluation.model_copy(update={"candidates": ()}),
            held_out=self.tests,
            whole_bank=self.tested is not None,
        )


@dataclass(frozen=True, slots=True)
class Outcome:
    """What cross-validation came to.

    Parameters
    ----------
    answers
        Of the decoder.
    averaged
        Number of presentations -> the decoder's answers to their averages.
    groups
        Number of presentations -> rows of the judged trials, (m, k), in the order of these answers' rows.
    beside
        Name of an arm -> its answers, in the order in which the arms were given.
    temperatures
        Of the decoder of each fold, as it was fitted.
    """

    answers: Answers
    folds: tuple[FoldResult, ...]
    headline: Figure
    controls: tuple[Control, ...]
    averaged: Mapping[int, Answers] = field(default_factory=dict)
    groups: Mapping[int, Ints] = field(default_factory=dict)
    beside: Mapping[str, Answers] = field(default_factory=dict)
    temperatures: tuple[float, ...] = (1.0,)


# ---------------------------------------------------------------------------------------------- cross-validation


@dataclass(frozen=True, slots=True)
class _Job:
    arm: str
    fold: int
    permutation: int  # 0 keeps the labels


@dataclass(frozen=True, slots=True)
class _Scored:
    """Scores of what was held out, by the number of presentations averaged; what the decoder says of itself."""

    scores: dict[int, Scores]
    note: str
    temperature: float


@dataclass(frozen=True, slots=True)
class _FitFold:
    """Fit one fold and score what was held out, alone and averaged; the answer depends on the job alone."""

    arms: Mapping[str, Arm]
    evaluation: EvaluationConfig
    seed: int
    groups: Mapping[int, Sequence[Ints]]

    def __call__(self, job: _Job) -> _Scored:
        arm = _permuted(self.arms[job.arm], self.evaluation, self.seed, job.permutation)
        split, judged = arm.splits[job.fold], arm.judged.data
        predict = arm.fit(arm.view.of(_part(arm.trials, split.train)), self.seed + job.permutation)
        firsts = range(0, len(split.test), BLOCK)
        scores = {1: _score(predict, arm.view, (judged[split.test[first : first + BLOCK]] for first in firsts))}
        asked = self.groups if job.arm == DECODER and not job.permutation else {}
        for k, groups in asked.items():
            if len(groups[job.fold]):
                scores[k] = _score(predict, arm.view, averages(judged, groups[job.fold]))
        return _Scored(scores, getattr(predict, "note", ""), getattr(predict, "temperature", 1.0))


def _part(trials: TrialSet, rows: Ints) -> TrialSet:
    """Return some of the trials; all of them as they are, for they may be too many to copy."""
    return trials if np.array_equal(rows, np.arange(len(trials))) else take(trials, rows)


def _score(predict: Predict, view: View, blocks: Iterator[NDArray[np.float32]]) -> Scores:
    return np.concatenate([predict(view.cut(block)) for block in blocks])


def _permuted(arm: Arm, evaluation: EvaluationConfig, seed: int, permutation: int) -> Arm:
    """Shuffle the labels once, before anything is split, so that all folds of a permutation see the same ones.

    Only so is its figure, if nothing can be decoded, drawn from the same distribution as the observed one: folds
    that are shuffled each on its own vary less in the mean, and p comes out too small. Folds by concept or picture
    are cut anew; others keep how often they hold each concept. A test partition keeps its labels: none of its
    trials trains anything.
    """
    if not permutation:
        return arm
    if arm.tested is not None:
        return replace(arm, trials=shuffled(arm.trials, (seed, permutation)))
    if evaluation.by in ("concept", "image"):
        trials = shuffled(arm.trials, (seed, permutation))
        return replace(arm, trials=trials, splits=folds(trials, evaluation))
    fold = np.full(len(arm.trials), -1)
    for number, split in enumerate(arm.splits):
        fold[split.test] = number
    return replace(arm, trials=shuffled(arm.trials, (seed, permutation), fold))


def cross_validate(
    decoder: Arm,
    evaluation: EvaluationConfig,
    *,
    beside: Mapping[str, Arm] | None = None,
    seed: int = 0,
    processes: int = 1,
    progress: OnDone | None = None,
) -> Outcome:
    """Train and judge a decoder per fold, as many on shuffled labels as asked for, and what stands beside it.

    Parameters
    ----------
    decoder
        What is judged, on single trials and on averages of as many as `evaluation.curves.repetitions` says.
    beside
        Name -> what is judged in the same way beside it; names of `models.evaluation.controls.EXPECTED` become
        controls.
    processes
        Figures do not depend on it.

    Raises
    ------
    MismatchError
        If a split leaks, or scores do not fit the concepts.
    ConfigError
        If the bootstrap is to draw concepts and there are two.
    """
    arms = {DECODER: decoder, **(beside or {})}
    _check(arms, evaluation)  # before any work
    groups = available(decoder.judged, decoder.competing(evaluation), evaluation.curves.repetitions)
    task, jobs = _FitFold(arms, evaluation, seed, groups), _jobs(arms, evaluation.permutations)
    results = run_each(task, jobs, _side_by_side(arms, processes), progress)
    fitted: list[_Scored] = []
    answers: dict[str, Answers] = {}
    null: dict[int, float] = {}
    for name, permutation, arm, scored in _joined(results, arms, evaluation, seed):
        own = arm.answers([fold.scores[1] for fold in scored], evaluation)
        if permutation:
            null[permutation] = headline_value(own)
        else:
            answers[name] = own
            fitted = scored if name == DECODER else fitted
    ordered = {name: answers[name] for name in arms}  # as given, not as they ended
    return _outcome(decoder, fitted, ordered, [null[p] for p in sorted(null)], groups, evaluation, seed)


def _outcome(
    decoder: Arm,
    fitted: Sequence[_Scored],
    answers: dict[str, Answers],
    null: Sequence[float],
    groups: Mapping[int, Sequence[Ints]],
    evaluation: EvaluationConfig,
    seed: int,
) -> Outcome:
    own = answers.pop(DECODER)
    figure = headline(own, evaluation, seed)
    shuffles = "shuffled-labels" if decoder.tested is None else "shuffled-training"
    return Outcome(
        answers=own,
        folds=_fold_results(decoder, own, [fold.note for fold in fitted], evaluation),
        headline=figure,
        controls=(
            *((shuffle_control(shuffles, figure, null),) if null else ()),
            *_controls(answers, evaluation, seed),
        ),
        averaged=_averaged(decoder, fitted, groups, evaluation),
        groups={k: np.concatenate(each) for k, each in groups.items()},
        beside=answers,
        temperatures=tuple(fold.temperature for fold in fitted),
    )


def _controls(own: Mapping[str, Answers], evaluation: EvaluationConfig, seed: int) -> Iterator[Control]:
    for name, answers in own.items():
        if name in EXPECTED:
            yield Control(name, EXPECTED[name], headline(answers, evaluation, seed))


def _check(arms: Mapping[str, Arm], evaluation: EvaluationConfig) -> None:
    names = evaluation.candidates or arms[DECODER].concepts or arms[DECODER].judged.concept_names
    if evaluation.unit == "concept" and len(names) == 2:
        raise ConfigError('evaluation.unit = "concept" draws concepts, of which there are two: take another unit')
    for arm in arms.values():
        for split in arm.splits if arm.tested is None else ():
            check_split(arm.trials, split, evaluation)
    # the others are the same trials in other windows, or hold no signals
    check_copies(arms[DECODER].trials, arms[DECODER].splits, arms[DECODER].tested)


def _side_by_side(arms: Mapping[str, Arm], processes: int) -> int:
    arrays = {id(trials.data): trials.data.nbytes for arm in arms.values() for trials in (arm.trials, arm.judged)}
    return processes if sum(arrays.values()) <= MOST_SENT else 1


def _jobs(arms: Mapping[str, Arm], permutations: int) -> list[_Job]:
    jobs = [_Job(name, fold, 0) for name, arm in arms.items() for fold in range(len(arm.splits))]
    n_folds = len(arms[DECODER].splits)
    return jobs + [_Job(DECODER, fold, p) for p in range(1, permutations + 1) for fold in range(n_folds)]


def _joined(
    results: Iterator[tuple[_Job, _Scored]],
    arms: Mapping[str, Arm],
    evaluation: EvaluationConfig,
    seed: int,
) -> Iterator[tuple[str, int, Arm, list[_Scored]]]:
    """Yield name, permutation, arm and what each fold came to as soon as all are there, and forget it."""
    waiting: dict[tuple[str, int], dict[int, _Scored]] = {}
    for job, result in results:
        key = (job.arm, job.permutation)
        scored = waiting.setdefault(key, {})
        scored[job.fold] = result
        if len(scored) == len(arms[job.arm].splits):
            del waiting[key]
            arm = _permuted(arms[job.arm], evaluation, seed, job.permutation)
            yield *key, arm, [scored[fold] for fold in range(len(arm.splits))]


def _averaged(
    arm: Arm,
    fitted: Sequence[_Scored],
    groups: Mapping[int, Sequence[Ints]],
    evaluation: EvaluationConfig,
) -> dict[int, Answers]:
    none = np.empty((0, fitted[0].scores[1].shape[1]), np.float32)
    answers = {}
    for k, each in groups.items():
        firsts = [rows[:, 0] for rows in each]
        answers[k] = arm.answers([fold.scores.get(k, none) for fold in fitted], evaluation, firsts)
    return answers


def shuffle_control(name: str, observed: Figure, null: Sequence[float]) -> Control:
    """Sum up the headline figures of permutations beside the observed one.

    Parameters
    ----------
    name
        Key of `models.evaluation.controls.EXPECTED`.
    null
        One headline figure per permutation.
    """
    values = np.array(null)
    figure = Figure(observed.name, float(values.mean()), None, observed.chance)
    sd = float(values.std(ddof=1)) if len(values) > 1 else None
    return Control(name, EXPECTED[name], figure, sd, p_value(observed.value, values), tuple(map(float, null)))


def _fold_results(
    arm: Arm, answers: Answers, notes: Sequence[str], evaluation: EvaluationConfig
) -> tuple[FoldResult, ...]:
    by = evaluation.by if arm.tested is None else "recording"
    return tuple(
        FoldResult(
            held_out=held_out_names(arm.judged, split.test, by),
            n_train=len(split.train),
            n_scored=int(np.count_nonzero(answers.fold == fold)),
            value=fold_value(answers, fold),
            note=note,
        )
        for fold, (split, note) in enumerate(zip(arm.splits, notes, strict=True))
    )
