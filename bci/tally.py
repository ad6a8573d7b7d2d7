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
from bci.running import accepted, separation, share
from bci.types import Status
from bci.verdict import STAGES

__all__ = ["chance", "majority", "percentiles", "top5_counts", "totals"]

RESAMPLES = 2000  # of the bootstrap
OFTEN = 10
"""Events per concept from which on the share of the most frequent one is known."""


def totals(decided: Decided, n_concepts: int) -> dict[str, Any]:
    """Return the fields of `summary.json` that decisions tell."""
    one, five = share(decided, 1), share(decided, 5) if top5_counts(n_concepts) else None
    return {
        "events": len(decided),
        "windows": int(decided.window.sum()),
        "excluded_events": int(decided.excluded.sum()),
        **{str(status): int((decided.status == status).sum()) for status in Status},
        "coverage": _mean(decided.ranked),
        "n_concepts": n_concepts,
        "n_truth": int(decided.told.sum()),
        "top1": one.value,
        "top5": None if five is None else five.value,
        "top1_interval": one.interval,
        "top5_interval": None if five is None else five.interval,
        "top1_accepted": _mean(decided.hits(1)[accepted(decided)]),
        "chance_top1": majority(decided),
        "chance_top5": chance(decided, 5, n_concepts) if five is not None else None,
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


def majority(decided: Decided) -> float | None:
    """Accuracy of naming the concept that was shown most often; None if none was."""
    shown = np.bincount(decided.truth[decided.told])
    return int(shown.max()) / int(shown.sum()) if len(shown) else None


def chance(decided: Decided, k: int, n_concepts: int) -> float:
    """Accuracy of the best `k` that needs no EEG, while a session grows.

    k / N; of the best one the share of what was shown most often, where concepts are few. Where they are many, the
    largest of their shares would tell of luck alone until each could have been shown `OFTEN` times.
    """
    few = not top5_counts(n_concepts) or decided.told.sum() >= OFTEN * n_concepts
    most = majority(decided) if k == 1 and few else None
    return k / n_concepts if most is None else most


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
    value = separation(decided)
    if value is None or decided.window.any():
        return None if value is None else {"value": value, "low": None, "high": None}
    counted = decided.told & decided.ranked
    evidence, second = decided.contrast[counted], decided.truth[counted] == 1
    one_session = np.zeros(len(evidence), np.int64)
    interval = auc_interval(evidence, second, one_session, "trial", RESAMPLES, seed=0)
    return {"value": value, "low": interval.low, "high": interval.high}


def _mean(flags: NDArray[np.bool_]) -> float | None:
    return float(flags.mean()) if len(flags) else None
