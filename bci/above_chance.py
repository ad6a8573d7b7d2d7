"""Is a session above chance? The e-process of `bci.eprocess`, fed with decisions.

Repetitions of one group are not independent: of those that follow each other only the first is bet on. What was
named is the best concept, or the best five where there are more than ten. An event without a ranking names nothing
and bets nothing.
"""

from bci.eprocess import EProcess
from bci.errors import MismatchError
from bci.randomisation import Randomisation
from bci.types import Decision, Epoch

__all__ = ["AboveChance"]

FEW = 10
"""Up to so many concepts the best one counts as named, above it the best five."""


class AboveChance:
    """Bets on the decisions of a session, in the order in which they are made.

    Parameters
    ----------
    paradigm
        What is declared about the order of the concepts.
    n_concepts
        Size of the bank.
    """

    def __init__(self, paradigm: Randomisation, n_concepts: int) -> None:
        self._paradigm = paradigm
        self._named = 1 if n_concepts <= FEW else 5
        self._bets = EProcess()
        self._group: str | None = None
        self._contradicted = False

    @property
    def value(self) -> float | None:
        """The e-value; None once a concept was shown that the declaration rules out."""
        return None if self._contradicted else self._bets.value

    @property
    def said(self) -> bool:
        """Whether "above chance" may be said, however often one has looked."""
        return not self._contradicted and self._bets.above_chance

    def add(self, decision: Decision) -> None:
        """Take one decision in."""
        if decision.truth is None or decision.marker is None or self._repeated(decision.group):
            return
        named = [] if decision.ranking is None else decision.ranking.indices[: self._named].tolist()
        chance = self._paradigm.chance(named)
        if self._show(decision.truth):
            self._bets.bet(chance, hit=decision.truth in named)

    def pass_over(self, epoch: Epoch) -> None:
        """Take in what was shown before decisions counted: a block that has begun holds no more of it."""
        if epoch.truth is not None and epoch.marker is not None and not self._repeated(epoch.group):
            self._show(epoch.truth)

    def _show(self, truth: int) -> bool:
        """Tell the paradigm what was shown; say whether that is as declared."""
        try:
            self._paradigm.show(truth)
        except MismatchError:
            self._contradicted = True
        return not self._contradicted

    def _repeated(self, group: str | None) -> bool:
        before, self._group = self._group, group
        return group is not None and group == before
