"""The simulated device: plays a recording over LSL, as an amplifier with a marker program beside it would.

Stamps are t0 + i / sfreq, so that the stream's own time is exact at any speed and however late a chunk is sent;
what is missing between the segments of the recording is left out. Descriptions follow the XDF conventions
(https://github.com/sccn/xdf/wiki/EEG-Meta-Data).
"""

import hashlib
import multiprocessing
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import numpy as np

from bci.clock import Clock, lsl_clock
from bci.errors import BciError, StreamError
from bci.events import END_MARKER
from bci.lsl import configure
from bci.segments import Segment, segments_of
from bci.types import Recording
from replay.told import told_by_triggers

__all__ = ["DeviceOptions", "DeviceProcess", "Progress", "play"]

Progress = Callable[[str, float, float], None]
"""Called with what happens (`waiting`, `playing`, `lingering`), seconds played and seconds in all."""


@dataclass(frozen=True, slots=True)
class DeviceOptions:
    """How to play.

    Parameters
    ----------
    name
        Of the EEG stream; the marker stream is NAME-markers.
    source_id
        Of the EEG stream, the marker stream's ends with -markers; None: made from the name, the same every time.
    speed
        Seconds of the recording in a second.
    chunk
        Samples a push; None: what comes in a fiftieth of a second.
    stop_after
        Seconds of the recording after which the sender dies without a word; None: it plays to the end.
    wait
        Seconds to wait until both streams have consumers; 0 plays to nobody.
    linger
        Seconds to wait at the end until the consumers have left.
    network
        Offer the streams to the whole network.
    """

    name: str = "bci-replay"
    source_id: str | None = None
    speed: float = 1.0
    chunk: int | None = None
    stop_after: float | None = None
    wait: float = 60.0
    linger: float = 10.0
    network: bool = False

    @property
    def id(self) -> str:
        """Source id of the EEG stream."""
        return self.source_id or f"bci-replay-{hashlib.sha256(self.name.encode()).hexdigest()[:12]}"


@dataclass(frozen=True, slots=True)
class _Push:
    """What is sent at once: samples `first` to `stop` of the recording, the last one `last` seconds after t0."""

    first: int
    stop: int
    last: float


