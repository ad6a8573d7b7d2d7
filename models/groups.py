"""What is left out together: all trials of a person, session, recording, repetition, concept or picture."""

import numpy as np
from numpy.typing import NDArray

from bci.errors import ConfigError
from bci.types import TrialSet

__all__ = ["NESTED", "group_codes"]

Ints = NDArray[np.int64]

NESTED = ("subject", "session", "recording")
"""Groups inside each other, the outermost first: session 1 of one person is not session 1 of another."""


def group_codes(trials: TrialSet, by: str, rows: Ints | slice = slice(None)) -> Ints:
    """Number the groups of trials from 0 on, so that a block of neighbouring groups can be left out.

    Groups stand in the order of their first trial; pictures so that the first one of every concept comes before
    the second ones, and a block takes evenly from all concepts.

    Parameters
    ----------
    by
        One of `NESTED`, `repetition`, `concept` or `image`.
    rows
        Which trials, (n,).

    Returns
    -------
    (n,) int64.

    Raises
    ------
    ConfigError
        If the trials do not tell their group.
    """
    if by == "concept":
        return _numbered(trials.concepts[rows])
    if by == "image":
        return _numbered_pictures(trials.images[rows], trials.concepts[rows])
    outer = NESTED[: NESTED.index(by) + 1] if by in NESTED else (by,)
    if missing := [name for name in outer if name not in trials.groups]:
        raise ConfigError(f"expected trials that know their {missing[0]}, got only {', '.join(trials.groups)}")
    columns = [np.unique(trials.groups[name][rows], return_inverse=True)[1] for name in outer]
    return _numbered(np.unique(np.stack(columns), axis=1, return_inverse=True)[1].ravel())


def _numbered(values: Ints) -> Ints:
    """Number values in the order of their first appearance."""
    _, first, codes = np.unique(values, return_index=True, return_inverse=True)
    return np.asarray(np.argsort(np.argsort(first))[codes], np.int64)


def _numbered_pictures(images: Ints, concepts: Ints) -> Ints:
    if (images < 0).any():
        raise ConfigError("leaving out by 'image' needs to know which picture every trial showed")
    pictures, codes = np.unique(images, return_inverse=True)
    concept_of = np.zeros(len(pictures), np.int64)
    concept_of[codes] = concepts
    order = np.argsort(concept_of, kind="stable")
    ordered = concept_of[order]
    within = np.empty(len(pictures), np.int64)
    within[order] = np.arange(len(pictures)) - np.searchsorted(ordered, ordered)
    return np.asarray(np.argsort(np.lexsort((concept_of, within)))[codes], np.int64)
