"""What is taken for what: counts of what was shown against what was named, by concept or by category."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

__all__ = ["Grouping", "confusion", "grouping", "row_shares", "trials"]

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

MOST_CONCEPTS = 12
"""More concepts are told apart by category alone."""
MOST_CATEGORIES = 27
"""More make no figure that an eye could read."""


@dataclass(frozen=True, slots=True)
class Grouping:
    """Rows and columns of a table of confusions.

    Parameters
    ----------
    of
        What a row stands for.
    labels
        One per row.
    code
        (N,) int64 row of each concept of the bank.
    """

    of: Literal["concept", "category"]
    labels: tuple[str, ...]
    code: Ints

    def codes(self, concepts: Ints) -> Ints:
        """Return the rows of concepts (n,); -1 stays -1."""
        return np.where(concepts >= 0, self.code[concepts], -1)


def grouping(
    concepts: Sequence[str],
    categories: Sequence[str],
    most_concepts: int = MOST_CONCEPTS,
    most_categories: int = MOST_CATEGORIES,
) -> Grouping | None:
    """Return rows for each concept where there are few, else for each category; None where neither can be.

    Parameters
    ----------
    categories
        One per concept, or empty; a concept without one counts as `none`.
    """
    if len(concepts) <= most_concepts:
        return Grouping("concept", tuple(concepts), np.arange(len(concepts)))
    if not categories:
        return None
    labels, code = np.unique([category or "none" for category in categories], return_inverse=True)
    if not 2 <= len(labels) <= most_categories:
        return None
    return Grouping("category", tuple(labels.tolist()), code.astype(np.int64))


def confusion(shown: Ints, named: Ints, n_labels: int) -> Ints:
    """Count pairs.

    Parameters
    ----------
    shown, named
        (n,) int64 rows; a trial that lacks either, -1, is left out.

    Returns
    -------
    counts
        (n_labels, n_labels) int64: rows what was shown, columns what was named.
    """
    both = (shown >= 0) & (named >= 0)
    pairs = shown[both] * n_labels + named[both]
    return np.bincount(pairs, minlength=n_labels**2).reshape(n_labels, n_labels)


def row_shares(counts: Ints) -> Floats:
    """Return counts as shares of their rows; NaN in a row of which nothing was shown."""
    totals = counts.sum(axis=1, keepdims=True)
    shares: Floats = np.divide(counts, totals, out=np.full(counts.shape, np.nan), where=totals > 0)
    return shares


def trials(shown: Ints, named: Ints, row: int, column: int) -> Ints:
    """Return which trials (n,) make up one cell."""
    return np.flatnonzero((shown == row) & (named == column))
