"""SYNTHETIC pairs with a known common signal: pictures as points round their concepts, seen twice.

A picture is a vector of components. Its EEG is the sum of evoked responses, one topography and time course for
each component, in noise with a covariance over channels and over time; its fMRI is a linear map of the vector, in
white noise. The two sets of pictures share concepts and no picture: each picture of the EEG is paired with the one
of its concept that is most like it in the other set. All that is drawn follows from the seed.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve
from threadpoolctl import threadpool_limits

from bci.ranking import unit
from bci.types import read_only
from models.alignment.config import KnownSignalConfig
from models.alignment.pairs import PARTS, Pairs

__all__ = ["SyntheticPairs", "synthetic_pairs"]

Array = NDArray[np.float64]

NOISE_UV = 10.0
"""Sd of the EEG's noise, microvolts."""
LATENCIES, WIDTH = (0.1, 0.35), 0.05
"""Of the peaks of evoked responses, seconds after the onset, and their sd."""
MEMORY = 0.9
"""Correlation of the EEG's noise between neighbouring samples (AR(1))."""
SHARES = (0.8, 0.1, 0.1)
"""Of the concepts, in each part."""


@dataclass(frozen=True, slots=True)
class SyntheticPairs:
    """Pairs, and what only their maker knows.

    Parameters
    ----------
    pairs
        As they would be read.
    signal
        (n, L) components of the picture that the fMRI is of.
    filters
        (L, C, T) of the generalised least squares estimate of the components from an epoch, in the true noise: all
        that the epoch says of them (a sufficient statistic).
    concepts
        Name of each picture's concept, in the order of `pairs.eeg_picture`.
    """

    pairs: Pairs
    signal: Array
    filters: Array
    concepts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Forward:
    """(L, C, T) responses, and the covariances of the noise over channels and over time."""

    responses: Array
    spatial: Array
    temporal: Array


