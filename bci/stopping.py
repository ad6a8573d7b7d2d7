"""How the presentations of a session ended: what the stopping rule promised, and what came of it."""

from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

from bci.evidence import KEPT, UNCALIBRATED, StoppingRule
from bci.types import Decision, Evidence
from bci.wilson import wilson

__all__ = ["Stops"]


@dataclass(slots=True)
class _Presentation:
    """A presentation that is remembered; its truth is None if unknown, or if its repeats disagree."""

    truth: int | None
    ended: bool = False


class Stops:
    """Counts how presentations end, each once; fed with all decisions in their order.

    Parameters
    ----------
    rule
        What stops them; None: nothing does, they are only counted.
    """

    def __init__(self, rule: StoppingRule | None) -> None:
        self._promise = None if rule is None else (rule.words, rule.alpha)
        self._open: OrderedDict[str, _Presentation] = OrderedDict()
        self._n = self._stopped = self._given_up = self._repeats = 0
        self._told = self._right = 0  # of all that ended
        self._sure, self._wrong = 0, 0  # of those that ended because the evidence sufficed

    def add(self, decision: Decision) -> None:
        """Take a decision in."""
        if decision.group is None:
            return
        each = self._presentation(decision)
        evidence = decision.evidence
        if not each.ended and evidence is not None and evidence.stopped:
            each.ended = True
            self._end(evidence, each.truth)

    def figures(self) -> dict[str, Any] | None:
        """Return the block `groups` of `summary.json`; None if no event belonged to a presentation."""
        if not self._n:
            return None
        if self._promise is None:
            return {"n": self._n, "stopping": UNCALIBRATED}
        words, alpha = self._promise
        ended = self._stopped + self._given_up
        return {
            "n": self._n,
            "stopping": words,
            "stopped": self._stopped,
            "given_up": self._given_up,
            "top1_at_stop": self._right / self._told if self._told else None,
            "top1_at_stop_interval": wilson(self._right, self._told),
            "promised_error": alpha,
            "realised_error": self._wrong / self._sure if self._sure else None,
            "realised_error_interval": wilson(self._wrong, self._sure),
            "mean_repetitions": self._repeats / ended if ended else None,
        }

    def _presentation(self, decision: Decision) -> _Presentation:
        assert decision.group is not None  # noqa: S101 (for the type checker)
        each = self._open.pop(decision.group, None)
        if each is None:
            each = _Presentation(decision.truth)
            self._n += 1
        elif each.truth != decision.truth:
            each.truth = None
        self._open[decision.group] = each
        if len(self._open) > KEPT:
            self._open.popitem(last=False)
        return each

    def _end(self, evidence: Evidence, truth: int | None) -> None:
        self._stopped += evidence.sure
        self._given_up += not evidence.sure
        self._repeats += evidence.n
        if truth is None:
            return
        right = int(evidence.ranking.indices[0]) == truth
        self._told += 1
        self._right += right
        self._sure += evidence.sure
        self._wrong += evidence.sure and not right
