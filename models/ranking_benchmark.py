"""How long ranking takes beside the bare matrix product that it cannot do without; measured side by side."""

import statistics
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 (its usual name)

from bci.deciding import TOP_K
from bci.ranking import rank_scores
from bci.types import Ranking
from models.ranker import Ranker, unpack
from models.timing import in_turn
from models.torch_decoder import choose_device

__all__ = ["RankingSpeed", "bench_ranking"]

WARM_UPS = 3
ROUNDS, SECONDS = 5, 8.0
"""Both are timed in turn, at least this often and this long."""
TEMPERATURE = 0.05


@dataclass(frozen=True, slots=True)
class RankingSpeed:
    """What `bench_ranking` measured, of one embedding against N prototypes.

    Parameters
    ----------
    rank_ms
        Scores, the best five, their probabilities, the rank of the truth, a `Ranking` made of them: median.
    product_ms
        The matrix product alone: median.
    ratio
        The first over the second.
    """

    n_concepts: int
    dim: int
    device: str
    torch_threads: int
    repeats: int
    rank_ms: float
    product_ms: float
    ratio: float


class _Given(nn.Module):
    """Stands in for a network: an epoch is its own embedding."""

    def embed(self, epochs: Tensor) -> Tensor:
        return epochs

    def project(self, vectors: Tensor) -> Tensor:
        return vectors


def bench_ranking(n_concepts: int, dim: int, device: str = "auto") -> RankingSpeed:
    """Rank random unit vectors, beside the product of the same matrices.

    Parameters
    ----------
    n_concepts, dim
        Shape of the prototypes; a million by 512 takes 2 GB.
    """
    chosen = choose_device(device)
    generator = torch.Generator().manual_seed(0)
    prototypes = F.normalize(torch.randn(n_concepts, dim, generator=generator))
    embedding = F.normalize(torch.randn(1, dim, generator=generator))
    runs = _on_gpu(embedding, prototypes) if chosen.type == "cuda" else _on_cpu(embedding, prototypes)
    with torch.inference_mode():
        ranked, multiplied = in_turn(*runs, rounds=ROUNDS, seconds=SECONDS, warm_ups=WARM_UPS)
    rank_ms, product_ms = (1e3 * statistics.median(seconds) for seconds in (ranked, multiplied))
    return RankingSpeed(
        n_concepts=n_concepts,
        dim=dim,
        device=str(chosen),
        torch_threads=torch.get_num_threads(),
        repeats=len(ranked),
        rank_ms=round(rank_ms, 4),
        product_ms=round(product_ms, 4),
        ratio=round(rank_ms / product_ms, 3),
    )


def _on_cpu(embedding: Tensor, prototypes: Tensor) -> tuple[Callable[[], object], Callable[[], object]]:
    vector, matrix, truth = embedding.numpy(), prototypes.numpy(), len(prototypes) // 2

    def ranked() -> Ranking:
        return rank_scores((vector @ matrix.T)[0], vector[0], truth, TOP_K, TEMPERATURE)

    return ranked, lambda: vector @ matrix.T


def _on_gpu(embedding: Tensor, prototypes: Tensor) -> tuple[Callable[[], object], Callable[[], object]]:
    n_concepts, dim = prototypes.shape
    ranker = Ranker(_Given(), prototypes, TEMPERATURE).cuda()
    vector, watched = embedding.cuda(), torch.tensor([n_concepts // 2]).cuda()

    def ranked() -> Ranking:
        return unpack(ranker(vector, watched, TOP_K).cpu().numpy()[0], TOP_K, dim, n_concepts, watched=True)

    def multiplied() -> None:
        vector @ ranker.prototypes.T
        torch.cuda.synchronize()

    return ranked, multiplied
