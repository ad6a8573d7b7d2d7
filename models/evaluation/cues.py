"""Decoders that are told one cue instead of the EEG: the noise level, or what was shown before.

Few known concepts are told apart by a classifier; unseen or many concepts are ranked by cosine against a ridge
regression from the cue to their vectors. Whatever a cue achieves, a decoder may owe to it.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from bci.bank import Bank, normalise
from bci.preprocess import scale_epochs
from bci.ranking import unit
from bci.types import Channel, TrialSet, read_only
from models.config import ExperimentConfig
from models.groups import unit_codes
from models.training_set import centre_of, training_set

__all__ = ["NoiseLevel", "PastConcepts", "high_frequency_level", "past_concepts"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Score = Callable[[Floats], NDArray[np.float32]]
"""From features (n, F) to scores (n, N)."""

MOST_CLASSES = 64
"""More concepts are ranked by their vectors."""
LAGS = 5
"""Concepts shown before that a classifier looks at; a regression looks at the last one alone."""


def high_frequency_level(data: NDArray[np.float32]) -> Floats:
    """Return one number per epoch (n_channels, n_times): the logarithm of the RMS of the second difference."""
    rough = np.diff(data.astype(np.float64), n=2, axis=2)
    power: Floats = np.mean(rough**2, axis=(1, 2))
    return np.log(np.sqrt(power) + np.finfo(np.float64).tiny)


@dataclass(frozen=True, slots=True)
class NoiseLevel:
    """A decoder that is told nothing but the noise level of what the real one sees, scaling included.

    Parameters
    ----------
    config
        The experiment.
    bank
        Vectors of the concepts that are trained on.
    ranked
        Bank whose concepts are ranked; scores have its order.
    """

    config: ExperimentConfig
    bank: Bank
    ranked: Bank

    def __call__(self, train: TrialSet, seed: int) -> Callable[[NDArray[np.float32]], NDArray[np.float32]]:  # noqa: ARG002 (nothing is random)
        """Fit the scaling and the classifier or regression."""
        data = training_set(train, self.bank, self.config)
        levels = np.concatenate([high_frequency_level(block) for block in data.blocks()])[:, None]
        if _by_classes(self.config, self.ranked):
            score = _naive_bayes(levels, data.rows, self.bank.names, self.ranked.names)
        else:
            score = _regression(levels, data.targets(), data.normalised(self.ranked.prototypes))

        def predict(epochs: NDArray[np.float32]) -> NDArray[np.float32]:
            return score(high_frequency_level(scale_epochs(epochs, data.spec, data.whitening))[:, None])

        return predict


def _by_classes(config: ExperimentConfig, ranked: Bank) -> bool:
    return config.evaluation.protocol != "zero-shot" and len(ranked.names) <= MOST_CLASSES


# -------------------------------------------------------------------------------------------------- what was shown


def past_concepts(trials: TrialSet, names: tuple[str, ...]) -> TrialSet:
    """Put the concepts shown before in the place of the EEG: (n, 1, LAGS), the last one first, -1 for none.

    Parameters
    ----------
    trials
        In the order of presentation within each recording.
    names
        What the numbers index; all concepts shown are among them.
    """
    index = {name: number for number, name in enumerate(names)}
    shown = np.array([index.get(name, -1) for name in trials.concept_names])[trials.concepts]
    past = np.full((len(trials), 1, LAGS), -1, np.float32)
    recording = unit_codes(trials, "recording")
    for code in np.unique(recording):
        rows = np.flatnonzero(recording == code)
        for lag in range(1, LAGS + 1):
            past[rows[lag:], 0, lag - 1] = shown[rows[:-lag]]
    return replace(trials, data=read_only(past), channels=(Channel("past"),))


@dataclass(frozen=True, slots=True)
class PastConcepts:
    """A decoder that is told the concepts shown before, as `past_concepts` numbers them, and nothing else.

    Parameters
    ----------
    config, bank, ranked
        As for `NoiseLevel`.
    names
        What the numbers index.
    """

    config: ExperimentConfig
    bank: Bank
    ranked: Bank
    names: tuple[str, ...]

    def __call__(self, train: TrialSet, seed: int) -> Callable[[NDArray[np.float32]], NDArray[np.float32]]:  # noqa: ARG002 (nothing is random)
        """Fit a logistic regression on the last concepts, or a ridge regression on the last one's vector."""
        index = {name: row for row, name in enumerate(self.bank.names)}
        rows = np.array([index.get(name, -1) for name in train.concept_names])[train.concepts]
        if _by_classes(self.config, self.ranked):
            features: Callable[[NDArray[np.float32]], Floats] = self._one_hot
            score = _logistic(features(train.data), rows, self.bank.names, self.ranked.names)
        else:
            centre = centre_of(self.bank, rows)
            known, ranked = self._normalised(self.bank, centre), self._normalised(self.ranked, centre)
            features = partial(self._last, np.concatenate([known, ranked]))
            score = _regression(features(train.data), known[rows], ranked)
        return lambda data: score(features(data))

    def _one_hot(self, past: NDArray[np.float32]) -> Floats:
        shown = past[:, 0, :, None] == np.arange(len(self.names))
        features: Floats = shown.reshape(len(past), -1).astype(np.float64)
        return features

    def _last(self, vectors: NDArray[np.float32], past: NDArray[np.float32]) -> Floats:
        """Vector of the last concept, of those of both banks; zero where there is none before."""
        index = {name: row for row, name in enumerate((*self.bank.names, *self.ranked.names))}
        table = np.stack([vectors[index[name]] for name in self.names])
        table = np.concatenate([table, np.zeros_like(table[:1])])
        last: Floats = table[past[:, 0, 0].astype(np.int64)].astype(np.float64)
        return last

    def _normalised(self, bank: Bank, centre: NDArray[np.float32]) -> NDArray[np.float32]:
        return normalise(bank.prototypes, self.bank.key.normalisation, centre, self.bank.key.views)


