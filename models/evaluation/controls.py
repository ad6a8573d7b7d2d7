"""What a decoder must not be able to do: learn from shuffled labels, see the future, live on other cues.

A control runs through the same folds and the same scoring as the decoder itself.
"""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from bci.errors import MismatchError
from bci.specs import PreprocessSpec
from bci.types import TrialSet, read_only
from models.config import ExperimentConfig
from models.features import fitting
from models.groups import joint, unit_codes

__all__ = [
    "EXPECTED",
    "before_stimulus",
    "narrowed",
    "p_value",
    "shuffled",
    "shuffled_rows",
]

EXPECTED = {
    "shuffled-labels": "chance: labels shuffled within recording before the split, for training and scoring alike",
    "shuffled-training": "chance: training labels shuffled within recording, scored against the true ones",
    "shuffled-truth": "chance: the decoder as it is, scored against labels shuffled within recording",
    "pre-stimulus": "chance where pictures come in random order and far enough apart; in rapid presentation the "
    "window holds the response to the previous picture",
    "noise-level-only": "chance if the noise that is left after scaling tells nothing of the concept; else what "
    "the decoder may owe to it",
    "sequence-only": "chance if the order of presentation is random; else what the concepts shown before give "
    "away, which no figure may rest on",
    "frontal-only": "below the decoder: what eye movements and frontal cortex may explain of it",
}
"""What each control should come to in a sound experiment."""


def shuffled(trials: TrialSet, seed: tuple[int, ...], fold: NDArray[np.int64] | None = None) -> TrialSet:
    """Permute what was shown (concept and picture together) within each recording.

    Parameters
    ----------
    fold
        (n_trials,) which fold tests a trial, if folds stay what they are: labels then stay within their fold too.
        What a fold lacks of a concept stands in its training part; were that shuffled, chance would differ.

    Raises
    ------
    MismatchError
        If nothing could be permuted, because each recording (and fold) holds one concept only.
    """
    codes = unit_codes(trials, "recording")
    if fold is not None:
        codes = joint(codes, fold)
    if not _mixed(trials.concepts, codes):
        raise MismatchError("labels cannot be shuffled within recordings: each holds trials of one concept only")
    order = shuffled_rows(codes, seed)
    return replace(trials, concepts=read_only(trials.concepts[order]), images=read_only(trials.images[order]))


def shuffled_rows(codes: NDArray[np.int64], seed: tuple[int, ...]) -> NDArray[np.int64]:
    """Return a random order (n,) in which every row changes places only with rows of the same code."""
    rng = np.random.default_rng(seed)
    order = np.arange(len(codes))
    for code in np.unique(codes):
        rows = np.flatnonzero(codes == code)
        order[rows] = rng.permutation(rows)
    return order


def _mixed(concepts: NDArray[np.int64], codes: NDArray[np.int64]) -> bool:
    return int(joint(concepts, codes).max()) > int(codes.max())


def p_value(observed: float, null: NDArray[np.float64]) -> float:
    """Return the permutation p-value (1 + #{null >= observed}) / (1 + n) (Phipson & Smyth 2010).

    It is never zero, and uniform or larger under the null hypothesis: doi:10.2202/1544-6115.1585.
    """
    return (1 + int(np.count_nonzero(null >= observed))) / (1 + len(null))


def before_stimulus(config: ExperimentConfig, window: tuple[float, float]) -> ExperimentConfig:
    """Return the same experiment on another window, seconds after the onset."""
    return _with_spec(config, {"tmin": window[0], "tmax": window[1]})


def narrowed(
    config: ExperimentConfig, channels: tuple[int, ...] | None = None, tmax: float | None = None
) -> ExperimentConfig:
    """Return the same experiment on some of the channels, or on a window that ends earlier."""
    labels = config.preprocess.channels
    chosen = labels if channels is None else tuple(labels[channel] for channel in channels)
    return _with_spec(config, {"channels": chosen, "tmax": config.preprocess.tmax if tmax is None else tmax})


def _with_spec(config: ExperimentConfig, changes: Mapping[str, object]) -> ExperimentConfig:
    spec = PreprocessSpec.model_validate(config.preprocess.model_dump() | dict(changes))
    return config.model_copy(update={"preprocess": spec, "decoder": fitting(config.decoder, spec)})
