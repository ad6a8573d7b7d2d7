"""What a decoder believes was seen, where it is known what there is to choose from.

The embedding of a single trial scatters widely round what was seen. Who knows the concepts that may have been
shown, as every session does that ranks a bank, knows more: the mean of their prototypes, each weighed by its
probability, is the estimate of what was seen whose squared error is least, as far as these probabilities hold (the
posterior mean; Bishop 2006, Pattern Recognition and Machine Learning, section 1.5.5).
"""

import numpy as np
from numpy.typing import NDArray

from bci.ranking import softmax
from models.temperature import fit_temperature

__all__ = ["believed", "fitted_temperature"]

Floats = NDArray[np.float32]

AT_ONCE = 1024  # embeddings: 1,654 concepts take 14 MB
FITTED = 4000
"""Trials, at most, that a temperature is fitted to."""


def believed(embeddings: Floats, prototypes: Floats, temperature: float) -> Floats:
    """Return the mean of prototypes, each weighed by its probability.

    Parameters
    ----------
    embeddings
        (n, D), as in `Ranking.embedding`.
    prototypes
        (N, D) of the concepts that compete, in the space of embeddings: scores are their products.
    temperature
        Of the softmax over scores.

    Returns
    -------
    beliefs
        (n, D).
    """
    blocks = [
        softmax((embeddings[at : at + AT_ONCE] @ prototypes.T).astype(np.float64), temperature) @ prototypes
        for at in range(0, len(embeddings), AT_ONCE)
    ]
    return np.concatenate(blocks).astype(np.float32)


def fitted_temperature(embeddings: Floats, prototypes: Floats, truths: NDArray[np.int64]) -> float:
    """Return the temperature at which the true concepts (n,) of embeddings (n, D) are most likely."""
    some = np.linspace(0, len(embeddings) - 1, min(len(embeddings), FITTED)).astype(np.int64)
    return fit_temperature(embeddings[some] @ prototypes.T, truths[some])
