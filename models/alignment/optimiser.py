"""AdamW at two rates, that of the backbone and that of the rest, both along half a cosine.

Loshchilov and Hutter 2019, arXiv:1711.05101, and 2017, arXiv:1608.03983.
"""

import math
from typing import Any

import torch

from models.alignment.config import TrainConfig
from models.alignment.model import AlignmentModel

__all__ = ["build_optimiser", "set_rates"]


def build_optimiser(model: AlignmentModel, settings: TrainConfig) -> torch.optim.AdamW:
    """Return AdamW for all weights that learn; norms, biases and other vectors do not decay."""
    backbone = {id(parameter) for parameter in model.eeg.backbone.parameters()}
    groups: list[dict[str, Any]] = []
    for peak, own in ((settings.backbone_lr, True), (settings.lr, False)):
        weights = [p for p in model.parameters() if p.requires_grad and (id(p) in backbone) is own]
        groups += [
            {"params": [p for p in weights if p.ndim >= 2], "peak": peak, "weight_decay": settings.weight_decay},
            {"params": [p for p in weights if p.ndim < 2], "peak": peak, "weight_decay": 0.0},
        ]
    return torch.optim.AdamW([group for group in groups if group["params"]], lr=settings.lr)


def set_rates(optimiser: torch.optim.Optimizer, step: int, steps: int) -> None:
    """Set the rates of a step: half a cosine, from the first rate down to zero."""
    share = 0.5 * (1 + math.cos(math.pi * step / steps))
    for group in optimiser.param_groups:
        group["lr"] = share * group["peak"]
