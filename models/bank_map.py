"""A picture of a bank: its concepts in the plane of their two largest principal components.

Pearson 1901, doi:10.1080/14786440109462720. Fitted once, when the bank is written; what is ranked does not change.
"""

from dataclasses import replace

import numpy as np

from bci.bank import Bank, normalise
from bci.types import read_only

__all__ = ["with_map"]

FEWEST = 3
"""Concepts below which there is no plane to lie in."""


def with_map(bank: Bank) -> Bank:
    """Return the bank with positions (N, 2) float32 of its concepts, of unit length each before the components.

    The heaviest loading of each component is positive, so that the same vectors give the same picture. A bank that
    has a map keeps it; fewer than three concepts, or concepts that are all alike, get none. The bank's id stays.
    """
    vectors = normalise(bank.prototypes, "unit", bank.prototypes[:0], bank.key.views).astype(np.float64)
    if bank.map is not None or len(vectors) < FEWEST or vectors.shape[1] < 2 or not np.ptp(vectors, axis=0).any():
        return bank
    from sklearn.decomposition import PCA  # noqa: PLC0415 (a second, needed by those who write a bank)

    positions = PCA(n_components=2, random_state=0).fit_transform(vectors)
    return replace(bank, map=read_only(positions.astype(np.float32)))
