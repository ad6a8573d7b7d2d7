"""`bci live`: decode a live stream."""

import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import tyro

if TYPE_CHECKING:
    from rich.console import Console

    from bci.cli.opening import Opened
    from bci.conductor import Conductor, Watch, Watched
    from bci.devices import DeviceProfile
    from bci.types import Decision, Recording
    from bci.viewing import LocalSession, Viewed

__all__ = [
    "Live",
    "beside_decisions",
    "can_show",
    "conclude",
    "conduct",
    "device_in_words",
    "listen",
    "main",
    "no_dashboard",
    "no_screen",
    "run",
]

_REFRESH = 0.5  # seconds between two looks at the session; drawing takes time from the decoder

DESCRIPTION = """Decode a live stream: each event becomes a ranked list of concepts.

It opens the dashboard; with --headless, or where there is no screen, it shows the session in the terminal.

examples:
  bci live my-bundle                         choose a stream in the dashboard; headless: the only one in sight
  bci live my-bundle --stream EPOC-1         by name or source id
  bci live my-bundle --until-end --out run1  stop with the sender; everything stays in run1
  bci live my-bundle --record --person P07   record everything from the first sample on
  bci live my-bundle --calibration latest    as bci calibrate has fitted the decoder to a person
  bci live my-bundle --stream A --stream B --headless     two people, one decoder, a session each (hyperscanning)
  bci live my-bundle --file S1.xdf           decode a file in the dashboard: pause, scrub, step, speed
  bci live --attach                          look at a session that runs in another process or on another computer

Ctrl-C ends the session in order, a second one at once. Exit codes: 0 the session ended in order (Ctrl-C, the
sender's end, or with --until-end a stream lost for 10 s; summary.json says which), 1 something failed while it
ran, 2 it could not begin or the stream contradicts what it declares, 130 ended at once."""


@dataclass(frozen=True)
class Live:
    """Options of `bci live`."""

    bundle: tyro.conf.Positional[Path | None] = None
    """Folder of a trained decoder."""
    streams: tyro.conf.UseAppendAction[
        Annotated[tuple[str, ...], tyro.conf.arg(name="stream", metavar="NAME")]
    ] = ()
    """Name or source id of the EEG stream; by default it is chosen in the dashboard, or the only one in sight.
    Repeated for several: they are decoded by one decoder, each in a session of its own."""
    markers: tuple[str, ...] = ()
    """Names of marker streams; by default all in sight. Of several EEG streams each hears those whose names begin
    with its own, and those that begin with none of theirs."""
    bank: Path | None = None
    """Rank against this bank instead of the bundle's own."""
    calibration: str = "none"
    """Id of a person's calibration that stands beside the bundle, `latest`, or `none`."""
    until_end: bool = False
    """Stop at the sender's end marker, or when the stream has been lost for 10 s."""
    reference: Path | None = None
    """Afterwards decode this recording from its file and compare."""
    device: str | None = None
    """How the stream is to be understood: a profile of `bci devices` or a TOML file; by default recognised."""
    stream_reference: str | None = None
    """Recording reference, where the stream does not say it."""
    attach: bool = False
    """Show a session that decodes elsewhere, in another process or on another computer, from its decisions and the
    EEG stream; --stream then names its decision stream. Figures are from the moment of attaching."""
    headless: bool = False
    """Show the session in the terminal and open no window."""
    typed: bool = False
    """Headless: take pause, resume, exclude SECONDS and note TEXT from the standard input, a line each."""
    hide_truth: bool = False
    """Leave out what was shown, on the screen and on the wire: a participant may see it."""
    wait: float = 5.0
    """Seconds to wait for streams that are not in sight yet, as where the amplifier is switched on later."""
    network: bool = False
    """Find streams on, and publish decisions to, the whole network; LSL is plain text."""
    file: Path | None = None
    """Decode this recording in this process instead of a stream: it can be paused, scrubbed and sped up."""
    events: Path | None = None
    """TOML file with keys of [events] that replace the bundle's own, as where a trigger tells the time of an event
    and another stream its label (time_from, label_from, lock)."""
    group: str | None = None
    """Regular expression that names the presentation an event repeats, by its part (?P<group>...); by default the
    bundle's own. '(?P<group>.+)': events of one value are repeats, as where a known picture returns."""
    alpha: float | None = None
    """Evidence over repeats suffices when the best concept is wrong with at most this probability."""
    at_most: int | None = None
    """Repeats of a presentation after which no more evidence is taken in."""
    reconstruct: Path | None = None
    """What `bci reconstruct train` wrote for this bundle: pictures are generated of decisions, in a pane of the
    dashboard; no decision waits for them."""
    accept_mismatch: bool = False
    """Decode a continuous stream although the decoder was trained on data that exist only as epochs; this is shown
    in red, and stands in the summary."""
    budget_ms: float = 50.0
    """Decisions that take longer are marked late."""
    bad_channels: Literal["flag", "make-up", "ignore"] | None = None
    """What is done about a channel that is flat, saturated or full of line noise: `flag` decisions that meet it,
    `make-up` the channel from the others until it is good again, or `ignore` it; by default as the bundle says."""
    record: bool = False
    """Record EEG, markers, decisions and journal to recording.xdf from the first sample on."""
    person: str | None = None
    """Code of the participant, such as P07, never a name."""
    out: Path | None = None
    """Session folder; by default sessions/DATE-[PERSON-]BUNDLE. With several streams it holds one for each."""

    @property
    def stream(self) -> str | None:
        """The stream that was named, None if none was."""
        return self.streams[0] if self.streams else None


