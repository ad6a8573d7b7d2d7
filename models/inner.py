"""Inner cross-validation: how a decoder does on training trials that it was not fitted to.

Whatever a decoder has to choose or to scale by held-out scores, it takes from here, so that nothing of it is seen
by the evaluation, whose folds are outside (Varma and Simon 2006, doi:10.1186/1471-2105-7-91).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from bci.bank import Bank
from bci.errors import ConfigError
from bci.ranking import truth_ranks
from bci.roc import auc
from bci.specs import Frozen
from models.bundle import Bundle
from models.config import ExperimentConfig
from models.decoders import ScoringDecoder, family
from models.groups import group_codes
from models.progress import OnProgress, silent
from models.training_set import TrainingSet

__all__ = ["Fold", "HeldOut", "InnerOptions", "divide", "figure", "fitted_to", "held_out", "inner_folds"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Fold = tuple[Ints, Ints]
"""Rows of the training set that are fitted to, and rows that are left out."""


class InnerOptions(Frozen):
    """How training trials are split once more."""

    by: Literal["subject", "session", "recording", "repetition", "concept", "image"] | None = None
    """What is left out together; None as the evaluation does."""
    folds: Annotated[int, Field(ge=2)] = 5
    """Most folds; fewer where there are fewer groups."""


@dataclass(frozen=True, slots=True)
class HeldOut:
    """Scores of trials that were left out.

    Parameters
    ----------
    scores
        (n, K) float64 against the concepts that occur among these trials.
    truth
        (n,) int64 column of what was shown.
    """

    scores: Floats
    truth: Ints


def inner_folds(data: TrainingSet, config: ExperimentConfig, options: InnerOptions) -> list[Fold]:
    """Split a training set by groups; one that has a single group, by blocks of neighbouring trials.

    Raises
    ------
    ConfigError
        If there is one trial, or trials do not tell their group.
    """
    if len(data) < 2:
        raise ConfigError("a decoder that chooses or scales by held-out trials needs at least two of them")
    codes = group_codes(data.trials, options.by or config.evaluation.by, data.kept)
    n_groups = int(codes.max()) + 1
    if n_groups == 1:
        codes, n_groups = _blocks(data.rows, options.folds), options.folds
    blocks = np.array_split(np.arange(n_groups), min(options.folds, n_groups))
    left_out = [np.isin(codes, block) for block in blocks]
    return [(np.flatnonzero(~out), np.flatnonzero(out)) for out in left_out if out.any()]


def divide(data: TrainingSet, fold: Fold) -> tuple[TrainingSet, TrainingSet]:
    """Return both sides of a fold; what was left out is scaled as the trials that are fitted to."""
    train = data.part(fold[0])
    return train, replace(train, kept=data.kept[fold[1]], rows=data.rows[fold[1]])


def fitted_to(
    config: ExperimentConfig, train: TrainingSet, bank: Bank, report: OnProgress = silent
) -> ScoringDecoder:
    """Fit the decoder that `config.decoder` names to some trials; return it as it ranks a bank."""
    kind = family(config.decoder.name)
    fitted = kind.fit(train, config, report, None)
    bundle = Bundle(
        config, fitted.weights, train.bank, train.centre, fitted.temperature, whitening=train.whitening
    )
    return kind.load(bundle, bank, "auto")


def held_out(config: ExperimentConfig, train: TrainingSet, tested: TrainingSet) -> HeldOut:
    """Fit the decoder that `config.decoder` names to one side of a fold and score the other."""
    decoder = fitted_to(config, train, train.bank)
    shown, truth = np.unique(tested.rows, return_inverse=True)
    scores = np.concatenate([decoder.scores(block)[:, shown] for block in tested.blocks()])
    return HeldOut(scores.astype(np.float64), truth)


def figure(parts: Sequence[HeldOut]) -> float:
    """Return the mean over folds of the AUC of two concepts, or of top-1 of more."""
    return float(np.mean([_figure(part) for part in parts]))


def _figure(part: HeldOut) -> float:
    n_concepts = part.scores.shape[1]
    if n_concepts < 2:
        raise ConfigError(
            "an inner fold leaves out trials of one concept only: give more trials, or leave out something else "
            "(decoder.options.by)"
        )
    if n_concepts == 2:
        return auc(part.scores[:, 1] - part.scores[:, 0], part.truth == 1)
    return float(np.mean(truth_ranks(part.scores, part.truth) == 0))


def _blocks(rows: Ints, n_blocks: int) -> Ints:
    """Number blocks of trials, neighbours within each concept, every concept spread evenly over them: (n,)."""
    place = np.empty(len(rows))
    for row in np.unique(rows):
        own = np.flatnonzero(rows == row)
        place[own] = (np.arange(len(own)) + 0.5) / len(own)
    codes = np.empty(len(rows), np.int64)
    codes[np.argsort(place, kind="stable")] = np.arange(len(rows)) * n_blocks // len(rows)
    return codes
