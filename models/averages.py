"""Means over the repetitions of a picture, to train on: their noise is smaller, and there are fewer of them."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from bci.errors import ConfigError
from bci.types import read_only
from models.groups import NESTED, joint
from models.training_set import TrainingSet
from replay.spill import gather

__all__ = ["mean_repetitions"]

_AT_ONCE = 256


def mean_repetitions(data: TrainingSet) -> TrainingSet:
    """Return the means over the presentations of each picture to one person in one session and recording.

    What scales epochs stays as it was fitted to single trials, which is what a live decoder meets.

    Raises
    ------
    ConfigError
        If trials do not tell which picture they showed.
    """
    if (data.images < 0).any():
        raise ConfigError("train.average needs to know which picture every trial showed: set it to false")
    groups = {name: data.trials.groups[name][data.kept] for name in NESTED if name in data.trials.groups}
    codes = joint(*groups.values(), data.images)
    order = np.argsort(codes, kind="stable")
    starts = np.flatnonzero(np.diff(codes[order], prepend=-1))
    first = order[starts]  # the trial that stands for each mean
    shape = (len(first), *data.trials.data.shape[1:])
    rows = data.kept[first]
    trials = replace(
        data.trials,
        data=gather(_means(data, np.split(order, starts[1:])), shape),
        concepts=read_only(data.trials.concepts[rows]),
        images=read_only(data.trials.images[rows]),
        groups={name: read_only(column[first]) for name, column in groups.items()},
    )
    return replace(data, trials=trials, kept=np.arange(len(first)), rows=data.rows[first])


def _means(data: TrainingSet, members: list[NDArray[np.int64]]) -> Iterator[NDArray[np.float32]]:
    """Yield mean epochs (m, C, T), some at a time."""
    for at in range(0, len(members), _AT_ONCE):
        some = members[at : at + _AT_ONCE]
        yield np.stack([data.unscaled(rows).mean(axis=0, dtype=np.float64) for rows in some]).astype(np.float32)
