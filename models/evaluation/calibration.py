"""Temperature calibration, never fitted to the answers that it is judged on.

One number scales all scores so that their softmax is as likely as possible (Guo et al. 2017, arXiv:1706.04599). It
belongs to a decoder, a bank, a number of candidates and a number of averaged repetitions. In cross-validation the
temperature of a fold is fitted to the answers of the other folds; with a test partition, to a validation part of
the training trials.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from models.evaluation.answers import Answers
from models.evaluation.report import Bin, Figure

__all__ = [
    "calibration_error",
    "fit_per_fold",
    "fit_temperature",
    "log_probabilities",
    "reliability",
    "subset_of",
]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

SPAN = 1e3
"""Temperatures are looked for from the scores' spread divided by this to the spread times this."""
MOST_CELLS = 4_000_000
"""Scores that a temperature is fitted to; of more some trials, evenly spaced."""
ECE_FROM = 500
"""Trials below which the expected calibration error is mostly noise."""
BINS = 10


def log_probabilities(scores: NDArray[np.floating], temperature: float | Floats) -> Floats:
    """Return the logarithms of the softmax of scores (n, N) over a temperature, one for all or one per trial."""
    logits = scores.astype(np.float64) / np.reshape(temperature, (-1, 1))
    logits -= logits.max(axis=1, keepdims=True)
    return np.asarray(logits - np.log(np.exp(logits).sum(axis=1, keepdims=True)))


def fit_temperature(scores: NDArray[np.floating], truth: Ints) -> float:
    """Return the temperature at which the truth is most likely.

    The log-loss is convex in one over the temperature, so that there is one minimum; it may lie at an end of the
    range where scores tell nothing (all candidates alike) or everything.

    Parameters
    ----------
    scores
        (n, N), minus infinity for what does not compete.
    truth
        (n,) columns.
    """
    from scipy.optimize import minimize_scalar  # noqa: PLC0415 (1.3 s to import)

    every = max(1, scores.size // MOST_CELLS)
    scores, truth = scores[::every], truth[::every]
    spread = float(scores[np.isfinite(scores)].std()) or 1.0

    def loss(exponent: float) -> float:
        own = np.take_along_axis(log_probabilities(scores, spread * np.exp(exponent)), truth[:, None], axis=1)
        return float(-own.mean())

    bounds = (-np.log(SPAN), np.log(SPAN))
    return spread * float(
        np.exp(minimize_scalar(loss, bounds=bounds, method="bounded", options={"xatol": 1e-4}).x)
    )


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
