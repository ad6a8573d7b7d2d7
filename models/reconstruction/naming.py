"""What a picture is taken for: the concepts whose prototypes its features are nearest to."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bci.ranking import truth_ranks, unit
from models.reconstruction.pairs import Ints, Pairs, Pixels

__all__ = ["BEST", "Named", "name_concepts", "prototypes"]

BEST = 3
PER_CONCEPT = 10
"""Pictures of a concept, at most, that its prototype is the mean of."""


@dataclass(frozen=True, slots=True)
class Named:
    """What each picture is taken for.

    Parameters
    ----------
    best
        (n, BEST) concepts, nearest first; fewer columns if there are fewer concepts.
    rank
        (n,) other concepts that are at least as near as the true one.
    """

    best: Ints
    rank: Ints


def prototypes(features: Callable[[Pixels], NDArray[np.float32]], pairs: Pairs, side: int) -> NDArray[np.float32]:
    """Return the mean features of true pictures of each concept, (N, D)."""
    means = [
        features(pairs.pictures(_of(pairs, concept), side)).mean(axis=0) for concept in range(len(pairs.names))
    ]
    return np.stack(means)


def name_concepts(features: NDArray[np.float32], concepts: NDArray[np.float32], truths: Ints) -> Named:
    """Rank concepts by the cosine of features round the mean prototype.

    Parameters
    ----------
    features
        (n, D) of pictures.
    concepts
        (N, D) prototypes.
    truths
        (n,) true concepts.
    """
    centre = concepts.mean(axis=0)
    scores = unit(features - centre) @ unit(concepts - centre).T
    best = np.argsort(-scores, axis=1, kind="stable")[:, :BEST]
    return Named(best, truth_ranks(scores, truths))


def _of(pairs: Pairs, concept: int) -> Ints:
    return np.flatnonzero(pairs.owner == concept)[:PER_CONCEPT]
