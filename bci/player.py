"""A recording as a source at the pace of a clock: it can be paused, sped up, and sought in while it is decoded.

**Stream time.** Sample `seq` of what is played has the time t0 + seq / sfreq, t0 being the clock at the first
`pull`. Speed decides when a sample comes, never what its time is: epochs are cut by times and sample indices, and
so they are those of `bci.array_source.ArraySource`, bit for bit, at any speed and over any pause. At a speed other
than 1, and after a pause, stream time is therefore not the time of day: what wants the age of a sample compares it
with the newest sample.

**Seeking.** Another place is a gap of `SEAM` seconds: `seq` goes on counting, filters start anew, and windows
across it are lost and say so. The last `lead` seconds before the place come at once and without their markers, so
that filters have settled and baselines are there when it is reached, and a paused view shows what led there.
"""

import threading
from collections.abc import Callable
from math import inf

import numpy as np
from numpy.typing import NDArray

from bci.array_source import stream_of
from bci.clock import Clock, lsl_clock
from bci.errors import ConfigError
from bci.tape import Tape
from bci.types import Batch, Marker, Recording, SampleChunk, SourceState, read_only

__all__ = ["CHUNK", "SEAM", "SPEEDS", "Player"]

CHUNK = 0.032  # s of recording that come at once, at most
SEAM = 0.25  # s of stream time that a seek leaves empty, so that it can be seen
SPEEDS = (0.5, 10.0)
"""Slowest and fastest, seconds of recording in a second."""
GRACE = 1.0  # s after a marker in which a step back while it plays goes to the one before it


