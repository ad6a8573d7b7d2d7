"""What a decoder must not be able to do: learn from shuffled labels, see the future, live on noise.

A control runs through the same folds and the same scoring as the decoder itself.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bci.errors import MismatchError
from bci.specs import PreprocessSpec
from bci.types import TrialSet, read_only
from models.config import ExperimentConfig

__all__ = [
    "EXPECTED",
    "NoiseLevel",
    "before_stimulus",
    "high_frequency_level",
    "p_value",
    "shuffled",
    "shuffled_rows",
    "unit_codes",
]

EXPECTED = {
    "shuffled-labels": "chance: labels shuffled within recording before the split, for training and scoring alike",
    "shuffled-truth": "chance: the decoder as it is, scored against labels shuffled within recording",
    "pre-stimulus": "chance where pictures come in random order and far enough apart; in rapid presentation the "
    "window holds the response to the previous picture",
    "noise-level": "chance if the noise tells nothing of the concept; else what this decoder finds in it",
}
"""What each control should come to in a sound experiment."""

UNITS = {
    "subject": ("subject",),
    "session": ("subject", "session"),
    "recording": ("subject", "session", "recording"),
}


def unit_codes(trials: TrialSet, unit: str) -> NDArray[np.int64]:
    """Number the subjects, sessions (of one subject) or recordings (of one session): (n_trials,) int64."""
    columns = [np.unique(trials.groups[name], return_inverse=True)[1] for name in UNITS[unit]]
    return np.unique(np.stack(columns), axis=1, return_inverse=True)[1].ravel().astype(np.int64)


def shuffled(trials: TrialSet, seed: tuple[int, ...]) -> TrialSet:
    """Permute what was shown (concept and picture together) within each recording.

    Raises
    ------
    MismatchError
        If no recording holds two concepts, so that nothing could be permuted.
    """
    recording = unit_codes(trials, "recording")
    if not _mixed(trials.concepts, recording):
        raise MismatchError("labels cannot be shuffled within recordings: each holds trials of one concept only")
    order = shuffled_rows(recording, seed)
    return replace(trials, concepts=read_only(trials.concepts[order]), images=read_only(trials.images[order]))


def shuffled_rows(codes: NDArray[np.int64], seed: tuple[int, ...]) -> NDArray[np.int64]:
    """Return a random order (n,) in which every row changes places only with rows of the same code."""
    rng = np.random.default_rng(seed)
    order = np.arange(len(codes))
    for code in np.unique(codes):
        rows = np.flatnonzero(codes == code)
        order[rows] = rng.permutation(rows)
    return order


def _mixed(concepts: NDArray[np.int64], recording: NDArray[np.int64]) -> bool:
    pairs = len(np.unique(np.stack([concepts, recording]), axis=1).T)
    return pairs > len(np.unique(recording))


def p_value(observed: float, null: NDArray[np.float64]) -> float:
    """Return the permutation p-value (1 + #{null >= observed}) / (1 + n) (Phipson & Smyth 2010).

    It is never zero, and uniform or larger under the null hypothesis: doi:10.2202/1544-6115.1585.
    """
    return (1 + int(np.count_nonzero(null >= observed))) / (1 + len(null))


def before_stimulus(config: ExperimentConfig, window: tuple[float, float]) -> ExperimentConfig:
    """Return the same experiment on another window, seconds after the onset."""
    spec = config.preprocess.model_dump() | {"tmin": window[0], "tmax": window[1]}
    # validated anew: a copy of the spec would keep the cached digest of the old window
    return config.model_copy(update={"preprocess": PreprocessSpec.model_validate(spec)})


def high_frequency_level(data: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return one number per epoch: the logarithm of the RMS of the second difference.

    Parameters
    ----------
    data
        (n, n_channels, n_times), not scaled per epoch.
    """
    rough = np.diff(data.astype(np.float64), n=2, axis=2)
    power: NDArray[np.float64] = np.mean(rough**2, axis=(1, 2))
    return np.log(np.sqrt(power) + np.finfo(np.float64).tiny)


@dataclass(frozen=True, slots=True)
class NoiseLevel:
    """A decoder that is told nothing but the noise level of an epoch: Gaussian naive Bayes, equal priors.

    Parameters
    ----------
    concepts
        Names of the score columns.
    """

    concepts: tuple[str, ...]

    def __call__(self, train: TrialSet, seed: int) -> "_NoiseLevelFitted":  # noqa: ARG002 (nothing is random)
        """Fit the level's mean and variance per concept."""
        from sklearn.naive_bayes import GaussianNB  # noqa: PLC0415 (2 s to import)

        shown, own = np.unique(train.concepts, return_inverse=True)
        model = GaussianNB(priors=np.full(len(shown), 1 / len(shown)))
        model.fit(high_frequency_level(train.data)[:, None], own)
        columns = [self.concepts.index(train.concept_names[concept]) for concept in shown]
        return _NoiseLevelFitted(model, columns, len(self.concepts))


@dataclass(frozen=True, slots=True)
class _NoiseLevelFitted:
    model: Any
    columns: list[int]
    n_concepts: int

    def __call__(self, data: NDArray[np.float32]) -> NDArray[np.float32]:
        """Log joint probability per concept, (n, N); concepts never trained on come last."""
        known = self.model.predict_joint_log_proba(high_frequency_level(data)[:, None])
        scores = np.full((len(data), self.n_concepts), known.min() - 1, np.float32)
        scores[:, self.columns] = known
        return scores
