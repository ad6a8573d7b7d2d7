"""Cutting epochs: a pure, synchronous core that is fed batches and returns what became ready.

Live, in replay and in training the same object does this; only who feeds it differs.
"""

import copy
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import inf, isfinite

import numpy as np
from numpy.typing import NDArray

from bci.clock import Clock
from bci.events import Event, EventBuilder
from bci.flow_watch import STALLED_AFTER
from bci.picking import Interpolator
from bci.preprocess import Preprocessor, scale_epochs
from bci.quality import assess
from bci.ring import Ring, Window
from bci.specs import EventSpec, PreprocessSpec, QualitySpec
from bci.timeline import Timeline
from bci.types import (
    Batch,
    Epoch,
    Flag,
    Marker,
    Quality,
    SampleChunk,
    SourceState,
    Stamps,
    Status,
    StreamSpec,
    read_only,
)

__all__ = ["Epocher"]

_PATIENCE = 60.0  # seconds that an event waits for samples that do not come
_DOUBTFUL = 0.25  # of a sample: four standard errors are a sample then
_JUST_BEGUN = "the stream has just begun, how far its stamps jitter is not known"
_MAX_PENDING = 4096  # events that wait at the same time: bounded on any input


@dataclass(frozen=True, slots=True)
class _Pending:
    """An event whose window is not complete.

    Parameters
    ----------
    onset
        Index of its sample, once that has come.
    doubt
        Standard error of the time of that sample, seconds, as far as it was known when it came.
    """

    event: Event
    onset: int | None = None
    doubt: float = 0.0


