"""Time and memory of one training step of a reconstruction, on data of noise."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import count

import numpy as np
import torch

from bci.memory import anonymous_memory
from models.reconstruction.config import DataConfig, ReconstructionConfig, WeightsConfig
from models.reconstruction.input_spec import InputSpec
from models.reconstruction.pairs import Ints, Pairs, Pixels
from models.reconstruction.train import Training
from models.timing import in_turn

__all__ = ["StepCost", "bench_step"]

FEATURES = 264
"""Of the published input."""
TRIALS = 256


@dataclass(frozen=True, slots=True)
class StepCost:
    """What a step takes.

    Parameters
    ----------
    device, threads
        Where, and how many threads torch takes there.
    side, batch, n_parameters
        Of pictures, of a step, of the three networks together.
    semantic
        Weights of the semantic loss's network; empty without one.
    seconds
        Median of a step, reading and drawing of the batch included.
    anonymous_bytes
        Memory of the process after the steps; None where the system does not tell.
    """

    device: str
    threads: int
    side: int
    batch: int
    n_parameters: int
    semantic: str
    seconds: float
    anonymous_bytes: int | None


def bench_step(config: ReconstructionConfig, rounds: int) -> StepCost:
    """Take steps of a config on features and pictures of noise.

    Parameters
    ----------
    config
        Its networks, losses and training; its data are left alone.
    rounds
        Steps that are timed.
    """
    weights = config.weights
    if not config.semantic.weights:
        weights = WeightsConfig.model_validate({**weights.model_dump(), "semantic": 0.0})
    own = config.model_copy(update={"weights": weights, "data": DataConfig(pairs="noise", validation=0.0)})
    training = Training(own, _noise(np.random.default_rng(0)))
    (taken,) = in_turn(_steps(training, own.train.batch), rounds=rounds)
    return StepCost(
        device=training.device.type,
        threads=torch.get_num_threads(),
        side=own.generator.side,
        batch=own.train.batch,
        n_parameters=training.n_parameters,
        semantic=config.semantic.weights,
        seconds=float(np.median(taken)),
        anonymous_bytes=anonymous_memory(),
    )


def _steps(training: Training, batch: int) -> Callable[[], object]:
    """Return what takes the next step."""
    numbers, rows = count(), np.arange(batch) % TRIALS
    return lambda: training.take(next(numbers), rows)


def _noise(rng: np.random.Generator) -> Pairs:
    inputs = rng.standard_normal((TRIALS, FEATURES), np.float32)

    def pictures(numbers: Ints, side: int) -> Pixels:
        return rng.integers(0, 256, (len(numbers), side, side, 3), np.uint8)

    shown = np.arange(TRIALS)
    spec = InputSpec((FEATURES,))
    return Pairs(spec, inputs.__getitem__, pictures, shown, shown % 2, ("one", "other"))
