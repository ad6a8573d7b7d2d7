"""Training: a plain loop of AdamW over contrastive batches, from trials and a bank to a bundle.

Optimiser: Loshchilov and Hutter 2019, arXiv:1711.05101; linear warm-up and cosine decay of the rate.
"""

import datetime as dt
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Generator, Tensor

from bci.bank import Bank
from bci.errors import BciError, ConfigError, MismatchError
from bci.preprocess import scale_epochs
from bci.ranking import unit
from bci.types import TrialSet, read_only
from models.aligner import Aligner, Ensemble, build_aligner, state_arrays
from models.augment import add_noise, drop_channels, mix_with, shift_in_time
from models.batches import Batches, make_batches
from models.bundle import Bundle
from models.config import ExperimentConfig, TrainConfig
from models.losses import concept_infonce, instance_infonce
from models.whitening import fit_whitening

__all__ = ["Progress", "train"]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far training is.

    Parameters
    ----------
    step, steps
        Optimiser steps done, and in all members together.
    loss
        Of the last batch.
    """

    step: int
    steps: int
    loss: float


REPORT_EVERY = 10
"""Steps between two reports; each waits for the device."""


def train(
    trials: TrialSet,
    bank: Bank,
    config: ExperimentConfig,
    *,
    progress: Callable[[Progress], None] | None = None,
) -> Bundle:
    """Train the decoder of an experiment.

    Only the concepts that occur in `trials` are candidates in the loss; other vectors of the bank are never
    looked at. On a CPU the same seed gives bit-equal weights.

    Parameters
    ----------
    trials
        Training epochs, baseline subtracted and not yet scaled, microvolts.
    bank
        Vectors of their concepts; it becomes the bundle's default bank.
    config
        What to train.
    progress
        Called every few steps.

    Raises
    ------
    ConfigError
        If nothing is left to train on, or loss and data do not fit.
    MismatchError
        If the bank lacks a concept, or the epochs have another shape than the config says.
    BciError
        If training diverged.
    """
    _check_shape(trials, config)
    kept = _accepted(trials, config.data.reject)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    raw = trials.data[kept]
    spec = config.preprocess
    whitening = None if spec.whitening == "none" else fit_whitening(raw, spec.whitening)
    scaled = scale_epochs(raw, spec, whitening)
    rows = _bank_rows(trials, bank)[kept]
    centre = _centre(bank, np.unique(rows))
    batches = make_batches(scaled, rows, trials.images[kept], bank, centre, config, device)
    members = _train_members(batches, config, bank.prototypes.shape[1], device, progress)
    ensemble = Ensemble(members)
    return Bundle(
        config=config,
        weights=state_arrays(ensemble),
        bank=bank,
        centre=read_only(centre),
        temperature=float(ensemble.temperature.detach()),
        reference=trials.provenance.get("reference"),
        whitening=None if whitening is None else read_only(whitening),
        provenance=dict(trials.provenance),
        card=_card(trials, kept, bank, config),
    )


# ------------------------------------------------------------------------------------------------ preparing data


def _check_shape(trials: TrialSet, config: ExperimentConfig) -> None:
    spec = config.preprocess
    expected = (spec.channels, spec.n_times, spec.sfreq)
    given = (trials.labels, trials.data.shape[2], trials.sfreq)
    if expected != given:
        raise MismatchError(
            f"expected epochs of {len(spec.channels)} channels x {spec.n_times} samples at {spec.sfreq:g} Hz, "
            f"got {len(trials.labels)} x {trials.data.shape[2]} at {trials.sfreq:g} Hz, or other channels: "
            "cut them with the config's preprocessing"
        )


def _accepted(trials: TrialSet, reject: float | None) -> NDArray[np.int64]:
    """Indices of the epochs whose peak-to-peak amplitude is within bounds in every channel."""
    if reject is None:
        kept = np.arange(len(trials))
    else:
        kept = np.flatnonzero(np.ptp(trials.data, axis=2).max(axis=1) <= reject)
    if not len(kept):
        raise ConfigError(
            f"expected epochs to train on, got none of {len(trials)} within reject = {reject} microvolts"
        )
    return kept


def _bank_rows(trials: TrialSet, bank: Bank) -> NDArray[np.int64]:
    """Row in the bank of each trial's concept."""
    index = {name: row for row, name in enumerate(bank.names)}
    rows = np.array([index.get(name, -1) for name in trials.concept_names], np.int64)[trials.concepts]
    if (rows < 0).any():
        missing = trials.concept_names[trials.concepts[np.argmin(rows)]]
        raise MismatchError(
            f"expected vectors of every concept that was shown; the bank of {len(bank.names)} lacks {missing!r}"
        )
    return rows


def _centre(bank: Bank, rows: NDArray[np.int64]) -> NDArray[np.float32]:
    """Mean of the unit-norm prototypes of the training concepts."""
    return np.asarray(unit(bank.prototypes[rows]).mean(axis=0), np.float32)


# ------------------------------------------------------------------------------------------------ the loop


def _train_members(
    batches: Batches,
    config: ExperimentConfig,
    n_features: int,
    device: torch.device,
    progress: Callable[[Progress], None] | None,
) -> list[Aligner]:
    settings = config.train
    steps = settings.epochs * _n_batches(len(batches.epochs), settings)
    members = []
    for member in range(settings.members):

        def report(step: int, loss: Tensor, first: int = member * steps) -> None:
            if progress is not None and (step % REPORT_EVERY == 0 or step == steps):
                progress(Progress(first + step, settings.members * steps, float(loss.detach())))

        members.append(_train_one(batches, config, n_features, settings.seed + member, steps, device, report))
    return members


