"""What a decoder is fitted to: the accepted trials, what they showed, and how they are scaled."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from bci.bank import Bank, normalise
from bci.errors import ConfigError, MismatchError
from bci.preprocess import scale_epochs
from bci.ranking import unit
from bci.specs import PreprocessSpec
from bci.types import TrialSet
from models.config import ExperimentConfig
from models.whitening import fit_whitening

__all__ = ["TrainingSet", "accepted", "centre_of", "concept_weights", "training_set"]

BLOCK = 2048
"""Epochs that are looked at together, so that a memory-mapped set is never read whole."""


@dataclass(frozen=True, slots=True)
class TrainingSet:
    """Training trials, scaled when they are asked for.

    Parameters
    ----------
    trials
        Cut with `spec`, not scaled; may be memory-mapped.
    kept
        (n,) int64 rows of `trials` that are trained on.
    rows
        (n,) int64 rows in the bank of their concepts.
    bank
        Vectors of the concepts.
    centre
        (D,) float32 mean of the unit-norm prototypes of the concepts that occur.
    spec
        Preprocessing; its last step is done here.
    whitening
        (C, C) float64 fitted on these trials, None if the spec asks for none.
    """

    trials: TrialSet
    kept: NDArray[np.int64]
    rows: NDArray[np.int64]
    bank: Bank
    centre: NDArray[np.float32]
    spec: PreprocessSpec
    whitening: NDArray[np.float64] | None

    def __len__(self) -> int:
        return len(self.kept)

    @property
    def images(self) -> NDArray[np.int64]:
        """(n,) pictures shown, -1 if unknown."""
        return self.trials.images[self.kept]

    @property
    def n_bytes(self) -> int:
        """Size of all epochs in memory."""
        return len(self) * int(np.prod(self.trials.data.shape[1:])) * 4

    def unscaled(self, index: NDArray[np.int64] | slice = slice(None)) -> NDArray[np.float32]:
        """Return a copy of some of the epochs, (m, C, T) float32, microvolts."""
        return np.asarray(self.trials.data[self.kept[index]], np.float32)

    def epochs(self, index: NDArray[np.int64] | slice = slice(None)) -> NDArray[np.float32]:
        """Return some of the epochs, (m, C, T) float32, scaled."""
        return scale_epochs(self.unscaled(index), self.spec, self.whitening)

    def blocks(self) -> Iterator[NDArray[np.float32]]:
        """Yield all epochs in order, scaled, some at a time."""
        for first in range(0, len(self), BLOCK):
            yield self.epochs(slice(first, first + BLOCK))

    def targets(self) -> NDArray[np.float32]:
        """Return what each epoch should be mapped to, (n, D): the picture shown if known, else its concept."""
        vectors = self.bank.prototypes[self.rows]
        if self.bank.images is not None:
            known = self.images >= 0
            vectors = vectors.copy()
            vectors[known] = self.bank.images[self.images[known]]
        return self.normalised(vectors)

    def normalised(self, vectors: NDArray[np.float32]) -> NDArray[np.float32]:
        """Apply the bank's normalisation to raw vectors (..., D)."""
        return normalise(vectors, self.bank.key.normalisation, self.centre, self.bank.key.views)

    def part(self, index: NDArray[np.int64]) -> "TrainingSet":
        """Return some of the trials, what scales them fitted to them alone."""
        kept, rows = self.kept[index], self.rows[index]
        whitening = _whitening(self.trials, self.spec, kept)
        return replace(self, kept=kept, rows=rows, whitening=whitening, centre=centre_of(self.bank, rows))


