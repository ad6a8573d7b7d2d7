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
from replay.world.person import Person, person_of
from replay.world.pictures import Pictures
from replay.world.spec import WorldSpec

__all__ = ["Forward", "build_forward", "dipole_potentials", "electrode_positions"]

Array = NDArray[np.float64]

RESPONSE = (0.06, 0.6)
"""A response begins and ends, seconds after the onset."""

DEPTH = 0.6
"""Distance of the components' dipoles from the centre of the head, whose radius is 1. That is below the true
cortex: the fields come out as wide as if a skull had blurred them."""

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

    readout: Array
    topographies: Array
    courses: Array
    common: Array

    @property
    def n_lags(self) -> int:
        """Length of a response in samples, from the onset on."""
        return int(self.courses.shape[1])

    @property
    def templates(self) -> Array:
        """(n_components, n_channels, n_lags): what one unit of each component looks like, microvolts."""
        return self.topographies[:, :, None] * self.courses[:, None, :]

    def activations(self, vectors: NDArray[np.floating]) -> Array:
        """Return what pictures (n, dim) activate: (n, n_components)."""
        activations: Array = vectors @ self.readout.T
        return activations

    def responses(self, vectors: NDArray[np.floating]) -> Array:
        """Return the evoked responses to pictures (n, dim): (n, n_channels, n_lags), microvolts."""
        return self.common + np.tensordot(self.activations(vectors), self.templates, axes=1)


def build_forward(spec: WorldSpec, pictures: Pictures) -> Forward:
    """Place the components, and scale them to the signal-to-noise ratio of the spec."""
    rng, person = np.random.default_rng((spec.seed, _STREAM)), person_of(spec, _STREAM)
    n = spec.evoked.components
    readout = _readout(rng, n, pictures)
    lags = np.arange(round(RESPONSE[1] * spec.sfreq)) / spec.sfreq
    electrodes = electrode_positions(spec.montage, (*spec.channels, spec.reference))
    topographies = _posterior_topographies(rng, n, electrodes, person)
    topographies *= (np.arange(1, n + 1) ** -spec.evoked.decay)[:, None]
    courses = np.stack([_course(lags, *draw) for draw in _course_parameters(rng, n, person)])
    between = (readout @ pictures.axes * pictures.variances) @ (readout @ pictures.axes).T
    topographies *= spec.evoked.snr * spec.noise.background_uv / _rms(topographies, courses, between)
    if person is not None:
        topographies *= person.amplitudes(n)[:, None]
    common = spec.evoked.common_uv * _common(rng, electrodes, lags, person)
    return Forward(*(read_only(array) for array in (readout, topographies, courses, common)))


def _readout(rng: np.random.Generator, n: int, pictures: Pictures) -> Array:
    """Let each component read a random mixture of the leading principal axes of picture space."""
    mixture = np.linalg.qr(rng.standard_normal((n, n)))[0]
    readout: Array = mixture @ pictures.axes[:, :n].T / np.sqrt(pictures.variances[:n].mean())
    return readout


def _rms(topographies: Array, courses: Array, between: Array) -> float:
    """Return how much responses differ: root mean square over concepts, channels and a response's duration.

    `between` (n_components, n_components) is the covariance of activations over concepts.
    """
    over_channels = topographies @ topographies.T / topographies.shape[1]
    over_time = courses @ courses.T / courses.shape[1] * RESPONSE[1] / (RESPONSE[1] - RESPONSE[0])
    return float(np.sqrt((between * over_channels * over_time).sum()))


# -------------------------------------------------------------------------------------------------- topographies


def electrode_positions(montage: str, labels: Sequence[str]) -> Array:
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
    on_sphere: Array = points / np.linalg.norm(points, axis=1).mean()
    return on_sphere


