"""The average of any decoders, each on the scale of its own held-out scores.

A member's scores are divided by their standard deviation, so that none drowns the others. It is measured on a part
of the training trials to which the member was not fitted for this: members that overfit would else weigh too
little, and networks more than discriminants. Then each member is fitted to all of them.
"""

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from bci.bank import Bank
from models.bundle import Bundle
from models.config import DecoderConfig, ExperimentConfig
from models.decoders import Fitted, ScoringDecoder, family, own_options
from models.inner import InnerOptions, divide, held_out, inner_folds
from models.numpy_decoder import NumpyDecoder, Scored, arrays
from models.progress import OnProgress, Progress, silent
from models.temperature import fit_temperature
from models.training_set import TrainingSet

__all__ = ["Options", "fit", "load", "member_bundle", "member_config", "selection"]

Arrays = dict[str, NDArray[Any]]

MOST_CONCEPTS = 4096
"""Concepts above which their prototypes, as many and as long, would take more than 64 MiB."""

DEFAULT = tuple(DecoderConfig(name=name) for name in ("toeplitz_lda", "lda", "xdawn"))


class Options(InnerOptions):
    """Options of `ensemble`."""

    members: Annotated[tuple[DecoderConfig, ...], Field(min_length=1)] = DEFAULT
    """Decoders by name, each with its own options."""


def fit(data: TrainingSet, config: ExperimentConfig, report: OnProgress, checkpoints: Path | None) -> Fitted:
    """Fit the members and their scales. See `models.decoders.Family.fit`."""
    options = own_options(Options, config)
    train, tested = divide(data, inner_folds(data, config, options)[0])
    weights: Arrays = {}
    parts, notes = [], []
    for number, member in enumerate(options.members):
        own = member_config(config, member)
        parts.append(held_out(own, train, tested))
        folder = None if checkpoints is None else checkpoints / str(number)
        fitted = family(member.name).fit(data, own, silent, folder)
        weights |= {f"{number}/{name}": array for name, array in fitted.weights.items()}
        notes += [f"{member.name}: {fitted.note}"] if fitted.note else []
        report(Progress(number + 1, len(options.members)))
    scales = np.array([_spread(part.scores) for part in parts])
    mean = np.mean([part.scores / scale for part, scale in zip(parts, scales, strict=True)], axis=0)
    return Fitted(weights | {"scales": scales}, fit_temperature(mean, parts[0].truth), "; ".join(notes))


def load(bundle: Bundle, bank: Bank, device: str) -> NumpyDecoder:
    """Load the members and average what they say. See `models.decoders.Family.load`."""
    members: list[ScoringDecoder] = []
    for number, member in enumerate(own_options(Options, bundle.config).members):
        own = member_bundle(bundle, member, f"{number}/")
        members.append(family(member.name).load(own, bank, device))
    (scales,) = arrays(bundle, "scales")

    def score(epochs: NDArray[np.float32]) -> Scored:
        each = [member.scores(epochs) / scale for member, scale in zip(members, scales, strict=True)]
        scores = np.mean(each, axis=0)
        return scores, scores

    n = len(bank.names)  # an embedding is the scores themselves
    return NumpyDecoder(bundle, bank, score, np.eye(n, dtype=np.float32) if n <= MOST_CONCEPTS else None)


def selection(config: ExperimentConfig) -> str:
    """Say what is averaged. See `models.decoders.Family.selection`."""
    members = own_options(Options, config).members
    each = dict.fromkeys(f"{m.name}: {family(m.name).selection(member_config(config, m))}" for m in members)
    return f"average of {len(members)} decoders ({'; '.join(each)})"


def member_config(config: ExperimentConfig, member: DecoderConfig) -> ExperimentConfig:
    """Return the experiment with one member as its decoder."""
    return config.model_copy(update={"decoder": member})


def member_bundle(bundle: Bundle, member: DecoderConfig, prefix: str) -> Bundle:
    """Return one member's own bundle, its weights those whose names begin with `prefix`."""
    own = {name.removeprefix(prefix): a for name, a in bundle.weights.items() if name.startswith(prefix)}
    return replace(bundle, config=member_config(bundle.config, member), weights=own)


def _spread(scores: NDArray[np.float64]) -> float:
    """Standard deviation of scores (n, K) within trials: what all concepts of a trial share ranks nothing."""
    spread = float((scores - scores.mean(axis=1, keepdims=True)).std())
    return spread if spread > 0 else 1.0
