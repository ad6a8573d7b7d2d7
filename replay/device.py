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
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Any, Self

from bci.clock import Clock, lsl_clock
from bci.errors import BciError
from bci.lsl import configure
from bci.types import Recording
from replay.dialects import DIALECTS
from replay.dialects.speech import EEG, Device, Push, Speech, Turn
from replay.faults import FaultSpec
from replay.speaking import speak
from replay.spoil import spoil

__all__ = ["DeviceOptions", "DeviceProcess", "Progress", "play", "script"]

PUSHES = 50
"""A second, where neither device nor user says how many samples are sent at once."""

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
        Samples a push; None: what comes in a fiftieth of a second, or what the device is used to.
    stop_after
        Seconds of the recording after which the sender dies without a word; None: it plays to the end.
    wait
        Seconds to wait until both streams have consumers; 0 plays to nobody.
    linger
        Seconds to wait at the end until the consumers have left.
    network
        Offer the streams to the whole network.
    device
        Whose dialect is spoken, see `replay.dialects.DIALECTS`; None: every channel is sent as it was recorded.
    delay
        Seconds by which the stamps of `device` are late.
    faults
        What goes wrong; None: nothing.
    seed
        Of what varies by chance, faults among it.
    """

    name: str = "bci-replay"
    source_id: str | None = None
    speed: float = 1.0
    chunk: int | None = None
    stop_after: float | None = None
    wait: float = 60.0
    linger: float = 10.0
    network: bool = False
    device: str | None = None
    delay: float = 0.0
    faults: FaultSpec | None = None
    seed: int = 0

    @property
    def id(self) -> str:
        """Source id of the EEG stream."""
        return self.source_id or f"bci-replay-{hashlib.sha256(self.name.encode()).hexdigest()[:12]}"


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
    speak(
        _speech(recording, options),
        speed=options.speed,
        order=recording.provenance.get("order", ""),
        wait=options.wait,
        linger=options.linger,
        stop_after=options.stop_after,
        tell=progress or _silent,
        clock=clock,
        sleep=sleep,
    )


def script(recording: Recording, options: DeviceOptions) -> Iterator[Push | Turn]:
    """Yield all that a device sends beside its samples, and when it dies and is there again, in order of time."""
    speech = _speech(recording, replace(options, faults=None))

    def words() -> Iterator[Push | Turn]:
        return (push for push in speech.pushes() if isinstance(push, Turn) or push.outlet != EEG)

    silent = replace(speech, pushes=words)
    return (silent if options.faults is None else spoil(silent, options.faults, options.seed)).pushes()


def _speech(recording: Recording, options: DeviceOptions) -> Speech:
    chunk = options.chunk
    if options.device is None and chunk is None:
        chunk = max(1, round(recording.sfreq * options.speed / PUSHES))
    device = Device(options.name, options.id, options.delay, chunk, options.seed)
    speech = DIALECTS[options.device or "generic"](recording, device)
    return speech if options.faults is None else spoil(speech, options.faults, options.seed)


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
