"""Which pair of epocher and decoder an event belongs to: the one whose term its onset lies in.

A pure core. Pairs follow each other while a stream goes on: a successor is fed beside its predecessor until no
event can come for that one any more. None is lost, and none is decided twice.
"""

from dataclasses import dataclass, replace
from math import inf, isfinite

from bci.pair import Pair
from bci.types import Batch, Epoch, Marker

__all__ = ["Terms"]


@dataclass(slots=True)
class _Term:
    """A pair, and the onsets that are its own: later than `since`, and no later than `until`."""

    pair: Pair
    since: float = -inf
    until: float = inf

    def owns(self, onset: float, slack: float = 0.0) -> bool:
        return self.since - slack < onset <= self.until + slack

    def concerns(self, marker: Marker) -> bool:
        """Whether a marker makes an event of this term, or is the label of one: labels may lie across a border."""
        events = self.pair.epocher.events
        slack = events.pair_within if marker.source == events.label_from else 0.0
        return self.owns(marker.time if isfinite(marker.time) else marker.arrived, slack)


class Terms:
    """Feeds the pairs of a session.

    Parameters
    ----------
    first
        Whose term begins with the stream.
    """

    def __init__(self, first: Pair) -> None:
        self._terms = [_Term(first)]
        self._newest = -inf  # time of the newest sample
        self._ignored = 0  # markers, by pairs that are gone

    @property
    def current(self) -> Pair:
        """The pair that came last."""
        return self._terms[-1].pair

    @property
    def waiting(self) -> int:
        """Events whose window is not complete yet."""
        return sum(term.pair.epocher.waiting for term in self._terms)

    @property
    def due(self) -> float:
        """Time at which the first window is complete, infinite if none is waited for."""
        return min(term.pair.epocher.due for term in self._terms)

    @property
    def ignored_markers(self) -> int:
        """Markers that made no event."""
        return self._ignored + sum(term.pair.epocher.ignored_markers for term in self._terms)

    def follow(self, pair: Pair) -> None:
        """Let a pair decode what comes from now on, as soon as it can."""
        last = self._terms[-1]
        lead = pair.epocher.continue_from(last.pair.epocher)
        last.until = max(last.since, self._newest + lead)
        self._terms.append(_Term(pair, since=last.until))

    def feed(self, batch: Batch) -> list[tuple[Epoch, Pair]]:
        """Take a batch in; return the epochs that are complete, or certain never to be, with their pairs."""
        if batch.chunk is not None and len(batch.chunk.times):
            self._newest = float(batch.chunk.times[-1])
        ready = [(epoch, term.pair) for term in self._terms for epoch in self._of(term, batch)]
        while len(self._terms) > 1 and self._newest > self._terms[0].until + self._terms[0].pair.epocher.memory:
            self._ignored += self._terms.pop(0).pair.epocher.ignored_markers
            self._terms[0].since = -inf  # what comes later than memory reaches is a gap, whoever says so
        return ready

    def finish(self) -> list[tuple[Epoch, Pair]]:
        """Give up whatever still waits: nothing more will come."""
        return [
            (epoch, term.pair)
            for term in self._terms
            for epoch in term.pair.epocher.finish()
            if epoch.marker is not None or term.owns(epoch.onset)
        ]

    def _of(self, term: _Term, batch: Batch) -> list[Epoch]:
        if len(self._terms) == 1:
            return term.pair.epocher.feed(batch)
        markers = tuple(marker for marker in batch.markers if term.concerns(marker))
        epochs = term.pair.epocher.feed(replace(batch, markers=markers))
        return [epoch for epoch in epochs if epoch.marker is not None or term.owns(epoch.onset)]
