"""The temperature of the softmax over scores: what makes probabilities of them, and how it is fitted.

One number scales all scores so that their softmax is as likely as possible (Guo et al. 2017, arXiv:1706.04599).
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["fit_temperature", "log_probabilities"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

SPAN = 1e3
"""Temperatures are looked for from the scores' spread divided by this to the spread times this."""
MOST_CELLS = 4_000_000
"""Scores that a temperature is fitted to; of more some trials, evenly spaced."""


def log_probabilities(scores: NDArray[np.floating[Any]], temperature: float | Floats) -> Floats:
    """Return the logarithms of the softmax of scores (n, N) over a temperature, one for all or one per trial."""
    logits = scores.astype(np.float64) / np.reshape(temperature, (-1, 1))
    logits -= logits.max(axis=1, keepdims=True)
    return np.asarray(logits - np.log(np.exp(logits).sum(axis=1, keepdims=True)))


def fit_temperature(scores: NDArray[np.floating[Any]], truth: Ints) -> float:
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
