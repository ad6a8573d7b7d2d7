"""`bci live`: decode a live stream."""

import logging
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import tyro

if TYPE_CHECKING:
    from rich.console import Console

    from bci.cli.opening import Opened
    from bci.conductor import Conductor, Watch, Watched
    from bci.types import Decision, DecoderSpec, Recording
    from bci.viewing import LocalSession

__all__ = ["Live", "can_show", "conduct", "listen", "main", "no_dashboard", "no_screen", "run"]

_LOG = logging.getLogger(__name__)

_REFRESH = 0.5  # seconds between two looks at the session; drawing takes time from the decoder

DESCRIPTION = """Decode a live stream: each event becomes a ranked list of concepts.

It opens the dashboard; with --headless, or where there is no screen, it shows the session in the terminal.

examples:
  bci live my-bundle                         choose a stream in the dashboard; headless: the only one in sight
  bci live my-bundle --stream EPOC-1         by name or source id
  bci live my-bundle --until-end --out run1  stop with the sender; everything stays in run1
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
    stream: str | None = None
    """Name or source id of the EEG stream; by default it is chosen in the dashboard, or the only one in sight."""
    markers: tuple[str, ...] = ()
    """Names of marker streams; by default all in sight."""
    bank: Path | None = None
    """Rank against this bank instead of the bundle's own."""
    until_end: bool = False
    """Stop at the sender's end marker, or when the stream has been lost for 10 s."""
    reference: Path | None = None
    """Afterwards decode this recording from its file and compare."""
    stream_reference: str | None = None
    """Recording reference, where the stream does not say it."""
    attach: bool = False
    """Show a session that decodes elsewhere, in another process or on another computer, from its decisions and the
    EEG stream; --stream then names its decision stream. Figures are from the moment of attaching."""
    headless: bool = False
    """Show the session in the terminal and open no window."""
    hide_truth: bool = False
    """Leave out what was shown, on the screen and on the wire: a participant may see it."""
    network: bool = False
    """Find streams on, and publish decisions to, the whole network; LSL is plain text."""
    file: Path | None = None
    """Decode this recording in this process instead of a stream: it can be paused, scrubbed and sped up."""
    budget_ms: float = 50.0
    """Decisions that take longer are marked late."""
    out: Path | None = None
    """Session folder; by default sessions/DATE-BUNDLE."""


def main(argv: list[str]) -> int:
    """Run `bci live`."""
    options = tyro.cli(Live, args=argv, prog="bci live", description=DESCRIPTION)
    from bci.terminal import Screen

    _check(options)
    _check_files(options)
    console = Screen()
    if not options.headless and can_show(console):
        _show(options, console)
    elif options.attach:
        listen(options, console)
    else:
        run(options, console)
    return 0


def _check(options: Live) -> None:
    from bci.errors import ConfigError

    if (options.bundle is None) != options.attach:
        raise ConfigError("expected a BUNDLE to decode with, or --attach to show a session that runs elsewhere")
    if options.file is not None and options.stream is not None:
        raise ConfigError("expected --file or --stream, got both: one of them is decoded")


def _check_files(options: Live) -> None:
    """Refuse before a window opens what no session could begin with."""
    from bci.cli.opening import load_whole
    from bci.errors import FormatError
    from bci.storage import refuse_non_empty

    if options.bundle is not None:
        load_whole(options.bundle, options.bank)
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
            run(replace(options, stream=stream or options.stream), console, watch, extra, folder)

    return Conductor(play, hold=hold)


