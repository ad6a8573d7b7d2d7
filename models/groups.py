"""What is left out together: all trials of a person, session, recording, repetition, concept or picture."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from bci.errors import ConfigError
from bci.types import TrialSet

__all__ = ["NESTED", "group_codes", "joint", "outer", "unit_codes"]

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
    return _numbered(unit_codes(trials, by)[rows])


def unit_codes(trials: TrialSet, by: str) -> Ints:
    """Number subjects, sessions of one subject, recordings of one session, or another column: (n_trials,).

    Raises
    ------
    ConfigError
        If the trials do not tell it.
    """
    names = outer(by) if by in NESTED else (by,)
    if missing := [name for name in names if name not in trials.groups]:
        raise ConfigError(f"expected trials that know their {missing[0]}, got only {', '.join(trials.groups)}")
    return joint(*(trials.groups[name] for name in names))


def outer(by: str) -> tuple[str, ...]:
    """Return one of `NESTED` and all that it stands in, the outermost first."""
    return NESTED[: NESTED.index(by) + 1]


def joint(*columns: NDArray[Any]) -> Ints:
    """Number the combinations of the values of several columns (n,), in the order of these values: (n,)."""
    each = [np.unique(column, return_inverse=True)[1] for column in columns]
    return np.asarray(np.unique(np.stack(each), axis=1, return_inverse=True)[1].ravel(), np.int64)


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
