"""Augmentations of training epochs on their device, each a pure function of epochs and a random generator."""

import torch
from torch import Generator, Tensor
from torch.nn import functional as F  # noqa: N812 (its usual name)

from models.config import TrainConfig

__all__ = ["add_noise", "augment", "drop_channels", "mix_with", "shift_in_time", "smooth_in_time"]


def shift_in_time(epochs: Tensor, most: int, generator: Generator) -> Tensor:
    """Move each epoch (B, C, T) by up to `most` samples either way; the edge samples fill what opens."""
    batch, channels, n_times = epochs.shape
    shifts = torch.randint(-most, most + 1, (batch, 1, 1), generator=generator, device=epochs.device)
    times = torch.arange(n_times, device=epochs.device)
    source = (times - shifts).clamp_(0, n_times - 1)  # (B, 1, T)
    return epochs.gather(2, source.expand(-1, channels, -1))


def smooth_in_time(epochs: Tensor, n_samples: int, probability: float, generator: Generator) -> Tensor:
    """Smooth each epoch (B, C, T) with some probability, by a moving average that is shorter at the edges."""
    drawn = torch.rand((len(epochs), 1, 1), generator=generator, device=epochs.device)
    smoothed = F.avg_pool1d(epochs, n_samples, stride=1, padding=n_samples // 2, count_include_pad=False)
    return torch.where(drawn < probability, smoothed[..., : epochs.shape[2]], epochs)


def add_noise(epochs: Tensor, share: float, generator: Generator) -> Tensor:
    """Add white noise whose sd is `share` of the epoch's (B, C, T) own."""
    noise = torch.empty_like(epochs).normal_(generator=generator)
    return torch.addcmul(epochs, noise, epochs.std(dim=(1, 2), keepdim=True), value=share)


def drop_channels(epochs: Tensor, probability: float, generator: Generator) -> Tensor:
    """Set each channel of each epoch (B, C, T) to zero with some probability."""
    drawn = torch.rand((*epochs.shape[:2], 1), generator=generator, device=epochs.device)
    return epochs * (drawn >= probability)


def mix_with(epochs: Tensor, partners: Tensor, probability: float, generator: Generator) -> Tensor:
    """Average each epoch (B, C, T) with its partner, with some probability."""
    drawn = torch.rand((len(epochs), 1, 1), generator=generator, device=epochs.device)
    return torch.where(drawn < probability, 0.5 * (epochs + partners), epochs)


def augment(
    epochs: Tensor, partners: Tensor | None, settings: TrainConfig, sfreq: float, generator: Generator
) -> Tensor:
    """Apply what an experiment asks for to a batch (B, C, T), in a fixed order.

    Parameters
    ----------
    partners
        (B, C, T) what epochs may be averaged with.
    sfreq
        Rate of the epochs, Hz.
    """
    if partners is not None:
        epochs = mix_with(epochs, partners, settings.mix, generator)
    if most := round(settings.shift * sfreq):
        epochs = shift_in_time(epochs, most, generator)
    if settings.smooth:
        epochs = smooth_in_time(epochs, settings.smooth_samples, settings.smooth, generator)
    if settings.noise:
        epochs = add_noise(epochs, settings.noise, generator)
    if settings.channel_drop:
        epochs = drop_channels(epochs, settings.channel_drop, generator)
    return epochs
