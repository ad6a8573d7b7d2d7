"""Which trials make a batch, what they are mixed and contrasted with; drawn anew for each pass from its own seed.

Drawing is NumPy on the CPU and depends on (seed, pass) alone, so that a training resumes anywhere and several
processes agree without a word.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from bci.errors import ConfigError
from models.config import ExperimentConfig
from models.training_set import TrainingSet, concept_weights

__all__ = ["Batch", "Gallery", "Sampler", "make_sampler"]

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Batch:
    """One step's draw.

    Parameters
    ----------
    epochs
        (B,) rows of the training set.
    partners
        (B,) rows that they may be averaged with, None if nothing is mixed.
    candidates
        (m,) rows of the gallery that they are contrasted with.
    positive
        (B, m) bool: which of these match.
    weights
        (B,) float32 weight of each epoch in the loss.
    """

    epochs: Ints
    partners: Ints | None
    candidates: Ints
    positive: NDArray[np.bool_]
    weights: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Gallery:
    """The pictures of the concepts that are trained on (or their prototypes, where there are none).

    Parameters
    ----------
    vectors
        (M, n_features) float32, normalised as the bank says.
    owner
        (M,) their concepts, numbered among those that are trained on.
    """

    vectors: NDArray[np.float32]
    owner: Ints


@dataclass(frozen=True)
class Sampler:
    """Draws batches.

    Parameters
    ----------
    concepts
        (n,) concept of each epoch, numbered among those that occur.
    pictures
        (n,) row of the gallery that each epoch showed, -1 if unknown.
    gallery
        What there is to contrast with.
    batch
        Trials a step; the batches of a pass are all of about this size.
    loss
        `concept`: all pictures of a concept match; `instance`: the one that was shown.
    negatives
        Concepts sampled besides those of the batch. With 0 there are none, or all if they are at most `batch`.
    mix_of
        What an epoch and its partner share; None draws no partners.
    balance
        Whether concepts rather than epochs weigh the same.
    """

    concepts: Ints
    pictures: Ints
    gallery: Gallery
    batch: int
    loss: Literal["concept", "instance"] = "concept"
    negatives: int = 0
    mix_of: Literal["concept", "image"] | None = None
    balance: bool = True

    def __len__(self) -> int:
        return math.ceil(len(self.concepts) / self.batch)

    def draw(self, seed: tuple[int, ...]) -> Iterator[Batch]:
        """Yield the batches of one pass: every epoch once, in random order."""
        rng = np.random.default_rng(seed)
        order = rng.permutation(len(self.concepts))
        for epochs in np.array_split(order, len(self)):
            partners = None if self.mix_of is None else self._partners(epochs, rng)
            candidates, positive = self._candidates(epochs, rng)
            yield Batch(epochs, partners, candidates, positive, self.weights[epochs])

    @cached_property
    def weights(self) -> NDArray[np.float32]:
        """Weight of each epoch in the loss, 1 on average, (n,)."""
        return concept_weights(self.concepts, balance=self.balance).astype(np.float32)

    def _candidates(self, epochs: Ints, rng: np.random.Generator) -> tuple[Ints, NDArray[np.bool_]]:
        if self.loss == "instance":
            candidates, shown = np.unique(self.pictures[epochs], return_inverse=True)
            return candidates, shown[:, None] == np.arange(len(candidates))
        concepts = self.concepts[epochs]
        candidates = np.flatnonzero(self._contrasted(concepts, rng)[self.gallery.owner])
        return candidates, concepts[:, None] == self.gallery.owner[candidates]

    def _contrasted(self, concepts: Ints, rng: np.random.Generator) -> NDArray[np.bool_]:
        """Which concepts a batch is contrasted with, its own among them."""
        n_concepts = int(self.concepts.max()) + 1
        chosen = np.zeros(n_concepts, np.bool_)
        chosen[concepts] = True
        others = np.flatnonzero(~chosen)
        if self.negatives == 0 and n_concepts <= self.batch:
            chosen[:] = True
        else:
            chosen[rng.permutation(others)[: self.negatives]] = True
        return chosen

    def _partners(self, epochs: Ints, rng: np.random.Generator) -> Ints:
        """Draw for each epoch another one that shares concept or picture with it; itself if there is none."""
        grouped, first, counts, position = self._shared
        group = self._group[epochs]
        steps = rng.integers(1, np.maximum(counts[group], 2))
        places = (position[epochs] - first[group] + steps) % counts[group]
        return np.asarray(grouped[first[group] + places])

    @cached_property
    def _group(self) -> Ints:
        return self.concepts if self.mix_of == "concept" else np.unique(self.pictures, return_inverse=True)[1]

    @cached_property
    def _shared(self) -> tuple[Ints, Ints, Ints, Ints]:
        """Epochs group by group, where each group begins and how many it has, and where each epoch stands."""
        grouped = np.argsort(self._group, kind="stable")
        counts = np.bincount(self._group)
        position = np.empty_like(grouped)
        position[grouped] = np.arange(len(grouped))
        return grouped, np.cumsum(counts) - counts, counts, position


def make_sampler(data: TrainingSet, config: ExperimentConfig) -> Sampler:
    """Prepare drawing from a training set, without a trace of concepts that do not occur in it.

    Raises
    ------
    ConfigError
        If loss or augmentation need to know pictures that are unknown.
    """
    gallery, concepts, pictures = _gallery(data)
    settings, loss = config.train, config.loss
    unknown = bool((pictures < 0).any())
    for key, needed in {"loss.name": loss.name == "instance", "train.mix_of": _mixes_pictures(config)}.items():
        if needed and unknown:
            value = loss.name if key == "loss.name" else settings.mix_of
            raise ConfigError(f"{key} = {value!r} needs to know which picture of the bank every trial showed")
    return Sampler(
        concepts,
        pictures,
        gallery,
        settings.batch,
        loss.name,
        loss.negatives,
        settings.mix_of if settings.mix else None,
        settings.balance,
    )


def _mixes_pictures(config: ExperimentConfig) -> bool:
    return config.train.mix > 0 and config.train.mix_of == "image"


def _gallery(data: TrainingSet) -> tuple[Gallery, Ints, Ints]:
    """Return the gallery of the concepts that occur, and what each epoch showed of it."""
    bank = data.bank
    shown, concepts = np.unique(data.rows, return_inverse=True)
    if bank.images is None or bank.owner is None:
        vectors, owner, pictures = bank.prototypes[shown], np.arange(len(shown)), np.full(len(data), -1)
    else:
        number = _positions(shown, len(bank.names))
        used = np.flatnonzero(number[bank.owner] >= 0)
        position = _positions(used, len(bank.images))
        vectors, owner = bank.images[used], number[bank.owner[used]]
        pictures = np.where(data.images >= 0, position[data.images], -1)
    return Gallery(data.normalised(vectors).astype(np.float32), owner), concepts, pictures


def _positions(chosen: Ints, n: int) -> Ints:
    """Where each of n things stands among the chosen ones; -1 if it does not."""
    positions = np.full(n, -1)
    positions[chosen] = np.arange(len(chosen))
    return positions
