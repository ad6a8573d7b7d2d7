"""Calibration by a temperature, never fitted to the answers that it is judged on.

A temperature belongs to a decoder, a bank, a number of candidates and a number of averaged repetitions. In
cross-validation that of a fold is fitted to the answers of the other folds; with a test partition, to a validation
part of the training trials.
"""

import numpy as np
from numpy.typing import NDArray

from models.evaluation.answers import Answers
from models.evaluation.report import Bin, Figure

__all__ = ["calibration_error", "reliability"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

ECE_FROM = 500
"""Trials below which the expected calibration error is mostly noise."""
BINS = 10


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
