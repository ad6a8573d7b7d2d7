"""What a paradigm declares about the concept that comes next, given those that came before.

Only this makes "better than chance" mean something: of 84 dogs and 16 cats, naming the dog is right 84 times.
"""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from bci.errors import ConfigError, MismatchError
from bci.specs import RandomisationSpec

__all__ = ["Independent", "Randomisation", "WithoutReplacement", "declared"]

Floats = NDArray[np.float64]


class Randomisation(Protocol):
    """How the next concept is drawn."""

    def chance(self, named: Sequence[int]) -> float:
        """Return the probability that the next concept is one of these."""
        ...

    def show(self, concept: int) -> None:
        """Take in what was shown."""
        ...


class Independent:
    """Each concept is drawn anew, with fixed shares.

    Parameters
    ----------
    shares
        (N,) of the concepts; they add up to 1.
    """

    def __init__(self, shares: Floats) -> None:
        self._shares = shares

    def chance(self, named: Sequence[int]) -> float:
        """Return the probability that the next concept is one of these."""
        return float(self._shares[list(named)].sum())

    def show(self, concept: int) -> None:
        """Change nothing: what was shown tells nothing about what comes.

        Raises
        ------
        MismatchError
            If the concept has no share: the paradigm is not what was declared.
        """
        if not self._shares[concept]:
            raise MismatchError(f"concept {concept} was shown, which has no share in what was declared")


class WithoutReplacement:
    """Blocks in which each concept is shown a fixed number of times, in random order.

    Parameters
    ----------
    counts
        (N,) int64 how often each concept is shown in a block.
    """

    def __init__(self, counts: NDArray[np.int64]) -> None:
        self._counts = counts
        self._left = counts.copy()

    def chance(self, named: Sequence[int]) -> float:
        """Return the probability that the next concept is one of these."""
        return float(self._left[list(named)].sum() / self._left.sum())

    def show(self, concept: int) -> None:
        """Take it out of the block; a block that is empty is filled again.

        Raises
        ------
        MismatchError
            If the block holds no more of it: the paradigm is not what was declared.
        """
        if not self._left[concept]:
            raise MismatchError(f"a block showed concept {concept} more often than declared")
        self._left[concept] -= 1
        if not self._left.any():
            self._left = self._counts.copy()


def declared(spec: RandomisationSpec, concepts: Sequence[str]) -> Randomisation:
    """Return what a config declares about the concepts of a bank.

    Raises
    ------
    ConfigError
        If it speaks of a concept that the bank does not hold.
    """
    known = frozenset(concepts)
    if unknown := [name for name in spec.shares if name not in known]:
        raise ConfigError(
            f"events.randomisation.shares: {unknown[0]!r} is none of the {len(concepts)} concepts ranked"
        )
    shares = np.array([spec.shares.get(name, 0.0 if spec.shares else 1.0) for name in concepts])
    if spec.kind == "blocks":
        return WithoutReplacement(shares.astype(np.int64))
    return Independent(shares / shares.sum())
