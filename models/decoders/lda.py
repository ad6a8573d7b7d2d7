"""Shrinkage LDA: linear discriminant analysis with the covariance shrunk towards a multiple of the identity.

Blankertz et al. 2011, doi:10.1016/j.neuroimage.2010.06.048; how far, by default after Ledoit and Wolf 2004,
doi:10.1016/S0047-259X(03)00096-4.
"""

from pathlib import Path

from bci.bank import Bank
from models.bundle import Bundle
from models.config import ExperimentConfig
from models.decoders import Fitted, own_options
from models.discriminant import Share, fit_discriminant, load_discriminant, said_of, shrunk_solver
from models.features import FeatureOptions, Features
from models.numpy_decoder import NumpyDecoder
from models.progress import OnProgress
from models.training_set import TrainingSet

__all__ = ["Options", "fit", "load", "selection"]


class Options(FeatureOptions):
    """Options of `lda`."""

    shrinkage: Share = "auto"
    """Share of the identity in the covariance; `auto` after Ledoit and Wolf."""


def fit(data: TrainingSet, config: ExperimentConfig, report: OnProgress, checkpoints: Path | None) -> Fitted:  # noqa: ARG001 (done at once)
    """Fit in closed form. See `models.decoders.Family.fit`."""
    options = own_options(Options, config)
    return fit_discriminant(data, Features(options, data.spec), shrunk_solver(options.shrinkage))


def load(bundle: Bundle, bank: Bank, device: str) -> NumpyDecoder:  # noqa: ARG001 (runs on the CPU)
    """Score by the discriminant functions. See `models.decoders.Family.load`."""
    features = Features(own_options(Options, bundle.config), bundle.preprocess)
    return load_discriminant(bundle, bank, features)


def selection(config: ExperimentConfig) -> str:
    """Say how the shrinkage is set. See `models.decoders.Family.selection`."""
    return f"fixed; {said_of(own_options(Options, config).shrinkage)}"
