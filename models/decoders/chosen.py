"""The best of several decoders by inner cross-validation over the training groups, fitted to all of them.

The choice is a part of fitting: it is made anew in every outer fold and for every permutation of the labels.
"""

from pathlib import Path
from typing import Annotated

import numpy as np
from pydantic import Field

from bci.bank import Bank
from models.bundle import Bundle
from models.config import DecoderConfig, ExperimentConfig
from models.decoders import Fitted, ScoringDecoder, family, own_options
from models.decoders.ensemble import DEFAULT, member_bundle, member_config
from models.inner import InnerOptions, divide, figure, held_out, inner_folds
from models.numpy_decoder import arrays
from models.progress import OnProgress, Progress
from models.training_set import TrainingSet

__all__ = ["Options", "fit", "load", "selection"]

PREFIX = "chosen/"


class Options(InnerOptions):
    """Options of `chosen`."""

    candidates: Annotated[tuple[DecoderConfig, ...], Field(min_length=1)] = DEFAULT
    """Decoders by name, each with its own options; the first of equals is taken."""


def fit(data: TrainingSet, config: ExperimentConfig, report: OnProgress, checkpoints: Path | None) -> Fitted:
    """Try all candidates, fit the best one. See `models.decoders.Family.fit`."""
    options = own_options(Options, config)
    splits = [divide(data, fold) for fold in inner_folds(data, config, options)]
    figures = []
    for number, candidate in enumerate(options.candidates):
        own = member_config(config, candidate)
        figures.append(figure([held_out(own, train, tested) for train, tested in splits]))
        report(Progress(number + 1, len(options.candidates) + 1))
    best = int(np.argmax(figures))
    candidate = options.candidates[best]
    fitted = family(candidate.name).fit(data, member_config(config, candidate), report, checkpoints)
    weights = {PREFIX + name: array for name, array in fitted.weights.items()}
    note = f"chose {describe(candidate)}, {figures[best]:.3f} in inner folds"
    tried = {"choice": np.array(best), "figures": np.array(figures)}
    return Fitted(weights | tried, fitted.temperature, "; ".join(filter(None, (note, fitted.note))))


def load(bundle: Bundle, bank: Bank, device: str) -> ScoringDecoder:
    """Load the candidate that was chosen. See `models.decoders.Family.load`."""
    (choice,) = arrays(bundle, "choice")
    candidate = own_options(Options, bundle.config).candidates[int(choice)]
    own = member_bundle(bundle, candidate, PREFIX)
    return family(candidate.name).load(own, bank, device)


def selection(config: ExperimentConfig) -> str:
    """Say among what and by what is chosen. See `models.decoders.Family.selection`."""
    options = own_options(Options, config)
    by = options.by or config.evaluation.by
    names = ", ".join(dict.fromkeys(candidate.label or candidate.name for candidate in options.candidates))
    return (
        f"the best of {len(options.candidates)} candidates ({names}) by inner cross-validation over the training "
        f"trials, left out by {by}, {options.folds} folds at most"
    )


def describe(decoder: DecoderConfig) -> str:
    """Return what a report calls a decoder: its label, or its name and the options that it is given."""
    if decoder.label:
        return decoder.label
    options = ", ".join(f"{key} = {value}" for key, value in decoder.options.items() if key != "members")
    return f"{decoder.name} ({options})" if options else decoder.name
