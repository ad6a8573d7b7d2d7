"""What the electrodes pick up besides the responses: stationary sources with known spectra, mixed into channels.

There are as many sources as channels, independent of each other, and one fixed mixing matrix. All of them carry
the background (1/f, white floor, slow drift); the first ones also carry blinks, line noise and alpha. So the noise
is spatially correlated, and its covariance over any window is known exactly: over sources block diagonal, over
time Toeplitz.

Blinks are not Gaussian: they come at random (a Poisson process), all of one shape. Their mean and covariance
follow from Campbell's theorem (Rice, Bell System Technical Journal 23, 1944, section 1.2).
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from bci.types import read_only
from replay.world.forward import dipole_potentials, electrode_positions
from replay.world.person import Person, person_of, seeds
from replay.world.spec import NoiseSpec, WorldSpec

__all__ = ["Kind", "Noise", "Source", "build_noise"]

Array = NDArray[np.float64]

Kind = Literal["background", "blinks", "line", "alpha"]

CORNER = 0.1
"""The 1/f spectrum is flat below, Hz."""
DRIFT_CORNER = 0.03
"""Half-power frequency of the drift, Hz."""
ALPHA_WIDTH = 0.8
"""Standard deviation of the alpha peak, Hz."""
LINE_WIDTH = 0.02
"""Standard deviation of the line's peak, Hz: the mains waver a little."""
BLINK = 0.3
"""Duration of a blink, seconds."""
ELECTRODE_SHARE = 0.3
"""Share of the background's variance that each electrode, and the reference, has for itself."""
SPAN = 128.0
"""Noise is drawn at least this long, seconds, so that even the drift's spectrum is resolved."""

_STREAM = 3
_BLOCK = 1 << 15  # samples mixed at once


@dataclass(frozen=True, slots=True)
class Source:
    """One independent source.

    Parameters
    ----------
    kind
        What it carries besides the background.
    level
        Root mean square of that, source microvolts; of blinks the peak.
    """

    kind: Kind = "background"
    level: float = 0.0


@dataclass(frozen=True, slots=True)
class Noise:
    """The noise of a world.

    Parameters
    ----------
    mixing
        (n_channels, n_sources): channels = mixing @ sources. The rows have a root mean square length of 1, so that
        the levels of the spec are those of an average channel.
    sources
        One per column of `mixing`.
    spec, sfreq
        Levels and frequencies; Hz.
    """

    mixing: Array
    sources: tuple[Source, ...]
    spec: NoiseSpec
    sfreq: float

    @property
    def mean(self) -> Array:
        """(n_channels,) expected value: the offset and what blinks add on average, microvolts."""
        blinks = [s.level * self._rate * self._blink.sum() * (s.kind == "blinks") for s in self.sources]
        mean: Array = self.spec.offset_uv + self.mixing @ np.array(blinks)
        return mean

    def density(self, source: Source, frequencies: Array) -> Array:
        """Return the one-sided power density of a source, without blinks, in squared microvolts per Hz."""
        spec, f = self.spec, frequencies
        density = spec.background_uv**2 * _normalised((CORNER**2 + f**2) ** (-spec.slope / 2), f)
        density += spec.white_uv**2 * _normalised(np.ones_like(f), f)
        density += spec.drift_uv**2 * _normalised(1 / (DRIFT_CORNER**2 + f**2), f)
        if source.kind == "alpha":
            density += source.level**2 * _normalised(_peak(f, spec.alpha_hz, ALPHA_WIDTH), f)
        if source.kind == "line":
            density += source.level**2 * _normalised(_peak(f, spec.line_hz, LINE_WIDTH), f)
        return density

    def autocovariance(self, source: Source, n_lags: int) -> Array:
        """Return the autocovariance of a source at lags of 0 to n_lags - 1 samples, squared microvolts."""
        n = _transform_length(max(2 * n_lags, round(SPAN * self.sfreq)))
        density = self.density(source, _frequencies(n, self.sfreq))
        covariance: Array = np.fft.irfft(density * self.sfreq / 2, n)[:n_lags]
        if source.kind == "blinks":
            shot = self._rate * np.correlate(self._blink, self._blink, "full")[len(self._blink) - 1 :][:n_lags]
            covariance[: len(shot)] += source.level**2 * shot
        return covariance

    def fill(self, data: NDArray[np.float32], rng: np.random.Generator) -> None:
        """Fill `data` (n_times, n_channels) with noise in microvolts, using hardly more memory than that."""
        n_times = len(data)
        n = _transform_length(max(n_times, round(SPAN * self.sfreq)))
        power = {source: self.density(source, _frequencies(n, self.sfreq)) for source in set(self.sources)}
        for column, source in enumerate(self.sources):
            amplitude = np.sqrt(power[source] * n * self.sfreq / 4).astype(np.float32)
            data[:, column] = _coloured(amplitude, n, rng)[:n_times]
            if source.kind == "blinks":
                data[:, column] += source.level * self._blinks(n_times, rng)
        mixing = self.mixing.T.astype(np.float32)
        for start in range(0, n_times, _BLOCK):
            data[start : start + _BLOCK] = data[start : start + _BLOCK] @ mixing + np.float32(self.spec.offset_uv)

    @property
    def _rate(self) -> float:
        """Blinks per sample."""
        return self.spec.blinks_per_minute / 60 / self.sfreq

    @property
    def _blink(self) -> Array:
        """(n,) the shape of a blink; its peak is 1."""
        return np.hanning(round(BLINK * self.sfreq) + 2)[1:-1]

    def _blinks(self, n_times: int, rng: np.random.Generator) -> NDArray[np.float32]:
        """Return a train of blinks, those included that began before the first sample."""
        n_blink = len(self._blink)
        train = rng.poisson(self._rate, n_times + n_blink).astype(np.float32)
        return np.convolve(train, self._blink.astype(np.float32))[n_blink : n_blink + n_times]


