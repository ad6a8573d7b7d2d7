"""What every stream in sight is doing: state and measured rate."""

from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from time import sleep
from typing import Any

from bci.clock import Clock, lsl_clock
from bci.discovery import FoundStream, seen
from bci.types import SourceState

__all__ = ["Observed", "StreamMonitor"]

WINDOW = 5.0  # s over which the rate is measured
STEP = 0.05  # s between two looks into the inlets
STALLED_AFTER = 0.5  # s
BUFFER = 10  # s that liblsl keeps for us


@dataclass(frozen=True, slots=True)
class Observed:
    """A stream and how it is doing; `rate` in Hz is None where there is nothing to measure."""

    stream: FoundStream
    state: SourceState
    rate: float | None


class StreamMonitor:
    """Listens to all streams of samples in sight, to see whether they flow.

    Streams of events are left alone: they have no rate, and a sender that waits for a consumer of its markers
    shall not take us for one.
    """

    def __init__(self, clock: Clock = lsl_clock) -> None:
        from pylsl import ContinuousResolver  # noqa: PLC0415

        self._resolver: Any = ContinuousResolver(forget_after=2.0)
        self._clock = clock
        self._watched: dict[str, _Watched] = {}

    def watch(self, seconds: float) -> list[Observed]:
        """Listen for a while; return how the streams in sight are doing, sorted by name."""
        end = self._clock() + seconds
        while self._clock() < end:
            self._meet()
            for watched in self._watched.values():
                watched.listen(self._clock())
            sleep(STEP)
        return [watched.observed(self._clock()) for watched in self._watched.values()]

    def close(self) -> None:
        """Stop listening."""
        for watched in self._watched.values():
            watched.close()
        self._watched = {}

    def _meet(self) -> None:
        found = {stream.uid: stream for stream in seen(self._resolver.results())}
        for uid in self._watched.keys() - found.keys():
            self._watched.pop(uid).close()
        self._watched = {uid: self._watched.get(uid) or _Watched(stream) for uid, stream in found.items()}


class _Watched:
    """One stream that is listened to."""

    def __init__(self, stream: FoundStream) -> None:
        self._stream = stream
        self._inlet = _listener(stream) if stream.sfreq else None
        self._counts: deque[tuple[float, int]] = deque()  # when how many samples came
        self._last: float | None = None

    def listen(self, now: float) -> None:
        """Count what has come."""
        if self._inlet is None:
            return
        with suppress(RuntimeError):  # lost: it will be out of sight soon
            if n_times := self._inlet.flush():
                self._counts.append((now, n_times))
                self._last = now
        while self._counts and self._counts[0][0] < now - WINDOW:
            self._counts.popleft()

    def observed(self, now: float) -> Observed:
        return Observed(self._stream, self._state(now), self._rate())

    def close(self) -> None:
        if self._inlet is not None:
            self._inlet.close_stream()

    def _state(self, now: float) -> SourceState:
        if self._last is None:
            return SourceState.CONNECTED
        quiet = now - self._last > max(STALLED_AFTER, 3 * self._interval())
        return SourceState.STALLED if quiet else SourceState.FLOWING

    def _interval(self) -> float:
        span = self._counts[-1][0] - self._counts[0][0] if self._counts else 0.0
        return span / max(1, len(self._counts) - 1)

    def _rate(self) -> float | None:
        """Samples a second between the first and the last arrival."""
        if len(self._counts) < 3:
            return None
        span = self._counts[-1][0] - self._counts[0][0]
        return sum(n for _, n in list(self._counts)[1:]) / span if span else None


def _listener(stream: FoundStream) -> Any:
    from pylsl import StreamInlet  # noqa: PLC0415

    inlet = StreamInlet(stream.handle, max_buflen=BUFFER, recover=False)
    with suppress(RuntimeError):  # it opens meanwhile
        inlet.open_stream(0.0)
    return inlet
