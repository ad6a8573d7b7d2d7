"""What pulls EEG towards fMRI: squared error, InfoNCE and prototypical distillation, each with a scale.

InfoNCE: `models.losses`. Prototypical distillation: a picture is described by how similar it is to the prototypes
of all clusters, their mean vectors (Snell et al. 2017, arXiv:1703.05175), and the EEG has to give the same
description as the fMRI, which is softer than a label (Hinton et al. 2015, arXiv:1503.02531). With prototypes p_k,
fMRI f_i, aligned EEG z_i and temperature tau,

    L = mean_i KL(softmax_k(cos(f_i, p_k) / tau) || softmax_k(cos(z_i, p_k) / tau)).

Prototypes are fixed before training starts.
"""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 (its usual name)

from models.alignment.config import LossConfig
from models.losses import infonce, similarities

__all__ = ["AlignmentLoss", "Parts", "prototypical_distillation"]

Parts = dict[str, Tensor]
"""Losses by name, () each, before they are scaled."""


def prototypical_distillation(aligned: Tensor, fmri: Tensor, prototypes: Tensor, temperature: float) -> Tensor:
    """Compare how EEG and fMRI describe pictures by the prototypes of clusters.

    Parameters
    ----------
    aligned, fmri
        (B, F).
    prototypes
        (K, F).
    temperature
        Of both softmaxes.

    Returns
    -------
    loss
        () mean divergence of the EEG's description from the fMRI's, in nats.
    """
    student = similarities(aligned, prototypes, temperature).log_softmax(dim=1)  # (B, K)
    teacher = similarities(fmri, prototypes, temperature).log_softmax(dim=1)  # (B, K)
    return F.kl_div(student, teacher, reduction="batchmean", log_target=True)


@dataclass(frozen=True, slots=True)
class AlignmentLoss:
    """The sum of those losses whose scale is not 0.

    Parameters
    ----------
    config
        Scales and temperatures.
    prototypes
        (K, F) of the clusters.
    """

    config: LossConfig
    prototypes: Tensor

    def parts(self, aligned: Tensor, fmri: Tensor, same: Tensor) -> Parts:
        """Compute the losses that are on.

        Parameters
        ----------
        aligned, fmri
            (B, F).
        same
            (B, B) bool: epoch i goes with the fMRI of pair j: the diagonal, and pairs that share a picture.
        """
        found: Parts = {}
        if self.config.mse:
            found["mse"] = F.mse_loss(aligned, fmri)
        if self.config.infonce:
            logits = similarities(aligned, fmri, self.config.temperature)
            found["infonce"] = infonce(logits, same, symmetric=True)
        if self.config.distillation:
            found["distillation"] = prototypical_distillation(
                aligned, fmri, self.prototypes, self.config.distillation_temperature
            )
        return found

    def total(self, parts: Parts) -> Tensor:
        """Add them up, each by its scale: ()."""
        return torch.stack([getattr(self.config, name) * loss for name, loss in parts.items()]).sum()
