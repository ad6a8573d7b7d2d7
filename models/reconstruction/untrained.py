"""A reconstruction that shows nothing, of published size: for measurements."""

from pathlib import Path

import numpy as np

from models.aligner import state_arrays
from models.bundle import Bundle
from models.reconstruction.config import DataConfig, ReconstructionConfig
from models.reconstruction.input_spec import MODELS, InputSpec
from models.reconstruction.networks import build_networks
from models.reconstruction.store import Reconstruction, save_reconstruction
from models.runtime import load_decoder

__all__ = ["save_untrained_painter"]


def save_untrained_painter(folder: Path, bundle: Bundle) -> None:
    """Write a reconstruction of a bundle's embeddings, its weights as they are drawn."""
    decoder = load_decoder(bundle, bundle.bank, "cpu")
    silence = np.zeros((1, len(decoder.spec.channels), decoder.spec.n_times), np.float32)
    (ranking,) = decoder.decode(silence, [None], 1)
    config = ReconstructionConfig(name="untrained", data=DataConfig(bundle="none"))
    spec = InputSpec(ranking.embedding.shape, decoder=decoder.spec.model)
    (folder / MODELS).mkdir(parents=True)
    save_reconstruction(folder, Reconstruction(config, spec, state_arrays(build_networks(config, spec))))