def play(
    recording: Recording,
    options: DeviceOptions = DeviceOptions(),
    progress: Progress | None = None,
    clock: Clock = lsl_clock,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Stream a recording, and return when its consumers have left.

    Parameters
    ----------
    recording
        What to play. Markers that its own trigger channels tell are left to them.
    options
        See `DeviceOptions`.
    progress
        Told how far it is, some ten times a second.
    clock, sleep
        Seconds on the LSL clock, and how to wait.

    Raises
    ------
    StreamError
        If nobody listens within `options.wait` seconds.
    FormatError
        If the segments of the recording are not in order.
    """
    configure(network=options.network)
    from pylsl import StreamOutlet  # noqa: PLC0415

    tell = progress or _silent
    spans = segments_of(recording)
    total = _end(spans[-1], recording.sfreq) - spans[0].start
    # The marker outlet first: whoever sees the EEG stream sees this one too.
    markers = StreamOutlet(_marker_info(options))
    eeg = StreamOutlet(_eeg_info(recording, options))
    tell("waiting", 0.0, total)
    _await_consumers(eeg, markers, options)
    t0 = clock()
    if _stream(recording, spans, options, eeg, markers, t0, tell, clock, sleep):
        markers.push_sample([END_MARKER], t0 + total)
        tell("lingering", total, total)
        _linger(eeg, options.linger, clock, sleep)


def _stream(
    recording: Recording,
    spans: tuple[Segment, ...],
    options: DeviceOptions,
    eeg: Any,
    markers: Any,
    t0: float,
    tell: Progress,
    clock: Clock,
    sleep: Callable[[float], None],
) -> bool:
    """Push everything at its time; return False if the sender died on the way."""
    chunk = options.chunk or max(1, round(recording.sfreq * options.speed / 50))
    events = _Events(recording, spans)
    total = _end(spans[-1], recording.sfreq) - spans[0].start
    told = 0.0
    for push in _pushes(spans, chunk, recording.sfreq):
        if options.stop_after is not None and push.last > options.stop_after:
            return False
        if (wait := t0 + push.last / options.speed - clock()) > 0:
            sleep(wait)
        samples = np.ascontiguousarray(recording.data[push.first : push.stop], np.float32)
        eeg.push_chunk(samples, t0 + push.last)
        for at, value in events.until(push.stop):
            markers.push_sample([value], t0 + at)
        if clock() - told > 0.1:
            told = clock()
            tell("playing", push.last, total)
    return True


class _Events:
    """The markers of a recording, in the order in which they are due."""

    def __init__(self, recording: Recording, spans: tuple[Segment, ...]) -> None:
        told = told_by_triggers(recording)
        self._events = sorted(
            marker for marker in recording.markers if marker[0] >= spans[0].first and marker not in told
        )
        self._spans = spans
        self._sfreq = recording.sfreq
        self._next = 0

    def until(self, stop: int) -> Iterator[tuple[float, str]]:
        """Yield seconds after t0 and value of the markers on samples before `stop`."""
        while self._next < len(self._events) and self._events[self._next][0] < stop:
            sample, value = self._events[self._next]
            self._next += 1
            span = next(span for span in self._spans if span.first <= sample < span.stop)
            yield span.start - self._spans[0].start + (sample - span.first) / self._sfreq, value


def _pushes(spans: tuple[Segment, ...], chunk: int, sfreq: float) -> Iterator[_Push]:
    for span in spans:
        for first in range(span.first, span.stop, chunk):
            stop = min(first + chunk, span.stop)
            yield _Push(first, stop, span.start - spans[0].start + (stop - 1 - span.first) / sfreq)


def _end(segment: Segment, sfreq: float) -> float:
    return segment.start + (segment.stop - segment.first) / sfreq


def _await_consumers(eeg: Any, markers: Any, options: DeviceOptions) -> None:
    end = time.monotonic() + options.wait
    for outlet, name in ((markers, f"{options.name}-markers"), (eeg, options.name)):
        if options.wait and not outlet.wait_for_consumers(max(0.0, end - time.monotonic())):
            raise StreamError(
                f"expected a consumer of {name} within {options.wait:g} s, nobody came: start `bci live` in "
                "another terminal, or wait longer with --wait"
            )


def _linger(eeg: Any, seconds: float, clock: Clock, sleep: Callable[[float], None]) -> None:
    """Outlets that close at once take with them what is still on its way."""
    end = clock() + seconds
    while eeg.have_consumers() and clock() < end:
        sleep(0.05)


def _marker_info(options: DeviceOptions) -> Any:
    from pylsl import StreamInfo, cf_string  # noqa: PLC0415

    return StreamInfo(f"{options.name}-markers", "Markers", 1, 0, cf_string, f"{options.id}-markers")


def _eeg_info(recording: Recording, options: DeviceOptions) -> Any:
    from pylsl import StreamInfo, cf_float32  # noqa: PLC0415

    n_channels = len(recording.channels)
    info = StreamInfo(options.name, "EEG", n_channels, recording.sfreq, cf_float32, options.id)
    channels = info.desc().append_child("channels")
    for channel in recording.channels:
        node = channels.append_child("channel")
        node.append_child_value("label", channel.label)
        node.append_child_value("unit", channel.unit)
        node.append_child_value("type", channel.kind.upper())
    if recording.reference:
        info.desc().append_child("reference").append_child_value("label", recording.reference)
    info.desc().append_child("replay").append_child_value("speed", f"{options.speed:g}")
    return info


def _silent(what: str, played: float, total: float) -> None:
    """Tell nobody."""


class DeviceProcess:
    """The simulated device in a process of its own, for as long as the `with` block lasts.

    The block begins when its streams are there.

    Parameters
    ----------
    load
        Makes the recording there: a function that can be pickled, with its arguments.
    options
        See `DeviceOptions`.
    """

    def __init__(
        self,
        load: Callable[..., Recording],
        *args: Any,
        options: DeviceOptions = DeviceOptions(),
    ) -> None:
        self.options = options
        context = multiprocessing.get_context("spawn")
        self._errors: Any = context.Queue()
        self._there = context.Event()
        self._process = context.Process(
            target=_run, args=(self._errors, self._there, load, args, options), name="bci-device", daemon=True
        )

    def __enter__(self) -> Self:
        self._process.start()
        while self._process.is_alive() and not self._there.wait(0.05):
            pass
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()

    @property
    def alive(self) -> bool:
        """Whether the device still plays or lingers."""
        return self._process.is_alive()

    def kill(self) -> None:
        """End the device at once, as a crash would."""
        if self._process.is_alive():
            self._process.kill()
        self._process.join()

    def join(self, timeout: float | None = None) -> None:
        """Wait for the device to end.

        Raises
        ------
        BciError
            What stopped it, if it failed.
        """
        self._process.join(timeout)
        if self._process.exitcode:
            raise (
                self._errors.get(timeout=1)
                if not self._errors.empty()
                else BciError(f"the simulated device ended with exit code {self._process.exitcode}")
            )


def _run(
    errors: Any, there: Any, load: Callable[..., Recording], args: tuple[Any, ...], options: DeviceOptions
) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that started this one and ends it
    try:
        play(load(*args), options, progress=lambda *_: there.set())
    except BciError as error:
        errors.put(error)
        errors.close()
        errors.join_thread()
        raise SystemExit(error.exit_code) from None