def dipole_potentials(electrodes: Array, positions: Array, moments: Array) -> Array:
    """Return the potentials (n, n_channels) of dipoles, the last electrode being the reference.

    Parameters
    ----------
    electrodes
        (n_channels + 1, 3), the recording reference last.
    positions, moments
        (n, 3) each; the head has radius 1.
    """
    apart = electrodes - positions[:, None]  # (n, n_channels + 1, 3)
    potentials: Array = np.einsum("nci,ni->nc", apart, moments) / np.linalg.norm(apart, axis=2) ** 3
    return potentials[:, :-1] - potentials[:, -1:]


def _posterior_topographies(rng: np.random.Generator, n: int, electrodes: Array, person: Person | None) -> Array:
    """Draw dipoles in occipital, ventral temporal and parietal cortex; unit root mean square each."""
    azimuth = np.deg2rad(270 + rng.uniform(-55, 55, n))  # 270 degrees: the back of the head
    elevation = np.deg2rad(rng.uniform(-15, 45, n))
    if person is not None:
        azimuth, elevation = person.moved(azimuth, elevation)
    outward = _sphere(azimuth, elevation)
    moments = outward + 0.6 * rng.standard_normal((n, 3))
    if person is not None:
        moments = person.turned(moments)
    patterns = dipole_potentials(electrodes, DEPTH * outward, moments)
    topographies: Array = patterns / np.sqrt((patterns**2).mean(1, keepdims=True))
    return topographies


def _sphere(azimuth: Array, elevation: Array) -> Array:
    """Return unit vectors (n, 3)."""
    flat = np.cos(elevation)
    return np.stack([flat * np.cos(azimuth), flat * np.sin(azimuth), np.sin(elevation)], axis=1)


# -------------------------------------------------------------------------------------------------- time courses


def _course_parameters(rng: np.random.Generator, n: int, person: Person | None) -> Array:
    """Draw latencies (s), widths (s), frequencies (Hz) and phases, (n, 4): later responses are slower."""
    latency = rng.permutation(np.linspace(0.09, 0.42, n))
    width = 0.02 + 0.12 * latency
    frequency = 0.25 / width * rng.uniform(0.6, 1.2, n)
    if person is not None:
        latency = person.timed(latency)
    return np.stack([latency, width, frequency, rng.uniform(-1.2, 1.2, n)], axis=1)


def _course(lags: Array, latency: float, width: float, frequency: float, phase: float) -> Array:
    """Return a Gabor function that begins and ends with the response; largest absolute value 1."""
    course = _bump(lags, latency, width) * np.cos(2 * np.pi * frequency * (lags - latency) + phase)
    course *= _taper(lags)
    scaled: Array = course / np.abs(course).max()
    return scaled


def _bump(lags: Array, latency: float, width: float) -> Array:
    bump: Array = np.exp(-0.5 * ((lags - latency) / width) ** 2)
    return bump


def _taper(lags: Array) -> Array:
    """Return 0 outside the response, 1 inside, with flanks of 20 ms and 100 ms."""
    rise = np.clip((lags - RESPONSE[0]) / 0.02, 0, 1)
    fall = np.clip((RESPONSE[1] - lags) / 0.1, 0, 1)
    taper: Array = np.sin(np.pi / 2 * rise) ** 2 * np.sin(np.pi / 2 * fall) ** 2
    return taper


def _common(rng: np.random.Generator, electrodes: Array, lags: Array, person: Person | None) -> Array:
    """Return the deflections that all pictures share, (n_channels, n_lags); largest absolute value 1."""
    patterns = _posterior_topographies(rng, len(COMMON), electrodes, person)
    latencies, widths, sizes = np.array(COMMON).T
    if person is not None:
        latencies = person.timed(latencies)
    parameters = zip(latencies, widths, sizes, strict=True)
    courses = np.stack([size * _bump(lags, latency, width) for latency, width, size in parameters]) * _taper(lags)
    common: Array = patterns.T @ courses
    scaled: Array = common / np.abs(common).max()
    return scaled
