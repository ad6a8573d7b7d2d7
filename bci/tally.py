"""What a session comes to: counts, headline accuracy, latency. Fed one decision at a time, bounded per decision.

Headline accuracy counts every event with a truth, a missing ranking as a miss; accepted-only figures stand
beside it.
"""

from array import array
from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bci.types import Decision, Ranking, Status
from bci.verdict import STAGES

__all__ = ["Tally", "auc_interval", "percentiles"]


class Tally:
    """Accumulates decisions into `summary.json`.

    Parameters
    ----------
    n_concepts
        Size of the bank.
    """

    def __init__(self, n_concepts: int) -> None:
        self.n_concepts = n_concepts
        self._statuses: Counter[Status] = Counter()
        self._windows = 0
        self._shown: Counter[int] = Counter()
        self._hits: Counter[int] = Counter()
        self._accepted_hits: Counter[int] = Counter()
        self._accepted = 0
        self._latencies = array("d")
        self._stages = {stage: array("d") for stage in STAGES}
        self._margins: tuple[array[float], array[float]] = (array("d"), array("d"))

    def add(self, decision: Decision) -> None:
        """Take one decision in."""
        self._statuses[decision.status] += 1
        self._windows += decision.marker is None
        if decision.ranking is not None:
            self._latencies.append(decision.latency)
            for stage, seconds in decision.stages.items():
                self._stages[stage].append(seconds)
        if decision.truth is not None:
            self._add_truth(decision, decision.truth)

    @property
    def events(self) -> int:
        """Number of decisions."""
        return self._statuses.total()

    @property
    def truths(self) -> int:
        """Number of events whose truth is known."""
        return self._shown.total()

    def accuracy(self, k: int) -> float | None:
        """Share of all events with a truth whose truth is among the best `k`; None if there are none."""
        return self._share(sum(n for rank, n in self._hits.items() if rank < k), self.truths)

    def summary(self) -> dict[str, Any]:
        """Return the fields of `summary.json` that decisions tell."""
        decoded = len(self._latencies)
        few = self.n_concepts <= 5  # naming five of five is no feat
        return {
            "events": self.events,
            "windows": self._windows,
            **{str(status): self._statuses[status] for status in Status},
            "coverage": self._share(decoded, self.events),
            "n_concepts": self.n_concepts,
            "n_truth": self.truths,
            "top1": self.accuracy(1),
            "top5": None if few else self.accuracy(5),
            "top1_accepted": self._share(self._accepted_hits[0], self._accepted),
            "chance_top1": self._chance(),
            "chance_top5": None if few else 5 / self.n_concepts,
            "latency_ms": percentiles(self._latencies),
            "stages_ms": {stage: percentiles(seconds) for stage, seconds in self._stages.items()},
            **({"auc": auc_interval(*self._margins)} if self.n_concepts == 2 else {}),
        }

    def _add_truth(self, decision: Decision, truth: int) -> None:
        self._shown[truth] += 1
        ranking = decision.ranking
        if ranking is None or ranking.truth_rank is None:
            return
        self._hits[ranking.truth_rank] += 1
        if decision.status in (Status.OK, Status.LATE):
            self._accepted += 1
            self._accepted_hits[ranking.truth_rank] += 1
        if self.n_concepts == 2:
            self._margins[truth].append(_margin(ranking))

    def _chance(self) -> float | None:
        """Share of the concept shown most often: what always naming it would reach."""
        return self._share(max(self._shown.values(), default=0), self.truths)

    @staticmethod
    def _share(part: int, whole: int) -> float | None:
        return part / whole if whole else None


def _margin(ranking: Ranking) -> float:
    """Cosine of the second concept minus that of the first."""
    first, second = ranking.scores[np.argsort(ranking.indices)]
    return float(second - first)


def percentiles(seconds: "array[float]") -> Mapping[str, float] | None:
    """Return p50, p95, p99 and max in milliseconds, None if there are no values."""
    if not seconds:
        return None
    values = np.percentile(np.frombuffer(seconds), [50, 95, 99, 100]) * 1e3
    return {name: round(float(value), 4) for name, value in zip(("p50", "p95", "p99", "max"), values, strict=True)}


def auc_interval(
    negative: "array[float]", positive: "array[float]", resamples: int = 2000, seed: int = 0
) -> Mapping[str, float] | None:
    """Area under the ROC curve with its 95 % interval: bootstrap of trials, stratified by class.

    It speaks of this session's trials only. None if one of the classes is absent.
    """
    if not negative or not positive:
        return None
    low, high = np.frombuffer(negative), np.frombuffer(positive)
    rng = np.random.default_rng(seed)
    values = [_auc(rng.choice(low, len(low)), rng.choice(high, len(high))) for _ in range(resamples)]
    edges = np.percentile(values, [2.5, 97.5])
    return {"value": _auc(low, high), "low": float(edges[0]), "high": float(edges[1])}


def _auc(negative: NDArray[np.float64], positive: NDArray[np.float64]) -> float:
    """Probability that a positive scores above a negative, ties counted half (Mann and Whitney, 1947)."""
    ordered = np.sort(negative)
    below = np.searchsorted(ordered, positive, "left")
    up_to = np.searchsorted(ordered, positive, "right")
    return float((below + up_to).mean() / (2 * len(negative)))