# ------------------------------------------------------------------------------------------------------ from a cue


def _naive_bayes(features: Floats, rows: Ints, known: tuple[str, ...], ranked: tuple[str, ...]) -> Score:
    from sklearn.naive_bayes import GaussianNB  # noqa: PLC0415 (2 s to import)

    shown = np.unique(rows)
    model = GaussianNB(priors=np.full(len(shown), 1 / len(shown))).fit(features, rows)
    return lambda asked: _columns(model.predict_joint_log_proba(asked), shown, known, ranked)


def _logistic(features: Floats, rows: Ints, known: tuple[str, ...], ranked: tuple[str, ...]) -> Score:
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415 (2 s to import)

    model = LogisticRegression(class_weight="balanced", max_iter=1000).fit(features, rows)
    return lambda asked: _columns(model.predict_log_proba(asked), np.unique(rows), known, ranked)


def _columns(
    known_scores: Floats, shown: Ints, known: tuple[str, ...], ranked: tuple[str, ...]
) -> NDArray[np.float32]:
    """Put scores of the concepts that were trained on in the order of what is ranked; others come last."""
    scores = np.full((len(known_scores), len(ranked)), known_scores.min() - 1, np.float32)
    position = {name: column for column, name in enumerate(ranked)}
    for at, row in enumerate(shown):
        if known[row] in position:
            scores[:, position[known[row]]] = known_scores[:, at]
    return scores


def _regression(features: Floats, targets: NDArray[np.float32], ranked: NDArray[np.float32]) -> Score:
    from sklearn.linear_model import Ridge  # noqa: PLC0415 (2 s to import)

    model = Ridge(alpha=1.0).fit(features, targets)
    gallery = unit(ranked)
    return lambda asked: np.asarray(unit(model.predict(asked).astype(np.float32)) @ gallery.T, np.float32)