def training_set(trials: TrialSet, bank: Bank, config: ExperimentConfig) -> TrainingSet:
    """Choose the trials to train on and fit what scales them.

    Parameters
    ----------
    trials
        Cut with `config.preprocess`, not scaled.
    bank
        Vectors of their concepts, and perhaps of others, which are never looked at.

    Raises
    ------
    ConfigError
        If nothing is left to train on.
    MismatchError
        If the bank lacks a concept, or the epochs have another shape than the config says.
    """
    _check_shape(trials, config.preprocess)
    kept = accepted(trials.data, config.data.reject)
    rows = _bank_rows(trials, bank)[kept]
    _check_pictures(trials.images[kept], rows, bank)
    spec = config.preprocess
    whitening = _whitening(trials, spec, kept)
    return TrainingSet(trials, kept, rows, bank, centre_of(bank, rows), spec, whitening)


def centre_of(bank: Bank, rows: NDArray[np.int64]) -> NDArray[np.float32]:
    """Return the mean (D,) of the prototypes of the concepts that trials showed, each view at unit norm.

    Parameters
    ----------
    rows
        (n,) rows in the bank, one per trial; every concept counts once.
    """
    shown = bank.prototypes[np.unique(rows)]
    views = shown.reshape(len(shown), bank.key.views, -1)
    return np.asarray(unit(views).mean(axis=0).reshape(-1), np.float32)


def concept_weights(concepts: NDArray[np.int64], *, balance: bool) -> NDArray[np.float64]:
    """Return the weight of each trial in a loss, (n,), 1 on average.

    Parameters
    ----------
    concepts
        (n,) what each trial showed, by any numbers.
    balance
        Whether all concepts weigh the same, however many trials they have; else all trials do.
    """
    if not balance:
        return np.ones(len(concepts))
    _, shown, counts = np.unique(concepts, return_inverse=True, return_counts=True)
    return np.asarray(len(concepts) / len(counts) / counts[shown], np.float64)


def accepted(epochs: NDArray[np.float32], reject: float | None) -> NDArray[np.int64]:
    """Return the indices of the epochs (n, C, T) whose peak-to-peak amplitude is within bounds in every channel.

    Raises
    ------
    ConfigError
        If there is none.
    """
    kept = np.arange(len(epochs))
    if reject is not None and len(epochs):
        firsts = range(0, len(epochs), BLOCK)
        spans = [np.ptp(epochs[first : first + BLOCK], axis=2).max(axis=1) for first in firsts]
        kept = np.flatnonzero(np.concatenate(spans) <= reject)
    if not len(kept):
        raise ConfigError(
            f"expected epochs to train on, got none of {len(epochs)} within reject = {reject} microvolts"
        )
    return kept


def _whitening(trials: TrialSet, spec: PreprocessSpec, kept: NDArray[np.int64]) -> NDArray[np.float64] | None:
    return None if spec.whitening == "none" else fit_whitening(trials.data, spec.whitening, kept)


def _check_shape(trials: TrialSet, spec: PreprocessSpec) -> None:
    expected = (spec.channels, spec.n_times, spec.sfreq)
    given = (trials.labels, trials.data.shape[2], trials.sfreq)
    if expected != given:
        raise MismatchError(
            f"expected epochs of {len(spec.channels)} channels x {spec.n_times} samples at {spec.sfreq:g} Hz, "
            f"got {len(trials.labels)} x {trials.data.shape[2]} at {trials.sfreq:g} Hz, or other channels: "
            "cut them with the config's preprocessing"
        )


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


def _check_pictures(images: NDArray[np.int64], rows: NDArray[np.int64], bank: Bank) -> None:
    """Refuse trials that number their pictures in another order than the bank."""
    if bank.owner is None or not (known := images >= 0).any():
        return
    if images.max() >= len(bank.owner):
        raise MismatchError(
            f"the trials show picture {images.max()}, counted from 0, the bank has {len(bank.owner)}: embed the "
            "very folder of pictures that was shown"
        )
    shown, of = images[known], rows[known]
    if (other := bank.owner[shown] != of).any():
        first = int(np.argmax(other))
        raise MismatchError(
            f"picture {shown[first]} shows {bank.names[of[first]]!r} by the trials and "
            f"{bank.names[bank.owner[shown[first]]]!r} by the bank: embed the very folder that was shown"
        )