class Player:
    """Plays a `Recording`. One thread pulls; controls may be called from any other, and never wait for it.

    States: `flowing` while it plays, `connected` while it is paused or waits at the end.

    Parameters
    ----------
    recording
        What to play; its segments become gaps, which take their time.
    clock
        Seconds; decides when samples are due and stamps their arrival.
    speed
        Seconds of recording in a second, within `SPEEDS`.
    hold
        Pause at the end, so that one can go back, instead of ending.
    lead
        Seconds before the place sought that come at once.
    name, reference
        As in `ArraySource`.
    wait
        Waits for at most so many seconds; None: until a control is used.

    Raises
    ------
    FormatError
        If the segments of the recording are not in order.
    ConfigError
        If the speed is out of range.
    """

    def __init__(
        self,
        recording: Recording,
        clock: Clock = lsl_clock,
        *,
        speed: float = 1.0,
        hold: bool = False,
        lead: float = 2.0,
        name: str = "recording",
        reference: str | None = None,
        wait: Callable[[float], object] | None = None,
    ) -> None:
        self.spec = stream_of(recording, name, reference)
        self._clock = clock
        self._hold = hold
        self._tape = Tape(recording)
        self._marker_times = read_only(np.array(self._tape.marker_places, np.float64) / recording.sfreq)
        self._lead = round(lead * recording.sfreq)
        self._size = max(1, int(CHUNK * recording.sfreq))
        self._seam = max(1, round(SEAM * recording.sfreq))
        self._lock = threading.Lock()
        self._used = threading.Event()  # a control was
        self._wait: Callable[[float], object] = wait or self._used.wait
        self._speed = _checked(speed)
        self._playing = True
        self._closed = False
        self._next = 0  # sample that is played next
        self._told = 0  # sample from which on markers are told: that before it leads there
        self._furthest = 0  # sample up to which markers have been told
        self._repeated = False
        self._seq = 0  # of the next sample, what is missing before it not counted
        self._broken = False  # whether the next sample does not follow the one before it
        self._t0: float | None = None
        self._since = 0.0  # when, by the clock, ...
        self._at = 0.0  # ... this place was reached, in samples of recorded time

    # ------------------------------------------------------------------------------------------ the scrub bar

    @property
    def duration(self) -> float:
        """Seconds of recorded time, gaps included."""
        return self._tape.end / self.spec.sfreq

    @property
    def position(self) -> float:
        """Seconds of recorded time that have been played, or the place that was sought."""
        with self._lock:
            return self._place() / self.spec.sfreq

    @property
    def marker_times(self) -> NDArray[np.float64]:
        """(n,) seconds of recorded time at which markers stand, in order."""
        return self._marker_times

    @property
    def playing(self) -> bool:
        """Whether time passes."""
        return self._playing

    @property
    def at_end(self) -> bool:
        """Whether everything up to the end has been played."""
        return self._next == self._tape.n_times

    @property
    def repeated(self) -> bool:
        """Whether a marker has been played twice: figures and evidence of a session then count an event twice."""
        return self._repeated

    @property
    def speed(self) -> float:
        """Seconds of recording in a second."""
        return self._speed

    # ----------------------------------------------------------------------------------------------- controls

    def pause(self) -> None:
        """Let time stand still."""
        with self._lock:
            self._anchor()
            self._playing = False
        self._used.set()

    def resume(self) -> None:
        """Let time pass on; at the end there is nothing to play, and one has to go back first."""
        with self._lock:
            self._anchor()
            self._playing = self._next < self._tape.n_times
        self._used.set()

    def set_speed(self, speed: float) -> None:
        """Play faster or slower from now on.

        Raises
        ------
        ConfigError
            If the speed is out of range.
        """
        with self._lock:
            self._anchor()
            self._speed = _checked(speed)
        self._used.set()

    def seek(self, seconds: float) -> None:
        """Go to a place, given in seconds of recorded time; it plays on from there if it played before.

        A place inside a gap is the first sample after it, one outside the recording its first sample or its end.
        """
        with self._lock:
            self._go(self._tape.sample_at(seconds * self.spec.sfreq))
        self._used.set()

    def step(self, direction: int) -> None:
        """Go to the next marker (1) or to the one before (-1); stay if there is none.

        While it plays, a step back within a second after a marker goes to the one before that.
        """
        with self._lock:
            here = max(self._next, self._told)
            grace = GRACE * self._speed * self.spec.sfreq if self._playing else 0.0
            target = self._tape.marker_after(here) if direction > 0 else self._tape.marker_before(here, grace)
            if target is not None:
                self._go(target)
        self._used.set()

    # ------------------------------------------------------------------------------------------------- source

    def pull(self, timeout: float, rest: float = 0.0) -> Batch | None:  # noqa: ARG002 (chunks have a length of their own)
        """Wait until the next chunk is due; see `bci.source.Source.pull`. No lock is held meanwhile."""
        end = self._clock() + timeout
        while True:
            self._used.clear()
            with self._lock:
                now = self._clock()
                self._begin(now)
                if self._closed or (self.at_end and not self._hold):
                    return None
                due = self._due()
                if due <= now:
                    return self._play(now)
                state = SourceState.FLOWING if self._playing else SourceState.CONNECTED
            if now >= end:
                return Batch(None, (), state)
            self._wait(min(due, end) - now)

    def close(self) -> None:
        """End it here; whoever waits in `pull` is woken."""
        self._closed = True
        self._used.set()

    # ------------------------------------------------------------------------------------------------ the pace

    def _begin(self, now: float) -> None:
        if self._t0 is None:
            self._t0 = self._since = now

    def _stop(self) -> int:
        """Sample just after the next chunk: chunks end at gaps, and where markers begin to be told."""
        stop = min(self._next + self._size, self._tape.segment(self._next).stop)
        return min(stop, self._told) if self._next < self._told else stop

    def _due(self) -> float:
        """When the last sample of the next chunk comes: at once on the way to a place that was sought."""
        if self.at_end:
            return inf
        if self._next < self._told:
            return -inf
        if not self._playing:
            return inf
        ahead = self._tape.place(self._stop() - 1) - self._at
        return self._since + ahead / (self.spec.sfreq * self._speed)

    def _place(self) -> int:
        """Recorded time up to which it was played, in samples."""
        return self._tape.place(max(self._next, self._told))

    def _anchor(self) -> None:
        """Count time anew from here; of a backlog that nobody pulled, little is kept."""
        if self._t0 is None:
            return
        now = self._clock()
        if self._playing and not self.at_end and self._next >= self._told:
            latest = self._tape.place(self._stop() - 1) + self._size
            passed = (now - self._since) * self.spec.sfreq * self._speed
            self._at = min(self._at + passed, latest)
        self._since = now

    def _go(self, target: int) -> None:
        if target != max(self._next, self._told):
            lead = self._tape.sample_at(self._tape.place(target) - self._lead) if target else 0
            self._next, self._told = min(lead, target), target
            self._broken = self._seq > 0
        self._at = self._place()
        self._since = self._clock()

    # -------------------------------------------------------------------------------------------------- chunks

    def _play(self, now: float) -> Batch:
        assert self._t0 is not None  # noqa: S101 (for the type checker)
        first, stop = self._next, self._stop()
        gap = self._missing(first)
        seq = self._seq + gap
        chunk = SampleChunk(
            data=read_only(np.array(self._tape.data[first:stop], np.float32)),
            times=read_only(self._t0 + np.arange(seq, seq + stop - first) / self.spec.sfreq),
            arrived=now,
            seq=seq,
            gap_before=gap,
        )
        markers = tuple(
            Marker(float(chunk.times[sample - first]), value, source, now)
            for sample, value, source in self._tape.markers_between(first, stop)
            if first >= self._told
        )
        self._repeated |= bool(markers) and first < self._furthest
        self._advance(stop, seq + stop - first, now)
        return Batch(chunk, markers, SourceState.FLOWING)

    def _missing(self, first: int) -> int:
        """Samples missing before the next chunk: a seam, or what the recording lacks."""
        if self._broken:
            return self._seam
        segment = self._tape.segment(first)
        return segment.gap_before if first == segment.first and self._seq else 0

    def _advance(self, stop: int, seq: int, now: float) -> None:
        arrived = stop == self._told
        self._next, self._seq, self._broken = stop, seq, False
        if stop > self._told:
            self._furthest = max(self._furthest, stop)
        if arrived:
            self._since = now  # time passes from the place that was sought, not while it was approached
        if self.at_end:
            self._playing = False


def _checked(speed: float) -> float:
    low, high = SPEEDS
    if not low <= speed <= high:
        raise ConfigError(f"expected a speed from {low:g} to {high:g}, got {speed:g}")
    return speed
