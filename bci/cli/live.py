"""`bci live`: decode a live stream."""

import gc
import logging
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import tyro

if TYPE_CHECKING:
    from rich.console import Console

    from bci.bank import Bank
    from bci.clock import Clock
    from bci.conductor import Conductor, Watch
    from bci.decoder import Decoder
    from bci.epochs import Epocher
    from bci.history import History
    from bci.player import Player
    from bci.randomisation import Randomisation
    from bci.session import Session
    from bci.sinks import Sink
    from bci.source import Source
    from bci.types import Decision, Recording, StreamSpec
    from models.bundle import Bundle

__all__ = ["Live", "can_show", "conduct", "main", "run"]

_LOG = logging.getLogger(__name__)

_REFRESH = 0.5  # seconds between two looks at the session; drawing takes time from the decoder

DESCRIPTION = """Decode a live stream: each event becomes a ranked list of concepts.

It opens the dashboard; with --headless, or where there is no screen, it shows the session in the terminal.

examples:
  bci live my-bundle                         choose a stream in the dashboard; headless: the only one in sight
  bci live my-bundle --stream EPOC-1         by name or source id
  bci live my-bundle --until-end --out run1  stop with the sender; everything stays in run1
  bci live my-bundle --file S1.xdf           decode a file in the dashboard: pause, scrub, step, speed

Ctrl-C ends the session in order, a second one at once. Exit codes: 0 the session ended in order (Ctrl-C, the
sender's end, or with --until-end a stream lost for 10 s; summary.json says which), 1 something failed while it
ran, 2 it could not begin or the stream contradicts what it declares, 130 ended at once."""


@dataclass(frozen=True)
class Live:
    """Options of `bci live`."""

    bundle: tyro.conf.Positional[Path]
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

    console = Screen()
    if options.headless or not can_show(console):
        run(options, console)
    else:
        _show(options, console)
    return 0


def can_show(console: "Console") -> bool:
    """Whether a window can be opened here; says so if not."""
    from importlib.util import find_spec

    missing = ""
    if find_spec("PyQt6") is None or find_spec("pyqtgraph") is None:
        missing = 'the dashboard is not installed: pip install "bci-live[dashboard]"'
    elif sys.platform == "linux" and not {"DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"} & os.environ.keys():
        missing = "there is no screen here"
    if missing:
        console.print(f"{missing}; showing the session in the terminal", highlight=False, markup=False)
    return not missing


def _show(options: Live, console: "Console") -> None:
    from gui.app import show

    pick = options.stream is None and options.file is None
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
        run(replace(options, stream=stream or options.stream), console, watch, extra, folder)

    return Conductor(play, hold=hold)


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
    from bci.cli.about import describe
    from bci.folder import log_to, make_folder, write_session
    from bci.history import History
    from bci.storage import refuse_non_empty
    from bci.viewing import LocalSession
    from models.bundle import BANK
    from replay.readers import open_recording

    if options.out is not None:
        refuse_non_empty(options.out)
    recording = None if options.reference is None else open_recording(options.reference)
    bundle, bank, decoder = _load(options)
    paradigm = _paradigm(options, bundle, decoder)
    player = None if options.file is None else _player(options)
    source, epocher = _connect(options, bundle, decoder, player)
    try:
        folder = folder or make_folder(options.out, options.bundle.resolve().name)
    except BaseException:
        source.close()
        raise
    kept = _Kept()
    with log_to(folder):
        write_session(folder, _settings(options, bundle, decoder, source.spec))
        sinks = [*_sinks(options, decoder, epocher, folder), *([] if recording is None else [kept])]
        history = None if watch is None else History(source.spec.sfreq, len(source.spec.channels))
        session = _session(options, bundle, source, epocher, decoder, sinks, paradigm, history)
        if watch is None or history is None:
            summary = _watch(session, decoder, console, hide_truth=options.hide_truth)
        else:
            about = describe(
                bundle,
                bank,
                options.bank or options.bundle / BANK,
                decoder,
                epocher,
                origin="live" if options.file is None else f"file {options.file.name}",
                budget=options.budget_ms / 1e3,
                hide_truth=options.hide_truth,
                folder=folder,
                ordered=paradigm is not None,
            )
            summary = watch(session, LocalSession(session, about, history, player))
        summary |= dict(extra or {})
        compare = (
            None if recording is None else lambda: _parity(recording, options, bundle, decoder, kept.decisions)
        )
        _conclude(summary, compare, folder, console)
    session.raise_error()
    return summary


def _player(options: Live) -> "Player":
    """Open the file; where nobody can scrub back, it ends with its last sample."""
    from bci.player import Player
    from replay.readers import open_recording

    assert options.file is not None  # noqa: S101 (for the type checker)
    recording = open_recording(options.file)
    return Player(
        recording, hold=not options.until_end, name=options.file.name, reference=options.stream_reference
    )


def _connect(
    options: Live, bundle: "Bundle", decoder: "Decoder", player: "Player | None"
) -> "tuple[Source, Epocher]":
    """Open the stream once all that takes time is done, so that no sample waits."""
    from bci.clock import lsl_clock
    from bci.lsl import configure
    from bci.lsl_source import LslSource

    _get_ready()
    configure(network=options.network)
    source: Source = player or LslSource(
        options.stream, markers=options.markers or None, reference=options.stream_reference
    )
    try:
        return source, _epocher(bundle, decoder, source.spec, lsl_clock)
    except BaseException:
        source.close()
        raise


