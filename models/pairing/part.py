"""One part of the events, each with the picture beside it."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from replay.digits.folder import Part

__all__ = ["PairedPart", "in_blocks"]

_AT_ONCE = 512  # events


@dataclass(frozen=True, slots=True)
class PairedPart:
    """Events to train or to test, in time, and their pictures.

    Parameters
    ----------
    part
        Which.
    rows, digits, pictures
        (n,) int64 row of each event among all that were read, what it showed, and the number of its picture.
    """

    part: Part
    rows: NDArray[np.int64]
    digits: NDArray[np.int64]
    pictures: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.rows)


def in_blocks(index: NDArray[np.int64]) -> Iterator[NDArray[np.int64]]:
    """Yield an index in pieces, so that what it picks is never in memory as a whole."""
    for first in range(0, len(index), _AT_ONCE):
        yield index[first : first + _AT_ONCE]
