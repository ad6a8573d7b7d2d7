"""Pictures of two sets that are like each other, in connected components that never stand in two parts.

Each picture of the first set is paired with the most similar ones of the second, by cosine of their vectors. What
is connected by pairs is one component, and a component lies in one part whole: a picture may be in many pairs, and
is trained on or tested, never both. Whatever is fitted, the threshold of similarity and the K-means clusters
(Lloyd 1982, doi:10.1109/TIT.1982.1056489), is fitted to training components alone; raising the threshold takes
pairs away and so can only take components apart, never join two parts.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from sklearn.cluster import KMeans

from bci.errors import ConfigError
from bci.ranking import unit
from models.alignment.pairs import PARTS

__all__ = ["Matches", "above_quantile", "candidates", "cluster", "split"]

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]

SHARES = (0.8, 0.1, 0.1)
"""Of the pairs, in the order of `PARTS`."""

_CELLS = 2**24  # similarities that are in memory at once


@dataclass(frozen=True, slots=True)
class Matches:
    """Pairs of pictures.

    Parameters
    ----------
    first, second
        (n,) int64 rows of the two sets.
    similarity
        (n,) float32 cosine.
    component
        (n,) int64 connected component.
    part
        (n,) int8 place in `PARTS`; all of one component in the same.
    """

    first: Ints
    second: Ints
    similarity: Floats
    component: Ints
    part: NDArray[np.int8]

    def __len__(self) -> int:
        return len(self.first)

    def take(self, rows: Ints) -> "Matches":
        """Return some of the pairs."""
        names = ("first", "second", "similarity", "component", "part")
        return replace(self, **{name: getattr(self, name)[rows] for name in names})


def candidates(first: Floats, second: Floats, neighbours: int, minimum: float) -> tuple[Ints, Ints, Floats]:
    """Return the most similar pictures of the second set for each of the first.

    Parameters
    ----------
    first, second
        (n, D) and (m, D) vectors of pictures, at any norm.
    neighbours
        How many for each of the first set, at most.
    minimum
        Cosine that a pair must have.

    Returns
    -------
    rows_first, rows_second, similarity
        (k,) each, in the order of the first set, the most similar first.

    Raises
    ------
    ConfigError
        If vectors have different lengths, or no pair is similar enough.
    """
    if first.shape[1] != second.shape[1]:
        raise ConfigError(
            f"expected pictures embedded by one model, got vectors of {first.shape[1]} and {second.shape[1]}: "
            "embed both sets the same way"
        )
    found = list(_nearest(unit(first), unit(second), min(neighbours, len(second))))
    rows, columns, similarity = (np.concatenate(pieces) for pieces in zip(*found, strict=True))
    kept = similarity >= minimum
    if not kept.any():
        raise ConfigError(
            f"expected pairs with a cosine of at least {minimum:g}, the most similar have {similarity.max():.3f}: "
            "lower the minimum"
        )
    return rows[kept], columns[kept], similarity[kept]


def split(first: Ints, second: Ints, similarity: Floats, seed: int) -> Matches:
    """Put connected components of pairs into parts, 80 : 10 : 10 of the pairs as nearly as components allow.

    Components are taken in a random order, the larger before the smaller. Each goes, of the parts that it fits
    into, where the largest share is missing, so that all parts get large and small ones alike.

    Raises
    ------
    ConfigError
        If a part stays empty: one component holds nearly everything.
    """
    component = _components(first, second)
    sizes = np.bincount(component)
    shuffled = np.random.default_rng(seed).permutation(len(sizes))
    part_of = np.zeros(len(sizes), np.int8)
    missing = np.array(SHARES) * len(first)
    for index in shuffled[np.argsort(-sizes[shuffled], kind="stable")]:
        fits = missing >= sizes[index]
        part_of[index] = np.argmax(np.where(fits, missing / SHARES, 0) if fits.any() else missing)
        missing[part_of[index]] -= sizes[index]
    if empty := [name for number, name in enumerate(PARTS) if not (part_of == number).any()]:
        raise ConfigError(
            f"expected pairs in every part, got none in {empty[0]}: {len(sizes)} components, of which the largest "
            f"holds {sizes.max()} of {len(first)} pairs; take fewer neighbours, or a higher minimum"
        )
    return Matches(first, second, similarity, component, part_of[component])


def above_quantile(matches: Matches, keep: float) -> tuple[Matches, float]:
    """Return the more similar pairs, and the cosine from which on they are kept.

    Parameters
    ----------
    matches
        Of all parts.
    keep
        Share of the training pairs that is kept; the threshold follows from these and holds for all parts.

    Raises
    ------
    ConfigError
        If a part has no pair that similar.
    """
    threshold = float(np.quantile(matches.similarity[matches.part == 0], 1 - keep))
    kept = matches.take(np.flatnonzero(matches.similarity >= threshold))
    if empty := [name for number, name in enumerate(PARTS) if not (kept.part == number).any()]:
        raise ConfigError(
            f"expected pairs in every part with a cosine of at least {threshold:.3f}, got none in {empty[0]}: "
            "keep more of the training pairs"
        )
    return kept, threshold


def cluster(matches: Matches, first: Floats, second: Floats, n_clusters: int, seed: int) -> Ints:
    """Return the K-means cluster (n,) of each pair, by the mean of its two unit vectors.

    Raises
    ------
    ConfigError
        If there are fewer training pairs than clusters.
    """
    training = np.flatnonzero(matches.part == 0)
    if len(training) < n_clusters:
        raise ConfigError(
            f"expected at least {n_clusters} training pairs for as many clusters, got {len(training)}"
        )
    means = unit(unit(first)[matches.first] + unit(second)[matches.second])
    fitted = KMeans(n_clusters, random_state=seed, n_init=1).fit(means[training])
    return np.asarray(fitted.predict(means), np.int64)


def _nearest(first: Floats, second: Floats, neighbours: int) -> Iterator[tuple[Ints, Ints, Floats]]:
    """Yield rows of both and cosines, for some of the first set at a time."""
    block = max(1, _CELLS // len(second))
    for start in range(0, len(first), block):
        cosines = first[start : start + block] @ second.T
        nearest = np.argpartition(-cosines, neighbours - 1, axis=1)[:, :neighbours]
        values = np.take_along_axis(cosines, nearest, axis=1)
        order = np.lexsort((nearest, -values), axis=1)
        rows = np.repeat(np.arange(start, start + len(cosines)), neighbours)
        columns = np.take_along_axis(nearest, order, axis=1).ravel()
        yield rows, columns.astype(np.int64), np.take_along_axis(values, order, axis=1).ravel()


def _components(first: Ints, second: Ints) -> Ints:
    """Number the connected components of the pairs (n,), pictures of the two sets being different nodes."""
    n_first, n_second = int(first.max()) + 1, int(second.max()) + 1
    size = n_first + n_second
    graph = coo_array((np.ones(len(first), np.int8), (first, second + n_first)), shape=(size, size))
    labels = connected_components(graph, directed=False)[1]
    return np.asarray(np.unique(labels[first], return_inverse=True)[1], np.int64)
