"""Spectral features of an epoch at several scales: what power each channel has in each band, and when.

Two views of the same signals. Welch's periodograms (Welch 1967, doi:10.1109/TAU.1967.1161901) of several segment
lengths: short ones vary less, long ones tell neighbouring frequencies apart. Morlet's wavelets (Tallon-Baudry et
al. 1997, doi:10.1523/JNEUROSCI.17-02-00722.1997), whose power is averaged in a few bins of time. Powers are taken
as logarithms, which are closer to normal and make 1/f a constant.

EEG has most of its power at the slowest frequencies, an EPOC's an offset of millivolts besides: mean and slope are
taken out of every segment, and wavelets sum to zero over the epoch, so that no offset leaks into a band.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from bci.errors import ConfigError
from bci.specs import PreprocessSpec
from models.bands import BANDS, Bands
from models.features import FeatureOptions, Features, PartOptions

__all__ = ["Spectra", "SpectralOptions", "morlet_powers", "morlets", "welch_powers"]

Floats = NDArray[np.float64]
Seconds = Annotated[float, Field(gt=0)]

FLOOR = 1e-10
"""Least power whose logarithm is taken: that of a flat line, far below what any amplifier hears."""


class SpectralOptions(PartOptions):
    """Which spectra of a part of an epoch; what does not fit into it is left out."""

    bands: Bands = BANDS
    segments: tuple[Seconds, ...] = (0.25, 0.5, 1.0)
    """Lengths of Welch's segments, seconds; one that is longer than the part is as long. Empty for none."""
    cycles: Annotated[float, Field(gt=0)] = 3.0
    """Of a wavelet: the sd of its envelope is as many periods over 2 pi. The more, the narrower its band."""
    times: Annotated[int, Field(ge=0)] = 4
    """Bins of time that wavelets' power is averaged in; 0 for none."""


@dataclass(frozen=True)
class Spectra:
    """`SpectralOptions` at work on the epochs of one preprocessing.

    Parameters
    ----------
    options
        What to look at.
    spec
        How the epochs were cut.
    """

    options: SpectralOptions
    spec: PreprocessSpec

    def __call__(self, epochs: NDArray[np.float32]) -> Floats:
        """Return logarithms of powers, one row per epoch, of epochs (n, C, T).

        Raises
        ------
        ConfigError
            If no band fits into the part that is looked at.
        """
        signals = self._part.binned(epochs)
        powers = [power.reshape(len(epochs), -1) for power in self._powers(signals)]
        if not powers:
            seconds = signals.shape[2] / self.spec.sfreq
            raise ConfigError(
                f"bands: none of {', '.join(self.options.bands)} fits into {seconds:g} s at "
                f"{self.spec.sfreq:g} Hz: widen the window, or name others"
            )
        return np.log(np.concatenate(powers, axis=1) + FLOOR)

    def _powers(self, signals: Floats) -> Iterator[Floats]:
        options, sfreq = self.options, self.spec.sfreq
        lengths = {min(max(1, round(length * sfreq)), signals.shape[2]) for length in options.segments}
        for length in sorted(lengths):
            yield from welch_powers(signals, sfreq, options.bands, length)
        if options.times:
            yield from morlet_powers(signals, sfreq, options.bands, options.cycles, options.times)

    @cached_property
    def _part(self) -> Features:
        part = FeatureOptions(channels=self.options.channels, window=self.options.window, bin=0)
        return Features(part, self.spec)


def welch_powers(
    signals: Floats, sfreq: float, bands: Mapping[str, tuple[float, float]], length: int
) -> Iterator[Floats]:
    """Yield mean power densities (n, C) of the bands that hold a frequency of segments of `length` samples.

    Parameters
    ----------
    signals
        (n, C, T).
    length
        Of segments that overlap by half, each without its mean and slope, under Hann's window.
    """
    from scipy.signal import detrend, welch  # noqa: PLC0415 (1.3 s to import)

    frequencies, density = welch(signals, sfreq, nperseg=length, detrend=detrend)
    for low, high in bands.values():
        inside = (frequencies >= low) & (frequencies < high)
        if inside.any():
            yield density[..., inside].mean(axis=-1)


def morlet_powers(
    signals: Floats, sfreq: float, bands: Mapping[str, tuple[float, float]], cycles: float, n_bins: int
) -> Iterator[Floats]:
    """Yield powers (n, C, bins) of a wavelet in the (geometric) middle of each band that fits into the signals.

    Parameters
    ----------
    signals
        (n, C, T).
    n_bins
        Bins of time, as equal as samples allow; no more than there are samples.
    """
    from scipy.signal import detrend  # noqa: PLC0415 (1.3 s to import)

    n_times = signals.shape[2]
    straight = detrend(signals)
    edges = np.linspace(0, n_times, min(n_bins, n_times) + 1).astype(np.int64)
    for low, high in bands.values():
        frequency = float(np.sqrt(low * high))
        if sfreq / n_times <= frequency < sfreq / 2:
            real, imaginary = morlets(frequency, cycles, n_times, sfreq)
            power = (straight @ real) ** 2 + (straight @ imaginary) ** 2
            yield np.add.reduceat(power, edges[:-1], axis=2) / np.diff(edges)


@cache
def morlets(frequency: float, cycles: float, n_times: int, sfreq: float) -> tuple[Floats, Floats]:
    """Return Morlet's wavelets round every sample of an epoch, one a column, real and imaginary parts (T, T).

    A wavelet is cut where the epoch ends, brought to zero mean on what is left, and to unit energy.
    """
    deviation = cycles / (2 * np.pi * frequency)
    since = (np.arange(n_times)[:, None] - np.arange(n_times)) / sfreq
    envelope = np.exp(-(since**2) / (2 * deviation**2))
    waves = envelope * np.exp(2j * np.pi * frequency * since)
    waves -= envelope * (waves.sum(axis=0) / envelope.sum(axis=0))
    waves /= np.maximum(np.linalg.norm(waves, axis=0), np.finfo(np.float64).tiny)
    return np.ascontiguousarray(waves.real), np.ascontiguousarray(waves.imag)