def _transform_length(n: int) -> int:
    from scipy.fft import next_fast_len  # noqa: PLC0415 (heavy)

    return int(next_fast_len(n + n % 2, real=True))


def _frequencies(n: int, sfreq: float) -> Array:
    return np.fft.rfftfreq(n, 1 / sfreq).astype(np.float64)


def _normalised(density: Array, frequencies: Array) -> Array:
    """Scale a density to unit variance."""
    scaled: Array = density / (density.sum() * (frequencies[1] - frequencies[0]))
    return scaled


def _peak(frequencies: Array, centre: float, width: float) -> Array:
    peak: Array = np.exp(-0.5 * ((frequencies - centre) / width) ** 2)
    return peak


def _coloured(amplitude: NDArray[np.float32], n: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """Draw n samples of Gaussian noise, given the amplitude of real and imaginary part at each frequency."""
    spectrum = np.empty(len(amplitude), np.complex64)
    spectrum.real = rng.standard_normal(len(amplitude), np.float32) * amplitude
    spectrum.imag = rng.standard_normal(len(amplitude), np.float32) * amplitude
    return np.fft.irfft(spectrum, n).astype(np.float32, copy=False)


# ---------------------------------------------------------------------------------------------- topographies


def build_noise(spec: WorldSpec) -> Noise:
    """Mix the sources so that the background has the covariance of a brain full of dipoles.

    Any rotation of the sources leaves that covariance as it is. The one chosen turns the first sources towards the
    topographies of eyes, line and alpha, each freed of what correlates with those before it.
    """
    rng, person = np.random.default_rng(seeds(spec, _STREAM)), person_of(spec, _STREAM)
    levels = spec.noise if person is None else person.noise(spec.noise)
    electrodes = electrode_positions(spec.montage, (*spec.channels, spec.reference))
    root = np.linalg.cholesky(_background_covariance(rng, electrodes, person))
    kinds, patterns = _named_patterns(rng, electrodes)
    n_named = min(len(kinds), len(root) - 1)
    directions = np.linalg.solve(root, patterns[:n_named].T)  # where the patterns lie in white space
    basis = np.linalg.qr(np.hstack([directions, rng.standard_normal((len(root), len(root) - n_named))]))[0]
    mixing = root @ basis
    named = [_source(levels, kind, mixing[:, i]) for i, kind in enumerate(kinds[:n_named])]
    others = [Source()] * (len(root) - n_named)
    return Noise(read_only(mixing), (*named, *others), levels, spec.sfreq)


def _source(spec: NoiseSpec, kind: Kind, topography: Array) -> Source:
    """Scale a source to its level at the electrode where it is strongest."""
    level = {"blinks": spec.blink_uv, "line": spec.line_uv, "alpha": spec.alpha_uv}[kind]
    # blinks are positive at the forehead, whatever sign the rotation gave them
    sign = np.sign(topography[np.abs(topography).argmax()]) if kind == "blinks" else 1.0
    return Source(kind, float(sign * level / np.abs(topography).max()))


def _background_covariance(rng: np.random.Generator, electrodes: Array, person: Person | None) -> Array:
    """Return the covariance (n_channels, n_channels) of many dipoles and of the electrodes; mean variance 1."""
    directions = rng.standard_normal((1000, 3))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    directions[:, 2] = np.maximum(directions[:, 2], -0.4)  # the brain does not reach down to the neck
    depth = rng.uniform(0.4, 0.7, (1000, 1))
    patterns = dipole_potentials(electrodes, depth * directions, rng.standard_normal((1000, 3)))
    if person is not None:
        patterns = patterns * person.activity(len(patterns))
    brain = patterns.T @ patterns
    own = np.eye(len(brain)) + 1  # the reference's own noise is in every channel
    mixture = (1 - ELECTRODE_SHARE) * brain / np.trace(brain) + ELECTRODE_SHARE * own / np.trace(own)
    covariance: Array = mixture * len(brain)
    return covariance


def _named_patterns(rng: np.random.Generator, electrodes: Array) -> tuple[tuple[Kind, ...], Array]:
    """Return the topographies (n, n_channels) of eyes, line and three alpha rhythms."""
    eyes = np.array([[0.3, 0.9, -0.5], [-0.3, 0.9, -0.5]])
    turned = np.array([[0.0, 0.3, 1.0]] * 2)
    blinks = dipole_potentials(electrodes, eyes, turned).sum(0, keepdims=True)
    line = 1 + 0.3 * rng.standard_normal((1, electrodes.shape[0] - 1))  # the leads pick it up, not the head
    occipital = np.array([[0.0, -0.5, 0.1], [0.3, -0.4, 0.2], [-0.3, -0.4, 0.2]])
    alpha = dipole_potentials(electrodes, occipital, occipital + 0.2 * rng.standard_normal((3, 3)))
    return ("blinks", "line", "alpha", "alpha", "alpha"), np.vstack([blinks, line, alpha])
