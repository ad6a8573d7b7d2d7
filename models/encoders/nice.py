"""NICE: a shallow temporal-spatial convolution in front of the shared space.

Song et al., "Decoding natural images from EEG for object recognition", ICLR 2024, arXiv:2308.13234. The published
sizes, 25 and 51 samples at 250 Hz with a stride of 5, are kept in seconds at other rates.
"""

from torch import Tensor, nn

from models.encoders.dropout import Dropout

__all__ = ["Nice"]

KERNEL = 25 / 250
POOL = 51 / 250
STRIDE = 5 / 250


class Nice(nn.Module):
    """Encode an epoch by convolution over time, pooling, and convolution over all channels.

    Parameters
    ----------
    n_channels, n_times, sfreq
        Shape of an epoch and its rate in Hz.
    dim
        Length of the embedding.
    maps
        Number of filters, over time and over space.
    dropout
        Share of units that are silenced in training.
    """

    def __init__(
        self,
        n_channels: int,
        n_times: int,
        sfreq: float,
        dim: int,
        *,
        maps: int = 40,
        dropout: float = 0.5,
    ) -> None:
        super().__init__()
        kernel = _samples(KERNEL, sfreq, n_times // 2)
        filtered = n_times - kernel + 1
        pool = _samples(POOL, sfreq, filtered)
        stride = _samples(STRIDE, sfreq, pool)
        pooled = (filtered - pool) // stride + 1
        self.temporal = nn.Conv2d(1, maps, (1, kernel))
        self.pool = nn.AvgPool2d((1, pool), (1, stride))
        self.temporal_norm = nn.BatchNorm2d(maps)
        self.spatial = nn.Conv2d(maps, maps, (n_channels, 1))
        self.spatial_norm = nn.BatchNorm2d(maps)
        self.activation = nn.ELU()
        self.dropout = Dropout(dropout)
        self.mix = nn.Conv2d(maps, maps, 1)
        self.head = nn.Linear(maps * pooled, dim)

    def forward(self, epochs: Tensor) -> Tensor:
        """Encode epochs (B, C, T) as vectors (B, dim)."""
        maps = self.pool(self.temporal(epochs.unsqueeze(1)))  # (B, maps, C, pooled)
        maps = self.activation(self.temporal_norm(maps))  # (B, maps, C, pooled)
        maps = self.activation(self.spatial_norm(self.spatial(maps)))  # (B, maps, 1, pooled)
        maps = self.mix(self.dropout(maps))  # (B, maps, 1, pooled)
        return self.head(maps.flatten(1))  # type: ignore[no-any-return]  # (B, maps * pooled) -> (B, dim)


def _samples(seconds: float, sfreq: float, most: int) -> int:
    """Length in samples, at least one and at most what there is."""
    return max(1, min(round(seconds * sfreq), most))
