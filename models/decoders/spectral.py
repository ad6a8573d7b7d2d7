"""Shrinkage LDA on the power of channels in bands, at several scales of time and frequency.

It hears what is not locked to the onset, which averages of samples do not: see `models.spectra`.
"""

from pathlib import Path

from bci.bank import Bank
from models.bundle import Bundle
from models.config import ExperimentConfig
from models.decoders import Fitted, own_options
from models.discriminant import Share, fit_discriminant, load_discriminant, said_of, shrunk_solver
from models.numpy_decoder import NumpyDecoder
from models.progress import OnProgress
from models.spectra import Spectra, SpectralOptions
from models.training_set import TrainingSet

__all__ = ["Options", "fit", "load", "selection"]


class Options(SpectralOptions):
    """Options of `spectral`."""

    shrinkage: Share = "auto"
    """Share of the identity in the covariance; `auto` after Ledoit and Wolf."""


def fit(data: TrainingSet, config: ExperimentConfig, report: OnProgress, checkpoints: Path | None) -> Fitted:  # noqa: ARG001 (done at once)
    """Fit in closed form. See `models.decoders.Family.fit`."""
    options = own_options(Options, config)
    return fit_discriminant(data, Spectra(options, data.spec), shrunk_solver(options.shrinkage))


def load(bundle: Bundle, bank: Bank, device: str) -> NumpyDecoder:  # noqa: ARG001 (runs on the CPU)
    """Score by the discriminant functions. See `models.decoders.Family.load`."""
    return load_discriminant(bundle, bank, Spectra(own_options(Options, bundle.config), bundle.preprocess))


def selection(config: ExperimentConfig) -> str:
    """Say how the shrinkage is set. See `models.decoders.Family.selection`."""
    return f"fixed; {said_of(own_options(Options, config).shrinkage)}"