def main(argv: list[str]) -> int:
    """Run `bci live`."""
    options = tyro.cli(Live, args=argv, prog="bci live", description=DESCRIPTION)
    from bci.cli.several import run_several
    from bci.terminal import Screen

    _check(options)
    _check_files(options)
    console = Screen()
    if len(options.streams) > 1:
        run_several(options, console)
    elif not options.headless and can_show(console):
        _show(options, console)
    elif options.attach:
        listen(options, console)
    else:
        run(options, console)
    return 0


def _check(options: Live) -> None:
    from bci.cli.several import check_several
    from bci.errors import ConfigError
    from bci.participant import check_code

    if (options.bundle is None) != options.attach:
        raise ConfigError("expected a BUNDLE to decode with, or --attach to show a session that runs elsewhere")
    if options.file is not None and options.stream is not None:
        raise ConfigError("expected --file or --stream, got both: one of them is decoded")
    if options.record and (options.file is not None or options.attach):
        raise ConfigError(
            "expected a stream to record, got --file or --attach: a file is one already, and what is "
            "decoded elsewhere is recorded there"
        )
    if options.attach and (options.accept_mismatch or options.reconstruct):
        raise ConfigError(
            "expected --accept-mismatch and --reconstruct where it decodes, got --attach: leave them out here"
        )
    if options.reconstruct and options.headless:
        raise ConfigError(
            "expected a dashboard that shows pictures, got --reconstruct with --headless: leave one out"
        )
    if options.person is not None:
        check_code(options.person)
    if len(options.streams) > 1:
        check_several(options)
    if options.device is not None and (options.file is not None or options.attach):
        raise ConfigError(
            "expected --device with a stream that is decoded here: leave it out, or --file and --attach"
        )


def _check_files(options: Live) -> None:
    """Refuse before a window opens what no session could begin with."""
    from bci.cli.opening import load_whole
    from bci.device_files import load_device
    from bci.errors import FormatError
    from bci.storage import refuse_non_empty

    if options.device is not None:
        load_device(options.device)
    if options.bundle is not None:
        load_whole(options.bundle, options.bank, options.group, options.calibration, options.events)
    if options.out is not None:
        refuse_non_empty(options.out)
    for file in (options.file, options.reference):
        if file is not None and not file.exists():
            raise FormatError(f"{file}: no such file")


def can_show(console: "Console") -> bool:
    """Whether a window can be opened here; says so if not."""
    if missing := no_dashboard() or no_screen():
        console.print(f"{missing}; showing the session in the terminal", highlight=False, markup=False)
    return not missing


