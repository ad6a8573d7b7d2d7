"""Encoders as decoders: trained by contrast with pictures, run by torch."""

from pathlib import Path

from bci.bank import Bank
from models.aligner import Ensemble, state_arrays
from models.bundle import Bundle
from models.checkpoint import Keeper, fingerprint
from models.config import ExperimentConfig
from models.decoders import Fitted
from models.loop import train_members
from models.progress import OnProgress
from models.torch_decoder import TorchDecoder, choose_device
from models.training_set import TrainingSet

__all__ = ["fit", "load", "selection"]


def fit(data: TrainingSet, config: ExperimentConfig, report: OnProgress, checkpoints: Path | None) -> Fitted:
    """Train one network per seed. See `models.decoders.Family.fit`."""
    keeper = None
    if checkpoints is not None:
        keeper = Keeper(checkpoints, fingerprint(data, config), config.train.checkpoint_every)
    ensemble = Ensemble(train_members(data, config, report, keeper))
    return Fitted(state_arrays(ensemble), float(ensemble.temperature.detach()))


def load(bundle: Bundle, bank: Bank, device: str) -> TorchDecoder:
    """Put the networks on their device. See `models.decoders.Family.load`."""
    return TorchDecoder(bundle, bank, choose_device(device))


def selection(config: ExperimentConfig) -> str:
    """Say which checkpoint is taken. See `models.decoders.Family.selection`."""
    return f"fixed: last of {config.train.epochs} epochs"