class Epocher:
    """Cuts event-locked or sliding windows out of a stream.

    Parameters
    ----------
    stream
        What comes in.
    preprocess, events, quality
        What is made of it.
    concepts
        Names that a truth can have.
    clock
        Stamps what happens; seconds on the LSL clock.
    whitening
        (n_channels, n_channels), see `bci.preprocess.scale_epochs`.
    interpolate
        Makes up missing channels, if `preprocess.missing` says so.
    memory
        Seconds of signal kept for markers that come late.
    """

    def __init__(
        self,
        stream: StreamSpec,
        preprocess: PreprocessSpec,
        events: EventSpec,
        quality: QualitySpec,
        concepts: Sequence[str],
        clock: Clock,
        *,
        whitening: NDArray[np.float64] | None = None,
        interpolate: Interpolator | None = None,
        memory: float = 30.0,
    ) -> None:
        self.stream = stream
        self.preprocessor = Preprocessor(preprocess, stream, interpolate)
        self._quality = quality
        self._clock = clock
        self._whitening = None if whitening is None else whitening.astype(np.float32)
        rate = stream.sfreq / self.preprocessor.ring_factor
        _, length = self.preprocessor.block(0)
        self._ring = Ring(length + int(memory * rate), len(preprocess.channels))
        self._timeline = Timeline(stream.sfreq, memory + length / rate)
        self._events = EventBuilder(events, concepts, tolerance=0.5 / stream.sfreq)
        self._pending: list[_Pending] = []
        self._doubt = 0.0  # standard error of the newest time, seconds
        self._stood_still = -inf  # when nothing was to come, as while a recording is paused
        self._piece = max(1, self._ring.capacity // 4) * self.preprocessor.ring_factor
        centre = (preprocess.tmin + preprocess.tmax) / 2
        self._sliding = _Sliding(events, centre, stream.sfreq) if events.mode == "sliding" else None

    @property
    def ignored_markers(self) -> int:
        """Markers that made no event."""
        return self._events.ignored

    @property
    def events(self) -> EventSpec:
        """Which markers make an event."""
        return self._events.spec

    @property
    def waiting(self) -> int:
        """Events whose window is not complete yet."""
        return len(self._pending)

    @property
    def due(self) -> float:
        """Time of the sample that completes the next window, seconds on the LSL clock; infinite if none waits."""
        end = self.preprocessor.last - 0.5 / self.stream.sfreq
        return min((entry.event.marker.time + end for entry in self._pending), default=inf)

    @property
    def memory(self) -> float:
        """Seconds after an onset at which its window is complete, or will never be."""
        return self._ring.capacity * self.preprocessor.ring_factor / self.stream.sfreq

    def continue_from(self, other: "Epocher") -> float:
        """Go on where another epocher of the same stream stands.

        With the same preprocessing all that it has heard is taken over: no filter starts anew, no sample is lost.

        Returns
        -------
        lead
            Seconds from now on before which onsets are to be left to the other: until the first window can be had,
            and a high-pass has settled.
        """
        if self.preprocessor.spec == other.preprocessor.spec and self.stream == other.stream:
            kept = (other.preprocessor, other._ring, other._timeline)  # noqa: SLF001 (of the same class)
            self.preprocessor, self._ring, self._timeline = copy.deepcopy(kept)
            return 0.0
        spec, rate = self.preprocessor.spec, self.stream.sfreq / self.preprocessor.ring_factor
        reach = max(0, -self.preprocessor.block(0)[0]) / rate
        return reach + 2 / spec.sfreq + (1 / spec.highpass if spec.highpass else 0.0)

    def feed(self, batch: Batch) -> list[Epoch]:
        """Take a batch in; return the epochs that are complete, or certain never to be."""
        ready = self._take_markers(batch.markers)
        # what waited for its marker alone is cut first: its last sample came earlier
        ready += self._cut_ready(None)
        if batch.chunk is not None:
            for piece in _pieces(batch.chunk, self._piece):
                self._take_samples(piece)
                ready += self._cut_ready(piece)
        if batch.state is SourceState.CONNECTED:
            self._stood_still = self._clock()
        return ready + self._give_up_stale()

    def finish(self) -> list[Epoch]:
        """Give up whatever still waits: nothing more will come."""
        pending, self._pending = self._pending, []
        return [self._lost(entry.event, "the stream ended inside the window") for entry in pending]

    # -------------------------------------------------------------------------------- markers

    def _take_markers(self, markers: tuple[Marker, ...]) -> list[Epoch]:
        events = self._events.feed(markers)
        if self._sliding is not None:
            self._sliding.remember(events)
            return []
        lost = [self._lost(event) for event in events if event.flags]
        self._pending += [_Pending(event) for event in events if not event.flags]
        while len(self._pending) > _MAX_PENDING:
            lost.append(self._lost(self._pending.pop(0).event, "too many markers wait for samples"))
        return lost

    def _give_up_stale(self) -> list[Epoch]:
        if not self._pending:
            return []
        now = self._clock()
        since = self._stood_still
        stale = [entry for entry in self._pending if now - max(entry.event.marker.arrived, since) > _PATIENCE]
        self._pending = [entry for entry in self._pending if entry not in stale]
        reason = f"no samples came for it within {_PATIENCE:g} s"
        return [self._lost(entry.event, reason) for entry in stale]

    # -------------------------------------------------------------------------------- samples

    def _take_samples(self, chunk: SampleChunk) -> None:
        self._doubt = chunk.doubt
        self._timeline.append(chunk)
        for stretch in self.preprocessor.feed(chunk):
            self._ring.append(stretch.data, stretch.first, broken=stretch.broken)
        if self._sliding is not None:
            self._pending += [_Pending(event, onset) for event, onset in self._sliding.begun(chunk)]

    def _cut_ready(self, new: SampleChunk | None) -> list[Epoch]:
        """Cut what is complete, `new` being what has just come, if it is that which completes it."""
        if not self._pending:
            return []
        ringed = self._clock()
        ready, waiting = [], []
        for entry in map(self._locate, self._pending):
            window = self._look(entry)
            if window is Window.WAITING:
                waiting.append(entry)
            elif window is Window.READY:
                ready.append(self._cut(entry, new, ringed))
            else:
                ready.append(self._lost(entry.event, _WHY[window]))
        self._pending = waiting
        return ready

    def _locate(self, entry: _Pending) -> _Pending:
        if entry.onset is not None:
            return entry
        onset = self._timeline.locate(entry.event.marker.time)
        return replace(entry, onset=onset, doubt=self._doubt if isfinite(self._doubt) else 0.0)

    def _look(self, entry: _Pending) -> Window:
        if entry.onset is None:
            return Window.WAITING
        return self._ring.look(*self.preprocessor.block(entry.onset))

    # -------------------------------------------------------------------------------- epochs

    def _cut(self, entry: _Pending, new: SampleChunk | None, ringed: float) -> Epoch:
        assert entry.onset is not None  # noqa: S101 (only located entries are READY)
        event = self._complete(entry.event)
        spec = self.preprocessor.spec
        epoch = self.preprocessor.finish(self._ring.window(*self.preprocessor.block(entry.onset)))
        flags = event.flags + assess(epoch, spec.channels, self._quality) + tuple(self._times(entry, new))
        data = scale_epochs(epoch[None], spec, self._whitening)[0]
        heard = event.marker.arrived
        later = heard if new is None else max(new.arrived, heard)
        stamps = Stamps(arrived=later, ringed=max(ringed, later), cut=max(self._clock(), later))
        return self._epoch(event, read_only(data), flags, stamps)

    def _times(self, entry: _Pending, new: SampleChunk | None) -> Iterator[Flag]:
        """Say what is to be said of the times of an epoch."""
        end = entry.event.marker.time + self.preprocessor.spec.tmax
        if new is not None and end < new.due:
            yield Flag(
                Status.LATE, f"the sender hung, its samples came {new.due - end + STALLED_AFTER:.1f} s late"
            )
        doubt = max(entry.doubt, self._doubt)
        if doubt * self.stream.sfreq > _DOUBTFUL:
            how = f"stamps jitter, its time is sure to {3e3 * doubt:.0f} ms" if isfinite(doubt) else _JUST_BEGUN
            yield Flag(Status.OK, how)

    def _lost(self, event: Event, reason: str | None = None) -> Epoch:
        event = self._complete(event)
        flags = event.flags + (() if reason is None else (Flag(Status.GAP, reason),))
        now = self._clock()
        return self._epoch(event, None, flags, Stamps(arrived=now, ringed=now, cut=now))

    def _complete(self, event: Event) -> Event:
        return self._events.label(event) if self._sliding is None else self._sliding.label(event)

    def _epoch(
        self, event: Event, data: NDArray[np.float32] | None, flags: tuple[Flag, ...], stamps: Stamps
    ) -> Epoch:
        return Epoch(
            data=data,
            onset=event.marker.time,
            sfreq=self.preprocessor.spec.sfreq,
            marker=None if self._sliding is not None else event.marker,
            truth=event.truth,
            group=event.group,
            quality=Quality(flags),
            stamps=stamps,
            mask=self.preprocessor.interpolated,
        )


_WHY = {
    Window.BROKEN: "samples are missing or no numbers, or other channels were left out, inside the window",
    Window.GONE: "the window begins before the oldest sample that is kept",
}


class _Sliding:
    """Windows at a fixed step; their truth is the concept that was on when the window's centre passed."""

    def __init__(self, events: EventSpec, centre: float, sfreq: float) -> None:
        self._step = max(1, round((events.step or 0.0) * sfreq))
        self._hold = events.hold
        self._centre = centre
        self._sfreq = sfreq
        self._shown: deque[Event] = deque(maxlen=_MAX_PENDING)
        self._next: int | None = None

    def remember(self, shown: list[Event]) -> None:
        """Take note of what was shown."""
        self._shown.extend(shown)

    def begun(self, chunk: SampleChunk) -> Iterator[tuple[Event, int]]:
        """Yield the windows whose onset is in the chunk, each with the index of its onset."""
        if self._next is None or chunk.gap_before:
            self._next = max(self._next or 0, chunk.seq)
        while self._next < chunk.seq + len(chunk.times):
            onset = float(chunk.times[self._next - chunk.seq])
            yield Event(Marker(onset, "", arrived=chunk.arrived), None), self._next
            self._next += self._step

    def label(self, event: Event) -> Event:
        """Look up what was on at the centre of the window."""
        centre = event.marker.time + self._centre
        on = (shown for shown in reversed(self._shown) if 0 <= centre - shown.marker.time < self._hold)
        return replace(event, truth=next((shown.truth for shown in on), None))


def _pieces(chunk: SampleChunk, size: int) -> Iterator[SampleChunk]:
    """Split a chunk that is longer than what the ring can take at once."""
    if len(chunk.times) <= size:
        yield chunk
        return
    for start in range(0, len(chunk.times), size):
        yield replace(
            chunk,
            data=chunk.data[start : start + size],
            times=chunk.times[start : start + size],
            seq=chunk.seq + start,
            gap_before=chunk.gap_before if start == 0 else 0,
        )
