"""Protocols and splits: what is left out together, and what that lets a figure claim.

`zero-shot`: tested concepts were never trained on. `seen-concept/new-image`: the concepts were, the pictures were
not. `seen-concept/new-trial`: the pictures were too, so that memorising counts. `closed-set`: concepts known, the
outermost group there is (person, session, recording, or a stretch of the only recording) is new.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bci.errors import ConfigError
from bci.types import TrialSet, read_only
from models.blocks import block_codes, overlapping
from models.config import EvaluationConfig
from models.groups import NESTED, group_codes

__all__ = ["Split", "check_protocol", "folds"]

LEAVES_OUT = {
    "zero-shot": ("concept",),
    "seen-concept/new-image": ("image",),
    "seen-concept/new-trial": ("repetition", "block", "recording", "session"),
    "closed-set": ("subject", "session", "recording", "block"),
}
"""Protocol -> what it may leave out together."""


@dataclass(frozen=True, slots=True)
class Split:
    """Which trials train a decoder and which test it.

    Parameters
    ----------
    train, test
        Indices (int64) into a `TrialSet`, ascending, without one in common.
    """

    train: NDArray[np.int64]
    test: NDArray[np.int64]


def folds(trials: TrialSet, evaluation: EvaluationConfig) -> tuple[Split, ...]:
    """Split trials so that each is tested exactly once.

    Parameters
    ----------
    trials
        What is split.
    evaluation
        `by` names the groups; `folds` says into how many blocks of neighbouring groups they go, None leaves out
        one group at a time. They stand in the order of `models.groups.group_codes`. By `block` the groups are
        stretches of time of each recording, and no training window overlaps a tested one.

    Raises
    ------
    ConfigError
        If the protocol forbids such a split, or the data have too few groups for it.
    """
    check_protocol(evaluation)
    _check_outermost(trials, evaluation)
    splits = _by_blocks(trials, evaluation) if evaluation.by == "block" else _by_groups(trials, evaluation)
    for split in splits:
        _check_concepts(trials, split, evaluation.protocol)
    return splits


def _by_groups(trials: TrialSet, evaluation: EvaluationConfig) -> tuple[Split, ...]:
    groups = group_codes(trials, evaluation.by)
    n_groups = int(groups.max()) + 1
    n_folds = evaluation.folds or n_groups
    if n_groups < 2 or n_folds > n_groups:
        raise ConfigError(
            f"expected at least {max(2, n_folds)} values of {evaluation.by!r} for {n_folds} folds, "
            f"got {n_groups}: give more data, or leave out something else (evaluation.by)"
        )
    return tuple(_leave_out(groups, block) for block in np.array_split(np.arange(n_groups), n_folds))


def _by_blocks(trials: TrialSet, evaluation: EvaluationConfig) -> tuple[Split, ...]:
    n_blocks = evaluation.folds
    if n_blocks is None:
        raise ConfigError("evaluation.by = 'block' needs evaluation.folds, the number of blocks")
    blocks = block_codes(trials, n_blocks)
    if missing := n_blocks - len(np.unique(blocks)):
        raise ConfigError(f"expected at least {n_blocks} events for as many blocks, got {n_blocks - missing}")
    return tuple(_apart(trials, _leave_out(blocks, np.array([block]))) for block in range(n_blocks))


def _apart(trials: TrialSet, split: Split) -> Split:
    """Drop the training trials whose window overlaps a tested one."""
    train = split.train[~overlapping(trials, split.train, split.test)]
    if not len(train):
        raise ConfigError("every training window overlaps a tested one: take fewer blocks (evaluation.folds)")
    return Split(read_only(train), split.test)


def check_protocol(evaluation: EvaluationConfig) -> None:
    """Refuse to leave out what does not make the protocol's claim true.

    Raises
    ------
    ConfigError
        Naming what may be left out instead.
    """
    protocol, by = evaluation.protocol, evaluation.by
    if by not in LEAVES_OUT[protocol]:
        allowed = " or ".join(repr(name) for name in LEAVES_OUT[protocol])
        raise ConfigError(f"protocol {protocol!r} leaves out {allowed} (evaluation.by), got {by!r}")


def _check_outermost(trials: TrialSet, evaluation: EvaluationConfig) -> None:
    outermost = _outermost(trials)
    expected = (outermost,) if outermost else ("recording", "block")
    if evaluation.protocol == "closed-set" and evaluation.by not in expected:
        raise ConfigError(
            f"protocol 'closed-set' leaves out the outermost group there is, which is {expected[0]!r} here, "
            f"got evaluation.by = {evaluation.by!r}"
        )


def _outermost(trials: TrialSet) -> str:
    """Return the outermost group with more than one value; empty if all is one recording."""
    several = (name for name in NESTED if name in trials.groups and len(set(trials.groups[name])) > 1)
    return next(several, "")


def _leave_out(groups: NDArray[np.int64], block: NDArray[np.int64]) -> Split:
    tested = np.isin(groups, block)
    return Split(read_only(np.flatnonzero(~tested)), read_only(np.flatnonzero(tested)))


def _check_concepts(trials: TrialSet, split: Split, protocol: str) -> None:
    """Refuse a split that tests a concept without training on it, where the protocol says that it is known."""
    if protocol == "zero-shot":
        return
    unknown = np.setdiff1d(trials.concepts[split.test], trials.concepts[split.train])
    if len(unknown):
        raise ConfigError(
            f"protocol {protocol!r} tests concepts that were trained on, but one fold leaves out all trials of "
            f"{trials.concept_names[unknown[0]]!r}: take other folds, or protocol 'zero-shot' by 'concept'"
        )