def no_dashboard() -> str:
    """Say what is missing for the dashboard, and what to do; empty if nothing is."""
    from importlib.util import find_spec

    there = find_spec("PyQt6") is not None and find_spec("pyqtgraph") is not None
    return "" if there else 'the dashboard is not installed: pip install "bci-live[dashboard]"'


def no_screen() -> str:
    """Say that there is no screen; empty if there is one."""
    there = sys.platform != "linux" or {"DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"} & os.environ.keys()
    return "" if there else "there is no screen here"


def _show(options: Live, console: "Console") -> None:
    from gui.app import show

    pick = options.stream is None and options.file is None and not options.attach
    show(conduct(options, console, hold=pick), pick=pick)


def conduct(
    options: Live,
    console: "Console",
    *,
    hold: bool = False,
    extra: Mapping[str, Any] | None = None,
    folder: Path | None = None,
) -> "Conductor":
    """Make a conductor of sessions with these options; see `run` and `bci.conductor.Conductor`."""
    from bci.conductor import Conductor
    from bci.lsl import configure

    configure(network=options.network)  # a window asks for the time, and with that liblsl reads its settings

    def play(stream: str | None, watch: "Watch") -> None:
        if options.attach:
            listen(options, console, watch)
        else:
            run(replace(options, streams=(stream,) if stream else options.streams), console, watch, extra, folder)

    return Conductor(play, hold=hold)


def listen(options: Live, console: "Console", watch: "Watch | None" = None) -> None:
    """Show a session that decodes elsewhere until it ends, or nobody looks any more; it is left alone."""
    from bci.attached import attach
    from bci.lsl import configure
    from bci.terminal import print_summary

    configure(network=options.network)
    session = attach(options.stream, options.wait)
    try:
        summary = (watch or _in_terminal(console, options))(session, session)
    finally:
        session.close()
    print_summary(console, summary)


def run(
    options: Live,
    console: "Console",
    watch: "Watch | None" = None,
    extra: Mapping[str, Any] | None = None,
    folder: Path | None = None,
    outlet: str = "bci-decisions",
) -> dict[str, Any]:
    """Decode a stream to its end and write the session folder.

    Parameters
    ----------
    options
        See `Live`.
    console
        Where to show the session, unless `watch` does.
    watch
        Sees the session through to its end; None: the terminal does.
    extra
        Further fields of `summary.json`.
    folder
        Where to write, if the caller has made the folder already.
    outlet
        Name of the stream of decisions.

    Returns
    -------
    summary
        What `summary.json` holds.
    """
    from bci.cli.live_session import make_session, painting_of, settings_of
    from bci.cli.opening import get_ready, load_all, open_source
    from bci.folder import log_to, write_session
    from bci.storage import refuse_non_empty
    from replay.readers import open_recording

    if options.out is not None:
        refuse_non_empty(options.out)
    recording = None if options.reference is None else open_recording(options.reference)
    seen = watch is not None and not options.headless  # by a dashboard
    get_ready(dashboard=seen)
    loaded = load_all(options)
    with painting_of(options.reconstruct if seen else None, loaded.decoder) as painting:
        opened = open_source(options, loaded, can_hold=seen)
        _say_what_was_opened(opened, console)
        folder = folder or _make_folder(options, opened)
        kept = None if recording is None else _Kept()
        with log_to(folder):
            write_session(folder, settings_of(options, opened))
            viewed = make_session(
                options, opened, folder, console, kept, seen=seen, painting=painting, outlet=outlet
            )
            summary = (watch or _in_terminal(console, options))(viewed.session, viewed)
            summary |= beside_decisions(opened, viewed) | dict(extra or {})
            compare = None if recording is None else lambda: _parity(recording, options, opened, kept)
            conclude(summary, compare, folder, console)
    viewed.session.raise_error()
    if viewed.recordings is not None:
        viewed.recordings.close()  # it has ended; what is not whole is an error
    return summary


