"""The EEG side of pairs: one row for each picture that was shown, or one for each trial."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bci.errors import ConfigError
from bci.types import TrialSet

__all__ = ["EegRows", "eeg_rows", "expand_pairs"]

Ints = NDArray[np.int64]

_AT_ONCE = 256  # rows


@dataclass(frozen=True)
class EegRows:
    """Rows of EEG, made when they are asked for.

    Parameters
    ----------
    trials
        Cut and preprocessed.
    members
        Trials that each row is the mean of.
    pictures
        (n,) int64 picture of each row.
    """

    trials: TrialSet
    members: list[Ints]
    pictures: Ints

    @property
    def shape(self) -> tuple[int, int, int]:
        """(rows, channels, samples)."""
        return len(self.members), *self.trials.data.shape[1:]

    def blocks(self) -> Iterator[NDArray[np.float32]]:
        """Yield the rows (m, C, T), some at a time."""
        for first in range(0, len(self.members), _AT_ONCE):
            some = self.members[first : first + _AT_ONCE]
            means = [self.trials.data[rows].mean(axis=0, dtype=np.float64) for rows in some]
            yield np.stack(means).astype(np.float32)


def eeg_rows(trials: TrialSet, wanted: Ints, *, average: bool) -> EegRows:
    """Choose the trials of some pictures, and average their repetitions if so asked.

    Raises
    ------
    ConfigError
        If trials do not tell their picture, or are of several people.
    """
    if (trials.images < 0).any():
        raise ConfigError(
            "expected trials that tell which picture was shown, got some that do not: set events.pictures_from"
        )
    people = np.unique(trials.groups["subject"])
    if len(people) > 1:
        raise ConfigError(
            f"expected the EEG of one person, got {len(people)} ({', '.join(map(str, people[:5]))}): name one as "
            "eeg.subject"
        )
    shown = np.flatnonzero(np.isin(trials.images, wanted))
    if not average:
        return EegRows(trials, list(shown[:, np.newaxis]), trials.images[shown])
    order = shown[np.argsort(trials.images[shown], kind="stable")]
    pictures, starts = np.unique(trials.images[order], return_index=True)
    return EegRows(trials, np.split(order, starts[1:]), pictures)


def expand_pairs(first: Ints, row_pictures: Ints) -> tuple[Ints, Ints]:
    """Return all rows of EEG of the first picture of every pair.

    Parameters
    ----------
    first
        (n,) first picture of each pair.
    row_pictures
        (m,) picture of each row.

    Returns
    -------
    pair, row
        (k,) each.
    """
    order = np.argsort(row_pictures, kind="stable")
    ordered = row_pictures[order]
    begins, ends = np.searchsorted(ordered, first), np.searchsorted(ordered, first, side="right")
    rows = [order[begin:end] for begin, end in zip(begins, ends, strict=True)]
    return np.repeat(np.arange(len(first)), ends - begins), np.concatenate([*rows, np.empty(0, np.int64)])
