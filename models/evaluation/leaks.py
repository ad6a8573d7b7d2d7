"""Leaks: what must never stand on both sides of a split, refused before anything is fitted."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bci.bank import Bank
from bci.errors import MismatchError
from bci.types import TrialSet
from models.blocks import order, overlapping
from models.config import EvaluationConfig
from models.evaluation.splits import Split
from models.few import few
from models.groups import NESTED, outer, unit_codes

__all__ = ["check_copies", "check_partition", "check_split", "held_out_names"]

BLOCK = 1024
"""Epochs looked at together."""


def held_out_names(trials: TrialSet, rows: NDArray[np.int64], by: str) -> tuple[str, ...]:
    """Return the names of the recordings, concepts, ... that some trials are of."""
    if by == "block":
        return _stretches(trials, rows)
    columns = [trials.groups[name][rows] for name in _shown_names(trials, by)] if by in NESTED else []
    columns = columns or [_left_out(trials, by)[rows]]
    return tuple(sorted({"/".join(map(str, values)) for values in zip(*columns, strict=True)}))


def _stretches(trials: TrialSet, rows: NDArray[np.int64]) -> tuple[str, ...]:
    """Name the recordings of some trials, and from which onset or event to which the trials lie in them."""
    when, unit = order(trials)
    recordings, digits = trials.groups["recording"][rows], 1 if unit == "s" else 0

    def stretch(name: str) -> str:
        span = when[rows][recordings == name]
        return f"{name} {span.min():.{digits}f} to {span.max():.{digits}f} {unit}"

    return tuple(map(stretch, np.unique(recordings)))


def _shown_names(trials: TrialSet, by: str) -> list[str]:
    """Columns that tell what is left out apart: a recording's own, and the outer ones where there are several."""
    return [name for name in outer(by) if name == by or len(set(trials.groups[name])) > 1]


def _left_out(trials: TrialSet, by: str) -> NDArray[Any]:
    """What each trial is, in the respect in which parts are left out: (n_trials,)."""
    if by in NESTED:
        return unit_codes(trials, by)
    if by == "concept":
        return np.array(trials.concept_names)[trials.concepts]
    return trials.images if by == "image" else trials.groups[by]


def check_split(trials: TrialSet, split: Split, evaluation: EvaluationConfig) -> None:
    """Refuse a split that lets the decoder see what it is judged on, or that leaves nothing to rank.

    Raises
    ------
    MismatchError
        If a trial, or what `evaluation.by` leaves out together, stands on both sides; or if `zero-shot` holds out
        a single concept.
    """
    if evaluation.protocol == "zero-shot" and len(np.unique(trials.concepts[split.test])) < 2:
        raise MismatchError(
            "zero-shot ranks what a fold holds out: expected at least two concepts per fold, got one: "
            "set evaluation.folds to fewer than half the number of concepts"
        )
    if shared := np.intersect1d(split.train, split.test).size:
        raise MismatchError(f"the split leaks: {shared} trials are trained and tested on; split anew")
    if evaluation.by == "block":
        _check_apart(trials, split)
        return
    column = _left_out(trials, evaluation.by)
    if (both := np.flatnonzero(np.isin(column[split.test], column[split.train]))).size:
        (held_out,) = held_out_names(trials, split.test[both[:1]], evaluation.by)
        raise MismatchError(
            f"the split leaks: {evaluation.by} {held_out} is on both sides, which {evaluation.protocol} forbids; "
            f"split by {evaluation.by}"
        )


def _check_apart(trials: TrialSet, split: Split) -> None:
    if both := np.count_nonzero(overlapping(trials, split.train, split.test)):
        raise MismatchError(
            f"the split leaks: the windows of {both} training trials overlap tested ones; leave them out"
        )


