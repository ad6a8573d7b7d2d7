"""What reconstructions are compared with: pictures that anybody could show without generating any.

A picture drawn at random and the mean of all training pictures know nothing of the trial. The mean picture of the
concept that the EEG's decoder names knows what that decoder knows; with the test concepts as candidates it knows
besides which concepts there are, as a generator does that was told the candidates.
"""

from collections.abc import Iterator

import numpy as np

from models.reconstruction.pairs import Ints, Pairs, Pixels

__all__ = ["baselines"]

AVERAGED = 2000
"""Training pictures, at most, that the mean picture is the mean of."""
BLOCK = 64


def baselines(train: Pairs, test: Pairs, side: int, seed: int) -> Iterator[tuple[str, Pixels]]:
    """Yield the name of each baseline, and what it shows for each test trial, (n, side, side, 3) uint8.

    Parameters
    ----------
    train, test
        Baselines are made of training pictures, but for that which is said to know the test concepts.
    side
        Pixels.
    seed
        Of what is drawn at random.
    """
    rng, known = np.random.default_rng(seed), np.unique(train.shown)
    yield "random training picture", train.pictures(rng.choice(known, len(test)), side)
    chosen = np.sort(rng.permutation(known)[:AVERAGED])
    yield "mean training picture", np.repeat(_mean(train, chosen, side)[None], len(test), axis=0)
    if "train" in test.guesses:
        yield "class mean, training concepts named", _class_means(train, test.guesses["train"], side)
    if "test" in test.guesses:
        yield "class mean, test concepts named", _class_means(test, test.guesses["test"], side)


def _class_means(pairs: Pairs, concepts: Ints, side: int) -> Pixels:
    """Return the mean picture of the concept that each trial was taken for, (n, side, side, 3)."""
    named, which = np.unique(concepts, return_inverse=True)
    means = np.stack([_mean(pairs, np.flatnonzero(pairs.owner == concept), side) for concept in named])
    return means[which]


def _mean(pairs: Pairs, numbers: Ints, side: int) -> Pixels:
    total = np.zeros((side, side, 3))
    for first in range(0, len(numbers), BLOCK):
        total += pairs.pictures(numbers[first : first + BLOCK], side).sum(axis=0, dtype=np.float64)
    return np.rint(total / len(numbers)).astype(np.uint8)