def _say_what_was_opened(opened: "Opened", console: "Console") -> None:
    from bci.cli.opening import calibrations_unused

    if unused := calibrations_unused(opened.bundle, opened.folder):
        console.print(unused, highlight=False, markup=False)
    if opened.device is not None:
        console.print(device_in_words(opened.device), highlight=False, markup=False)


def _make_folder(options: Live, opened: "Opened") -> Path:
    """Make the session folder; where that cannot be, what was opened is closed."""
    from bci.folder import make_folder

    try:
        return make_folder(options.out, opened.folder.name, options.person)
    except BaseException:
        opened.source.close()
        raise


def beside_decisions(opened: "Opened", viewed: "LocalSession") -> dict[str, Any]:
    """Return what `summary.json` says of the device, and of what was recorded."""
    recorded = None if viewed.recordings is None else viewed.recordings.summary()
    told = {"device_delay_ms": opened.source.spec.delay * 1e3}
    return told | ({"recordings": recorded} if recorded else {})


def device_in_words(device: "DeviceProfile") -> str:
    """Say what is known of a device."""
    delay = f"{device.delay} are subtracted from its times" if device.delay.seconds else "no delay is known"
    return f"device: {device.name}, {delay}"


def _in_terminal(console: "Console", options: Live) -> "Watch":
    return lambda session, viewed: _watch(session, viewed, console, options)


def conclude(
    summary: dict[str, Any], compare: Callable[[], dict[str, Any]] | None, folder: Path, console: "Console"
) -> None:
    """Write and print the summary, the comparison with the file among it."""
    from bci.storage import save_json
    from bci.terminal import print_summary

    try:
        save_json(folder / "summary.json", summary)  # the comparison takes a while and may be interrupted
        if compare is not None:
            summary["parity"] = compare()
            save_json(folder / "summary.json", summary)
    finally:
        print_summary(console, summary)
    console.print(f"session folder: {folder}", highlight=False, markup=False)


class _Kept:
    """A sink that keeps decisions, to compare them with those of the file."""

    def __init__(self) -> None:
        self.decisions: list[Decision] = []
        self.dropped = 0
        self.trouble = ""

    def put(self, decision: "Decision") -> None:
        self.decisions.append(decision)

    def close(self) -> None:
        """Nothing is held open."""


def _watch(session: "Watched", viewed: "Viewed", console: "Console", options: Live) -> dict[str, Any]:
    """Show the session until it ends; return its summary."""
    from bci.interrupt import ended_by_signals
    from bci.terminal import TerminalView

    with (
        ended_by_signals(lambda: session.stop("interrupted")),
        TerminalView(console, viewed.about, hide_truth=options.hide_truth) as view,
    ):
        session.start()
        if options.typed:
            _take_commands(session, console)
        console.print("decoding; Ctrl-C ends", highlight=False)
        if viewed.about.stopping is not None:
            console.print(f"repeats of a presentation: {viewed.about.stopping}", highlight=False, markup=False)
        while not session.wait(_REFRESH):
            view.show(session.snapshot())
            if viewed.recordings is not None:
                viewed.recordings.state()  # which tells of what goes wrong
        summary = session.finish()
        view.show(session.snapshot())
    return summary


def _take_commands(session: "Watched", console: "Console") -> None:
    """Do what is typed, and say what came of it."""
    from bci.typed import obey, read_lines

    read_lines(0, lambda line: console.print(obey(line, session), highlight=False, markup=False))


def _parity(recording: "Recording", options: Live, opened: "Opened", kept: "_Kept | None") -> dict[str, Any]:
    """Decode the recording that was streamed and compare."""
    from bci.array_source import ArraySource
    from bci.clock import lsl_clock
    from bci.offline import decode_all
    from bci.parity import compare
    from models.epocher import make_epocher

    source = ArraySource(recording, clock=lsl_clock, reference=options.stream_reference)
    epocher = make_epocher(opened.bundle, opened.decoder, source.spec, lsl_clock)
    offline = decode_all(source, epocher, opened.decoder, lsl_clock)
    live = [] if kept is None else [each for each in kept.decisions if each.decoder == opened.decoder.spec]
    return asdict(compare(live, offline))
