"""Contrastive losses between epochs and pictures, as one matrix of similarities and what counts as a match.

InfoNCE: van den Oord, Li and Vinyals 2018, arXiv:1807.03748; with several positives per anchor: Khosla et al.
2020, arXiv:2004.11362 (the variant with the sum inside the logarithm); both directions: Radford et al. 2021,
arXiv:2103.00020.
"""

from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 (its usual name)

__all__ = ["infonce", "similarities"]


def similarities(
    embeddings: Tensor,
    pictures: Tensor,
    temperature: Tensor | float,
    normalise: Literal["both", "picture", "none"] = "both",
) -> Tensor:
    """Compare epochs with pictures.

    Parameters
    ----------
    embeddings, pictures
        (B, D) and (M, D), as they leave encoder and projection.
    temperature
        What similarities are divided by.
    normalise
        Which side is brought to unit norm first: cosines for `both`.

    Returns
    -------
    logits
        (B, M).
    """
    if normalise == "both":
        embeddings = F.normalize(embeddings, dim=-1)
    if normalise != "none":
        pictures = F.normalize(pictures, dim=-1)
    return embeddings @ pictures.T / temperature


def infonce(logits: Tensor, positive: Tensor, weights: Tensor | None = None, *, symmetric: bool = False) -> Tensor:
    """Pull each epoch towards its positives, away from all other pictures.

    For epoch i with positives P(i) among the pictures A and logits s:
    L_i = -[logsumexp(s(i, P(i))) - logsumexp(s(i, A))], which is never negative. With one positive each this is
    the cross-entropy of the picture that was shown.

    Parameters
    ----------
    logits
        (B, M) from `similarities`.
    positive
        (B, M) bool: picture m matches epoch i; at least one per row.
    weights
        (B,) weight of each epoch in the mean; all equal by default.
    symmetric
        Average with the other direction: each picture that matches an epoch is pulled towards all that match.

    Returns
    -------
    loss
        () weighted mean of L_i.
    """
    epochs = _mean(_contrast(logits, positive), weights)
    if not symmetric:
        return epochs
    matched = positive.any(dim=0)
    return 0.5 * (epochs + _contrast(logits.T[matched], positive.T[matched]).mean())


def _contrast(logits: Tensor, positive: Tensor) -> Tensor:
    """L_i of each row."""
    return logits.logsumexp(dim=1) - logits.masked_fill(~positive, -torch.inf).logsumexp(dim=1)


def _mean(losses: Tensor, weights: Tensor | None) -> Tensor:
    return losses.mean() if weights is None else (losses * weights).sum() / weights.sum()
