"""Spatial filters that only add, then a perceptron over time: the EEG side of the blur bank.

"Leveraging Visual Blur Perception Characteristics for EEG Decoding", AAAI 2026 (github.com/makeitperfect/
VisualEEGDecoding). Its picture side, the fusion of differently blurred copies, is the projection of the same name.
"""

import torch
from torch import Tensor, nn

from models.encoders.dropout import Dropout

__all__ = ["BlurBank"]


class BlurBank(nn.Module):
    """Encode an epoch by non-negative sums of channels and a perceptron over each sum's time course.

    Parameters
    ----------
    n_channels, n_times
        Shape of an epoch.
    sfreq
        Rate in Hz; the perceptron sees whole time courses, so that it decides nothing here.
    dim
        Length of the embedding.
    filters
        Number of sums of channels.
    width
        Units of both layers of the perceptron.
    early_dropout, dropout
        Share of the units that are silenced in training after its first and its second layer.
    """

    def __init__(
        self,
        n_channels: int,
        n_times: int,
        sfreq: float,  # noqa: ARG002 (every encoder is built from the same four numbers)
        dim: int,
        *,
        filters: int = 25,
        width: int = 200,
        early_dropout: float = 0.25,
        dropout: float = 0.65,
    ) -> None:
        super().__init__()
        bound = n_channels**-0.5
        self.spatial = nn.Parameter(torch.empty(filters, n_channels).uniform_(-bound, bound))
        self.spatial_norm = nn.BatchNorm1d(filters)
        self.temporal = nn.Sequential(
            nn.Linear(n_times, width),
            nn.ELU(),
            Dropout(early_dropout),
            nn.Linear(width, width),
            nn.ELU(),
            Dropout(dropout),
        )
        self.head = nn.Linear(filters * width, dim)

    def forward(self, epochs: Tensor) -> Tensor:
        """Encode epochs (B, C, T) as vectors (B, dim)."""
        # the absolute value takes the same path as weights that are reflected at zero after every step
        sums = self.spatial_norm(self.spatial.abs() @ epochs)  # (B, filters, T)
        return self.head(self.temporal(sums).flatten(1))  # type: ignore[no-any-return]  # (B, filters * width) -> (B, dim)
