"""Contiguous blocks of events: what comes later is never fitted to, and no window reaches into two sides."""

import numpy as np
from numpy.typing import NDArray

from bci.types import TrialSet
from models.blocks import meeting, onsets

__all__ = ["contiguous_folds", "last_block"]

Ints = NDArray[np.int64]
Fold = tuple[Ints, Ints]
"""Rows that are fitted to, and rows that are left out."""


def last_block(trials: TrialSet, share: float) -> Fold:
    """Leave out the last events of a person.

    Parameters
    ----------
    trials
        In the order in which they were shown.
    share
        How many of them, at least one.
    """
    n = len(trials)
    first = n - max(1, round(share * n))
    return _apart(trials, np.arange(first, n))


def contiguous_folds(trials: TrialSet, folds: int) -> list[Fold]:
    """Leave out one block of neighbouring events after the other."""
    return [_apart(trials, block) for block in np.array_split(np.arange(len(trials)), folds) if len(block)]


def _apart(trials: TrialSet, left_out: Ints) -> Fold:
    """Take out of the other side what shares samples with the block: windows that overlap with one of it."""
    when, length = onsets(trials), trials.data.shape[2] / trials.sfreq
    others = np.setdiff1d(np.arange(len(trials)), left_out)
    return others[~meeting(when[others], when[left_out], length)], left_out
