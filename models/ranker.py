"""Embed, score and rank on the device in one go, packed so that one copy brings all of it back.

A packed row is: embedding (D), rank of the watched concept (1), then for each of the k best concepts index, score
and probability (3 k).
"""

from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from bci.types import Ranking, read_only

__all__ = ["Embedder", "Ranker", "unpack"]


class Embedder(Protocol):
    """A network with two sides."""

    def embed(self, epochs: Tensor) -> Tensor:
        """Embed epochs (B, C, T) as unit vectors (B, D)."""
        ...

    def project(self, vectors: Tensor) -> Tensor:
        """Project vision vectors (N, n_features) as unit vectors (N, D)."""
        ...


class Ranker(nn.Module):
    """From epochs to packed rows.

    Parameters
    ----------
    network
        Embeds epochs and vision vectors.
    vectors
        (N, n_features) of the concepts.
    temperature
        Of the softmax over cosines.
    """

    prototypes: Tensor
    places: Tensor

    def __init__(self, network: Embedder, vectors: Tensor, temperature: float) -> None:
        super().__init__()
        self.network = network
        with torch.no_grad():
            self.register_buffer("prototypes", network.project(vectors))
        n_concepts, self.dim = self.prototypes.shape
        self.register_buffer("places", torch.arange(n_concepts - 1, -1, -1))
        self.temperature = temperature

    def scores(self, epochs: Tensor) -> tuple[Tensor, Tensor]:
        """Embeddings (B, D) and cosines (B, N) of epochs (B, C, T)."""
        embeddings = self.network.embed(epochs)
        return embeddings, embeddings @ self.prototypes.T

    def forward(self, epochs: Tensor, watched: Tensor, k: int) -> Tensor:
        """Packed rows (B, D + 1 + 3 k) of epochs (B, C, T) and watched indices (B,), -1 for none."""
        embeddings, scores = self.scores(epochs)
        order = self._best(scores, k)
        best = scores.gather(1, order)
        total = (scores / self.temperature).logsumexp(dim=1, keepdim=True)
        probabilities = (best / self.temperature - total).exp()
        truth = scores.gather(1, watched.clamp(min=0)[:, None])
        rank = (scores >= truth).sum(dim=1, keepdim=True) - 1
        named = torch.stack((order.to(scores.dtype), best, probabilities), dim=2)  # (B, k, 3)
        return torch.cat((embeddings, rank.to(scores.dtype), named.flatten(1)), dim=1)

    def _best(self, scores: Tensor, k: int) -> Tensor:
        """Indices (B, k) of the best scores (B, N); equal scores keep the order of the bank.

        `topk` does not keep it, and sorting a million scores takes as long as computing them. So a score and its
        place become one whole number: the bits of a float32, those of negative ones turned round, have its order.
        """
        bits = (scores + 0.0).view(torch.int32)  # -0.0 becomes 0.0
        keys = (bits ^ ((bits >> 31) & 0x7FFFFFFF)).long()
        keys <<= 32
        keys |= self.places
        return len(self.places) - 1 - (keys.topk(k, dim=1).values & 0xFFFFFFFF)


def unpack(row: NDArray[np.float32], k: int, dim: int, n_concepts: int, *, watched: bool) -> Ranking:
    """Read a packed row (D + 1 + 3 k,); `watched` says whether its rank is that of anything."""
    best = row[dim + 1 :].reshape(k, 3)
    return Ranking(
        indices=read_only(best[:, 0].astype(np.int64)),
        scores=read_only(best[:, 1].copy()),
        probabilities=read_only(best[:, 2].copy()),
        embedding=read_only(row[:dim].copy()),
        truth_rank=int(row[dim]) if watched else None,
        n_concepts=n_concepts,
    )
