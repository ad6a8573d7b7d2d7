"""From an epoch to a decision: decode it if it can be, and write down what became of it."""

from collections.abc import Callable, Sequence

import numpy as np

from bci.clock import Clock
from bci.decoder import Decoder
from bci.flow_watch import Standing
from bci.pair import Pair
from bci.types import Decision, DecoderSpec, Epoch, Evidence, Flag, Ranking, Status
from bci.verdict import Passage, settle

__all__ = ["TOP_K", "Decider", "rank_epochs"]

TOP_K = 5
"""Concepts named in a decision."""


class Decider:
    """Turns epochs into decisions, one at a time, numbered in order.

    Parameters
    ----------
    clock
        Seconds on the LSL clock.
    budget
        Seconds of latency above which a decision is `late`.
    standing
        Tells what the source is doing, and why.
    """

    def __init__(self, clock: Clock, budget: float, standing: Callable[[], Standing]) -> None:
        self._clock = clock
        self._budget = budget
        self._standing = standing
        self._seq = 0

    def decide(self, epoch: Epoch, pair: Pair, given_up: str = "") -> Decision:
        """Decode an epoch and decide on it.

        Parameters
        ----------
        epoch
            Decoded unless it has no data or was given up.
        pair
            What cut it, and decodes it.
        given_up
            Why it is not decoded although it could be.
        """
        taken = self._clock()
        flags = list(epoch.quality.flags)
        if epoch.data is not None and given_up:
            flags.append(Flag(Status.DROPPED, given_up))
        ranking = None if given_up else rank_epochs([epoch], pair.decoder)[0]
        return self.settle(epoch, pair, ranking, flags, taken)

    def settle(
        self, epoch: Epoch, pair: Pair, ranking: Ranking | None, flags: list[Flag], taken: float
    ) -> Decision:
        """Decide on an epoch that has been ranked.

        An artifact adds no evidence to its presentation, nor does what is not decoded.

        Parameters
        ----------
        ranking
            None if it is not decoded.
        flags
            All that is to be said of it, but that it is late.
        taken
            When it was taken to be decoded, seconds on the LSL clock.
        """
        evidence = _add_up(epoch, pair, ranking, flags)
        decoded = self._clock()
        passage = Passage(epoch.stamps, taken, decoded, self._clock())
        if ranking is not None and passage.latency > self._budget:
            reason = f"{passage.latency * 1e3:.1f} ms, budget {self._budget * 1e3:g} ms"
            flags.append(Flag(Status.LATE, reason))
        return self._write(epoch, flags, ranking, passage, evidence, pair.decoder.spec)

    def _write(
        self,
        epoch: Epoch,
        flags: list[Flag],
        ranking: Ranking | None,
        passage: Passage,
        evidence: Evidence | None,
        decoder: DecoderSpec,
    ) -> Decision:
        status, reason = settle(flags)
        state, why = self._standing()
        seq, self._seq = self._seq, self._seq + 1
        return Decision(
            seq=seq,
            marker=epoch.marker,
            onset=epoch.onset,
            truth=epoch.truth,
            group=epoch.group,
            status=status,
            reason=reason,
            ranking=ranking,
            stages=passage.stages,
            latency=passage.latency,
            source_state=state,
            source_reason=why,
            published=passage.published,
            mask=epoch.mask,
            evidence=evidence,
            decoder=decoder,
        )


def rank_epochs(epochs: Sequence[Epoch], decoder: Decoder) -> list[Ranking | None]:
    """Rank those that have data, all at once; None for the others."""
    data = [epoch.data for epoch in epochs if epoch.data is not None]
    if not data:
        return [None] * len(epochs)
    together = data[0][None] if len(data) == 1 else np.stack(data)
    ranked = iter(decoder.decode(together, [epoch.truth for epoch in epochs if epoch.data is not None], TOP_K))
    return [None if epoch.data is None else next(ranked) for epoch in epochs]


def _add_up(epoch: Epoch, pair: Pair, ranking: Ranking | None, flags: list[Flag]) -> Evidence | None:
    if pair.accumulation is None:
        return None
    accepted = all(flag.status <= Status.LATE for flag in flags)
    return pair.accumulation.add(epoch.group, ranking if accepted else None)
