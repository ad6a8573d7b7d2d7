"""What every stream in sight is doing, and those that went out of sight just now: state and measured rate."""

from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from time import sleep
from typing import Any

from bci.clock import Clock, lsl_clock
from bci.discovery import FoundStream, seen
from bci.flow_watch import FlowWatch
from bci.types import SourceState

__all__ = ["Observed", "StreamMonitor"]

WINDOW = 5.0  # s over which the rate is measured
STEP = 0.05  # s between two looks into the inlets
FORGOTTEN_AFTER = 10.0  # s that a stream which is out of sight is still told of
BUFFER = 10  # s that liblsl keeps for us
BLINK = 0.5  # s; a stream that was in sight at the latest look is in sight


@dataclass(frozen=True, slots=True)
class Observed:
    """A stream, how it is doing and why; `rate` in Hz is None where there is nothing to measure."""

    stream: FoundStream
    state: SourceState
    reason: str
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
        """Listen for a while; return how the streams are doing, those out of sight last."""
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
        now = self._clock()
        found = {stream.uid: stream for stream in seen(self._resolver.results())}
        back = {stream.key for stream in found.values()}  # also from another outlet, when its sender starts again
        before, self._watched = self._watched, {}
        for uid, stream in found.items():
            self._watched[uid] = before.pop(uid) if uid in before else _Watched(stream, now)
            self._watched[uid].seen = now
        for uid, watched in before.items():
            if watched.stream.key in back or now - watched.seen > FORGOTTEN_AFTER:
                watched.close()
            else:
                self._watched[uid] = watched


class _Watched:
    """One stream that is listened to."""

    def __init__(self, stream: FoundStream, now: float) -> None:
        self.stream = stream
        self.seen = now  # when it was in sight last
        self._inlet = _listener(stream) if stream.sfreq else None
        self._flow = FlowWatch(now)
        self._counts: deque[tuple[float, int]] = deque()  # when how many samples came

    def listen(self, now: float) -> None:
        """Count what has come."""
        if self._inlet is None:
            return
        with suppress(RuntimeError):  # lost: it will be out of sight soon
            if n_times := self._inlet.flush():
                self._counts.append((now, n_times))
                self._flow.received(now, now)
        while self._counts and self._counts[0][0] < now - WINDOW:
            self._counts.popleft()

    def observed(self, now: float) -> Observed:
        """Say how it is doing; a stream of events may be silent for as long as it likes."""
        unseen = now - self.seen
        gone = f"out of sight for {unseen:.0f} s" if unseen > BLINK else ""
        if self._inlet is None and not gone:
            return Observed(self.stream, SourceState.CONNECTED, "", None)
        return Observed(self.stream, *self._flow.look(now, gone), self._rate())

    def close(self) -> None:
        if self._inlet is not None:
            self._inlet.close_stream()

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