def synthetic_pairs(config: KnownSignalConfig) -> SyntheticPairs:
    """Draw pairs."""
    rng = np.random.default_rng(config.seed)
    with threadpool_limits(1):  # the same numbers however many cores there are
        concepts = rng.normal(size=(config.concepts, config.components))
        shown, scanned = (_pictures(rng, concepts, config) for _ in range(2))
        match, similarity = _most_alike(shown, scanned, config.pictures)
        forward = _forward(rng, config)
        picture = np.repeat(np.arange(len(shown)), config.repetitions)
        fmri = _fmri(rng, scanned, config)[match[picture]]
        part = _parts(rng, config.concepts)[picture // config.pictures]
        pairs = Pairs(
            eeg=read_only(_eeg(rng, shown[picture], forward, config)),
            fmri=read_only(fmri),
            cluster=read_only(_clusters(scanned[match[picture]], part == 0, config)),
            component=read_only(picture // config.pictures),
            part=read_only(part),
            eeg_picture=read_only(picture),
            fmri_picture=read_only(match[picture]),
            similarity=read_only(similarity[picture].astype(np.float32)),
            channels=tuple(f"S{number}" for number in range(1, config.n_channels + 1)),
            sfreq=config.sfreq,
            n_clusters=config.clusters,
            facts={"synthetic": True, **config.model_dump(mode="json")},
        )
        names = tuple(f"synthetic {number:04d}" for number in np.arange(len(shown)) // config.pictures)
        return SyntheticPairs(pairs, read_only(scanned[match[picture]]), read_only(_unmixing(forward)), names)


def _pictures(rng: np.random.Generator, concepts: Array, config: KnownSignalConfig) -> Array:
    """Components (pictures, L) of one set, those of a concept in a row."""
    centres = np.repeat(concepts, config.pictures, axis=0)
    return centres + config.scatter * rng.normal(size=centres.shape)


def _most_alike(shown: Array, scanned: Array, per_concept: int) -> tuple[NDArray[np.int64], Array]:
    """Picture of the other set that is most like each, of the same concept, and the cosine."""
    n_components = shown.shape[1]
    here, there = (
        unit(each.astype(np.float32)).reshape(-1, per_concept, n_components) for each in (shown, scanned)
    )
    cosines = np.einsum("cpl,cql->cpq", here, there)  # (concepts, pictures, pictures)
    first = np.arange(len(cosines))[:, None] * per_concept
    return (first + cosines.argmax(axis=2)).ravel(), cosines.max(axis=2).ravel().astype(np.float64)


def _forward(rng: np.random.Generator, config: KnownSignalConfig) -> _Forward:
    times = np.arange(config.n_times) / config.sfreq
    peaks = rng.uniform(*LATENCIES, size=(config.components, 1))
    courses = np.exp(-0.5 * ((times - peaks) / WIDTH) ** 2)  # (L, T)
    topographies = rng.normal(size=(config.components, config.n_channels))
    responses = topographies[:, :, None] * courses[:, None]  # (L, C, T)
    mixing = np.eye(config.n_channels) + rng.normal(size=(config.n_channels, config.n_channels)) / 2
    spatial = mixing @ mixing.T
    spatial /= np.diag(spatial).mean()
    lags = np.abs(np.subtract.outer(np.arange(config.n_times), np.arange(config.n_times)))
    power = float((responses**2).sum(axis=0).mean())
    return _Forward(responses / power**0.5 / config.eeg_noise, spatial, MEMORY**lags)


def _eeg(
    rng: np.random.Generator, components: Array, forward: _Forward, config: KnownSignalConfig
) -> NDArray[np.float32]:
    """Epochs (n, C, T), microvolts / 100."""
    spatial, temporal = (np.linalg.cholesky(each) for each in (forward.spatial, forward.temporal))
    epochs = np.empty((len(components), config.n_channels, config.n_times), np.float32)
    for row, weights in enumerate(
        components
    ):  # one at a time: noise in double precision would take twice the room
        noise = spatial @ rng.normal(size=epochs.shape[1:]) @ temporal.T
        epochs[row] = (np.tensordot(weights, forward.responses, 1) + noise) * (NOISE_UV / 100)
    return epochs


def _fmri(rng: np.random.Generator, components: Array, config: KnownSignalConfig) -> NDArray[np.float32]:
    """Vectors (pictures, F) of a set, round a mean that is not zero."""
    mapped = components @ rng.normal(size=(config.components, config.dim)) / config.components**0.5
    noise = config.fmri_noise * mapped.std() * rng.normal(size=mapped.shape)
    vectors: Array = rng.normal(size=config.dim) + mapped + noise
    return vectors.astype(np.float32)


def _parts(rng: np.random.Generator, n_concepts: int) -> NDArray[np.int8]:
    """Part of each concept, at least one concept in each."""
    ends = np.round(np.cumsum(SHARES) * n_concepts).astype(np.int64)
    part = np.searchsorted(ends, np.arange(n_concepts), side="right").clip(max=len(PARTS) - 1)
    return rng.permutation(part).astype(np.int8)


def _clusters(components: Array, train: NDArray[np.bool_], config: KnownSignalConfig) -> NDArray[np.int64]:
    """K-means cluster of each pair, fitted to those of training."""
    from sklearn.cluster import KMeans  # noqa: PLC0415 (a second)

    fitted = KMeans(config.clusters, n_init=1, random_state=config.seed).fit(components[train])
    return fitted.predict(components).astype(np.int64)  # type: ignore[no-any-return]


def _unmixing(forward: _Forward) -> Array:
    """(L, C, T) of the generalised least squares estimate, (B' N^-1 B)^-1 B' N^-1 with B the responses."""
    spatial, temporal = (cho_factor(each, lower=True) for each in (forward.spatial, forward.temporal))
    matched = np.stack([cho_solve(temporal, cho_solve(spatial, one).T).T for one in forward.responses])
    gram = np.tensordot(matched, forward.responses, ((1, 2), (1, 2)))  # (L, L)
    filters: Array = np.tensordot(np.linalg.inv(gram), matched, 1) * (100 / NOISE_UV)
    return filters
