"""EEGProject: all samples of an epoch through one linear map, a residual layer, and a projector.

The encoder of NeuroBridge (Zhang et al. 2026, arXiv:2511.06836), after the one of UBP (Wu et al. 2025,
arXiv:2503.04207); the published epoch is 17 occipito-parietal channels x 250 samples.
"""

from torch import Tensor, nn

from models.encoders.dropout import Dropout

__all__ = ["EegProject"]


class EegProject(nn.Module):
    """Encode an epoch by linear maps of all its samples.

    Parameters
    ----------
    n_channels, n_times
        Shape of an epoch.
    sfreq
        Rate in Hz; the layers see whole epochs, so that it decides nothing here.
    dim
        Length of the embedding.
    width
        Units of both hidden layers.
    dropout
        Share of the residual layer's units that are silenced in training.
    """

    def __init__(
        self,
        n_channels: int,
        n_times: int,
        sfreq: float,  # noqa: ARG002 (every encoder is built from the same four numbers)
        dim: int,
        *,
        width: int = 1024,
        dropout: float = 0.3,
    ) -> None:
        super().__init__()
        self.first = nn.Linear(n_channels * n_times, width)
        self.residual = nn.Sequential(nn.GELU(), nn.Linear(width, width), Dropout(dropout))
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, dim)

    def forward(self, epochs: Tensor) -> Tensor:
        """Encode epochs (B, C, T) as vectors (B, dim)."""
        hidden = self.first(epochs.flatten(1))  # (B, C * T) -> (B, width)
        hidden = self.norm(hidden + self.residual(hidden))  # (B, width)
        return self.head(hidden)  # type: ignore[no-any-return]  # (B, dim)
