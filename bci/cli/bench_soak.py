"""`bci bench soak`: an hour of stream with all that goes wrong on a bad day, faster than it would be.

A simulated device in a process of its own sends noise with faults, as `bci replay --faults` does, and a session of
`bci live` decodes it in another, which looks at itself meanwhile. Every marker has a number: the script of the
device tells how often it was sent, the seam between source and session how often it came, and `decisions.jsonl`
what became of it.
"""

import json
import multiprocessing
import os
import statistics
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from bci.errors import ConfigError, SessionError
from replay.account import Alive, account, lives, number_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from bci.cli.latency_turn import Milliseconds
    from bci.cli.progress import OnStep
    from bci.footprint import Footprint
    from bci.source import Source
    from bci.trend import Trend
    from bci.types import Batch, StreamSpec
    from replay.device import DeviceOptions

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

__all__ = ["Soak", "measured", "say", "tenths"]

RATE = 1000.0  # Hz
INTERVAL = 0.2  # s of stream between two events
N_CONCEPTS = 1654
EVENTS = {"lock": ["[0-9]+/.+"], "group": "(?P<group>[0-9]+)/(?P<concept>.+)"}
LOOK = 0.5  # s between two looks of the session's process at itself
SHORTEST = 10.0  # s of the clock on the wall
WARM_UP = 300.0  # s of stream that are not measured, or a tenth of it if that is less
PATIENCE = 120.0  # s for a process to get ready, and to end
MOST_GROWTH = 20.0  # MB


@dataclass(frozen=True, slots=True)
class Soak:
    """What was measured.

    Parameters
    ----------
    minutes
        Of stream.
    speed, reached_speed
        Seconds of stream in a second, as asked for and as they came.
    faults, seed
        What went wrong.
    restarts
        How often the sender died and came back.
    sent, away, astray, undecided
        Markers, see `Account`.
    back_s
        Seconds from when the sender was there again until the first of its markers was heard, at most.
    unwritten
        Decisions that could not be written.
    lost
        Markers and decisions: astray, undecided and unwritten.
    decisions
        By status; `dropped` are those told twice, and `given_up`.
    given_up
        Not decoded because the decoder could not keep up.
    ended
        Why the session ended: `bci:end` if it heard the device to its end.
    missing_s
        Seconds of stream that never came, by the session's own count.
    latency_ms
        Of decisions with a ranking, after the warm-up.
    latency_trend
        Of these, in milliseconds an hour of stream; `change` is that over the run.
    anon_mb
        Memory of the session's process that is no file's, median of each tenth of what is measured; empty where
        the system does not tell.
    anon_growth_mb
        The last of them minus the first; None where there are none.
    threads, files
        Of the session's process, at the beginning and at the end of what is measured.
    cpu
        Share of one core that the session's process took.
    """

    minutes: float
    speed: float
    reached_speed: float
    faults: str
    seed: int
    restarts: int
    sent: int
    away: int
    back_s: float
    astray: int
    undecided: int
    unwritten: int
    lost: int
    decisions: dict[str, int]
    given_up: int
    ended: str
    missing_s: float
    latency_ms: "Milliseconds"
    latency_trend: "Trend | None"
    anon_mb: tuple[float, ...]
    anon_growth_mb: float | None
    threads: tuple[int | None, int | None]
    files: tuple[int | None, int | None]
    cpu: float


def measured(minutes: float, speed: float, faults: str, seed: int) -> Soak:
    """Stream so many minutes of noise with faults, and decode them.

    Parameters
    ----------
    minutes
        Of stream.
    speed
        Seconds of stream in a second.
    faults
        See `replay.faults.read_faults`.
    seed
        Of the faults.

    Raises
    ------
    ConfigError
        If there is too little time to measure anything, or there are no such faults.
    SessionError
        If the session failed.
    """
    from bci.cli.progress import progress_bar
    from bci.lsl import configure
    from replay.device import DeviceOptions
    from replay.faults import read_faults

    if not 0 < speed < float("inf"):
        raise ConfigError(f"expected --speed above 0, got {speed:g}")
    if not SHORTEST <= minutes * 60 / speed < float("inf"):
        least = SHORTEST * speed / 60
        raise ConfigError(f"expected --minutes of at least {least:.2g} at {speed:g} times speed, got {minutes:g}")
    name = f"bci-soak-{os.getpid()}"
    spec = read_faults(faults)
    device = DeviceOptions(name=name, speed=speed, wait=PATIENCE, faults=spec, seed=seed)
    configure()
    with TemporaryDirectory() as folder, progress_bar("minutes") as progress:
        return _measured(Path(folder), minutes, device, faults, progress)


