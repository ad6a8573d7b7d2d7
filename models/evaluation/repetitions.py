"""Presentations of the same thing, k at a time: what is averaged into one epoch, or whose evidence is summed.

Groups are disjoint runs of k presentations in the order in which they were recorded, of one concept to one person,
decoded by the same fold; what is left over is not used. A figure of k presentations is a figure of groups.
"""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from bci.types import TrialSet
from models.groups import unit_codes

__all__ = ["available", "averages", "groups_of"]

Ints = NDArray[np.int64]

LEAST_GROUPS = 20
"""Fewer say nothing."""


def groups_of(concepts: Ints, subjects: Ints, rows: Ints, k: int) -> Ints:
    """Return disjoint groups of k rows that show one concept to one subject: (n_groups, k).

    Parameters
    ----------
    concepts, subjects
        (n,) codes, by row.
    rows
        (m,) which rows there are, in order of time.
    k
        Presentations in a group.
    """
    pairs = np.stack([concepts[rows], subjects[rows]])
    cell = np.unique(pairs, axis=1, return_inverse=True)[1].ravel()
    order = np.argsort(cell, kind="stable")
    sizes = np.bincount(cell) if len(cell) else np.zeros(0, np.int64)
    starts = np.cumsum(sizes) - sizes
    firsts = [start + np.arange(size // k) * k for start, size in zip(starts, sizes, strict=True)]
    first = np.concatenate(firsts) if firsts else np.zeros(0, np.int64)
    groups: Ints = rows[order[first[:, None] + np.arange(k)]]
    return groups[np.argsort(groups[:, 0], kind="stable")]


def available(trials: TrialSet, tests: Sequence[Ints], repetitions: Sequence[int]) -> dict[int, list[Ints]]:
    """Return for each k the groups of each fold, as far as there are enough of them to say anything.

    Parameters
    ----------
    tests
        Rows of `trials` that each fold tests.
    repetitions
        Numbers of presentations; 1 is left to the single trials.
    """
    subjects = unit_codes(trials, "subject")
    each = {k: [groups_of(trials.concepts, subjects, rows, k) for rows in tests] for k in sorted(set(repetitions))}
    return {k: groups for k, groups in each.items() if k > 1 and sum(map(len, groups)) >= LEAST_GROUPS}


def averages(data: NDArray[np.float32], groups: Ints, block: int = 256) -> Iterator[NDArray[np.float32]]:
    """Yield the means over groups of epochs (n, C, T), (m, C, T) with m up to `block`, never all at once."""
    for first in range(0, len(groups), block):
        part = groups[first : first + block]
        yield np.stack([data[np.sort(group)].mean(axis=0, dtype=np.float64) for group in part]).astype(np.float32)
