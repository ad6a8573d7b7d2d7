"""Another decoder's evidence, and what is known before the event: how frequent each concept is.

Bayes' rule: the log-odds after the event are those before it plus the evidence. The decoder's scores become
evidence by the temperature that fits held-out training trials; how frequent concepts are is counted in the
training trials, each once more than it was shown (Laplace's rule). Where all concepts are as frequent, nothing
changes.

This is all that metadata honestly add. A decoder sees epochs and nothing else, live and offline: the label, the
file or folder that a trial lies in, its number and its place in the order of presentation would tell the answer
where data were recorded or filed by concept, and cannot be given to it.
"""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bci.bank import Bank
from models.bundle import Bundle
from models.closed_set import columns, shown
from models.config import DecoderConfig, ExperimentConfig
from models.decoders import Fitted, family, own_options
from models.decoders.ensemble import member_bundle, member_config
from models.inner import InnerOptions, divide, held_out, inner_folds
from models.numpy_decoder import NumpyDecoder, Scored, arrays
from models.progress import OnProgress
from models.temperature import fit_temperature
from models.training_set import TrainingSet

__all__ = ["Options", "fit", "load", "selection"]

PREFIX = "evidence/"


class Options(InnerOptions):
    """Options of `prior`."""

    decoder: DecoderConfig = DecoderConfig(name="ensemble")
    """Whose evidence it is."""


def fit(data: TrainingSet, config: ExperimentConfig, report: OnProgress, checkpoints: Path | None) -> Fitted:
    """Fit the decoder, the scale of its evidence and the frequencies. See `models.decoders.Family.fit`."""
    options, classes = own_options(Options, config), shown(data)
    own = member_config(config, options.decoder)
    part = held_out(own, *divide(data, inner_folds(data, config, options)[0]))
    fitted = family(options.decoder.name).fit(data, own, report, checkpoints)
    weights = {PREFIX + name: array for name, array in fitted.weights.items()}
    weights |= {
        "classes": classes.rows,
        "log prior": np.log((classes.counts + 1) / (classes.counts + 1).sum()),
        "scale": np.array(fit_temperature(part.scores, part.truth)),
    }
    return Fitted(weights, temperature=1.0, note=fitted.note)


def load(bundle: Bundle, bank: Bank, device: str) -> NumpyDecoder:
    """Add the frequencies to the evidence. See `models.decoders.Family.load`."""
    chosen = columns(bundle, bank)
    log_prior, scale = arrays(bundle, "log prior", "scale")
    options = own_options(Options, bundle.config)
    decoder = family(options.decoder.name).load(member_bundle(bundle, options.decoder, PREFIX), bank, device)

    def score(epochs: NDArray[np.float32]) -> Scored:
        scores = decoder.scores(epochs) / scale + log_prior[chosen]
        return scores, scores

    return NumpyDecoder(bundle, bank, score, np.eye(len(bank.names), dtype=np.float32))


def selection(config: ExperimentConfig) -> str:
    """Say whose evidence it is. See `models.decoders.Family.selection`."""
    decoder = own_options(Options, config).decoder
    own = family(decoder.name).selection(member_config(config, decoder))
    return f"{decoder.name} ({own}) and how frequent concepts were in training"
