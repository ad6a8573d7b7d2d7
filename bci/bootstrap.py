"""Percentile bootstrap intervals: what is drawn anew decides whom the interval speaks of.

Trials drawn within each stratum (class within recording) speak of the same people on the same days; subjects
drawn whole speak of people. Models are not refitted. Efron & Tibshirani 1993, An Introduction to the Bootstrap,
chapter 13.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from bci.roc import auc

__all__ = ["Interval", "Unit", "auc_difference_interval", "auc_interval", "mean_interval"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Unit = Literal["trial", "subject", "concept", "component"]

LEVEL = 0.95
CELLS = 4_000_000
"""Resampled counts held at a time: 32 MB."""

SPEAKS_OF = {
    "trial": "further trials of these recordings only, decoders as fitted",
    "subject": "further subjects, decoders as fitted",
    "concept": "further concepts shown to these people, decoders as fitted",
    "component": "further groups of matched pictures shown to these people, decoders as fitted",
}


@dataclass(frozen=True, slots=True)
class Interval:
    """A percentile bootstrap interval.

    Parameters
    ----------
    low, high
        Ends.
    level
        Nominal coverage.
    resamples
        How many were drawn.
    speaks_of
        What another draw from the same source would vary, and what it would not.
    """

    low: float
    high: float
    level: float
    resamples: int
    speaks_of: str


def mean_interval(values: NDArray[Any], clusters: Ints, unit: Unit, resamples: int, seed: int) -> Interval:
    """Return the interval of the mean of `values` (n,).

    Parameters
    ----------
    clusters
        (n,) With `unit = "trial"` the strata inside which trials are drawn; else the subjects, concepts or
        components (groups of matched pictures) that are drawn whole, each with all of its trials.
    """
    rng = np.random.default_rng(seed)
    values = np.asarray(values, np.float64)
    if unit == "trial":
        draws = _batches(resamples, len(values), lambda n: _stratified_counts(rng, clusters, n))
        means = np.concatenate([counts @ values for counts in draws]) / len(values)
        return _interval(means, unit)
    subject = np.unique(clusters, return_inverse=True)[1]
    sums, sizes = np.bincount(subject, weights=values), np.bincount(subject)
    draws = _batches(resamples, len(sums), lambda n: _counts(rng, len(sums), n))
    return _interval(np.concatenate([(counts @ sums) / (counts @ sizes) for counts in draws]), unit)


def auc_interval(
    evidence: Floats, positive: NDArray[np.bool_], groups: Ints, unit: Unit, resamples: int, seed: int
) -> Interval:
    """Return the interval of the mean over groups of the AUC within each group.

    Parameters
    ----------
    evidence, positive
        (n,) score for the second concept; whether it was shown. Every group must hold both classes.
    groups
        (n,) recordings or subjects. With `unit = "trial"` trials are drawn by class inside each group; with
        `"subject"` whole groups are drawn.
    """
    rng = np.random.default_rng(seed)
    members = [groups == group for group in np.unique(groups)]
    if unit == "subject":
        each = np.array([auc(evidence[member], positive[member]) for member in members])
        return mean_interval(each, np.arange(len(each)), unit, resamples, seed)
    each = np.array([_auc_draws(rng, evidence[m], positive[m], resamples) for m in members])
    return _interval(each.mean(axis=0), unit)


def auc_difference_interval(
    first: Floats, second: Floats, positive: NDArray[np.bool_], groups: Ints, unit: Unit, resamples: int, seed: int
) -> Interval:
    """Return the interval of the difference, first minus second, of two AUCs as `auc_interval` takes them.

    Both are computed from the same draws of the same trials or subjects.
    """
    rng = np.random.default_rng(seed)
    members = [groups == group for group in np.unique(groups)]
    pairs = [(first[member], second[member], positive[member]) for member in members]
    if unit == "subject":
        each = np.array([auc(one, shown) - auc(other, shown) for one, other, shown in pairs])
        return mean_interval(each, np.arange(len(each)), unit, resamples, seed)
    return _interval(np.mean([_difference_draws(rng, *pair, resamples) for pair in pairs], axis=0), unit)


def _difference_draws(
    rng: np.random.Generator, first: Floats, second: Floats, positive: NDArray[np.bool_], resamples: int
) -> Floats:
    classes = positive.astype(np.int64)
    draws = _batches(resamples, len(classes), lambda n: _stratified_counts(rng, classes, n))
    return np.concatenate(
        [_drawn_auc(counts, first, positive) - _drawn_auc(counts, second, positive) for counts in draws]
    )


def _auc_draws(rng: np.random.Generator, evidence: Floats, positive: NDArray[np.bool_], resamples: int) -> Floats:
    """AUC of `resamples` draws of one group, by class: (resamples,)."""
    order = np.argsort(evidence, kind="stable")
    evidence, positive = evidence[order], positive[order]
    classes = positive.astype(np.int64)
    draws = _batches(resamples, len(evidence), lambda n: _stratified_counts(rng, classes, n))
    return np.concatenate([_drawn_auc(counts, evidence, positive) for counts in draws])


def _drawn_auc(counts: Floats, evidence: Floats, positive: NDArray[np.bool_]) -> Floats:
    """AUC when trial i stands `counts[:, i]` times, both classes as often as there are trials: (resamples,)."""
    order = np.argsort(evidence, kind="stable")
    starts = np.flatnonzero(np.r_[True, np.diff(evidence[order]) > 0])  # where a new score begins
    pairs = np.count_nonzero(positive) * np.count_nonzero(~positive)
    return _wins(counts[:, order], positive[order], starts) / pairs


def _wins(counts: Floats, positive: NDArray[np.bool_], starts: NDArray[np.intp]) -> Floats:
    """Pairs won by positives, ties counting one half, when trial i stands `counts[:, i]` times."""
    positives = np.add.reduceat(counts * positive, starts, axis=1)  # (resamples, different scores)
    negatives = np.add.reduceat(counts * ~positive, starts, axis=1)
    below = np.cumsum(negatives, axis=1) - negatives / 2
    wins: Floats = (positives * below).sum(axis=1)
    return wins


def _stratified_counts(rng: np.random.Generator, strata: Ints, resamples: int) -> Floats:
    """How often each trial is drawn when every stratum keeps its size: (resamples, n)."""
    counts = np.empty((resamples, len(strata)))
    for stratum in np.unique(strata):
        rows = np.flatnonzero(strata == stratum)
        counts[:, rows] = _counts(rng, len(rows), resamples)
    return counts


def _counts(rng: np.random.Generator, n: int, resamples: int) -> Floats:
    """How often each of `n` is drawn in `n` draws with replacement: (resamples, n)."""
    drawn = rng.integers(n, size=(resamples, n)) + n * np.arange(resamples)[:, None]
    return np.bincount(drawn.ravel(), minlength=resamples * n).reshape(resamples, n).astype(np.float64)


def _batches(resamples: int, n: int, draw: Callable[[int], Floats]) -> Iterator[Floats]:
    size = max(1, CELLS // n)
    for start in range(0, resamples, size):
        yield draw(min(size, resamples - start))


def _interval(draws: Floats, unit: Unit) -> Interval:
    tail = (1 - LEVEL) / 2
    low, high = np.quantile(draws, [tail, 1 - tail])
    return Interval(float(low), float(high), LEVEL, len(draws), SPEAKS_OF[unit])
