"""How the power of a signal is spread over frequencies: Welch's estimate, and the bands of EEG.

Welch (1967), doi:10.1109/TAU.1967.1161901; bands as the IFCN names them (Babiloni et al. 2020,
doi:10.1016/j.clinph.2019.06.234), gamma as far as line noise lets it be seen.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bci.types import read_only

__all__ = [
    "BANDS",
    "BROAD",
    "LINES",
    "Band",
    "Spectrum",
    "clean_stretch",
    "decibels",
    "line_frequency",
    "thinned",
    "welch",
]


@dataclass(frozen=True, slots=True)
class Band:
    """A named range of frequencies in Hz, its upper end exclusive."""

    name: str
    low: float
    high: float

    @property
    def limits(self) -> str:
        """Its limits in words."""
        return f"{self.low:g}-{self.high:g} Hz"


BANDS = (
    Band("delta", 1, 4),
    Band("theta", 4, 8),
    Band("alpha", 8, 13),
    Band("beta", 13, 30),
    Band("gamma", 30, 45),
)
BROAD = Band("all", BANDS[0].low, BANDS[-1].high)
"""Where EEG has most of its power and mains have none."""

LINES = (50.0, 60.0)
"""Frequencies of mains, Hz."""

_LINE_WIDTH = 1.0  # half of it, Hz
_BESIDE = 4.0  # how far from a line its surroundings reach, Hz
_ENOUGH = 500.0  # rates of at least twice that are thinned out, Hz


@dataclass(frozen=True, slots=True)
class Spectrum:
    """Power spectral density of some channels, one-sided.

    Parameters
    ----------
    frequencies
        (n_frequencies,) Hz, equally spaced from 0.
    density
        (n_channels, n_frequencies) microvolts squared per Hz.
    """

    frequencies: NDArray[np.float64]
    density: NDArray[np.float64]

    @property
    def resolution(self) -> float:
        """Distance between frequencies, Hz."""
        return float(self.frequencies[1])

    def power(self, low: float, high: float) -> NDArray[np.float64]:
        """Return the power in [low, high) of each channel, (n_channels,) microvolts squared.

        NaN where the rate is too low to see all of it.
        """
        if high > self.frequencies[-1] + self.resolution:
            return np.full(len(self.density), np.nan)
        inside = (self.frequencies >= low) & (self.frequencies < high)
        return np.asarray(self.density[:, inside].sum(axis=1) * self.resolution, np.float64)


def clean_stretch(data: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the longest stretch of (n_times, n_channels) without a missing sample; the latest of equal ones."""
    missing = np.flatnonzero(np.isnan(data).any(axis=1))
    edges = np.concatenate([[-1], missing, [len(data)]])
    lengths = np.diff(edges) - 1
    longest = len(lengths) - 1 - int(lengths[::-1].argmax())
    return data[edges[longest] + 1 : edges[longest + 1]]


def thinned(data: NDArray[np.float32], sfreq: float) -> tuple[NDArray[np.float32], float]:
    """Return every so many samples (n_times, n_channels) and their rate, less than 1 kHz: enough below 100 Hz.

    What folds back is the little that an amplifier of such a rate lets through near whole multiples of 500 Hz.
    """
    step = max(1, int(sfreq // _ENOUGH))
    return data[::step], sfreq / step


def welch(data: NDArray[np.float32], sfreq: float, window: float) -> Spectrum | None:
    """Estimate the spectrum: Hann windows that overlap by half, each about its own mean.

    What `scipy.signal.welch` computes, in a quarter of the time: the decoder waits for the interpreter meanwhile.

    Parameters
    ----------
    data
        (n_times, n_channels) microvolts, without missing samples.
    sfreq
        Its rate, Hz.
    window
        Length of a window, seconds; frequencies are as far apart as this has periods.

    Returns
    -------
    spectrum
        None if there is less than one window.
    """
    n_window = round(window * sfreq)
    if len(data) < n_window or n_window < 2:
        return None
    rows = np.ascontiguousarray(data.T)  # a row a channel: windows are then taken from memory as it lies
    hann = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(n_window) / n_window)).astype(np.float32)
    starts = range(0, len(data) - n_window + 1, max(1, n_window // 2))
    density = np.zeros((len(rows), n_window // 2 + 1))
    for start in starts:
        density += _periodogram(rows[:, start : start + n_window], hann)
    density /= len(starts) * sfreq * float((hann**2).sum())
    density[:, 1 : (n_window + 1) // 2] *= 2  # one-sided: all but 0 and half the rate stand for two
    frequencies = np.asarray(np.arange(n_window // 2 + 1) * (sfreq / n_window), np.float64)
    return Spectrum(read_only(frequencies), read_only(density))


def _periodogram(window: NDArray[np.float32], hann: NDArray[np.float32]) -> NDArray[np.float32]:
    tapered = (window - window.mean(axis=1, dtype=np.float64, keepdims=True).astype(np.float32)) * hann
    transform = np.fft.rfft(tapered)
    return np.asarray(transform.real**2 + transform.imag**2, np.float32)


def decibels(power: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return ten times the decimal logarithm of a power; minus infinity for none."""
    with np.errstate(divide="ignore"):
        return np.asarray(10 * np.log10(power), np.float64)


def line_frequency(spectrum: Spectrum) -> tuple[float, NDArray[np.float64]] | None:
    """Tell which mains frequency stands out, and by how much in each channel.

    Returns
    -------
    line
        50 or 60 Hz: that at which the mean over channels stands further above its surroundings, the density
        between 1 and 4 Hz beside it.
    excess
        (n_channels,) ratio of the density within 1 Hz of it to that of its surroundings.

    None if the rate is too low to see either.
    """
    found = {line: _excess(spectrum, line) for line in LINES if line + _LINE_WIDTH < spectrum.frequencies[-1]}
    if not found:
        return None
    line = max(found, key=lambda line: np.nan_to_num(found[line]).mean())
    return line, found[line]


def _excess(spectrum: Spectrum, line: float) -> NDArray[np.float64]:
    away = np.abs(spectrum.frequencies - line)
    at, beside = away <= _LINE_WIDTH, (away > _LINE_WIDTH) & (away <= _BESIDE)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = spectrum.density[:, at].mean(axis=1) / spectrum.density[:, beside].mean(axis=1)
    return np.asarray(ratio, np.float64)
