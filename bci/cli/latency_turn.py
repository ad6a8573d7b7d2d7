"""One turn of measuring latency: a device sends noise, another process decodes it, and this one hears of it.

The device writes down when it pushed each sample. The clock is LSL's, which all processes of a computer share.
"""

import json
import multiprocessing
import os
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bci.specs import PreprocessSpec

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from bci.cli.live import Live
    from bci.conductor import Watched
    from bci.viewing import Viewed
    from replay.metronome import Beats, Metronome

__all__ = [
    "PATIENCE",
    "SKIPPED",
    "Decided",
    "Load",
    "Milliseconds",
    "Turn",
    "answer",
    "cpu_until_told",
    "decode_with_bci",
    "enter_session",
    "percentiles",
    "take_turn",
    "windows",
]

SKIPPED = 5.0  # s at the beginning of each turn that are not measured
PATIENCE = 120.0  # s for a process to get ready
QUIET = 1.0  # s without a decision after which none is on its way
BARE, BARE_SECONDS = 10, 2.0  # decodings, one after the other, and s that they take: at least

Milliseconds = dict[str, float]
"""p50, p95, p99 and max."""


def percentiles(seconds: "NDArray[np.float64]") -> Milliseconds:
    """Summarise durations (n,), in seconds and at least one."""
    import numpy as np

    told = {f"p{percent}": float(np.percentile(seconds, percent)) for percent in (50, 95, 99)}
    return {name: round(1e3 * value, 3) for name, value in (told | {"max": float(seconds.max())}).items()}


def enter_session(session: str | None) -> None:
    """See the streams of one LSL session alone from now on and in all of this process; None: the usual one."""
    from pylsl import StreamInfo

    from bci.lsl import configure

    configure(session=session)
    StreamInfo("settings", "", 1, 0, "string", "settings")  # with the first one liblsl reads them


# ------------------------------------------------------------------------------------------------ what is sent


@dataclass(frozen=True, slots=True)
class Load:
    """What the device sends, and what is to be cut from it.

    Parameters
    ----------
    preprocess
        Of the decoder; its channels are those of the device.
    sfreq, seconds
        Rate in Hz, and how long the device sends.
    interval
        Samples between two triggers.
    step
        Samples between two windows that slide; None: each trigger has its window.
    reference
        Recording reference that the stream declares.
    session
        LSL session of the two processes; None: the usual one. This one must have entered it before.
    """

    preprocess: PreprocessSpec
    sfreq: float
    seconds: float
    interval: int
    step: int | None = None
    reference: str = "average"
    session: str | None = None


def windows(load: Load) -> dict[int, int]:
    """Return the onset of each window that is complete, and the sample that completes it.

    That is the last sample that it needs, or that of its trigger where the window ends before it. Both are
    counted from the first sample of the stream.

    Raises
    ------
    MismatchError
        If the preprocessing refuses a stream at this rate.
    """
    from bci.preprocess import Preprocessor
    from bci.types import Channel, StreamSpec

    channels = tuple(map(Channel, load.preprocess.channels))
    stream = StreamSpec("noise", "EEG", "", load.sfreq, channels, load.reference)
    preprocessor = Preprocessor(load.preprocess, stream)
    n_times, found = int(load.seconds * load.sfreq), {}
    for onset in range(load.interval if load.step is None else 0, n_times, load.step or load.interval):
        first, length = preprocessor.block(onset)
        last = max(onset, (first + length - 1) * preprocessor.ring_factor)
        if first >= 0 and last < n_times:
            found[onset] = last
    return found


# ------------------------------------------------------------------------------------------------ what it came to


@dataclass(frozen=True, slots=True, eq=False)
class Turn:
    """What one process came to; all durations in seconds, without those of the first events.

    Parameters
    ----------
    at
        (n,) when the events were, seconds after the first sample.
    outside
        (n,) from the push of a window's last sample to the arrival of the decision.
    inside, stages
        (n,) each, as the decisions say of themselves; empty for a process that is no session.
    bare
        (m,) decodings one after the other, when all was over.
    late
        By how much the device, which asked to be woken for every sample, began its pushes too late.
    cpu
        Share of a core.
    lost
        Events whose window was complete, and that were not decoded.
    unheard
        Decisions that did not reach this process.
    gpu
        Name of the GPU that was in use, None without one.
    """

    at: "NDArray[np.float64]"
    outside: "NDArray[np.float64]"
    inside: "NDArray[np.float64]"
    bare: "NDArray[np.float64]"
    stages: "dict[str, NDArray[np.float64]]"
    late: "NDArray[np.float64]"
    cpu: float
    lost: int
    unheard: int
    gpu: str | None


