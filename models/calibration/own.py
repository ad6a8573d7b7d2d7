"""What the ways of fitting a person's decoder share: the data, what comes of it, how good scores are."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bci.bank import Bank
from bci.types import TrialSet
from models.bundle import Bundle
from models.calibration.alignment import person_matrix
from models.config import DecoderConfig
from models.temperature import log_probabilities
from models.training_set import TrainingSet, training_set
from replay.trials import take

__all__ = ["Own", "log_loss", "ordered", "part", "person_data", "shown_often", "with_own"]

OFTEN = 6
"""Events of a concept from which on it can be known by them alone."""


@dataclass(frozen=True, slots=True)
class Own:
    """A person's decoder.

    Parameters
    ----------
    matrix
        (C, C) that epochs are multiplied by.
    decoder, weights, temperature
        What replaces the bundle's; None, empty and None where its own is not improved.
    note
        What was chosen.
    """

    matrix: NDArray[np.float64]
    decoder: DecoderConfig | None = None
    weights: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    temperature: float | None = None
    note: str = ""


def person_data(bundle: Bundle, bank: Bank, trials: TrialSet) -> TrainingSet:
    """Return a person's events as a bundle's decoders are fitted to them, in the bundle's space of vectors."""
    data = training_set(trials, bank, bundle.config)
    return replace(data, centre=bundle.centre, whitening=person_matrix(bundle, trials.data))


def part(data: TrainingSet, rows: NDArray[np.int64]) -> TrainingSet:
    """Return some of a person's events; what needs no labels stays as it was fitted to all of them."""
    return replace(data, kept=data.kept[rows], rows=data.rows[rows])


def with_own(bundle: Bundle, own: Own) -> Bundle:
    """Return a bundle that decodes with a person's matrix and decoder."""
    aligned = replace(bundle, whitening=own.matrix)
    if own.decoder is None or own.temperature is None:
        return aligned
    config = bundle.config.model_copy(update={"decoder": own.decoder})
    return replace(aligned, config=config, weights=own.weights, temperature=own.temperature)


def ordered(data: TrainingSet) -> TrialSet:
    """Return the trials of a set, for who splits them in time."""
    return take(data.trials, data.kept)


def shown_often(concepts: NDArray[np.int64], n_concepts: int) -> bool:
    """Whether every concept was shown often enough for a classifier."""
    return int(np.bincount(concepts, minlength=n_concepts).min()) >= OFTEN


def log_loss(scores: NDArray[Any], truth: NDArray[np.int64], temperature: float = 1.0) -> float:
    """Return the mean negative log-probability of the truth, scores (n, N) and columns (n,)."""
    own = np.take_along_axis(log_probabilities(scores, temperature), truth[:, None], axis=1)
    return float(-own.mean())