def _measured(folder: Path, minutes: float, device: "DeviceOptions", faults: str, progress: "OnStep") -> Soak:
    import tomli_w

    from models.bundle import load_bundle
    from models.untrained import save_untrained
    from replay.device import DeviceProcess, script
    from replay.load import noise_recording

    channels = save_untrained(folder / "bundle", N_CONCEPTS, RATE)
    names = load_bundle(folder / "bundle").bank.names
    (folder / "events.toml").write_text(tomli_w.dumps(EVENTS), encoding="utf-8")
    values = tuple(f"{i}/{names[i % len(names)]}" for i in range(int(minutes * 60 / INTERVAL)))
    load = (channels, RATE, minutes * 60, values, INTERVAL)
    alive = lives(script(noise_recording(*load), device))
    with DeviceProcess(noise_recording, *load, options=device) as process:
        ran = _let_run(folder, device.name, len(values), minutes, progress)
        process.join(PATIENCE)
    lines = (folder / "out" / "decisions.jsonl").read_text(encoding="utf-8").splitlines()
    return _summed_up(ran, [json.loads(line) for line in lines], alive, minutes, device, faults)


# ----------------------------------------------------------------------------------- the process that decodes


@dataclass(frozen=True, slots=True, eq=False)
class _Ran:
    """What the process that decoded says at its end.

    Parameters
    ----------
    looks
        From time to time: seconds on a clock, seconds of stream that had come, and what the process took.
    heard
        (n_markers,) how often each came.
    missing
        Seconds of stream that never came.
    cpu
        Share of one core that the process took.
    """

    looks: "list[tuple[float, float, Footprint]]"
    heard: "Ints"
    summary: dict[str, Any]
    missing: float
    cpu: float

    @property
    def speed(self) -> float:
        """Seconds of stream that came in a second."""
        (began, first, _), (ended, last, _) = self.looks[0], self.looks[-1]
        return (last - first) / (ended - began)


class _Counting:
    """Implements `bci.source.Source`: counts the markers that another one brings."""

    def __init__(self, source: "Source", n_markers: int) -> None:
        import numpy as np

        self._source = source
        self.heard = np.zeros(n_markers, np.int64)

    @property
    def spec(self) -> "StreamSpec":
        return self._source.spec

    def pull(self, timeout: float, rest: float = 0.0) -> "Batch | None":
        batch = self._source.pull(timeout, rest)
        for marker in () if batch is None else batch.markers:
            if (number := number_of(marker.value)) is not None:
                self.heard[number] += 1
        return batch

    def close(self) -> None:
        self._source.close()


def _let_run(folder: Path, name: str, n_markers: int, minutes: float, progress: "OnStep") -> _Ran:
    """Let a process decode the device to its end."""
    from bci.cli.latency_turn import answer

    context = multiprocessing.get_context("spawn")
    pipe, theirs = context.Pipe()
    process = context.Process(
        target=_decode, args=(theirs, folder, name, n_markers), name="bci-decode", daemon=True
    )
    process.start()
    theirs.close()  # so that its end is seen here
    try:
        while isinstance(told := answer(pipe), float):
            progress(round(told / 60), round(minutes))
        process.join(PATIENCE)
    finally:
        if process.is_alive():
            process.kill()
    ran: _Ran = told
    return ran


def _decode(pipe: Any, folder: Path, name: str, n_markers: int) -> None:
    from bci.errors import BciError

    try:
        pipe.send(_decoded(pipe, folder, name, n_markers))
    except BciError as error:  # anything else says where it happened on the terminal, and the pipe ends
        pipe.send(str(error))


def _decoded(pipe: Any, folder: Path, name: str, n_markers: int) -> _Ran:
    """Decode with what `bci live` is made of, headless, until the device ends."""
    from rich.console import Console

    from bci.cli.live import Live, beside_decisions, conclude
    from bci.cli.live_session import make_session, settings_of
    from bci.cli.opening import get_ready, open_all
    from bci.folder import log_to, make_folder, write_session
    from bci.footprint import footprint

    options = Live(
        bundle=folder / "bundle",
        streams=(name,),
        markers=(f"{name}-markers",),
        events=folder / "events.toml",
        until_end=True,
        headless=True,
        out=folder / "out",
    )
    get_ready(dashboard=False)
    opened = open_all(options, can_hold=False)
    counting = _Counting(opened.source, n_markers)
    opened = replace(opened, source=counting)
    out = make_folder(options.out, opened.folder.name)
    looks: list[tuple[float, float, Footprint]] = []
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere, log_to(out):
        console = Console(file=nowhere)
        write_session(out, settings_of(options, opened))
        viewed = make_session(options, opened, out, console, seen=False, outlet=f"bci-decisions-{name}")
        session, began, worked = viewed.session, time.monotonic(), time.process_time()
        session.start()
        while not session.wait(LOOK):
            seconds = session.snapshot().samples / RATE
            looks.append((time.monotonic(), seconds, footprint()))
            pipe.send(seconds)
        cpu = (time.process_time() - worked) / (time.monotonic() - began)
        summary = session.finish() | beside_decisions(opened, viewed)
        conclude(summary, None, out, console)
    session.raise_error()
    return _Ran(looks, counting.heard, summary, session.snapshot().missing / RATE, cpu)


