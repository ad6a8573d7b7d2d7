"""Whether what is said with 30 % confidence is right in 30 % of the trials.

Reliability diagrams and the expected calibration error: Guo et al. 2017, arXiv:1706.04599; with bins of equal
counts: Nguyen & O'Connor 2015, doi:10.18653/v1/D15-1182. Log-loss and Brier score: Gneiting & Raftery 2007,
doi:10.1198/016214506000001437. All are of one statement per trial, "the best concept is what was shown", because a
session keeps the probability of that concept alone: scores over all concepts would need that of the truth, too.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bci.wilson import wilson

__all__ = ["ECE_FROM", "ReliabilityBin", "brier", "calibration_error", "log_loss", "reliability"]

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

BINS = 10
ECE_FROM = 500
"""Trials below which the expected calibration error is mostly noise."""


@dataclass(frozen=True, slots=True)
class ReliabilityBin:
    """Trials of about the same confidence.

    Parameters
    ----------
    n, hits
        Trials, and how many of them were right.
    confidence
        Mean probability of the best concept.
    """

    n: int
    hits: int
    confidence: float

    @property
    def accuracy(self) -> float:
        """Share that was right."""
        return self.hits / self.n

    @property
    def interval(self) -> tuple[float, float]:
        """Its 95 % Wilson interval, pointwise."""
        return wilson(self.hits, self.n) or (0.0, 1.0)


def reliability(confidence: Floats, hits: Flags) -> tuple[ReliabilityBin, ...]:
    """Return ten bins of about as many trials each, in order of confidence.

    They are fewer where trials of equal confidence, which share a bin, fill several of them.

    Parameters
    ----------
    confidence
        (n,) probability of the best concept.
    hits
        (n,) whether it was the truth.
    """
    order = np.argsort(confidence, kind="stable")
    ordered, right = confidence[order], hits[order]
    if not len(ordered):
        return ()
    cuts = [part[0] for part in np.array_split(np.arange(len(ordered)), min(BINS, len(ordered)))]
    starts = np.unique(np.searchsorted(ordered, ordered[cuts]))
    ends = [*starts[1:].tolist(), len(ordered)]
    return tuple(
        ReliabilityBin(end - start, int(right[start:end].sum()), float(ordered[start:end].mean()))
        for start, end in zip(starts.tolist(), ends, strict=True)
    )


def calibration_error(bins: Sequence[ReliabilityBin]) -> float | None:
    """Return the expected calibration error, 0 being best; None below 500 trials."""
    n = sum(each.n for each in bins)
    if n < ECE_FROM:
        return None
    return sum(each.n * abs(each.accuracy - each.confidence) for each in bins) / n


def log_loss(confidence: Floats, hits: Flags) -> float | None:
    """Return the mean of minus the logarithm of the probability given to what came true; None without trials.

    Probabilities are kept away from 0 and 1 by the resolution of float32, in which they were computed.
    """
    if not len(hits):
        return None
    tiny = float(np.finfo(np.float32).eps)
    given = np.clip(np.where(hits, confidence, 1 - confidence), tiny, 1)
    return float(-np.log(given).mean())


def brier(confidence: Floats, hits: Flags) -> float | None:
    """Return the mean squared difference between probability and what came true, 0 or 1; None without trials."""
    return float(np.mean((confidence - hits) ** 2)) if len(hits) else None