def listen(options: Live, console: "Console", watch: "Watch | None" = None) -> None:
    """Show a session that decodes elsewhere until it ends, or nobody looks any more; it is left alone."""
    from bci.attached import attach
    from bci.lsl import configure
    from bci.terminal import print_summary

    configure(network=options.network)
    session = attach(options.stream)
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

    Returns
    -------
    summary
        What `summary.json` holds.
    """
    from bci.cli.opening import get_ready, open_all
    from bci.folder import log_to, make_folder, write_session
    from bci.storage import refuse_non_empty
    from replay.readers import open_recording

    if options.out is not None:
        refuse_non_empty(options.out)
    recording = None if options.reference is None else open_recording(options.reference)
    get_ready(dashboard=watch is not None)
    opened = open_all(options, can_hold=watch is not None)
    try:
        folder = folder or make_folder(options.out, opened.folder.name)
    except BaseException:
        opened.source.close()
        raise
    kept = None if recording is None else _Kept()
    with log_to(folder):
        write_session(folder, _settings(options, opened))
        viewed = _session(options, opened, folder, kept, seen=watch is not None)
        session = viewed.session
        summary = (watch or _in_terminal(console, options))(session, viewed) | dict(extra or {})
        if viewed.recordings is not None:
            viewed.recordings.close()
        compare = None if recording is None else lambda: _parity(recording, options, opened, kept)
        _conclude(summary, compare, folder, console)
    session.raise_error()
    return summary


def _session(options: Live, opened: "Opened", folder: Path, kept: "_Kept | None", *, seen: bool) -> "LocalSession":
    """Put a session together; a dashboard that will show it is told what it needs to know.

    Decisions go to the record first, then to the wire; only the wire hides the truth.
    """
    from bci.cli.about import describe
    from bci.cli.opening import read_gallery
    from bci.clock import lsl_clock
    from bci.history import History
    from bci.recordings import Recordings
    from bci.session import Session
    from bci.sinks.jsonl import JsonlSink
    from bci.sinks.outlet import OutletSink
    from bci.viewing import LocalSession
    from bci.wire import Header

    about = describe(options, opened, folder, seen=seen)
    header = Header(opened.decoder.spec)
    outlet = OutletSink(replace(header, hide_truth=options.hide_truth), about=about, order=opened.order)
    stream = opened.source.spec
    history = History(stream.sfreq, len(stream.channels) if seen else 0)
    session = Session(
        opened.source,
        opened.epocher,
        opened.decoder,
        [JsonlSink(folder / "decisions.jsonl", header), outlet, *([] if kept is None else [kept])],
        lsl_clock,
        budget=options.budget_ms / 1e3,
        queue=1 if opened.bundle.events.mode == "sliding" else 8,
        until_end=options.until_end,
        paradigm=opened.paradigm,
        history=history if seen else None,
    )
    recordings = None
    if seen and opened.player is None:
        streams = (stream.source_id or stream.name, *opened.marker_streams, outlet.source_id)
        recordings = Recordings(folder, streams, network=options.network)
    reader = None if opened.decoder.prototypes is None else partial(read_gallery, opened.bundle)
    return LocalSession(session, about, history, opened.player, recordings, reader)


def _in_terminal(console: "Console", options: Live) -> "Watch":
    return lambda session, viewed: _watch(session, viewed.about.decoder, console, hide_truth=options.hide_truth)


def _conclude(
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

    def put(self, decision: "Decision") -> None:
        self.decisions.append(decision)

    def close(self) -> None:
        """Nothing is held open."""


def _watch(session: "Watched", decoder: "DecoderSpec", console: "Console", *, hide_truth: bool) -> dict[str, Any]:
    """Show the session until it ends; return its summary."""
    from bci.interrupt import ended_by_signals
    from bci.terminal import TerminalView

    with (
        ended_by_signals(lambda: session.stop("interrupted")),
        TerminalView(console, decoder, hide_truth=hide_truth) as view,
    ):
        session.start()
        console.print("decoding; Ctrl-C ends", highlight=False)
        while not session.wait(_REFRESH):
            view.show(session.snapshot())
        summary = session.finish()
        view.show(session.snapshot())
    return summary


def _parity(recording: "Recording", options: Live, opened: "Opened", kept: "_Kept | None") -> dict[str, Any]:
    """Decode the recording that was streamed and compare."""
    from bci.array_source import ArraySource
    from bci.cli.opening import make_epocher
    from bci.clock import lsl_clock
    from bci.deciding import decode_all
    from bci.parity import compare

    source = ArraySource(recording, clock=lsl_clock, reference=options.stream_reference)
    epocher = make_epocher(opened.bundle, opened.decoder, source.spec, lsl_clock)
    offline = decode_all(source, epocher, opened.decoder, lsl_clock)
    return asdict(compare([] if kept is None else kept.decisions, offline))


def _settings(options: Live, opened: "Opened") -> dict[str, Any]:
    from importlib.metadata import version

    bundle, decoder, stream = opened.bundle, opened.decoder, opened.source.spec
    return {
        "bci-live": version("bci-live"),
        "model": decoder.spec.model,
        "bank": decoder.spec.bank,
        "whitening": bundle.whitening_id,
        "preprocess": bundle.preprocess.digest,
        "budget_ms": options.budget_ms,
        "network": options.network,
        "stream": {
            "name": stream.name,
            "source_id": stream.source_id,
            "sfreq": stream.sfreq,
            "channels": list(stream.labels),
            "reference": stream.reference,
        },
        "events": bundle.events.model_dump(mode="json"),
        "quality": bundle.quality.model_dump(mode="json"),
    }
