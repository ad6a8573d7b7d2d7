"""What a session comes to: counts, headline accuracy, latency, all from the columns of its decisions.

Headline accuracy counts every event with a truth, a missing ranking as a miss; accepted-only figures stand
beside it.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bci.bootstrap import auc_interval
from bci.decided import Decided
from bci.roc import auc
from bci.types import Status
from bci.verdict import STAGES
from bci.wilson import wilson

__all__ = ["accuracy", "accuracy_interval", "chance", "percentiles", "top5_counts", "totals"]

RESAMPLES = 2000  # of the bootstrap


def totals(decided: Decided, n_concepts: int) -> dict[str, Any]:
    """Return the fields of `summary.json` that decisions tell."""
    accepted = decided.told & decided.ranked & (decided.status <= Status.LATE)
    five = top5_counts(n_concepts)
    return {
        "events": len(decided),
        "windows": int(decided.window.sum()),
        **{str(status): int((decided.status == status).sum()) for status in Status},
        "coverage": _mean(decided.ranked),
        "n_concepts": n_concepts,
        "n_truth": int(decided.told.sum()),
        "top1": accuracy(decided, 1),
        "top5": accuracy(decided, 5) if five else None,
        "top1_interval": accuracy_interval(decided, 1),
        "top5_interval": accuracy_interval(decided, 5) if five else None,
        "top1_accepted": _mean(decided.hits(1)[accepted]),
        "chance_top1": chance(decided, 1, n_concepts),
        "chance_top5": chance(decided, 5, n_concepts) if five else None,
        "latency_ms": percentiles(decided.latency[decided.ranked]),
        "stages_ms": {
            stage: percentiles(seconds)
            for stage, seconds in zip(STAGES, decided.stages[decided.ranked].T, strict=True)
        },
        **({"auc": _auc(decided)} if n_concepts == 2 else {}),
    }


def top5_counts(n_concepts: int) -> bool:
    """Whether being among the best five says anything: naming five of five is no feat."""
    return n_concepts > 5


def accuracy(decided: Decided, k: int) -> float | None:
    """Share of all events with a truth whose truth is among the best `k`; None if there are none."""
    return _mean(decided.hits(k)[decided.told])


def accuracy_interval(decided: Decided, k: int) -> tuple[float, float] | None:
    """Its Wilson interval, pointwise; None for windows, which overlap and so are no independent trials."""
    if decided.window.any():
        return None
    return wilson(int(decided.hits(k)[decided.told].sum()), int(decided.told.sum()))


def chance(decided: Decided, k: int, n_concepts: int) -> float | None:
    """Accuracy that needs no EEG: of the best one the share of what was shown most often, of five 5 / N."""
    if k > 1:
        return k / n_concepts
    shown = np.bincount(decided.truth[decided.told])
    return int(shown.max()) / int(shown.sum()) if len(shown) else None


def percentiles(seconds: NDArray[np.float64]) -> Mapping[str, float] | None:
    """Return p50, p95, p99 and max in milliseconds, None if there are no values."""
    if not len(seconds):
        return None
    values = np.percentile(seconds, [50, 95, 99, 100]) * 1e3
    return {name: round(float(value), 4) for name, value in zip(("p50", "p95", "p99", "max"), values, strict=True)}


def _auc(decided: Decided) -> Mapping[str, float | None] | None:
    """AUC of the difference of scores and its interval, None if one of the concepts was not shown.

    Windows overlap: they have no interval.
    """
    counted = decided.told & decided.ranked
    evidence, second = decided.contrast[counted], decided.truth[counted] == 1
    if second.all() or not second.any():
        return None
    value = auc(evidence, second)
    if decided.window.any():
        return {"value": value, "low": None, "high": None}
    one_session = np.zeros(len(evidence), np.int64)
    interval = auc_interval(evidence, second, one_session, "trial", RESAMPLES, seed=0)
    return {"value": value, "low": interval.low, "high": interval.high}


def _mean(flags: NDArray[np.bool_]) -> float | None:
    return float(flags.mean()) if len(flags) else None
