"""What a training step of an alignment takes, time and memory, on noise of the size of the real data."""

import statistics
import time
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from bci.memory import looking_at_memory
from models.alignment.config import AlignmentConfig
from models.alignment.pairs import Pairs
from models.alignment.train import Training
from models.devices import launch
from models.progress import OnProgress, Progress, silent

__all__ = ["StepSpeed", "bench_step"]

SFREQ = 200.0
CLUSTERS = 100
WARM_UPS = 1
"""Steps before the clock starts: the first one makes the optimiser's state."""


@dataclass(frozen=True, slots=True)
class StepSpeed:
    """What `bench_step` measured.

    Parameters
    ----------
    n_parameters
        Of the model, those of the backbone among them.
    seconds
        Of a step, the median: forward, three losses, backward, clipping, AdamW.
    peak_anonymous_bytes
        Most memory of this process that is no file's, pairs included (Linux: RssAnon); None where the system does
        not tell.
    """

    backbone: str
    head: str
    device: str
    torch_threads: int
    batch: int
    n_channels: int
    n_times: int
    dim: int
    n_parameters: int
    n_backbone_parameters: int
    steps: int
    seconds: float
    peak_anonymous_bytes: int | None


def bench_step(
    config: AlignmentConfig, n_channels: int, n_times: int, dim: int, steps: int, report: OnProgress = silent
) -> StepSpeed:
    """Measure training steps.

    Parameters
    ----------
    config
        Model, losses, batch and precision; where its pairs come from does not matter.
    n_channels, n_times, dim
        Size of an epoch, at 200 Hz, and of an fMRI vector.
    steps
        How many are timed.
    report
        Told after each step.
    """
    peak: list[int] = []
    with looking_at_memory(peak):
        pairs = _noise(config.train.batch, n_channels, n_times, dim)
        fabric = launch(config.train.precision)
        training = Training(config, pairs, pairs, fabric)
        seconds = _seconds(training, len(pairs), steps, report)
    model = training.model
    return StepSpeed(
        backbone=config.model.backbone,
        head=config.model.head,
        device=str(fabric.device),
        torch_threads=torch.get_num_threads(),
        batch=len(pairs),
        n_channels=n_channels,
        n_times=n_times,
        dim=dim,
        n_parameters=_size(model),
        n_backbone_parameters=_size(model.eeg.backbone),
        steps=steps,
        seconds=statistics.median(seconds),
        peak_anonymous_bytes=max(peak, default=None),
    )


def _seconds(training: Training, batch: int, steps: int, report: OnProgress) -> list[float]:
    """Time of each step; reading a loss waits for the device."""
    taken = []
    for step in range(WARM_UPS + steps):
        start = time.perf_counter()
        float(training.step(step, np.arange(batch))["loss"])
        taken.append(time.perf_counter() - start)
        report(Progress(step + 1, WARM_UPS + steps))
    return taken[WARM_UPS:]


def _size(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


def _noise(n: int, n_channels: int, n_times: int, dim: int) -> Pairs:
    """Return pairs that are nothing but noise, each of pictures of its own."""
    rng = np.random.default_rng(0)
    numbers = np.arange(n)
    return Pairs(
        eeg=rng.normal(scale=0.1, size=(n, n_channels, n_times)).astype(np.float32),
        fmri=rng.normal(size=(n, dim)).astype(np.float32),
        cluster=numbers % CLUSTERS,
        component=numbers,
        part=np.zeros(n, np.int8),
        eeg_picture=numbers,
        fmri_picture=numbers,
        similarity=np.ones(n, np.float32),
        channels=tuple(f"E{number}" for number in range(1, n_channels + 1)),
        sfreq=SFREQ,
        n_clusters=CLUSTERS,
        facts={},
    )
