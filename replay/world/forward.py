"""The forward model: picture vector -> components -> topographies x evoked time courses.

A component is a current dipole with a time course. Its topography is the potential of a dipole in an infinite
homogeneous conductor (Malmivuo and Plonsey, Bioelectromagnetism, 1995, eq. 8.5), which is smooth and dipolar as
real ones are and needs no head model; positions of electrodes are a montage's. What a picture evokes is linear in
its vector, and responses to pictures that follow each other add up.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bci.errors import ConfigError
from bci.types import read_only
from replay.world.pictures import Pictures
from replay.world.spec import WorldSpec

__all__ = ["Forward", "build_forward", "dipole_potentials", "electrode_positions"]

RESPONSE = (0.06, 0.6)
"""A response begins and ends, seconds after the onset."""

COMMON = ((0.10, 0.020, 1.0), (0.17, 0.030, -1.0), (0.33, 0.070, 0.6))
"""Deflections that all pictures share, like P1, N1 and P3: latency and width in seconds, relative amplitude."""

_STREAM = 2


@dataclass(frozen=True, slots=True)
class Forward:
    """How a picture becomes an evoked response.

    Parameters
    ----------
    readout
        (n_components, dim): activations of the components = readout @ picture vector; over concepts they have
        unit variance on average.
    topographies
        (n_components, n_channels), microvolts, recording reference subtracted.
    courses
        (n_components, n_lags), largest absolute value 1; lag 0 is the onset.
    common
        (n_channels, n_lags), microvolts: the response that all pictures share.
    """

    readout: NDArray[np.float64]
    topographies: NDArray[np.float64]
    courses: NDArray[np.float64]
    common: NDArray[np.float64]

    @property
    def n_lags(self) -> int:
        """Length of a response in samples, from the onset on."""
        return self.courses.shape[1]

    @property
    def templates(self) -> NDArray[np.float64]:
        """(n_components, n_channels, n_lags): what one unit of each component looks like, microvolts."""
        return self.topographies[:, :, None] * self.courses[:, None, :]

    def activations(self, vectors: NDArray[np.floating]) -> NDArray[np.float64]:
        """Return what pictures (n, dim) activate: (n, n_components)."""
        return vectors @ self.readout.T

    def responses(self, vectors: NDArray[np.floating]) -> NDArray[np.float64]:
        """Return the evoked responses to pictures (n, dim): (n, n_channels, n_lags), microvolts."""
        return self.common + np.einsum("nk,kc,kt->nct", self.activations(vectors), self.topographies, self.courses)


def build_forward(spec: WorldSpec, pictures: Pictures) -> Forward:
    """Place the components, and scale them to the signal-to-noise ratio of the spec."""
    rng = np.random.default_rng((spec.seed, _STREAM))
    n = spec.evoked.components
    readout = _readout(rng, n, pictures)
    lags = np.arange(round(RESPONSE[1] * spec.sfreq)) / spec.sfreq
    electrodes = electrode_positions(spec.montage, (*spec.channels, spec.reference))
    topographies = _posterior_topographies(rng, n, electrodes)
    topographies *= (np.arange(1, n + 1) ** -spec.evoked.decay)[:, None]
    courses = np.stack([_course(lags, *draw) for draw in _course_parameters(rng, n)])
    topographies *= spec.evoked.snr * spec.noise.background_uv / _rms(topographies, courses)
    common = spec.evoked.common_uv * _common(rng, electrodes, lags)
    return Forward(*(read_only(array) for array in (readout, topographies, courses, common)))


def _readout(rng: np.random.Generator, n: int, pictures: Pictures) -> NDArray[np.float64]:
    """Let each component read a random mixture of the leading principal axes of picture space."""
    mixture = np.linalg.qr(rng.standard_normal((n, n)))[0]
    readout: NDArray[np.float64] = mixture @ pictures.axes[:, :n].T
    return readout / np.sqrt(pictures.variances[:n].mean())


def _rms(topographies: NDArray[np.float64], courses: NDArray[np.float64]) -> float:
    """Root mean square of the part that differs between concepts, over channels and the response's duration."""
    power = (topographies**2).mean(1) @ (courses**2).mean(1)
    return float(np.sqrt(power * RESPONSE[1] / (RESPONSE[1] - RESPONSE[0])))


# -------------------------------------------------------------------------------------------------- topographies