# ---------------------------------------------------------------------------------------- what came of it


def tenths(looks: Sequence[float]) -> tuple[float, ...]:
    """Return the median of each tenth of a run: what lasts, and neither peaks nor noise."""
    n = len(looks)
    parts = (looks[n * i // 10 : max(n * i // 10 + 1, n * (i + 1) // 10)] for i in range(10))
    return tuple(statistics.median(part) for part in parts)


def _summed_up(
    ran: _Ran,
    lines: list[dict[str, Any]],
    alive: list[Alive],
    minutes: float,
    device: "DeviceOptions",
    faults: str,
) -> Soak:
    import numpy as np

    from bci.cli.latency_turn import percentiles
    from bci.trend import trend
    from bci.types import Status

    numbers = [number for line in lines if (number := number_of(line["marker"])) is not None]
    decided = np.bincount(np.array(numbers, np.int64), minlength=len(ran.heard))
    became = account(alive, ran.heard, decided)
    status = Counter(line["status"] for line in lines)
    start = min((line["onset"] for line in lines), default=0.0)
    warm = min(WARM_UP, minutes * 60 * 0.1)
    ranked = [line for line in lines if line["top"] and line["onset"] - start >= warm]
    times = np.array([line["onset"] - start for line in ranked])
    latency = np.array([line["latency_ms"] for line in ranked])
    looks = [taken for _, seconds, taken in ran.looks if seconds >= warm]
    if not (looks and ranked):
        raise SessionError("expected decisions after the warm-up, got none: run it again with nothing beside it")
    anonymous = [look.anonymous / 1e6 for look in looks if look.anonymous is not None]
    memory = tenths(anonymous) if anonymous else ()
    return Soak(
        minutes=minutes,
        speed=device.speed,
        reached_speed=round(ran.speed, 2),
        faults=faults,
        seed=device.seed,
        restarts=len(alive) - 1,
        sent=became.sent,
        away=became.away,
        back_s=round(became.longest_away / device.speed, 2),
        astray=became.astray,
        undecided=became.undecided,
        unwritten=ran.summary["unwritten"],
        lost=became.astray + became.undecided + ran.summary["unwritten"],
        decisions={str(each): status[str(each)] for each in Status},
        given_up=status["dropped"] - int(np.maximum(ran.heard - 1, 0).sum()),
        ended=ran.summary["ended"],
        missing_s=round(ran.missing, 3),
        latency_ms=percentiles(latency / 1e3),
        latency_trend=trend(times / 3600, latency),
        anon_mb=tuple(round(megabytes, 2) for megabytes in memory),
        anon_growth_mb=round(memory[-1] - memory[0], 2) if memory else None,
        threads=(looks[0].threads, looks[-1].threads),
        files=(looks[0].files, looks[-1].files),
        cpu=round(ran.cpu, 3),
    )


def say(soak: Soak) -> None:
    """Print what was measured."""
    print(
        f"{soak.minutes:g} minutes of stream at {soak.reached_speed:g} times speed, faults {soak.faults}, "
        f"seed {soak.seed}: {soak.sent} events sent, {soak.lost} lost; {soak.away} sent while nobody could hear "
        f"them, in {soak.restarts} restarts, heard again within {soak.back_s:.1f} s"
    )
    decisions = ", ".join(f"{n} {status}" for status, n in soak.decisions.items())
    print(f"decisions: {decisions} ({soak.given_up} for overload); ended: {soak.ended}")
    if soak.anon_growth_mb is not None:
        print(
            f"memory grew by {soak.anon_growth_mb:.1f} MB (at most {MOST_GROWTH:g}), from {soak.anon_mb[0]:.0f} MB"
        )
    print(f"latency {', '.join(f'{name} {ms:.2f}' for name, ms in soak.latency_ms.items())} ms; {_in_words(soak)}")
    (threads, at_last), (files, left) = soak.threads, soak.files
    print(f"threads {threads} -> {at_last}, open files {files} -> {left}; of a core: {soak.cpu:.0%}")


def _in_words(soak: Soak) -> str:
    trend = soak.latency_trend
    if trend is None:
        return "too short to tell a trend"
    sure = f"{trend.slope:+.3f} [{trend.low:+.3f}, {trend.high:+.3f}] ms an hour, {trend.change:+.3f} ms in all"
    return f"{'a trend of' if trend.found else 'no trend:'} {sure}"
