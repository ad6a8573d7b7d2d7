"""Contrastive losses between epochs and pictures.

InfoNCE: van den Oord, Li and Vinyals 2018, arXiv:1807.03748; with several positives per anchor: Khosla et al.
2020, arXiv:2004.11362 (the variant with the sum inside the logarithm).
"""

import torch
from torch import Tensor

__all__ = ["concept_infonce", "instance_infonce"]


def concept_infonce(
    embeddings: Tensor,
    candidates: Tensor,
    positive: Tensor,
    temperature: Tensor | float,
    weights: Tensor | None = None,
) -> Tensor:
    """Pull each epoch towards all pictures of its concept, away from all other candidates.

    For epoch i with positives P(i) among the candidates A, similarities s and temperature t:
    L_i = -[logsumexp(s(i, P(i)) / t) - logsumexp(s(i, A) / t)], which is never negative.

    Parameters
    ----------
    embeddings
        (B, D) unit vectors of epochs.
    candidates
        (M, D) unit vectors of pictures.
    positive
        (B, M) bool: picture m shows the concept of epoch i; at least one per row.
    temperature
        Positive.
    weights
        (B,) weight of each epoch in the mean; all equal by default.

    Returns
    -------
    loss
        () weighted mean of L_i.
    """
    logits = embeddings @ candidates.T / temperature  # (B, M)
    positives = logits.masked_fill(~positive, -torch.inf)
    return _mean(logits.logsumexp(dim=1) - positives.logsumexp(dim=1), weights)


def instance_infonce(
    embeddings: Tensor, pictures: Tensor, temperature: Tensor | float, weights: Tensor | None = None
) -> Tensor:
    """Pull each epoch towards the picture that was shown, away from the other pictures of the batch.

    Parameters
    ----------
    embeddings, pictures
        (B, D) unit vectors, row i of one belonging to row i of the other.
    temperature
        Positive.
    weights
        (B,) weight of each epoch in the mean; all equal by default.

    Returns
    -------
    loss
        () weighted mean of the cross-entropies of the diagonal.
    """
    logits = embeddings @ pictures.T / temperature  # (B, B)
    return _mean(logits.logsumexp(dim=1) - logits.diagonal(), weights)


def _mean(losses: Tensor, weights: Tensor | None) -> Tensor:
    return losses.mean() if weights is None else (losses * weights).sum() / weights.sum()