def electrode_positions(montage: str, labels: Sequence[str]) -> NDArray[np.float64]:
    """Return where electrodes are, (n, 3), on a head of radius 1; x to the right, y to the front, z up.

    Raises
    ------
    ConfigError
        If MNE does not know the montage, or the montage not a label.
    """
    from mne.channels import get_builtin_montages, make_standard_montage  # noqa: PLC0415 (heavy)

    if montage not in (known := get_builtin_montages()):
        raise ConfigError(f"expected a montage that MNE knows ({', '.join(known)}); got {montage!r}")
    positions = make_standard_montage(montage).get_positions()["ch_pos"]
    if missing := [label for label in labels if label not in positions]:
        raise ConfigError(f"the montage {montage} has no electrode {', '.join(missing)}: choose another montage")
    points = np.array([positions[label] for label in labels])
    return points / np.linalg.norm(points, axis=1).mean()


def dipole_potentials(
    electrodes: NDArray[np.float64], positions: NDArray[np.float64], moments: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the potentials (n, n_channels) of dipoles, the last electrode being the reference.

    Parameters
    ----------
    electrodes
        (n_channels + 1, 3), the recording reference last.
    positions, moments
        (n, 3) each; the head has radius 1.
    """
    apart = electrodes - positions[:, None]  # (n, n_channels + 1, 3)
    potentials = np.einsum("nci,ni->nc", apart, moments) / np.linalg.norm(apart, axis=2) ** 3
    return potentials[:, :-1] - potentials[:, -1:]


def _posterior_topographies(
    rng: np.random.Generator, n: int, electrodes: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Draw dipoles in occipital, ventral temporal and parietal cortex; unit root mean square each."""
    azimuth = np.deg2rad(270 + rng.uniform(-55, 55, n))  # 270 degrees: the back of the head
    elevation = np.deg2rad(rng.uniform(-15, 45, n))
    outward = _sphere(azimuth, elevation)
    moments = outward + 0.6 * rng.standard_normal((n, 3))
    patterns = dipole_potentials(electrodes, 0.75 * outward, moments)
    return patterns / np.sqrt((patterns**2).mean(1, keepdims=True))


def _sphere(azimuth: NDArray[np.float64], elevation: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return unit vectors (n, 3)."""
    flat = np.cos(elevation)
    return np.stack([flat * np.cos(azimuth), flat * np.sin(azimuth), np.sin(elevation)], axis=1)


# -------------------------------------------------------------------------------------------------- time courses


def _course_parameters(rng: np.random.Generator, n: int) -> NDArray[np.float64]:
    """Draw latencies (s), widths (s), frequencies (Hz) and phases, (n, 4): later responses are slower."""
    latency = rng.permutation(np.linspace(0.09, 0.42, n))
    width = 0.02 + 0.12 * latency
    frequency = 0.25 / width * rng.uniform(0.6, 1.2, n)
    return np.stack([latency, width, frequency, rng.uniform(-1.2, 1.2, n)], axis=1)


def _course(
    lags: NDArray[np.float64], latency: float, width: float, frequency: float, phase: float
) -> NDArray[np.float64]:
    """Return a Gabor function that begins and ends with the response; largest absolute value 1."""
    course = _bump(lags, latency, width) * np.cos(2 * np.pi * frequency * (lags - latency) + phase)
    course *= _taper(lags)
    return course / np.abs(course).max()


def _bump(lags: NDArray[np.float64], latency: float, width: float) -> NDArray[np.float64]:
    return np.exp(-0.5 * ((lags - latency) / width) ** 2)


def _taper(lags: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return 0 outside the response, 1 inside, with flanks of 20 ms and 100 ms."""
    rise = np.clip((lags - RESPONSE[0]) / 0.02, 0, 1)
    fall = np.clip((RESPONSE[1] - lags) / 0.1, 0, 1)
    return np.sin(np.pi / 2 * rise) ** 2 * np.sin(np.pi / 2 * fall) ** 2


def _common(
    rng: np.random.Generator, electrodes: NDArray[np.float64], lags: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the deflections that all pictures share, (n_channels, n_lags); largest absolute value 1."""
    patterns = _posterior_topographies(rng, len(COMMON), electrodes)
    courses = np.stack([size * _bump(lags, latency, width) for latency, width, size in COMMON]) * _taper(lags)
    common: NDArray[np.float64] = np.einsum("kc,kt->ct", patterns, courses)
    return common / np.abs(common).max()
