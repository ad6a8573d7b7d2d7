"""What a session comes to: counts, headline accuracy, latency. Fed one decision at a time, bounded per decision.

Headline accuracy counts every event with a truth, a missing ranking as a miss; accepted-only figures stand
beside it.
"""

from array import array
from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np

from bci.above_chance import AboveChance
from bci.bootstrap import auc_interval
from bci.randomisation import Randomisation
from bci.roc import auc
from bci.types import Decision, Ranking, Status
from bci.verdict import STAGES
from bci.wilson import wilson

__all__ = ["Tally", "percentiles"]

_RESAMPLES = 2000  # of the bootstrap


class Tally:
    """Accumulates decisions into `summary.json`.

    Parameters
    ----------
    n_concepts
        Size of the bank.
    paradigm
        What is declared about the order of concepts; None where nothing is.
    """

    def __init__(self, n_concepts: int, paradigm: Randomisation | None = None) -> None:
        self.n_concepts = n_concepts
        self._above_chance = None if paradigm is None else AboveChance(paradigm, n_concepts)
        self._statuses: Counter[Status] = Counter()
        self._windows = 0
        self._shown: Counter[int] = Counter()
        self._hits: Counter[int] = Counter()
        self._accepted_hits: Counter[int] = Counter()
        self._accepted = 0
        self._latencies = array("d")
        self._stages = {stage: array("d") for stage in STAGES}
        self._evidence = array("d")  # for the second of two concepts
        self._second_shown = array("b")

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
        if self._above_chance is not None:
            self._above_chance.add(decision)

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
        return self._share(self._hits_among(k), self.truths)

    @property
    def e_value(self) -> float | None:
        """Evidence against chance that may be watched; None where the order of concepts is not declared."""
        return None if self._above_chance is None else self._above_chance.value

    @property
    def above_chance(self) -> bool:
        """Whether that evidence has sufficed."""
        return self._above_chance is not None and self._above_chance.said

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
            "top1_interval": self._interval(1),
            "top5_interval": None if few else self._interval(5),
            "top1_accepted": self._share(self._accepted_hits[0], self._accepted),
            "chance_top1": self._chance(),
            "chance_top5": None if few else 5 / self.n_concepts,
            "e_value": self.e_value,
            "above_chance": None if self.e_value is None else self.above_chance,
            "latency_ms": percentiles(self._latencies),
            "stages_ms": {stage: percentiles(seconds) for stage, seconds in self._stages.items()},
            **({"auc": self._auc()} if self.n_concepts == 2 else {}),
        }

    def _interval(self, k: int) -> tuple[float, float] | None:
        """Wilson interval of the accuracy; None for windows, which overlap and so are no independent trials."""
        return None if self._windows else wilson(self._hits_among(k), self.truths)

    def _hits_among(self, k: int) -> int:
        return sum(n for rank, n in self._hits.items() if rank < k)

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
            self._evidence.append(_contrast(ranking))
            self._second_shown.append(truth)

    def _chance(self) -> float | None:
        """Share of the concept shown most often: what always naming it would reach."""
        return self._share(max(self._shown.values(), default=0), self.truths)

    def _auc(self) -> Mapping[str, float | None] | None:
        """AUC of the difference of cosines and its interval, None if one of the concepts was not shown.

        Windows overlap: they have no interval.
        """
        evidence = np.frombuffer(self._evidence)
        second = np.frombuffer(self._second_shown, np.int8).astype(bool)
        if second.all() or not second.any():
            return None
        value = auc(evidence, second)
        if self._windows:
            return {"value": value, "low": None, "high": None}
        session = np.zeros(len(evidence), np.int64)
        interval = auc_interval(evidence, second, session, "trial", _RESAMPLES, seed=0)
        return {"value": value, "low": interval.low, "high": interval.high}

    @staticmethod
    def _share(part: int, whole: int) -> float | None:
        return part / whole if whole else None


def _contrast(ranking: Ranking) -> float:
    """Cosine of the second concept minus that of the first."""
    first, second = ranking.scores[np.argsort(ranking.indices)]
    return float(second - first)


def percentiles(seconds: "array[float]") -> Mapping[str, float] | None:
    """Return p50, p95, p99 and max in milliseconds, None if there are no values."""
    if not seconds:
        return None
    values = np.percentile(np.frombuffer(seconds), [50, 95, 99, 100]) * 1e3
    return {name: round(float(value), 4) for name, value in zip(("p50", "p95", "p99", "max"), values, strict=True)}
