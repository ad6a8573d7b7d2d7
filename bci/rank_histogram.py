"""Where the truth ranks: counts in bins, beside what a ranking by luck comes to.

Ranks count the other concepts that score at least as high as the truth, so that ties never help; 0 is best. Where
trials have different numbers of candidates their count in a bin is Poisson-binomial; the binomial of the mean
share is wider (Hoeffding 1956, doi:10.1214/aoms/1177728178), and stands for it.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["RankHistogram", "expected_top_k", "log_edges", "rank_histogram", "two_way"]

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

LEVEL = 0.95


@dataclass(frozen=True, slots=True)
class RankHistogram:
    """Ranks in bins.

    Parameters
    ----------
    edges
        (n_bins + 1,) int64: a bin holds the ranks from its edge up to, not including, the next one.
    counts
        (n_bins,) int64 trials.
    expected
        (n_bins,) float64 trials where every rank is as likely as any other.
    low, high
        (n_bins,) float64, between which luck alone brings a count in 95 % of sessions at least; pointwise, for
        independent trials.
    """

    edges: Ints
    counts: Ints
    expected: Floats
    low: Floats
    high: Floats


def log_edges(n_concepts: int) -> Ints:
    """Return 0, 1, 2, 5, 10, 20 ... `n_concepts`: the first bin is the top 1, the first three are the top 5."""
    decades = 10 ** np.arange(len(str(n_concepts)))
    series = (decades[:, None] * np.array([1, 2, 5])).ravel()
    return np.concatenate([[0], series[series < n_concepts], [n_concepts]]).astype(np.int64)


def rank_histogram(ranks: Ints, n_candidates: int | Ints, edges: Ints) -> RankHistogram:
    """Count ranks.

    Parameters
    ----------
    ranks
        (n,) from 0 up to, not including, the number of candidates.
    n_candidates
        How many concepts competed, the truth among them; one number, or (n,).
    edges
        (n_bins + 1,) increasing, from 0 to the largest number of candidates.
    """
    from scipy.stats import binom  # noqa: PLC0415 (1.3 s to import)

    n_bins = len(edges) - 1
    counts = np.bincount(np.searchsorted(edges, ranks, side="right") - 1, minlength=n_bins)
    expected = _uniform(np.broadcast_to(n_candidates, ranks.shape), edges)
    low, high = binom.interval(LEVEL, len(ranks), np.clip(expected / max(len(ranks), 1), 0, 1))
    return RankHistogram(edges, counts, expected, np.maximum(low, 0), np.maximum(high, 0))


def two_way(ranks: Ints, n_candidates: int | Ints) -> Floats:
    """Return, for each trial, the share of other candidates below the truth: two-way identification.

    It is the chance to be right where one random other candidate competes (two-alternative forced choice), and a
    trial's area under the ROC curve; luck comes to one half, or a little less where scores tie. There must be two
    candidates or more.
    """
    wins: Floats = 1.0 - ranks / (np.asarray(n_candidates) - 1)
    return wins


def expected_top_k(ranks: Ints, n_candidates: int | Ints, size: int, k: int) -> Floats:
    """Return, for each trial, the chance that the truth is among the first `k` of a random subset of candidates.

    The subset holds the truth and `size` - 1 of the others, drawn without replacement; how many of those beat the
    truth is hypergeometric.

    Parameters
    ----------
    ranks
        (n,) candidates that score at least as high as the truth.
    n_candidates
        How many there are, the truth among them; at least `size`.
    """
    from scipy.stats import hypergeom  # noqa: PLC0415 (1.3 s to import)

    return np.asarray(hypergeom.cdf(k - 1, np.asarray(n_candidates) - 1, ranks, size - 1), np.float64)


def _uniform(n_candidates: Ints, edges: Ints) -> Floats:
    """Trials that each bin gets if ranks are uniform; summed over the few different numbers of candidates."""
    sizes, trials = np.unique(n_candidates, return_counts=True)
    below = np.minimum(edges[None], sizes[:, None]) / sizes[:, None]  # (n_sizes, n_bins + 1)
    return np.asarray(trials @ np.diff(below, axis=1), np.float64)
