"""Evidence over repeats of one presentation, and when it suffices.

Log-probabilities of single trials are summed. Repeats err alike: evidence of k of them whose errors correlate by c
is worth that of k / (1 + (k - 1) c) independent ones, the effective sample size of cluster sampling (Kish 1965,
Survey Sampling), so the sum is divided by 1 + (k - 1) c. Scores are products with embeddings: the sum of the
embeddings is all that has to be remembered. One stops once the best concept is wrong with probability alpha at
most, as in the sequential test of several hypotheses (Baum and Veeravalli 1994, IEEE Trans. Inform. Theory 40(6)).
"""

from collections import OrderedDict
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bci.ranking import rank_scores
from bci.types import Evidence, Ranking

__all__ = ["KEPT", "NAMED", "UNCALIBRATED", "Accumulation", "StoppingRule", "divisor"]

KEPT = 512
"""Presentations that are remembered at most; the one that was repeated longest ago is forgotten first."""
NAMED = 5
"""Concepts that are named with their posterior."""
UNCALIBRATED = "uncalibrated: no stopping"
"""What is said where no temperature and discount of this decoder, this bank and as many concepts are known."""


def divisor(k: int, discount: float | NDArray[np.float64]) -> float | NDArray[np.float64]:
    """Return what the summed evidence of k repeats is divided by if their errors correlate by `discount`."""
    return 1 + (k - 1) * discount


@dataclass(frozen=True, slots=True)
class StoppingRule:
    """How evidence is summed, and when it suffices.

    Parameters
    ----------
    prototypes
        (N, D) float32 of the concepts, in the space of `Ranking.embedding`: scores are their products.
    temperature
        At which the softmax of a single trial's scores is calibrated.
    discount
        Correlation of the errors of two repeats, 0 to 1.
    alpha
        Probability of being wrong that is allowed.
    at_most
        Repeats after which nothing more is taken in.
    """

    prototypes: NDArray[np.float32]
    temperature: float
    discount: float
    alpha: float
    at_most: int

    @property
    def words(self) -> str:
        """What it promises."""
        return f"wrong with probability {self.alpha:.2g} at most, {self.at_most} repeats at most"

    def judge(self, total: NDArray[np.float64], n: int) -> Evidence:
        """Return what embeddings that add up to `total` (D,) say."""
        embedding = total.astype(np.float32)
        temperature = self.temperature * float(divisor(n, self.discount))
        ranking = rank_scores(self.prototypes @ embedding, embedding, None, NAMED, temperature)
        sure = bool(ranking.probabilities[0] >= 1 - self.alpha)
        return Evidence(n, ranking, sure, stopped=sure or n >= self.at_most)


@dataclass(frozen=True, slots=True)
class _Sum:
    """Embeddings of the repeats of a presentation, added up (D,), and what they say."""

    total: NDArray[np.float64]
    evidence: Evidence | None = None


class Accumulation:
    """Sums evidence per presentation.

    Parameters
    ----------
    rule
        How.
    """

    def __init__(self, rule: StoppingRule) -> None:
        self.rule = rule
        self._sums: OrderedDict[str, _Sum] = OrderedDict()

    def add(self, group: str | None, ranking: Ranking | None) -> Evidence | None:
        """Take a repeat in; return what its presentation tells so far.

        Parameters
        ----------
        group
            The presentation; None: it belongs to none, and there is no evidence.
        ranking
            None if the repeat was not decoded, or is not to be trusted: then it adds nothing.
        """
        if group is None:
            return None
        known = self._sums.pop(group, None) or _Sum(np.zeros(self.rule.prototypes.shape[1]))
        self._sums[group] = known = known if ranking is None else self._with(known, ranking)
        if len(self._sums) > KEPT:
            self._sums.popitem(last=False)
        return known.evidence

    def _with(self, known: _Sum, ranking: Ranking) -> _Sum:
        before = known.evidence
        if before is not None and before.stopped:
            return known
        total = known.total + ranking.embedding
        return _Sum(total, self.rule.judge(total, 1 if before is None else before.n + 1))
