"""Covariances of channels in bands, in the tangent space of their mean, told apart by shrinkage LDA.

Which channels are loud together, band by band: Barachant et al. 2012, doi:10.1109/TBME.2011.2172210, over a bank
of filters as in Ang et al. 2012, doi:10.3389/fnins.2012.00039. The evoked response itself is `xdawn`'s.
"""

from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bci.bank import Bank
from bci.errors import ConfigError
from bci.specs import PreprocessSpec
from models.bands import BANDS, Bands
from models.bundle import Bundle
from models.config import ExperimentConfig
from models.decoders import Fitted, own_options
from models.discriminant import Share, fit_discriminant, load_discriminant, said_of, shrunk_solver
from models.features import FeatureOptions, Features, PartOptions
from models.numpy_decoder import NumpyDecoder, arrays
from models.progress import OnProgress
from models.riemann import riemannian_mean, tangent_vectors
from models.shrinkage import shrunk_covariances
from models.training_set import TrainingSet

__all__ = ["BandCovariances", "Options", "Tangents", "fit", "load", "selection"]

Floats = NDArray[np.float64]

FLOOR = 1e-10
"""Added to every variance, so that a flat epoch has a logarithm too."""


class Options(PartOptions):
    """Options of `tangent`."""

    bands: Bands = BANDS
    """Above half the sampling rate there are none."""
    shrinkage: Share = "auto"
    """Share of the identity in the covariance of the tangent vectors; `auto` after Ledoit and Wolf."""


@dataclass(frozen=True)
class BandCovariances:
    """Covariances of the channels of epochs of one preprocessing, in each band.

    Filters run forward in time inside the epoch, see `models.features`.
    """

    options: Options
    spec: PreprocessSpec

    def __call__(self, epochs: NDArray[np.float32]) -> list[Floats]:
        """Return shrunk covariances (n, C, C) of epochs (n, C, T), band by band."""
        each = [shrunk_covariances(band.binned(epochs)) for band in self._bands]
        return [covariances + FLOOR * np.eye(covariances.shape[1]) for covariances in each]

    @cached_property
    def _bands(self) -> list[Features]:
        most, options = self.spec.sfreq / 2, self.options
        limits = [(low, high if high < most else None) for low, high in options.bands.values() if low < most]
        if not limits:
            raise ConfigError(f"bands: expected one below {most:g} Hz, half the sampling rate, got none")
        return [
            Features(
                FeatureOptions(
                    channels=options.channels, window=options.window, highpass=low, lowpass=high, bin=0
                ),
                self.spec,
            )
            for low, high in limits
        ]


@dataclass(frozen=True)
class Tangents:
    """Tangent vectors of epochs at the mean covariance of each band."""

    covariances: BandCovariances
    means: Floats

    def __call__(self, epochs: NDArray[np.float32]) -> Floats:
        """Return one row (n, bands x C (C + 1) / 2) per epoch of (n, C, T)."""
        each = zip(self.covariances(epochs), self.means, strict=True)
        return np.concatenate([tangent_vectors(own, mean) for own, mean in each], axis=1)


def fit(data: TrainingSet, config: ExperimentConfig, report: OnProgress, checkpoints: Path | None) -> Fitted:  # noqa: ARG001 (done at once)
    """Fit means and discriminant. See `models.decoders.Family.fit`."""
    options = own_options(Options, config)
    covariances = BandCovariances(options, data.spec)
    blocks = [covariances(block) for block in data.blocks()]
    means = np.stack([riemannian_mean(np.concatenate(band)) for band in zip(*blocks, strict=True)])
    fitted = fit_discriminant(data, Tangents(covariances, means), shrunk_solver(options.shrinkage))
    return replace(fitted, weights=fitted.weights | {"means": means})


def load(bundle: Bundle, bank: Bank, device: str) -> NumpyDecoder:  # noqa: ARG001 (runs on the CPU)
    """Score by the discriminant functions. See `models.decoders.Family.load`."""
    (means,) = arrays(bundle, "means")
    covariances = BandCovariances(own_options(Options, bundle.config), bundle.preprocess)
    return load_discriminant(bundle, bank, Tangents(covariances, means))


def selection(config: ExperimentConfig) -> str:
    """Say how the shrinkage is set. See `models.decoders.Family.selection`."""
    return f"fixed; {said_of(own_options(Options, config).shrinkage)}"
