"""Whether decisions come in time on a computer: by which rule, what slow ones waited for, and what is filed."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bci.wilson import wilson

__all__ = ["ONE_IN", "Certificate", "Judgement", "judge", "rows", "where_slow"]

Floats = NDArray[np.float64]
Milliseconds = Mapping[str, float]
"""p50, p95, p99 and max."""

ONE_IN = 1000
"""Of so many decisions one may take longer than the budget."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """How decisions stand to a budget.

    Parameters
    ----------
    decisions
        How many were made and heard.
    lost
        Events without a decision, or whose decision was not heard.
    over
        Decisions over budget, inside or outside.
    """

    decisions: int
    lost: int
    over: int

    @property
    def passed(self) -> bool:
        """Whether nothing is lost and at most one decision in `ONE_IN` is over budget: p99 is within then."""
        return self.decisions > 0 and self.lost == 0 and self.over * ONE_IN <= self.decisions

    @property
    def share_high(self) -> float:
        """Upper end of the 95 % interval (Wilson) of the share over budget; 1 without decisions."""
        interval = wilson(self.over, self.decisions)
        return 1.0 if interval is None else interval[1]


def judge(inside: Floats, outside: Floats, lost: int, budget: float) -> Judgement:
    """Hold decisions against a budget.

    Parameters
    ----------
    inside, outside
        (n,) seconds that each took by its own account, and as another process saw it.
    lost
        Events that are missing among them.
    budget
        Seconds.
    """
    return Judgement(len(inside), lost, int(np.count_nonzero(np.maximum(inside, outside) > budget)))


def where_slow(inside: Floats, outside: Floats, stages: Mapping[str, Floats], budget: float) -> tuple[str, float]:
    """Say what decisions over budget waited for most.

    Parameters
    ----------
    inside, outside, budget
        See `judge`.
    stages
        (n,) seconds in each stage of `inside`.

    Returns
    -------
    part, seconds
        A stage, or `transport`: what lies between inside and outside; and the mean of it. Empty and 0 where no
        decision is over budget.
    """
    slow = np.maximum(inside, outside) > budget
    if not slow.any():
        return "", 0.0
    parts = {**stages, "transport": outside - inside}
    means = {name: float(spent[slow].mean()) for name, spent in parts.items()}
    part = max(means, key=lambda name: means[name])
    return part, means[part]


@dataclass(frozen=True, slots=True)
class Certificate:
    """What was measured, and whether it is good enough.

    Parameters
    ----------
    verdict
        In words.
    date
        ISO 8601 in UTC.
    minutes, rate_hz
        How long noise was streamed, and how fast.
    lost
        Events that were not decoded, or whose decision was not heard.
    over_budget, over_share_high
        Decisions over budget inside or outside, and the upper end of the 95 % interval of their share.
    inside_ms, outside_ms
        From the arrival of a window's last sample to the decision, as it says of itself, and from the push of
        that sample to the arrival of the decision in another process.
    stages_ms
        Each part of `inside_ms`.
    bare_ms
        The decoder alone, again and again, after the session.
    wake_ms
        How late a process was woken that asked for it at every sample: what the computer adds, whatever decodes.
    cpu, gpu
        Share of one core that the session took, and the GPU that it used.
    bundle, environment
        What decoded, and on what; nothing of it names the computer or its user.
    """

    passed: bool
    verdict: str
    date: str
    budget_ms: float
    minutes: float
    rate_hz: float
    events: int
    lost: int
    over_budget: int
    over_share_high: float
    inside_ms: Milliseconds
    outside_ms: Milliseconds
    stages_ms: Mapping[str, Milliseconds]
    bare_ms: Milliseconds
    wake_ms: Milliseconds
    cpu: float
    gpu: str | None
    bundle: Mapping[str, Any]
    environment: Mapping[str, Any]


def rows(certificate: Certificate) -> dict[str, Milliseconds]:
    """Return what stands in a table of a certificate: percentiles in milliseconds by what they are of."""
    stages = {f"  {stage}": figures for stage, figures in certificate.stages_ms.items()}
    others = {"decoder alone": certificate.bare_ms, "computer wakes late": certificate.wake_ms}
    return {"inside": certificate.inside_ms, **stages, "outside": certificate.outside_ms, **others}
