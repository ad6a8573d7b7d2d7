"""Calibration by a temperature, never fitted to the answers that it is judged on.

A temperature belongs to a decoder, a bank, a number of candidates and a number of averaged repetitions. In
cross-validation that of a fold is fitted to the answers of the other folds; with a test partition, to a validation
part of the training trials.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from models.evaluation.answers import Answers
from models.evaluation.report import Bin, Figure

__all__ = [
    "calibration_error",
    "fit_per_fold",
    "reliability",
    "subset_of",
]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

ECE_FROM = 500
"""Trials below which the expected calibration error is mostly noise."""
BINS = 10


def subset_of(answers: Answers, mask: NDArray[np.bool_]) -> tuple[NDArray[np.float32], Ints]:
    """Return the scores and truths of some of the answers."""
    return answers.scores[mask], answers.truth[mask]


def fit_per_fold(answers: Answers, fit: Callable[[NDArray[np.bool_]], float]) -> tuple[float, ...]:
    """Fit something to the answers of all other folds, for each fold: what `fit` returns for a mask (n,)."""
    return tuple(fit(answers.fold != fold) for fold in range(int(answers.fold.max()) + 1))


def calibration_error(answers: Answers, log_p: Floats) -> tuple[Figure, ...]:
    """Return the expected calibration error, 0 being best; nothing below 500 trials."""
    if len(answers) < ECE_FROM:
        return ()
    bins = reliability(log_p, answers.ranks == 0)
    return (Figure("ece", sum(b.n * abs(b.accuracy - b.confidence) for b in bins) / len(answers)),)


def reliability(log_p: Floats, hits: NDArray[np.bool_]) -> tuple[Bin, ...]:
    """Return bins of about as many trials each, by the probability of the first candidate.

    Parameters
    ----------
    log_p
        (n, N) logarithms of probabilities.
    hits
        (n,) whether the first candidate was the truth.
    """
    confidence = np.exp(log_p.max(axis=1))
    parts = np.array_split(np.argsort(confidence, kind="stable"), min(BINS, len(hits)))
    return tuple(Bin(len(part), float(confidence[part].mean()), float(hits[part].mean())) for part in parts)
