"""Which channels of a stream are bad, followed from sample to sample: a pure core.

Judged as `bci.channel_quality` does, twice a second and on the last second, so that a fault is told of within two.
A channel that is noisy for a second may show a blink or a jaw: that is left to the bounds of `QualitySpec`.
"""

from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from math import ceil, inf

import numpy as np

from bci.channel_quality import LEAST, LINE_RATIO, Condition, Measures, faults, measure
from bci.history import History
from bci.spectrum import thinned
from bci.types import SampleChunk, StreamSpec

__all__ = ["ChannelWatch", "Spell"]

_EVERY = 0.5  # s between two judgements
_GOOD_AGAIN = 3.0  # s that a channel must have been good to be trusted again
_GRAVEST_FIRST = (Condition.FLAT, Condition.SATURATED, Condition.LINE)
_KEPT = 1024  # spells that are over: bounded on any input


@dataclass(frozen=True, slots=True)
class Spell:
    """A stretch of time in which a channel is bad.

    Parameters
    ----------
    column
        The channel.
    condition
        The gravest one in it: a channel that jumps to its rail is saturated at first, then flat.
    start, stop
        Seconds on the LSL clock; `stop` is infinite while it lasts.
    seen
        When it was seen to be bad last.
    """

    column: int
    condition: Condition
    start: float
    seen: float
    stop: float = inf


class ChannelWatch:
    """Follows the EEG channels of one stream.

    Parameters
    ----------
    stream
        What comes in.
    passes
        Share of the power at a frequency in Hz that the decoder's filters let through: line noise that they take
        out harms nobody.
    """

    def __init__(self, stream: StreamSpec, passes: Callable[[float], float] = lambda _: 1.0) -> None:
        eeg = [column for column, channel in enumerate(stream.channels) if channel.kind == "eeg"]
        self._columns = np.array(eeg, np.intp)
        self._labels = stream.labels
        self._passes = passes
        enough = (ceil(LEAST * stream.sfreq) + 0.5) / stream.sfreq  # s, whatever the rate
        self._history = History(stream.sfreq, len(stream.channels), enough)
        self._every = max(1, round(_EVERY * stream.sfreq))
        self._over: deque[Spell] = deque(maxlen=_KEPT)
        self._on: dict[int, Spell] = {}

    @property
    def bad(self) -> tuple[Spell, ...]:
        """What lasts now, in the order of the channels."""
        return tuple(spell for _, spell in sorted(self._on.items()))

    def feed(self, chunk: SampleChunk) -> bool:
        """Take samples in; say whether other channels are bad than before, or for another reason."""
        changed = False
        for piece in self._pieces(chunk):
            self._history.append(piece)
            if (piece.seq + len(piece.times)) % self._every == 0:
                changed |= self._judge(float(piece.times[-1]))
        return changed

    def met(self, columns: Collection[int], start: float, stop: float) -> tuple[str, ...]:
        """Say which of some channels are bad between two times, such as `O1 flat`."""
        spells = (*self._over, *self.bad)
        return self.in_words(s for s in spells if s.column in columns and s.start < stop and start < s.stop)

    def in_words(self, spells: Iterable[Spell]) -> tuple[str, ...]:
        """Name channels and conditions, each once."""
        return tuple(dict.fromkeys(f"{self._labels[spell.column]} {spell.condition}" for spell in spells))

    def _pieces(self, chunk: SampleChunk) -> Iterator[SampleChunk]:
        """Cut a chunk where something is judged, so that it does not matter how samples come."""
        if 0 < len(chunk.times) <= self._every - chunk.seq % self._every:
            yield chunk
            return
        start = 0
        while start < len(chunk.times):
            stop = min(len(chunk.times), start + self._every - (chunk.seq + start) % self._every)
            yield replace(chunk, data=chunk.data[start:stop], times=chunk.times[start:stop], seq=chunk.seq + start)
            start = stop

    def _judge(self, now: float) -> bool:
        before = self._conditions()
        latest = self._history.since(0)
        if len(latest.times) < self._history.capacity:
            return False
        data, sfreq = thinned(latest.data, self._history.sfreq)
        measures = measure(data[:, self._columns], sfreq)
        for place, assessment in faults(measures).items():
            if self._harms(assessment.condition, measures, place):
                self._note(int(self._columns[place]), assessment.condition, now)
        for column, spell in list(self._on.items()):
            if now - spell.seen >= _GOOD_AGAIN:
                self._over.append(replace(self._on.pop(column), stop=now))
        return before != self._conditions()

    def _conditions(self) -> dict[int, Condition]:
        return {column: spell.condition for column, spell in self._on.items()}

    def _harms(self, condition: Condition, measures: Measures, place: int) -> bool:
        if condition is Condition.LINE and measures.line is not None:
            return bool(measures.line_ratio[place] * self._passes(measures.line) >= LINE_RATIO)
        return condition in _GRAVEST_FIRST

    def _note(self, column: int, condition: Condition, now: float) -> None:
        spell = self._on.get(column) or Spell(column, condition, now - LEAST, now)
        gravest = min(condition, spell.condition, key=_GRAVEST_FIRST.index)
        self._on[column] = replace(spell, condition=gravest, seen=now)
