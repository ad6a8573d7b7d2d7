"""A bundle that decodes nothing, at full speed: for measurements."""

from pathlib import Path

from bci.config import load_config
from bci.specs import EventSpec
from models.bundle import save_bundle
from models.config import DecoderConfig, ExperimentConfig
from models.data import load_bank_of
from models.train import train
from replay.load import noise_recording
from replay.trials import cut_trials

__all__ = ["save_untrained"]

EXPERIMENT = "things"
SECONDS = 60.0
INTERVAL = 0.2  # s between two events


def save_untrained(folder: Path, n_concepts: int, sfreq: float, encoder: str = "") -> tuple[str, ...]:
    """Write the bundle of the experiment `things` after one pass over a minute of noise.

    Parameters
    ----------
    folder
        Where to write.
    n_concepts
        Of the bank that it ranks, the first ones of the experiment's.
    sfreq
        Rate of the streams that it is for, Hz.
    encoder
        Key of `models.encoders.ENCODERS`, with its usual options; empty: that of the experiment.

    Returns
    -------
    channels
        Labels that it expects.
    """
    experiment = load_config(ExperimentConfig, EXPERIMENT)
    bank = load_bank_of(experiment)
    bank = bank.select(bank.names[:n_concepts])
    train_once = experiment.train.model_copy(update={"epochs": 1})
    once = experiment.model_copy(
        update={
            "train": train_once,
            "events": EventSpec(),
            "decoder": DecoderConfig(name=encoder) if encoder else experiment.decoder,
        }
    )
    recording = noise_recording(once.preprocess.channels, sfreq, SECONDS, bank.names, INTERVAL)
    save_bundle(folder, train(cut_trials([recording], once.preprocess, once.events, bank.names), bank, once))
    return once.preprocess.channels