@dataclass(frozen=True, slots=True, eq=False)
class Decided:
    """What a process says at its end.

    Parameters
    ----------
    heard
        (last sample of the window, time of the decision) of each decision, where nobody else hears them.
    inside
        Onset of each event that was decoded -> its latency and stages, in seconds.
    """

    cpu: float
    heard: list[tuple[int, float]]
    inside: "dict[float, tuple[float, dict[str, float]]]"
    bare: "NDArray[np.float64]"
    gpu: str | None = None


def take_turn(
    decode: Callable[..., None],
    given: Any,
    name: str,
    load: Load,
    *,
    heard: bool = False,
    tell: Callable[[int, int], None] = lambda *_: None,
) -> Turn:
    """Let a process decode the device for a while.

    Parameters
    ----------
    decode
        Called in the process with a pipe, `name` and `given`. It says `ready`, calls `cpu_until_told`, and ends
        with a `Decided`.
    name
        Of the device's stream; that of decisions is `bci-decisions-NAME`.
    heard
        Whether there is such a stream.
    tell
        Called with the seconds that have passed, and with how many there will be.

    Raises
    ------
    SessionError
        If the process fails.
    """
    from replay.metronome import Metronome

    context = multiprocessing.get_context("spawn")
    pipe, theirs = context.Pipe()
    arguments = (theirs, load.session, decode, name, given)
    process = context.Process(target=_in_session, args=arguments, name="bci-decode", daemon=True)
    subscriber = _Subscriber(f"bci-decisions-{name}") if heard else None
    labels, sends = load.preprocess.channels, (load.sfreq, load.seconds, load.interval)
    with Metronome(name, labels, *sends, reference=load.reference, session=load.session) as device:
        process.start()
        theirs.close()  # so that its end is seen here
        try:
            answer(pipe, "ready")
            if subscriber is not None:
                subscriber.start()
            beats = _let_run(pipe, device, load, tell)
            if subscriber is not None:
                subscriber.close()
                _tell(pipe, "leave")
            decided: Decided = answer(pipe)
        finally:
            if subscriber is not None:
                subscriber.close()
            process.join(PATIENCE)
            if process.is_alive():
                process.kill()
    return _summed_up(decided, beats, None if subscriber is None else subscriber.heard, load)


def _in_session(pipe: Any, session: str | None, decode: Callable[..., None], name: str, given: Any) -> None:
    enter_session(session)
    decode(pipe, name, given)


def _let_run(pipe: Any, device: "Metronome", load: Load, tell: Callable[[int, int], None]) -> "Beats":
    time.sleep(SKIPPED)
    _tell(pipe, "measure")
    passed = SKIPPED
    while passed < load.seconds and not device.sent(1.0):
        passed += 1
        tell(int(passed), int(load.seconds))
    beats = device.beats(PATIENCE)
    tell(int(load.seconds), int(load.seconds))
    _tell(pipe, "end")
    return beats


def _tell(pipe: Any, word: str) -> None:
    with suppress(OSError):  # it has died, and its answer says why
        pipe.send(word)


def answer(pipe: Any, expected: str | None = None) -> Any:
    """Wait for what the process that is measured says.

    Raises
    ------
    SessionError
        If it says nothing for a long time, has died, or failed.
    """
    from bci.errors import SessionError

    if not pipe.poll(PATIENCE):
        raise SessionError(f"expected the process that is measured to answer within {PATIENCE:g} s")
    try:
        told = pipe.recv()
    except EOFError:
        raise SessionError("the process that is measured has died: run it again with nothing beside it") from None
    if isinstance(told, str) and told != expected:
        raise SessionError(f"the process that is measured failed: {told}")
    return told


def _summed_up(decided: Decided, beats: "Beats", heard: list[tuple[float, float]] | None, load: Load) -> Turn:
    """Put together what was sent, decided and heard: (stamp, time of arrival) of each decision."""
    import numpy as np

    first, none = int(SKIPPED * load.sfreq), np.zeros(0)
    late = beats.late[first:]
    if heard is None:
        outside = [when - beats.pushed[last] for last, when in decided.heard if last >= first]
        return Turn(none, np.array(outside), none, none, {}, late, decided.cpu, 0, 0, decided.gpu)
    complete = windows(load)
    inside = {beats.index(onset): told for onset, told in decided.inside.items()}
    arrived = {beats.index(stamp): when for stamp, when in heard}
    measured = [onset for onset, last in complete.items() if last >= first and onset in inside]
    both = [onset for onset in measured if onset in arrived]
    spent = [inside[onset][1] for onset in both]
    return Turn(
        at=np.array(both) / load.sfreq,
        outside=np.array([arrived[onset] - beats.pushed[complete[onset]] for onset in both]),
        inside=np.array([inside[onset][0] for onset in both]),
        bare=decided.bare,
        stages={name: np.array([each[name] for each in spent]) for name in (spent[0] if spent else ())},
        late=late,
        cpu=decided.cpu,
        lost=len(complete.keys() - inside.keys()),
        unheard=len(measured) - len(both),
        gpu=decided.gpu,
    )


