"""Training: from trials and a bank to a bundle, whatever the decoder."""

import datetime as dt
from pathlib import Path
from typing import Any

import numpy as np

from bci.bank import Bank
from bci.types import TrialSet, read_only
from models.averages import mean_repetitions
from models.bundle import Bundle
from models.config import ExperimentConfig
from models.decoders import family
from models.progress import OnProgress, silent
from models.training_set import TrainingSet, training_set
from models.whitening import mean_covariance

__all__ = ["train"]


def train(
    trials: TrialSet,
    bank: Bank,
    config: ExperimentConfig,
    *,
    report: OnProgress = silent,
    checkpoints: Path | None = None,
) -> Bundle:
    """Train the decoder of an experiment.

    Only the concepts that occur in `trials` are looked at; other vectors of the bank are not. On a CPU the same
    seed gives bit-equal weights.

    Parameters
    ----------
    trials
        Training epochs, baseline subtracted and not yet scaled, microvolts; may be memory-mapped.
    bank
        Vectors of their concepts; it becomes the bundle's default bank.
    config
        What to train.
    report
        Told how far it is.
    checkpoints
        Folder in which a network's training is kept and from which it goes on; None keeps none.

    Raises
    ------
    ConfigError
        If nothing is left to train on, or decoder and data do not fit.
    MismatchError
        If the bank lacks a concept, or the epochs have another shape than the config says.
    BciError
        If training diverged.
    """
    data = training_set(trials, bank, config)
    kind = family(config.decoder.name)
    presented = mean_repetitions(data) if config.train.average else data
    fitted = kind.fit(presented, config, report, checkpoints)
    return Bundle(
        config=config,
        weights=fitted.weights,
        bank=bank,
        centre=read_only(data.centre),
        temperature=fitted.temperature,
        reference=trials.provenance.get("reference"),
        whitening=None if data.whitening is None else read_only(data.whitening),
        covariance=None if data.whitening is not None else read_only(mean_covariance(trials.data, data.kept)),
        provenance=dict(trials.provenance),
        card=_card(data, config, kind.selection(config), _note(presented, config, fitted.note)),
    )


def _card(data: TrainingSet, config: ExperimentConfig, selection: str, chosen: str) -> dict[str, Any]:
    spec, settings, trials = config.preprocess, config.train, data.trials
    return {
        "protocol": config.evaluation.protocol,
        "n_trials": len(data),
        "n_rejected": len(trials) - len(data),
        "n_concepts": len(np.unique(data.rows)),
        "subjects": _values(data, "subject"),
        "sessions": _values(data, "session"),
        "recordings": _values(data, "recording"),
        "held_out": list(trials.provenance.get("held_out", ())),
        "seeds": list(range(settings.seed, settings.seed + settings.members)),
        "selection": selection,
        "chosen": chosen,
        "candidates": len(data.bank.names),
        "channels": len(spec.channels),
        "window": [spec.tmin, spec.tmax],
        "causal": spec.mode == "continuous",
        "date": dt.datetime.now(dt.UTC).date().isoformat(),
    }


def _note(presented: TrainingSet, config: ExperimentConfig, chosen: str) -> str:
    means = f"fitted to {len(presented)} means over the repetitions of a picture" if config.train.average else ""
    return "; ".join(filter(None, (means, chosen)))


def _values(data: TrainingSet, group: str) -> list[str]:
    """Different values of a group column, in order of appearance."""
    if group not in data.trials.groups:
        return []
    return list(dict.fromkeys(str(value) for value in data.trials.groups[group][data.kept]))