def _sinks(options: Live, decoder: "Decoder", epocher: "Epocher", folder: Path) -> "list[Sink]":
    """The record first, then the wire; only the wire hides the truth."""
    from bci.sinks.jsonl import JsonlSink
    from bci.sinks.outlet import OutletSink
    from bci.wire import Header

    header = Header(decoder.spec, mask=epocher.preprocessor.interpolated)
    wire = replace(header, hide_truth=options.hide_truth)
    return [JsonlSink(folder / "decisions.jsonl", header), OutletSink(wire)]


def _session(
    options: Live,
    bundle: "Bundle",
    source: "Source",
    epocher: "Epocher",
    decoder: "Decoder",
    sinks: "list[Sink]",
    paradigm: "Randomisation | None",
    history: "History | None",
) -> "Session":
    from bci.clock import lsl_clock
    from bci.session import Session

    return Session(
        source,
        epocher,
        decoder,
        sinks,
        lsl_clock,
        budget=options.budget_ms / 1e3,
        queue=1 if bundle.events.mode == "sliding" else 8,
        until_end=options.until_end,
        paradigm=paradigm,
        history=history,
    )


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


def _get_ready() -> None:
    """Do before the stream is opened what would make the first samples wait."""
    import scipy.signal  # noqa: F401 (more than a second)

    # the decoder's thread gets the interpreter back within half a millisecond
    sys.setswitchinterval(0.0005)
    # what is loaded by now stays: a full collection would stop every thread for tens of milliseconds
    gc.collect()
    gc.freeze()


class _Kept:
    """A sink that keeps decisions, to compare them with those of the file."""

    def __init__(self) -> None:
        self.decisions: list[Decision] = []
        self.dropped = 0

    def put(self, decision: "Decision") -> None:
        self.decisions.append(decision)

    def close(self) -> None:
        """Nothing is held open."""


def _load(options: Live) -> tuple["Bundle", "Bank", "Decoder"]:
    from bci.bank import load_bank, numbered
    from models.bundle import load_bundle
    from models.runtime import load_decoder

    bundle = load_bundle(options.bundle)
    bank = bundle.bank if options.bank is None else load_bank(options.bank)
    events = numbered(bundle.events, bank)
    told = replace(bundle, config=bundle.config.model_copy(update={"events": events}))
    return told, bank, load_decoder(bundle, bank)


def _paradigm(options: Live, bundle: "Bundle", decoder: "Decoder") -> "Randomisation | None":
    """Return what the bundle declares about the order of concepts; refused before anything is opened.

    A file that can be scrubbed shows the same events again: nothing can be declared about their order.
    """
    from bci.randomisation import declared

    order = None if options.file is not None else bundle.events.randomisation
    return None if order is None else declared(order, decoder.spec.concepts)


def _epocher(bundle: "Bundle", decoder: "Decoder", stream: "StreamSpec", clock: "Clock") -> "Epocher":
    from bci.epochs import Epocher
    from replay.spherical_splines import interpolation_matrix

    epocher = Epocher(
        stream,
        bundle.preprocess,
        bundle.events,
        bundle.quality,
        decoder.spec.concepts,
        clock,
        whitening=bundle.whitening,
        interpolate=interpolation_matrix,
    )
    _check_reference(bundle, stream)
    return epocher


def _check_reference(bundle: "Bundle", stream: "StreamSpec") -> None:
    from bci.errors import MismatchError
    from bci.montage import canonical

    trained, given = bundle.reference, stream.reference
    if trained and given and canonical(trained) != canonical(given):
        raise MismatchError(
            f"stream {stream.name!r} is recorded against {given}, the decoder was trained on data against "
            f"{trained}: record against {trained}, or train on such data"
        )


def _watch(session: "Session", decoder: "Decoder", console: "Console", *, hide_truth: bool) -> dict[str, Any]:
    """Show the session until it ends; return its summary."""
    from bci.interrupt import ended_by_signals
    from bci.terminal import TerminalView

    with (
        ended_by_signals(lambda: session.stop("interrupted")),
        TerminalView(console, decoder.spec, hide_truth=hide_truth) as view,
    ):
        session.start()
        console.print("decoding; Ctrl-C ends", highlight=False)
        while not session.wait(_REFRESH):
            view.show(session.snapshot())
        summary = session.finish()
        view.show(session.snapshot())
    return summary


def _parity(
    recording: "Recording", options: Live, bundle: "Bundle", decoder: "Decoder", live: list["Decision"]
) -> dict[str, Any]:
    """Decode the recording that was streamed and compare."""
    from bci.array_source import ArraySource
    from bci.clock import lsl_clock
    from bci.deciding import decode_all
    from bci.parity import compare

    source = ArraySource(recording, clock=lsl_clock, reference=options.stream_reference)
    offline = decode_all(source, _epocher(bundle, decoder, source.spec, lsl_clock), decoder, lsl_clock)
    return asdict(compare(live, offline))


def _settings(options: Live, bundle: "Bundle", decoder: "Decoder", stream: "StreamSpec") -> dict[str, Any]:
    from importlib.metadata import version

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
