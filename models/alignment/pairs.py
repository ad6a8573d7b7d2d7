"""Pairs of recordings: the EEG of one picture beside the fMRI of another one that is like it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

__all__ = ["PARTS", "Pairs", "PartName", "Picked", "Rows"]

PartName = Literal["train", "validation", "test"]

PARTS: tuple[PartName, ...] = ("train", "validation", "test")
"""Names of the parts, at the place of their number."""


class Rows(Protocol):
    """Rows of float32 that are in memory as arrays are, or read when they are asked for."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the whole."""
        ...

    def __len__(self) -> int: ...

    def __getitem__(self, index: Any, /) -> Any: ...


@dataclass(frozen=True, slots=True)
class Picked:
    """Some rows of others, in another order and perhaps more than once, read when they are asked for.

    Parameters
    ----------
    source
        (m, ...) float32.
    index
        (n,) int64 row of `source` that each row is.
    """

    source: Rows
    index: NDArray[np.int64]

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the rows that were picked."""
        return (len(self.index), *self.source.shape[1:])

    def __len__(self) -> int:
        return len(self.index)

    def __getitem__(self, index: Any, /) -> NDArray[np.float32]:
        rows: NDArray[np.float32] = self.source[self.index[index]]
        return rows

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        return np.array(self[:], dtype)


@dataclass(frozen=True, slots=True)
class Pairs:
    """EEG of pictures beside fMRI of pictures that are like them.

    Parameters
    ----------
    eeg
        (n, C, T) float32, microvolts / 100; in memory, or read on access.
    fmri
        (n, F) float32; in memory, or read on access.
    cluster
        (n,) int64 K-means cluster of the pair.
    component
        (n,) int64 connected component of matched pictures.
    part
        (n,) int8 place in `PARTS`: 0 train, 1 validation, 2 test. No picture is in two of them.
    eeg_picture, fmri_picture
        (n,) int64 rows in the tables of pictures.
    similarity
        (n,) float32 cosine of the two pictures.
    channels
        Labels of C.
    sfreq
        Of T, Hz.
    n_clusters
        How many clusters there are.
    facts
        Where it comes from, thresholds, what was fitted to what.
    """

    eeg: Rows
    fmri: Rows
    cluster: NDArray[np.int64]
    component: NDArray[np.int64]
    part: NDArray[np.int8]
    eeg_picture: NDArray[np.int64]
    fmri_picture: NDArray[np.int64]
    similarity: NDArray[np.float32]
    channels: tuple[str, ...]
    sfreq: float
    n_clusters: int
    facts: Mapping[str, Any]

    def __len__(self) -> int:
        return len(self.part)

    def part_of(self, name: PartName) -> "Pairs":
        """Return the pairs of one part; what is read on access stays so."""
        rows = np.flatnonzero(self.part == PARTS.index(name))
        return replace(
            self,
            eeg=_pick(self.eeg, rows),
            fmri=_pick(self.fmri, rows),
            cluster=self.cluster[rows],
            component=self.component[rows],
            part=self.part[rows],
            eeg_picture=self.eeg_picture[rows],
            fmri_picture=self.fmri_picture[rows],
            similarity=self.similarity[rows],
        )


def _pick(rows: Rows, index: NDArray[np.int64]) -> Rows:
    if isinstance(rows, Picked):
        return Picked(rows.source, rows.index[index])
    in_memory = isinstance(rows, np.ndarray) and not isinstance(rows, np.memmap)
    return rows[index] if in_memory else Picked(rows, index)
