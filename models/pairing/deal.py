"""Which picture lies beside which event: one of its own digit, dealt evenly; no picture is in both parts."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bci.errors import ConfigError

__all__ = ["Dealt", "deal"]

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Dealt:
    """Pictures of events.

    Parameters
    ----------
    train, test
        (n,) int64 index of a picture for each event of a part.
    """

    train: Ints
    test: Ints


def deal(train: Ints, test: Ints, pictures: Ints, per_digit: int, seed: int) -> Dealt:
    """Give every event a picture of its own digit, each as often as others of its digit and part, or once more.

    Parameters
    ----------
    train, test
        (n,) digits of the events of each part.
    pictures
        (m,) digits of the pictures.
    per_digit
        Pictures of each digit that are dealt, in both parts together: as many of them to test as there are events
        to test among all, at least one.
    seed
        Of the choice and the order; the same one deals the same.

    Raises
    ------
    ConfigError
        If a part would get no picture of a digit, or there are too few.
    """
    n_test = max(1, round(per_digit * len(test) / (len(train) + len(test))))
    if n_test >= per_digit:
        raise ConfigError(
            f"expected enough pictures of each digit for both parts, got --per-digit {per_digit}: take more"
        )
    rng = np.random.default_rng(seed)
    beside = {"train": np.empty(len(train), np.int64), "test": np.empty(len(test), np.int64)}
    for digit in np.unique(np.concatenate([train, test])):
        chosen = _chosen(pictures, int(digit), per_digit, rng)
        for part, own, cards in (("train", train, chosen[n_test:]), ("test", test, chosen[:n_test])):
            rows = np.flatnonzero(own == digit)
            beside[part][rows] = np.fromiter(_rounds(cards, len(rows), rng), np.int64, len(rows))
    return Dealt(**beside)


def _chosen(pictures: Ints, digit: int, per_digit: int, rng: np.random.Generator) -> Ints:
    there = np.flatnonzero(pictures == digit)
    if len(there) < per_digit:
        raise ConfigError(
            f"expected at most {len(there)} pictures of each digit, as many as there are of {digit}; got "
            f"--per-digit {per_digit}: take fewer"
        )
    return rng.permutation(there)[:per_digit]


def _rounds(cards: Ints, n: int, rng: np.random.Generator) -> Iterator[int]:
    """Yield `n` of some cards: all of them once, in a new order, before any comes again."""
    for first in range(0, n, len(cards)):
        yield from rng.permutation(cards)[: n - first]
