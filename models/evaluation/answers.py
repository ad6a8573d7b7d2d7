"""Scores of held-out trials against the candidates, with all that is needed to judge and to compare them."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bci.errors import FormatError, MismatchError
from bci.storage import load_tensors, save_tensors
from bci.types import TrialSet
from models.config import EvaluationConfig
from models.evaluation import metrics
from models.groups import NESTED, joint, unit_codes

__all__ = ["Answers", "SavedAnswers", "collect", "fingerprint", "load_answers", "save_answers", "saved"]

Ints = NDArray[np.int64]

MOST_SCORES = 4_000_000
"""Scores that are kept in a file, 16 MB; of more only the truth's own and its rank."""


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
    row
        (n,) int64, which trial of the set it is; of an average its first.
    recording, subject
        (n,) int64 codes.
    parts
        (n,) int64 codes of the recordings, sessions or subjects within which an AUC is computed; of one decoder
        each, unless subjects are drawn.
    """

    concepts: tuple[str, ...]
    scores: NDArray[np.float32]
    truth: Ints
    fold: Ints
    row: Ints
    recording: Ints
    subject: Ints
    parts: Ints

    def __len__(self) -> int:
        return len(self.truth)

    @property
    def ranks(self) -> Ints:
        """How many other candidates score at least as high as the truth, (n,)."""
        return metrics.truth_ranks(self.scores, self.truth)

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

    @property
    def constant_ranks(self) -> Ints:
        """Ranks of the truth by the best constant answer: candidates in the order of how often they are shown."""
        ranks, sets = np.empty_like(self.truth), self.candidate_sets
        for number in np.unique(sets):
            own = sets == number
            order = np.argsort(-np.bincount(self.truth[own], minlength=len(self.concepts)), kind="stable")
            ranks[own] = np.argsort(order)[self.truth[own]]
        return ranks

    def chance(self, k: int = 1) -> float:
        """Return the share that the best constant answers get right: `k` concepts for each set of candidates."""
        return metrics.top_k(self.constant_ranks, k)


def collect(
    trials: TrialSet,
    concepts: tuple[str, ...],
    rows: Sequence[Ints],
    scores: Sequence[NDArray[np.float32]],
    evaluation: EvaluationConfig,
    *,
    held_out: Sequence[Ints] | None = None,
    whole_bank: bool = False,
) -> Answers:
    """Join the folds and keep the candidates: their columns, and the trials that showed them.

    Parameters
    ----------
    concepts
        Names of the columns of `scores`.
    rows
        Rows of `trials` per fold; of averages the first of each.
    scores
        (n_test, N) per fold.
    held_out
        Rows of `trials` that each fold holds out, if `rows` are some of them.
    whole_bank
        Under `zero-shot`: rank among all columns, because none of them was trained on. Otherwise the candidates
        are the concepts that the fold holds out.

    Raises
    ------
    MismatchError
        If scores have another shape, a trial is held out twice, or nothing remains to be scored.
    """
    _check(rows, scores, len(concepts))
    every = np.concatenate(rows)
    columns = _columns(concepts, evaluation.candidates)
    truths = _truth(trials, concepts, columns)
    kept = truths[every] >= 0
    if not kept.any():
        raise MismatchError("none of the held-out trials shows one of the candidates: nothing to score")
    chosen, fold = (
        np.concatenate(scores)[:, columns],
        np.repeat(np.arange(len(rows)), [len(part) for part in rows]),
    )
    if evaluation.protocol == "zero-shot" and not whole_bank:
        chosen = _held_out_alone(chosen, fold, [truths[part] for part in held_out or rows])
    row = every[kept]
    return Answers(
        concepts=tuple(concepts[column] for column in columns),
        scores=chosen[kept],
        truth=truths[row],
        fold=fold[kept],
        row=row,
        recording=unit_codes(trials, "recording")[row],
        subject=unit_codes(trials, "subject")[row],
        parts=_parts(trials, evaluation, row, fold[kept]),
    )


def _check(rows: Sequence[Ints], scores: Sequence[NDArray[np.float32]], n_concepts: int) -> None:
    for part, answer in zip(rows, scores, strict=True):
        if answer.shape != (len(part), n_concepts):
            raise MismatchError(f"expected scores ({len(part)} trials, {n_concepts} concepts), got {answer.shape}")
    every = np.concatenate(rows)
    if len(np.unique(every)) != len(every):
        raise MismatchError("expected every trial to be held out at most once, got one in several folds")


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


def _held_out_alone(scores: NDArray[np.float32], fold: Ints, truths: Sequence[Ints]) -> NDArray[np.float32]:
    """Take out of the competition what was trained on: in each fold the concepts that it does not hold out."""
    masked = np.full_like(scores, -np.inf)
    for number, truth in enumerate(truths):
        held_out = np.unique(truth[truth >= 0])
        rows = np.flatnonzero(fold == number)
        if len(held_out) < 2:
            raise MismatchError("zero-shot ranks what is held out: expected at least two concepts, got one")
        masked[np.ix_(rows, held_out)] = scores[np.ix_(rows, held_out)]
    return masked


def _parts(trials: TrialSet, evaluation: EvaluationConfig, row: Ints, fold: Ints) -> Ints:
    """Number what an AUC is taken within: recordings, or what is left out, of one decoder; or whole subjects."""
    if evaluation.unit == "subject":
        return unit_codes(trials, "subject")[row]
    level = evaluation.by if evaluation.by in NESTED else "recording"
    return joint(unit_codes(trials, level)[row], fold)


# ----------------------------------------------------------------------------------------------------- on the disk


@dataclass(frozen=True, slots=True)
class SavedAnswers:
    """What a report's folder keeps of the answers.

    Parameters
    ----------
    name
        Of the report.
    concepts
        Candidates.
    trials
        Fingerprint of the set of trials.
    truth, fold, row, recording, subject, parts, ranks
        (n,) int64, as in `Answers`.
    scores
        (n, N) float32, or None where they would be too many.
    """

    name: str
    concepts: tuple[str, ...]
    trials: str
    truth: Ints
    fold: Ints
    row: Ints
    recording: Ints
    subject: Ints
    parts: Ints
    ranks: Ints
    scores: NDArray[np.float32] | None


COLUMNS = ("truth", "fold", "row", "recording", "subject", "parts", "ranks")


def fingerprint(trials: TrialSet) -> str:
    """Name a set of trials by what was shown when to whom, whatever the signals are made into: 16 hex digits."""
    names = sorted(trials.groups)
    shown = np.array(trials.concept_names)[trials.concepts]
    digest = hashlib.sha256("\0".join(names).encode())
    for column in (*(trials.groups[name] for name in names), shown):
        digest.update("\0".join(map(str, column.tolist())).encode())
    return digest.hexdigest()[:16]


def saved(name: str, answers: Answers, trials: str) -> SavedAnswers:
    """Return what is kept of answers to trials of that fingerprint."""
    few = answers.scores.size <= MOST_SCORES
    columns: dict[str, Any] = {column: getattr(answers, column) for column in COLUMNS}
    return SavedAnswers(name, answers.concepts, trials, **columns, scores=answers.scores if few else None)


def save_answers(path: Path, answers: SavedAnswers) -> None:
    """Write `answers.safetensors`."""
    tensors: dict[str, NDArray[Any]] = {column: getattr(answers, column) for column in COLUMNS}
    if answers.scores is not None:
        tensors["scores"] = answers.scores
    save_tensors(path, tensors, {"name": answers.name, "concepts": answers.concepts, "trials": answers.trials})


def load_answers(path: Path) -> SavedAnswers:
    """Read answers.

    Raises
    ------
    FormatError
        If the file is damaged, or no answers.
    """
    tensors, header = load_tensors(path)
    try:
        columns: dict[str, Any] = {column: tensors[column].astype(np.int64) for column in COLUMNS}
        concepts = tuple(map(str, header["concepts"]))
        answers = SavedAnswers(
            str(header["name"]), concepts, str(header["trials"]), **columns, scores=tensors.get("scores")
        )
    except (KeyError, TypeError, ValueError) as error:
        raise FormatError(f"{path} holds no answers of an evaluation: {error}") from None
    lengths = {len(columns[column]) for column in COLUMNS}
    if len(lengths) != 1 or (answers.scores is not None and answers.scores.shape != (*lengths, len(concepts))):
        raise FormatError(f"{path}: expected as many entries in every column, got {sorted(lengths)}")
    return answers
