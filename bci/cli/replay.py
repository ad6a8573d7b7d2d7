"""`bci replay`: stream a recording as a simulated device."""

from dataclasses import dataclass
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING

import tyro

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from bci.types import Recording

__all__ = ["Replay", "main"]

DESCRIPTION = """Stream a recording over LSL, as an amplifier with a marker program beside it would.

examples:
  bci replay session.xdf                        then, in another terminal: bci live BUNDLE --until-end
  bci replay sessions/20260101-101500-faces     what a session recorded, from its first sample on
  bci replay rec.csv.gz --name EPOC-1           under another name
  bci replay rec.vhdr --speed 10 --wait 0       ten times as fast, whether anybody listens or not
  bci replay session.xdf --stream EEG-2         one of several streams
  bci replay sub-01/ses-01/raw_eeg_test.npy     THINGS-EEG2 at 1 kHz, with its trigger channel
  bci replay session.xdf --device emotivpro     as EmotivPRO would send it, with all its peculiarities
  bci replay session.xdf --faults bad-day --seed 7           with gaps, restarts, late markers and more
  bci replay session.xdf --faults "gaps.per_minute = 2; stamps.jitter = 0.02"

Waits until both streams have a consumer, ends with the marker bci:end, and stays until the consumers have left.
What a trigger channel of the recording tells is not sent as a marker too. Epochs are played end to end, which is
neither causal nor in their original order. Stamps are exact stream time at any speed. Exit codes: 0 played to the
end, 2 no such recording or nobody came."""


@dataclass(frozen=True)
class Replay:
    """Options of `bci replay`."""

    file: tyro.conf.Positional[Path]
    """The recording: BrainVision, EDF, FIF, SET, BIDS, XDF, Muse CSV, THINGS-EEG2; or the folder of a session."""
    speed: float = 1.0
    """Seconds of the recording in a second."""
    name: str | None = None
    """Of the EEG stream, by default bci-replay or as the device calls it; the marker stream is NAME-markers."""
    device: str | None = None
    """Speak the dialect of this device: emotivpro, acticham, acticham-strings, muse or generic."""
    delay: float | None = None
    """Seconds by which that device stamps too late; by default as its profile says."""
    faults: str | None = None
    """What goes wrong: a TOML file, one of configs/faults by its name, or TOML text with ; between lines."""
    seed: int = 0
    """Of all that varies by chance: the same seed, the same faults."""
    chunk: int | None = None
    """Samples a push; by default what comes in a fiftieth of a second, or what the device is used to."""
    wait: float = 60.0
    """Seconds to wait until both streams have consumers; 0 plays to nobody."""
    stream: str | None = None
    """Which stream of an XDF file, by name, source id or number, where it holds several."""
    network: bool = False
    """Offer the streams to the whole network, not to this computer alone; LSL is plain text."""


def main(argv: list[str]) -> int:
    """Run `bci replay`."""
    options = tyro.cli(Replay, args=argv, prog="bci replay", description=DESCRIPTION)
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    from bci.errors import ConfigError
    from replay.device import DeviceOptions, play
    from replay.dialects import DIALECTS, NAMES, usual_delay
    from replay.faults import read_faults
    from replay.readers import open_recording

    if not 0 < options.speed < inf or (options.chunk is not None and options.chunk < 1) or options.wait < 0:
        raise ConfigError("expected --speed above 0, --chunk of at least 1 and --wait of at least 0: correct them")
    if options.device not in (None, *DIALECTS):
        raise ConfigError(f"expected --device to be one of {', '.join(DIALECTS)}; got {options.device!r}")
    if options.delay is not None and options.device is None:
        raise ConfigError("expected --delay with --device: a recording as it is has none")
    recording = open_recording(options.file, options.stream)
    device = DeviceOptions(
        name=options.name or NAMES[options.device or "generic"],
        device=options.device,
        delay=options.delay if options.delay is not None else usual_delay(options.device or "generic"),
        faults=None if options.faults is None else read_faults(options.faults),
        seed=options.seed,
        speed=options.speed,
        chunk=options.chunk,
        wait=options.wait,
        network=options.network,
    )
    console = Console(stderr=True)
    n_channels, seconds = len(recording.channels), len(recording.data) / recording.sfreq
    stream = f", stream {told}" if (told := recording.provenance.get("stream")) else ""
    console.print(
        f"{options.file.name}{stream}: {n_channels} channels, {recording.sfreq:g} Hz, {seconds:.0f} s, "
        f"{len(recording.markers)} markers{_order(recording)} -> {device.name}"
        + (f", with faults (seed {device.seed})" if device.faults else "")
        + (", open to the network" if options.network else ", on this computer only (--network opens it)"),
        highlight=False,
        markup=False,
        soft_wrap=True,
    )
    for caveat in recording.provenance.get("caveats", ()):
        console.print(f"  {caveat}", highlight=False, markup=False, soft_wrap=True)
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed:.0f} s"))
    with Progress(*columns, TimeRemainingColumn(), console=console) as bar:
        task = bar.add_task("waiting", total=None)
        play(recording, device, progress=lambda *news: _show(bar, task, *news))
    return 0


def _order(recording: "Recording") -> str:
    return f", {recording.provenance['order']}" if "order" in recording.provenance else ""


def _show(bar: "Progress", task: "TaskID", what: str, played: float, total: float) -> None:
    bar.update(task, description=what, completed=played, total=None if what == "waiting" else total)
