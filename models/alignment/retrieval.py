"""Retrieval across modalities: EEG asks for fMRI, or fMRI for EEG, among all pictures of a part.

A picture that is matched with several others has one truth at a time: other matches of the query's picture are
right as well and taken out of the competition (the filtered ranks of Bordes et al. 2013, NeurIPS 26). Ties count
against the truth.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.stats import rankdata

from bci.ranking import unit
from bci.types import read_only
from models.alignment.pairs import Pairs

__all__ = ["Search", "eeg_to_fmri", "fmri_to_eeg", "ranks", "summary"]

Ints = NDArray[np.int64]
Floats = NDArray[np.float32]

_AT_ONCE = 256
"""Queries that are ranked at a time."""


@dataclass(frozen=True, slots=True)
class Search:
    """Who asks for what.

    Parameters
    ----------
    queries
        (n,) rows of the pairs that ask.
    gallery
        (G,) rows that stand for the pictures that are asked for, one for each picture.
    truth
        (n,) place in the gallery of what each query is paired with.
    asker
        (n,) number of the picture that each query belongs to.
    matches
        (askers, G) bool, sparse: every picture of the gallery that a picture is matched with.
    """

    queries: Ints
    gallery: Ints
    truth: Ints
    asker: Ints
    matches: csr_array

    def others(self, chosen: slice) -> tuple[Ints, Ints]:
        """Return what is right as well for some queries: number among the chosen ones, place in the gallery."""
        found = self.matches[self.asker[chosen]].tocoo()
        query, place = (axis.astype(np.int64) for axis in found.coords)
        other = place != self.truth[chosen][query]
        return query[other], place[other]


def eeg_to_fmri(pairs: Pairs) -> Search:
    """Every epoch asks for the fMRI of its pair, among those of all pictures of the part."""
    return _search(np.arange(len(pairs)), pairs.eeg_picture, pairs.fmri_picture)


def fmri_to_eeg(pairs: Pairs) -> Search:
    """The fMRI of every match asks for the EEG of its picture, of which the first epoch stands in the gallery."""
    matches = np.stack((pairs.eeg_picture, pairs.fmri_picture))
    first = np.unique(matches, axis=1, return_index=True)[1]
    return _search(np.sort(first), pairs.fmri_picture, pairs.eeg_picture)


def _search(queries: Ints, askers: Ints, asked: Ints) -> Search:
    gallery, place = np.unique(asked, return_index=True, return_inverse=True)[1:]
    asker = np.unique(askers, return_inverse=True)[1]
    shape = (int(asker.max(initial=-1)) + 1, len(gallery))
    matches = csr_array((np.ones(len(place), np.bool_), (asker, place)), shape)
    matches.sum_duplicates()
    return Search(
        read_only(queries), read_only(gallery), read_only(place[queries]), read_only(asker[queries]), matches
    )


def ranks(search: Search, queries: Floats, gallery: Floats, orders: Ints | None = None) -> Ints:
    """Rank the truth of each query by cosine.

    Parameters
    ----------
    search
        Who asks for what.
    queries, gallery
        (n, F) and (G, F) vectors, as `search` numbers them.
    orders
        (P, G) permutations: which picture's vector stands for each picture. The pairs as they are by default.

    Returns
    -------
    ranks
        (P, n) int64 number of others that score at least as much as the truth; 0 is best.
    """
    orders = np.arange(len(gallery))[None] if orders is None else orders
    found = np.empty((len(orders), len(queries)), np.int64)
    asking, asked = unit(queries), unit(gallery)
    for chosen in _blocks(len(queries)):
        scores = asking[chosen] @ asked.T  # (b, G)
        found[:, chosen] = _filtered(scores, search, chosen, orders)
    return found


def _filtered(scores: Floats, search: Search, chosen: slice, orders: Ints) -> Ints:
    """Ranks (P, b) in each order, less those others that are right as well."""
    place = rankdata(-scores, method="max", axis=1).astype(np.int64) - 1  # (b, G), ties count
    rows, truth = np.arange(len(scores)), search.truth[chosen]
    query, other = search.others(chosen)
    found = np.empty((len(orders), len(scores)), np.int64)
    for number, order in enumerate(orders):
        own = order[truth]
        better = scores[query, order[other]] >= scores[query, own[query]]
        found[number] = place[rows, own] - np.bincount(query[better], minlength=len(scores))
    return found


def _blocks(n: int) -> Iterator[slice]:
    for first in range(0, n, _AT_ONCE):
        yield slice(first, first + _AT_ONCE)


def summary(found: Ints) -> dict[str, float]:
    """Return top-1, top-5, median rank (1 is best) and mean reciprocal rank of ranks (n,)."""
    return {
        "top1": float(np.mean(found < 1)),
        "top5": float(np.mean(found < 5)),
        "median_rank": float(np.median(found) + 1),
        "mean_reciprocal_rank": float(np.mean(1 / (found + 1))),
    }
