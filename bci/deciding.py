"""From an epoch to a decision: decode it if it can be, and write down what became of it."""

from collections.abc import Callable

from bci.clock import Clock
from bci.decoder import Decoder
from bci.epochs import Epocher
from bci.source import Source
from bci.types import Decision, Epoch, Flag, Ranking, SourceState, Status
from bci.verdict import Passage, settle

__all__ = ["TOP_K", "Decider", "decode_all"]

TOP_K = 5
"""Concepts named in a decision."""


class Decider:
    """Turns epochs into decisions, one at a time, numbered in order.

    Parameters
    ----------
    decoder
        What ranks.
    clock
        Seconds on the LSL clock.
    budget
        Seconds of latency above which a decision is `late`.
    source_state
        Tells what the source is doing.
    """

    def __init__(
        self, decoder: Decoder, clock: Clock, budget: float, source_state: Callable[[], SourceState]
    ) -> None:
        self._decoder = decoder
        self._clock = clock
        self._budget = budget
        self._source_state = source_state
        self._seq = 0

    def decide(self, epoch: Epoch, given_up: str = "") -> Decision:
        """Decide on an epoch.

        Parameters
        ----------
        epoch
            Decoded unless it has no data or was given up.
        given_up
            Why it is not decoded although it could be.
        """
        taken = self._clock()
        flags = list(epoch.quality.flags)
        if epoch.data is not None and given_up:
            flags.append(Flag(Status.DROPPED, given_up))
        ranking = None if given_up else self._rank(epoch)
        decoded = self._clock()
        passage = Passage(epoch.stamps, taken, decoded, self._clock())
        if ranking is not None and passage.latency > self._budget:
            reason = f"{passage.latency * 1e3:.1f} ms, budget {self._budget * 1e3:g} ms"
            flags.append(Flag(Status.LATE, reason))
        return self._write(epoch, flags, ranking, passage)

    def _rank(self, epoch: Epoch) -> Ranking | None:
        if epoch.data is None:
            return None
        return self._decoder.decode(epoch.data[None], [epoch.truth], TOP_K)[0]

    def _write(self, epoch: Epoch, flags: list[Flag], ranking: Ranking | None, passage: Passage) -> Decision:
        status, reason = settle(flags)
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
            source_state=self._source_state(),
            published=passage.published,
            mask=epoch.mask,
        )


def decode_all(source: Source, epocher: Epocher, decoder: Decoder, clock: Clock) -> list[Decision]:
    """Decode a source that does not wait, such as a recording, to its end; no threads, no budget."""
    decider = Decider(decoder, clock, float("inf"), lambda: SourceState.FLOWING)
    decisions = []
    while (batch := source.pull(0.0)) is not None:
        decisions += [decider.decide(epoch) for epoch in epocher.feed(batch)]
    return decisions + [decider.decide(epoch) for epoch in epocher.finish()]
