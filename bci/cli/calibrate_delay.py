"""`bci calibrate-delay`: measure how late the stamps of a device are."""

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import tyro

if TYPE_CHECKING:
    from rich.console import Console

    from bci.device_delay import MeasuredDelay
    from bci.devices import Delay, DeviceProfile
    from bci.event_watch import EventWatch
    from bci.lsl_source import LslSource

__all__ = ["CalibrateDelay", "main"]

DESCRIPTION = """Measure a device's constant delay: from an event to the stamp of the sample that shows it.

A program sends markers, and a channel of the device sees the same events: a photodiode on the patch of the screen
that turns white at the marker, or a cable that brings the trigger to an AUX input. The delay is the median of what
lies between them; it is refused if events are too few, do not belong together, or vary too much.

examples:
  bci calibrate-delay --stream actiCHamp-08060112 --channel AUX1 --out lab-acticham.toml
  bci calibrate-delay --channel AUX1 --lock flash --events 120
  bci calibrate-delay --file photodiode.xdf --channel AUX1 --device acticham --out lab-acticham.toml
  bci live my-bundle --device lab-acticham.toml

Events must come at least 0.1 s apart, better a second at irregular intervals. Triggers that the device itself
tells are as late as its samples and measure nothing. Exit codes: 0 measured, 2 channel or markers say nothing."""


@dataclass(frozen=True)
class CalibrateDelay:
    """Options of `bci calibrate-delay`."""

    channel: str
    """Label of the channel that sees the events."""
    stream: str | None = None
    """Name or source id of the EEG stream; by default the only one in sight."""
    file: Path | None = None
    """Measure in this recording instead; its markers are those of samples, so exact to half a sample each."""
    markers: tuple[str, ...] = ()
    """Names of marker streams; by default all in sight."""
    lock: tuple[str, ...] = (".*",)
    """Regular expressions of the markers that stand for an event."""
    events: int = 60
    """How many of them to wait for; at least 20."""
    minutes: float = 10.0
    """How long to wait for them at most."""
    edge: Literal["auto", "up", "down"] = "auto"
    """Where the channel goes at an event; by default away from where it mostly is."""
    within: tuple[float, float] = (-0.1, 0.5)
    """Seconds after the marker in which the event is looked for."""
    device: str | None = None
    """Profile to put the delay in: a name or a TOML file; by default that of the stream, of a file generic."""
    out: Path | None = None
    """Write the profile with the measured delay to this file, for --device of bci live."""
    network: bool = False
    """Find streams on the whole network."""


def main(argv: list[str]) -> int:
    """Run `bci calibrate-delay`."""
    options = tyro.cli(CalibrateDelay, args=argv, prog="bci calibrate-delay", description=DESCRIPTION)
    from rich.console import Console

    from bci.device_delay import measure_delay
    from bci.device_files import load_device, save_device
    from bci.steps import step_times

    _check(options)
    console = Console()
    given = None if options.device is None else load_device(options.device)
    watch, profile = _of_stream(options, given) if options.file is None else _of_file(options, given)
    steps = step_times(watch.values, watch.times, watch.n_events, options.edge)
    measured = measure_delay(watch.events, steps, watch.sfreq, options.within)
    _print(console, measured, profile, options)
    if options.out is not None:
        save_device(options.out, profile.model_copy(update={"delay": _delay(measured, options)}))
        console.print(f"written: {options.out}", highlight=False, markup=False)
    return 0


def _check(options: CalibrateDelay) -> None:
    from bci.device_delay import FEWEST
    from bci.errors import ConfigError

    if options.file is not None and options.stream is not None:
        raise ConfigError("expected --file or --stream, got both: one of them is measured")
    if options.events < FEWEST:
        raise ConfigError(
            f"expected at least {FEWEST} --events, got {options.events}: a median of fewer says little"
        )
    if options.within[0] >= options.within[1] or not options.minutes > 0:
        raise ConfigError("expected --within EARLIEST LATEST in order and --minutes above 0: correct them")
    for pattern in options.lock:
        try:
            re.compile(pattern)
        except re.error as error:
            raise ConfigError(f"--lock: {pattern!r} is no regular expression: {error}") from None
    if options.out is not None and options.out.exists():
        raise ConfigError(f"{options.out} exists already: name another file with --out")


def _of_file(options: CalibrateDelay, profile: "DeviceProfile | None") -> "tuple[EventWatch, DeviceProfile]":
    from bci.array_source import ArraySource
    from bci.devices import GENERIC
    from bci.event_watch import EventWatch
    from replay.readers import open_recording
    from replay.told import told_by_triggers

    assert options.file is not None  # noqa: S101 (for the type checker)
    recording = open_recording(options.file)
    told = told_by_triggers(recording)
    programs = tuple(marker for marker in recording.markers if marker not in told)
    source = ArraySource(replace(recording, markers=programs), chunk=4096, name=options.file.name)
    watch = EventWatch(source.spec, options.channel, options.lock)
    while (batch := source.pull(0.0)) is not None:
        watch.feed(batch)
    return watch, profile or GENERIC


def _of_stream(options: CalibrateDelay, profile: "DeviceProfile | None") -> "tuple[EventWatch, DeviceProfile]":
    from bci.event_watch import EventWatch
    from bci.lsl import configure
    from bci.lsl_source import LslSource

    configure(network=options.network)
    source = LslSource(options.stream, markers=options.markers or None, device=profile)
    try:
        watch = EventWatch(source.spec, options.channel, options.lock, source.device.sends_markers)
        _listen(source, watch, options)
    finally:
        source.close()
    return watch, source.device


def _listen(source: "LslSource", watch: "EventWatch", options: CalibrateDelay) -> None:
    """Until there are enough events, time is over, the sender ends, or Ctrl-C; what has come by then counts."""
    from threading import Event
    from time import monotonic

    from bci.cli.progress import progress_bar
    from bci.interrupt import ended_by_signals

    stopped, end = Event(), monotonic() + 60 * options.minutes
    title = f"{source.spec.name}, {options.channel}: events"
    with ended_by_signals(stopped.set), progress_bar(title) as show:
        while not (stopped.is_set() or monotonic() > end or watch.complete(options.events, 2 * options.within[1])):
            if (batch := source.pull(0.1)) is None:
                break
            watch.feed(batch)
            show(min(watch.n_events, options.events), options.events, batch.reason)


def _print(
    console: "Console", measured: "MeasuredDelay", profile: "DeviceProfile", options: CalibrateDelay
) -> None:
    from rich.table import Table

    table = Table.grid(padding=(0, 2))
    spread = f"quartiles {measured.iqr * 1e3:.2f} ms apart, 95 % within {measured.p95 * 1e3:.2f} ms"
    strangers = (
        f"{measured.unmatched_markers} markers without a step, {measured.unmatched_steps} steps without one"
    )
    table.add_row("device", profile.name)
    table.add_row("delay", str(_delay(measured, options)))
    table.add_row("single events", spread)
    table.add_row("events", f"{measured.events}; {strangers}")
    table.add_row("until now", str(profile.delay))
    console.print(table, highlight=False, markup=False)


def _delay(measured: "MeasuredDelay", options: CalibrateDelay) -> "Delay":
    import datetime as dt

    from bci.devices import Delay

    day = dt.datetime.now().astimezone().date().isoformat()
    return Delay(
        seconds=round(measured.seconds, 6),
        interval=(round(measured.low, 6), round(measured.high, 6)),
        source=f"measured on {day} in channel {options.channel}: median of {measured.events} events, quartiles "
        f"{measured.iqr * 1e3:.2f} ms apart",
    )