def check_copies(trials: TrialSet, splits: Sequence[Split], tested: TrialSet | None = None) -> None:
    """Refuse folds that test on a copy of what they train on, such as one file under two names.

    Parameters
    ----------
    tested
        What the splits' test rows are of, if not of `trials`.

    Raises
    ------
    MismatchError
        If an epoch that is not flat stands bit for bit on both sides.
    """
    own = prints, _ = _prints(trials)
    judged, (judged_prints, flat) = (trials, own) if tested is None else (tested, _prints(tested))
    for split in splits:
        copied = np.isin(judged_prints[split.test], prints[split.train]) & ~flat[split.test]
        if copied.any():
            row = split.test[np.argmax(copied)]
            twin = split.train[np.argmax(prints[split.train] == judged_prints[row])]
            names = judged.groups["recording"][row], trials.groups["recording"][twin]
            raise MismatchError(
                f"the split leaks: {copied.sum()} tested epochs are trained on as well, bit for bit, first in "
                f"recordings {names[0]} and {names[1]}: leave the copy out"
            )


def _prints(trials: TrialSet) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Hash of each epoch's bits, and whether all of its channels are flat: (n_trials,) each, read in blocks."""
    prints = np.empty(len(trials), np.int64)
    flat = np.empty(len(trials), np.bool_)
    for first in range(0, len(trials), BLOCK):
        block = trials.data[first : first + BLOCK]
        prints[first : first + BLOCK] = [hash(epoch.tobytes()) for epoch in block]
        flat[first : first + BLOCK] = np.ptp(block, axis=2).max(axis=1) == 0
    return prints, flat


# ------------------------------------------------------------------------------------------------- test partitions


def check_partition(
    trials: TrialSet, bank: Bank, tested: TrialSet, test_bank: Bank, evaluation: EvaluationConfig
) -> None:
    """Refuse a test partition that does not fit the protocol, or that was trained on.

    Parameters
    ----------
    trials, bank
        What is trained on.
    tested, test_bank
        What is judged, and the candidates.

    Raises
    ------
    MismatchError
        If `zero-shot` ranks a concept that was trained on, another protocol tests one that was not, a picture is
        on both sides where pictures are to be new, or a group that is to be left out is.
    """
    seen, shown = _shown(trials), _shown(tested)
    if evaluation.protocol == "zero-shot":
        if known := sorted(seen & set(test_bank.names)):
            raise MismatchError(f"zero-shot ranks new concepts, but the training partition shows {few(known, 3)}")
    elif unknown := sorted(shown - seen):
        raise MismatchError(
            f"{evaluation.protocol} tests concepts that were trained on, but the training partition lacks "
            f"{few(unknown, 3)}"
        )
    if evaluation.protocol in ("zero-shot", "seen-concept/new-image"):
        _check_pictures(trials, bank, tested, test_bank)
    if evaluation.by in NESTED:
        _check_groups(trials, tested, evaluation.by)


def _shown(trials: TrialSet) -> set[str]:
    return {trials.concept_names[concept] for concept in np.unique(trials.concepts)}


def _check_pictures(trials: TrialSet, bank: Bank, tested: TrialSet, test_bank: Bank) -> None:
    both = _pictures(trials, bank) & _pictures(tested, test_bank)
    if both:
        raise MismatchError(
            f"the partitions leak: {len(both)} of the tested pictures are trained on as well, by their vectors"
        )


def _pictures(trials: TrialSet, bank: Bank) -> set[bytes]:
    """Vectors of the pictures that were shown, as far as they are known."""
    if bank.images is None:
        return set()
    images = np.unique(trials.images)
    return {bank.images[image].tobytes() for image in images[images >= 0]}


def _check_groups(trials: TrialSet, tested: TrialSet, by: str) -> None:
    names = outer(by)
    trained = set(zip(*(map(str, trials.groups[name]) for name in names), strict=True))
    both = sorted(trained & set(zip(*(map(str, tested.groups[name]) for name in names), strict=True)))
    if both:
        raise MismatchError(
            f"the partitions leak: {by} {'/'.join(both[0])} is on both sides, and {by}s are to be left out"
        )