def _train_one(
    batches: Batches,
    config: ExperimentConfig,
    n_features: int,
    seed: int,
    steps: int,
    device: torch.device,
    report: Callable[[int, Tensor], None],
) -> Aligner:
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        torch.manual_seed(seed)  # initial weights and dropout
        generator = Generator(device).manual_seed(seed)  # order, augmentation, negatives
        model = build_aligner(config, n_features).to(device).train()
        optimiser = _optimiser(model, config.train)
        for step, batch in enumerate(_order(len(batches.epochs), config.train, generator)):
            for group in optimiser.param_groups:
                group["lr"] = config.train.lr * _rate(step, steps, config.train.warmup)
            loss = _loss(model, batches, batch, config, generator)
            optimiser.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            report(step + 1, loss)
    if not all(bool(parameter.isfinite().all()) for parameter in model.parameters()):
        raise BciError(f"training diverged, weights are NaN or infinite: try a train.lr below {config.train.lr:g}")
    return model.eval()


def _optimiser(model: Aligner, settings: TrainConfig) -> torch.optim.AdamW:
    """AdamW that lets norms, biases and other vectors be."""
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    groups: list[dict[str, Any]] = [
        {"params": [p for p in trained if p.ndim >= 2], "weight_decay": settings.weight_decay},
        {"params": [p for p in trained if p.ndim < 2], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=settings.lr, fused=True)


def _rate(step: int, steps: int, warmup: float) -> float:
    """Share of the peak rate: linear rise, then half a cosine down to zero."""
    rise = max(1, round(warmup * steps))
    if step < rise:
        return (step + 1) / rise
    return 0.5 * (1 + math.cos(math.pi * (step - rise) / max(1, steps - rise)))


def _order(n_trials: int, settings: TrainConfig, generator: Generator) -> Iterator[Tensor]:
    """Indices of each batch, all of about one size: every trial once per pass, in random order."""
    for _ in range(settings.epochs):
        order = torch.randperm(n_trials, generator=generator, device=generator.device)
        yield from order.tensor_split(_n_batches(n_trials, settings))


def _n_batches(n_trials: int, settings: TrainConfig) -> int:
    return math.ceil(n_trials / settings.batch)


def _loss(
    model: Aligner, batches: Batches, batch: Tensor, config: ExperimentConfig, generator: Generator
) -> Tensor:
    epochs = _augmented(batches, batch, config, generator)
    embeddings = model.embed(epochs)
    weights = batches.weights.index_select(0, batch)
    if config.loss.name == "instance":
        shown = batches.vectors.index_select(0, batches.pictures.index_select(0, batch))
        return instance_infonce(embeddings, model.project(shown), model.temperature, weights)
    concepts = batches.concepts.index_select(0, batch)
    rows = batches.candidates(concepts, config.loss.negatives, config.train.batch, generator)
    candidates = model.project(batches.vectors.index_select(0, rows))
    positive = concepts[:, None] == batches.owner.index_select(0, rows)[None, :]
    return concept_infonce(embeddings, candidates, positive, model.temperature, weights)


def _augmented(batches: Batches, batch: Tensor, config: ExperimentConfig, generator: Generator) -> Tensor:
    settings = config.train
    epochs = batches.epochs.index_select(0, batch)
    if settings.mix:
        partners = batches.epochs.index_select(0, batches.partners(batch, generator))
        epochs = mix_with(epochs, partners, settings.mix, generator)
    if most := round(settings.shift * config.preprocess.sfreq):
        epochs = shift_in_time(epochs, most, generator)
    if settings.noise:
        epochs = add_noise(epochs, settings.noise, generator)
    if settings.channel_drop:
        epochs = drop_channels(epochs, settings.channel_drop, generator)
    return epochs


# ------------------------------------------------------------------------------------------------ the card


def _card(trials: TrialSet, kept: NDArray[np.int64], bank: Bank, config: ExperimentConfig) -> dict[str, Any]:
    spec, settings = config.preprocess, config.train
    return {
        "protocol": config.evaluation.protocol,
        "n_trials": len(kept),
        "n_rejected": len(trials) - len(kept),
        "n_concepts": len(np.unique(trials.concepts[kept])),
        "subjects": _values(trials, kept, "subject"),
        "sessions": _values(trials, kept, "session"),
        "recordings": _values(trials, kept, "recording"),
        "held_out": list(trials.provenance.get("held_out", ())),
        "seeds": list(range(settings.seed, settings.seed + settings.members)),
        "selection": f"fixed: last of {settings.epochs} epochs",
        "candidates": len(bank.names),
        "channels": len(spec.channels),
        "window": [spec.tmin, spec.tmax],
        "causal": spec.mode == "continuous",
        "date": dt.datetime.now(dt.UTC).date().isoformat(),
    }


def _values(trials: TrialSet, kept: NDArray[np.int64], group: str) -> list[str]:
    """Different values of a group column, in order of appearance."""
    return (
        list(dict.fromkeys(str(value) for value in trials.groups[group][kept])) if group in trials.groups else []
    )
