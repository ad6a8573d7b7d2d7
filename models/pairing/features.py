"""Features of an event, in families: samples, power in bands at several scales, and covariances of channels.

They are those of the decoders `lda`, `spectral` and `tangent`, after the preprocessing of the experiment
`mindbigdata`. One thing is fitted, the mean covariance of each band, to training events alone.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bci.specs import PreprocessSpec
from bci.types import TrialSet
from models.decoders.tangent import BandCovariances, Options, Tangents
from models.features import FeatureOptions, Features
from models.riemann import riemannian_mean
from models.spectra import Spectra, SpectralOptions
from replay.mindbigdata.arrays import LENGTH
from replay.mindbigdata.rows import CHANNELS, SFREQ
from replay.trials import crop_trials, take

__all__ = ["PREPROCESS", "REFERENCES", "EegFeatures", "fit_features"]

Ints = NDArray[np.int64]
Family = Callable[[NDArray[np.float32]], NDArray[np.float64]]

PREPROCESS = PreprocessSpec(
    mode="epoch", channels=CHANNELS, highpass=0.5, lowpass=45.0, sfreq=SFREQ, tmax=LENGTH / SFREQ
)
"""Filters begin anew in every event, for nothing is known of what was before."""

REFERENCES = 2048
"""Training events, evenly spaced, that the mean covariances are fitted to: more change them little."""

_SCALES = (0.25, 0.5, 1.0)  # lengths of Welch's segments, seconds


@dataclass(frozen=True, slots=True)
class EegFeatures:
    """Families of features, side by side.

    Parameters
    ----------
    families
        Name -> what computes it from preprocessed events (n, C, T).
    columns
        Name -> first column, and the one after the last.
    """

    families: dict[str, Family]
    columns: dict[str, tuple[int, int]]

    @property
    def n_features(self) -> int:
        """Columns of all families."""
        return max(stop for _, stop in self.columns.values())

    def __call__(self, trials: TrialSet, rows: Ints) -> NDArray[np.float32]:
        """Return the features (n, n_features) of some events (n,)."""
        epochs = _preprocessed(trials, rows)
        each = [family(epochs) for family in self.families.values()]
        return np.concatenate(each, axis=1, dtype=np.float32, casting="same_kind")


def fit_features(trials: TrialSet, train: Ints) -> EegFeatures:
    """Fit what is fitted to training events.

    Parameters
    ----------
    trials
        As `replay.readers.mindbigdata` reads them.
    train
        (n,) rows of the events to train on; no others are looked at.
    """
    epochs = _preprocessed(trials, train[:: -(-len(train) // REFERENCES)])
    covariances = BandCovariances(Options(), PREPROCESS)
    means = np.stack([riemannian_mean(band) for band in covariances(epochs)])
    scales = {f"spectral {scale:g} s": SpectralOptions(segments=(scale,), times=0) for scale in _SCALES}
    families: dict[str, Family] = {
        "temporal": Features(FeatureOptions(lowpass=20.0), PREPROCESS),
        **{name: Spectra(options, PREPROCESS) for name, options in scales.items()},
        "wavelets": Spectra(SpectralOptions(segments=()), PREPROCESS),
        "spatial": Tangents(covariances, means),
    }
    stops = np.cumsum([family(epochs[:1]).shape[1] for family in families.values()]).tolist()
    columns = dict(zip(families, zip([0, *stops[:-1]], stops, strict=True), strict=True))
    return EegFeatures(families, columns)


def _preprocessed(trials: TrialSet, rows: Ints) -> NDArray[np.float32]:
    return crop_trials(take(trials, rows), PREPROCESS).data
