"""Training data on the device: epochs, what they showed, and the candidates that a batch is contrasted with."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Generator, Tensor

from bci.bank import Bank, normalise
from bci.errors import ConfigError
from models.config import ExperimentConfig

__all__ = ["Batches", "make_batches"]


@dataclass(frozen=True, slots=True)
class Batches:
    """Training data; concepts are numbered among those that occur in them.

    Parameters
    ----------
    epochs
        (n, C, T) float32, scaled.
    concepts
        (n,) int64 concept of each epoch.
    pictures
        (n,) int64 row of the picture shown in `vectors`, -1 if unknown.
    weights
        (n,) float32 weight of each epoch in the loss, 1 on average.
    vectors, owner
        (M, D) float32 normalised pictures (or prototypes, where there are none) and (M,) int64 their concepts.
    by_concept, first, counts
        (n,) epochs in the order of their concepts; (N,) where each concept's begin in it, and how many there are.
    """

    epochs: Tensor
    concepts: Tensor
    pictures: Tensor
    weights: Tensor
    vectors: Tensor
    owner: Tensor
    by_concept: Tensor
    first: Tensor
    counts: Tensor

    def candidates(self, concepts: Tensor, negatives: int, few: int, generator: Generator) -> Tensor:
        """Draw what a batch is contrasted with.

        Parameters
        ----------
        concepts
            (B,) of the batch.
        negatives
            Number of concepts sampled besides those of the batch. With 0 there are none, or all others if there
            are at most `few` concepts in all.

        Returns
        -------
        rows
            (m,) into `vectors`: all pictures of the concepts drawn.
        """
        n_concepts = len(self.counts)
        if negatives == 0 and n_concepts <= few:
            return torch.arange(len(self.owner), device=concepts.device)
        drawn = torch.rand(n_concepts, generator=generator, device=concepts.device)
        drawn[concepts] = 2.0  # more than any other: those of the batch come first
        n_shown = int((drawn == 2.0).sum())
        chosen = torch.zeros(n_concepts, dtype=torch.bool, device=concepts.device)
        chosen[drawn.topk(min(n_shown + negatives, n_concepts)).indices] = True
        return chosen[self.owner].nonzero().squeeze(1)

    def partners(self, batch: Tensor, generator: Generator) -> Tensor:
        """Draw an epoch of the same concept (perhaps itself) for each of a batch (B,)."""
        concepts = self.concepts.index_select(0, batch)
        counts = self.counts.index_select(0, concepts)
        drawn = torch.rand(len(batch), generator=generator, device=batch.device) * counts
        return self.by_concept.index_select(0, self.first.index_select(0, concepts) + drawn.long())


def make_batches(
    epochs: NDArray[np.float32],
    rows: NDArray[np.int64],
    images: NDArray[np.int64],
    bank: Bank,
    centre: NDArray[np.float32],
    config: ExperimentConfig,
    device: torch.device,
) -> Batches:
    """Put training data on the device, without a trace of concepts that do not occur in them.

    Parameters
    ----------
    epochs
        (n, C, T), scaled.
    rows, images
        (n,) row in the bank of each epoch's concept and of its picture (-1 if unknown).
    centre
        (D,) subtracted from unit vectors if the bank's key says so.

    Raises
    ------
    ConfigError
        If the loss needs to know pictures that are unknown.
    """
    shown, concepts, counts = np.unique(rows, return_inverse=True, return_counts=True)
    vectors, owner, pictures = _pictures(shown, images, bank)
    if config.loss.name == "instance" and (pictures < 0).any():
        raise ConfigError("loss.name = 'instance' needs to know which picture of the bank every trial showed")
    weights = 1.0 / counts[concepts] if config.train.balance else np.ones(len(rows))

    def put(array: NDArray[np.generic]) -> Tensor:
        return torch.from_numpy(np.require(array, requirements=["C", "W"])).to(device)

    return Batches(
        epochs=put(epochs),
        concepts=put(concepts),
        pictures=put(pictures),
        weights=put((weights / weights.mean()).astype(np.float32)),
        vectors=put(normalise(vectors, bank.key.normalisation, centre).astype(np.float32)),
        owner=put(owner),
        by_concept=put(np.argsort(concepts, kind="stable")),
        first=put(np.cumsum(counts) - counts),
        counts=put(counts),
    )


def _pictures(
    shown: NDArray[np.int64], images: NDArray[np.int64], bank: Bank
) -> tuple[NDArray[np.float32], NDArray[np.int64], NDArray[np.int64]]:
    """Return pictures of the concepts shown, their owners, and which of them each epoch showed."""
    if bank.images is None or bank.owner is None:
        return bank.prototypes[shown], np.arange(len(shown)), np.full(len(images), -1)
    number = _positions(shown, len(bank.names))
    used = np.flatnonzero(number[bank.owner] >= 0)
    position = _positions(used, len(bank.images))
    return bank.images[used], number[bank.owner[used]], np.where(images >= 0, position[images], -1)


def _positions(chosen: NDArray[np.int64], n: int) -> NDArray[np.int64]:
    """Where each of n things stands among the chosen ones; -1 if it does not."""
    positions = np.full(n, -1)
    positions[chosen] = np.arange(len(chosen))
    return positions
