"""A network's training goes on with a person's events, for as long as that helps on those left out at the end.

The number of passes is the one with the least log-loss on an inner block, 0 among them; then as many passes are
made over all events. The recipe is fixed, and was chosen on people of the synthetic worlds who are in no table.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from bci.errors import ConfigError
from models.batches import make_sampler
from models.bundle import Bundle
from models.calibration.blocks import last_block
from models.calibration.own import Own, log_loss, ordered, part
from models.config import ExperimentConfig
from models.devices import launch
from models.encoders import ENCODERS
from models.feed import make_feed
from models.loop import Training
from models.progress import OnProgress, Progress, silent
from models.runtime import load_decoder
from models.temperature import fit_temperature
from models.training_set import TrainingSet

__all__ = ["fit_fine_tuned"]

RECIPE: Mapping[str, Any] = {
    "epochs": 12,
    "batch": 64,
    "lr": 2e-3,
    "warmup": 0.1,
    "ema": 0.0,
    "mix": 0.0,
    "compile": False,
}
"""What differs from the training that the bundle had."""
INNER = 0.2
"""Share of the events, the last ones, on which passes are counted."""

Weights = dict[str, NDArray[Any]]


def fit_fine_tuned(bundle: Bundle, data: TrainingSet, report: OnProgress = silent) -> Own:
    """Fine-tune a bundle's network to a person.

    Parameters
    ----------
    bundle
        As it was trained.
    data
        A person's events, in the order in which they were shown.

    Raises
    ------
    ConfigError
        If the bundle is no network.
    """
    assert data.whitening is not None  # noqa: S101 (a person's data always have their matrix)
    name = bundle.config.decoder.name
    if name not in ENCODERS:
        raise ConfigError(
            f"expected a network to fine-tune, the bundle's decoder is {name!r}: use --method classical"
        )
    config = _config(bundle.config)
    n_passes = config.train.epochs
    fitted_to, left_out = (part(data, rows) for rows in last_block(ordered(data), INNER))
    losses = [_loss(bundle, bundle.weights, left_out)]
    for number, weights in enumerate(_passes(bundle, config, fitted_to, n_passes), start=1):
        losses.append(_loss(bundle, weights, left_out))
        report(Progress(number, 2 * n_passes, losses[-1]))
    best = int(np.argmin(losses))
    note = f"{best} of {n_passes} passes by the log-loss of an inner block ({losses[0]:.3f} to {losses[best]:.3f})"
    if best == 0:
        return Own(data.whitening, note=note)
    for number, weights in enumerate(_passes(bundle, config, data, best), start=1):  # noqa: B007 (the last counts)
        report(Progress(n_passes + number * n_passes // best, 2 * n_passes))
    return Own(data.whitening, bundle.config.decoder, weights, bundle.temperature, note)


def _config(config: ExperimentConfig) -> ExperimentConfig:
    """Return the experiment of the fine-tuning; bundles hold no pictures, so that concepts are matched."""
    train = config.train.model_copy(update=dict(RECIPE))
    loss = config.loss.model_copy(update={"name": "concept"})
    return config.model_copy(update={"train": train, "loss": loss})


def _passes(bundle: Bundle, config: ExperimentConfig, data: TrainingSet, number: int) -> Iterator[Weights]:
    """Train all members side by side and yield the weights of all after each pass."""
    fabric = launch(config.train.precision)
    sampler, feed = make_sampler(data, config), make_feed(data, fabric.device)
    trainings = [
        Training(config, sampler, feed, fabric, config.train.seed + member, _member(bundle.weights, member))
        for member in range(config.train.members)
    ]
    with torch.random.fork_rng(devices=[fabric.device] if fabric.device.type == "cuda" else []):
        for at in range(number):
            for training in trainings:
                for _ in training.steps(at):
                    pass
            yield _joined([training.weights() for training in trainings])


def _member(weights: Mapping[str, NDArray[Any]], member: int) -> Weights:
    prefix = f"members.{member}."
    return {name.removeprefix(prefix): array for name, array in weights.items() if name.startswith(prefix)}


def _joined(members: Sequence[Weights]) -> Weights:
    return {f"members.{at}.{name}": array for at, own in enumerate(members) for name, array in own.items()}


def _loss(bundle: Bundle, weights: Mapping[str, NDArray[Any]], data: TrainingSet) -> float:
    """Log-loss of the truth among the concepts shown, at the temperature that suits it best."""
    decoder = load_decoder(replace(bundle, weights=weights), data.bank)
    shown, truth = np.unique(data.rows, return_inverse=True)
    scores = np.concatenate([decoder.scores(block)[:, shown] for block in data.blocks()])
    return log_loss(scores, truth, fit_temperature(scores, truth))
