"""The oracle beside the decoder: the best that can be reached on the same events of a synthetic world."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from bci.bank import Bank
from bci.types import Recording
from models.config import ExperimentConfig
from models.data import partition_session, training_session
from replay.world import Schedule, World
from replay.world.oracle import Oracle

__all__ = ["WorldOracle", "world_oracle"]

BLOCK = 64
"""Means of windows ranked at a time."""


@dataclass(frozen=True, slots=True)
class WorldOracle:
    """Ranks concepts for means of raw windows of one session.

    Parameters
    ----------
    world, recording, schedule
        The session; its events are the judged trials, in order.
    bank
        The concepts, and the pictures of which the session shows some.
    window
        Start and end, seconds after the onset.
    """

    world: World
    recording: Recording
    schedule: Schedule
    bank: Bank
    window: tuple[float, float]
    _made: dict[float, Oracle] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.schedule)

    def __call__(self, groups: NDArray[np.int64]) -> NDArray[np.float32]:
        """Score all concepts for groups of events (m, k): (m, N), a ratio of log-likelihoods up to 1 / k."""
        oracle = self._oracle(groups)
        blocks = (groups[first : first + BLOCK] for first in range(0, len(groups), BLOCK))
        return np.concatenate([oracle.rank(self._means(oracle, block)) for block in blocks]).astype(np.float32)

    def _means(self, oracle: Oracle, groups: NDArray[np.int64]) -> NDArray[np.float32]:
        samples = self.schedule.samples
        return np.stack([oracle.cut(self.recording, samples[group]).mean(axis=0) for group in groups])

    def _oracle(self, groups: NDArray[np.int64]) -> Oracle:
        shown = np.sort(self.schedule.images[groups], axis=1)
        repeats = [np.sum(np.unique(images, return_counts=True)[1] ** 2) for images in shown]
        scatter = round(float(np.mean(repeats)) / groups.shape[1], 3)
        if scatter not in self._made:
            self._made[scatter] = Oracle(self.world, *self.window, self.bank, scatter)
        return self._made[scatter]


def world_oracle(config: ExperimentConfig) -> WorldOracle | None:
    """Return the oracle of the events that an experiment judges, of the test session or the training one.

    None where the data are no synthetic world, or where folds are of several people or rank part of the concepts.
    """
    if config.data.reader != "world":
        return None
    window = (config.preprocess.tmin, config.preprocess.tmax)
    if config.evaluation.test == "partition":
        world, recording, schedule = partition_session(config)
        return WorldOracle(world, recording, schedule, world.test_bank, window)
    evaluation = config.evaluation
    if len(config.data.subjects) > 1 or evaluation.protocol == "zero-shot" or evaluation.candidates:
        return None
    world, recording, schedule = training_session(config)
    return WorldOracle(world, recording, schedule, world.train_bank, window)
