"""The average of any decoders, each on the scale of its own held-out scores.

A member's scores are divided by their standard deviation, so that none drowns the others. It is measured on a part
of the training trials to which the member was not fitted for this: members that overfit would else weigh too
little, and networks more than discriminants. Then each member is fitted to all of them.

All weigh the same, or as much as makes the truth of those held-out trials most likely, and none less than nothing
(a linear opinion pool of log-odds: Wolpert 1992, doi:10.1016/S0893-6080(05)80023-1; weights that are not negative:
Breiman 1996, doi:10.1007/BF00117832). Equal weights cost nothing to fit and do well where members are about as
good; fitted ones do where some know nothing.
"""

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Literal

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

__all__ = ["Options", "fit", "fit_shares", "load", "member_bundle", "member_config", "selection"]

Arrays = dict[str, NDArray[Any]]
Floats = NDArray[np.float64]

MOST_CONCEPTS = 4096
"""Concepts above which their prototypes, as many and as long, would take more than 64 MiB."""

DEFAULT = tuple(DecoderConfig(name=name) for name in ("toeplitz_lda", "lda", "xdawn"))


class Options(InnerOptions):
    """Options of `ensemble`."""

    members: Annotated[tuple[DecoderConfig, ...], Field(min_length=1)] = DEFAULT
    """Decoders by name, each with its own options."""
    weights: Literal["equal", "fitted"] = "equal"
    """Of the members; `fitted` to the held-out part of the training trials."""


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
    truth = parts[0].truth
    if options.weights == "fitted":
        shares = fit_shares(
            np.stack([part.scores / scale for part, scale in zip(parts, scales, strict=True)]), truth
        )
        each = zip(options.members, shares, strict=True)
        notes.append("weights " + ", ".join(f"{m.label or m.name} {share:.2f}" for m, share in each))
        with np.errstate(divide="ignore"):  # what weighs nothing is divided by infinity
            scales = scales / (shares * len(parts))
    mean = np.mean([part.scores / scale for part, scale in zip(parts, scales, strict=True)], axis=0)
    return Fitted(weights | {"scales": scales}, fit_temperature(mean, truth), "; ".join(notes))


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
    options = own_options(Options, config)
    members = options.members
    each = dict.fromkeys(f"{m.name}: {family(m.name).selection(member_config(config, m))}" for m in members)
    how = ", weights fitted to an inner fold" if options.weights == "fitted" else ""
    return f"average of {len(members)} decoders{how} ({'; '.join(each)})"


def member_config(config: ExperimentConfig, member: DecoderConfig) -> ExperimentConfig:
    """Return the experiment with one member as its decoder."""
    return config.model_copy(update={"decoder": member})


def member_bundle(bundle: Bundle, member: DecoderConfig, prefix: str) -> Bundle:
    """Return one member's own bundle, its weights those whose names begin with `prefix`."""
    own = {name.removeprefix(prefix): a for name, a in bundle.weights.items() if name.startswith(prefix)}
    return replace(bundle, config=member_config(bundle.config, member), weights=own)


def fit_shares(scores: Floats, truth: NDArray[np.int64]) -> Floats:
    """Return how much each member weighs, (M,), summing to 1, where the truth is most likely.

    The log-loss of the softmax is convex in the weights, so that there is one minimum. Members of which none helps
    weigh the same.

    Parameters
    ----------
    scores
        (M, n, K) of each member, about as large.
    truth
        (n,) columns.
    """
    from scipy.optimize import minimize  # noqa: PLC0415 (1.3 s to import)

    known = np.take_along_axis(scores, np.broadcast_to(truth[:, None], scores[:, :, :1].shape), axis=2)
    distances = known - scores  # (M, n, K), how far the truth is above each concept

    def loss(weights: Floats) -> tuple[float, Floats]:
        logits = -np.tensordot(weights, distances, axes=1)  # (n, K), zero for the truth
        most = logits.max(axis=1, keepdims=True)
        odds = np.exp(logits - most)
        total = odds.sum(axis=1, keepdims=True)
        gradient = -np.einsum("nk,mnk->m", odds / total, distances) / len(truth)
        return float((np.log(total) + most).mean()), gradient

    n = len(scores)
    weights = minimize(loss, np.full(n, 1 / n), jac=True, bounds=[(0, None)] * n, method="L-BFGS-B").x
    return weights / weights.sum() if weights.sum() > 0 else np.full(n, 1 / n)


def _spread(scores: NDArray[np.float64]) -> float:
    """Standard deviation of scores (n, K) within trials: what all concepts of a trial share ranks nothing."""
    spread = float((scores - scores.mean(axis=1, keepdims=True)).std())
    return spread if spread > 0 else 1.0