class _Subscriber:
    """Hears decisions in this process, on a thread that does nothing else."""

    def __init__(self, stream: str) -> None:
        self._stream = stream
        self.heard: list[tuple[float, float]] = []  # stamp, when it came
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="subscriber", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        """Hear what still comes, until nothing does."""
        self._stopping.set()
        if self._thread.ident is not None:
            self._thread.join()

    def _run(self) -> None:
        from pylsl import StreamInlet, local_clock

        from bci.discovery import Lookout, choose

        inlet = StreamInlet(choose(self._stream, PATIENCE, Lookout(), kind="Decisions").handle, recover=False)
        inlet.open_stream(PATIENCE)
        values = None
        while values is not None or not self._stopping.is_set():
            try:
                values, stamp = inlet.pull_sample(QUIET)
            except RuntimeError:  # the session has died
                return
            if values is not None:
                self.heard.append((stamp, local_clock()))
        inlet.close_stream()


# ------------------------------------------------------------------------------------ the process that decodes


def decode_with_bci(pipe: Any, name: str, options: "Live") -> None:
    """Decode with `bci live`, headless and into `options.out`, as its command does."""
    from rich.console import Console

    from bci.cli import live

    assert options.out is not None  # noqa: S101 (for the type checker)
    cpu = 0.0

    def watch(session: "Watched", viewed: "Viewed") -> dict[str, Any]:  # noqa: ARG001 (what a `Watch` is given)
        nonlocal cpu
        session.start()
        pipe.send("ready")
        cpu = cpu_until_told(pipe)
        pipe.recv()  # nobody listens any more: a stream that ends makes its listeners complain
        session.stop("measured")
        return session.finish()

    try:
        with Path(os.devnull).open("w", encoding="utf-8") as nowhere:
            live.run(options, Console(file=nowhere), watch, outlet=f"bci-decisions-{name}")
        pipe.send(Decided(cpu, [], _inside(options.out / "decisions.jsonl"), _bare(options), _gpu()))
    except Exception as error:  # noqa: BLE001 (told to the process that waits)
        pipe.send(f"{type(error).__name__}: {error}")


def cpu_until_told(pipe: Any, look: Callable[[], None] | None = None) -> float:
    """Go on until the end, looking meanwhile; return the share of a core taken from `measure` on."""
    begun = None
    while True:
        told = pipe.recv() if (look is None or pipe.poll()) else None
        if told == "measure":
            begun = time.process_time(), time.monotonic()
        elif told == "end" and begun is not None:
            return (time.process_time() - begun[0]) / (time.monotonic() - begun[1])
        if look is not None:
            look()
            time.sleep(0.0002)


def _inside(file: Path) -> "dict[float, tuple[float, dict[str, float]]]":
    lines = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    decoded = (line for line in lines if line["top"])
    return {line["onset"]: (line["latency_ms"] / 1e3, _seconds(line["stages_ms"])) for line in decoded}


def _seconds(milliseconds: dict[str, float]) -> dict[str, float]:
    return {name: value / 1e3 for name, value in milliseconds.items()}


def _bare(options: "Live") -> "NDArray[np.float64]":
    """Time the decoder alone, hot."""
    import numpy as np

    from bci.cli.opening import load_all
    from models.timing import in_turn

    decoder = load_all(options).decoder
    shape = (1, len(decoder.spec.channels), decoder.spec.n_times)
    epoch = np.random.default_rng(0).standard_normal(shape, np.float32)
    (taken,) = in_turn(lambda: decoder.decode(epoch, [None], 5), rounds=BARE, seconds=BARE_SECONDS)
    return np.array(taken)


def _gpu() -> str | None:
    """Return the name of the GPU that holds something of this process."""
    if "torch" not in sys.modules:  # nothing has needed it
        return None
    import torch

    held = torch.cuda.is_available() and torch.cuda.memory_allocated() > 0
    return torch.cuda.get_device_name() if held else None
