"""From what was opened to a session, what records it, and what its folder says of it."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console

    from bci.cli.live import Live
    from bci.cli.opening import Opened
    from bci.decoder import Decoder
    from bci.journal import Journal
    from bci.painting import Painting
    from bci.recordings import Recordings
    from bci.sinks import Sink
    from bci.viewing import LocalSession
    from models.decoders import ScoringDecoder

__all__ = ["make_session", "painting_of", "settings_of"]

_LOG = logging.getLogger(__name__)


def make_session(
    options: "Live",
    opened: "Opened",
    folder: Path,
    console: "Console",
    kept: "Sink | None" = None,
    *,
    seen: bool,
    decoder: "Decoder | None" = None,
    painting: "Painting | None" = None,
    outlet: str = "bci-decisions",
) -> "LocalSession":
    """Put a session together; a dashboard that will show it is told what it needs to know.

    Decisions go to the record first, then to the wire; only the wire hides the truth. `decoder` decodes instead of
    that which was opened, as one that several sessions share, `painting` makes pictures of decisions, and `outlet`
    names the stream of decisions.
    """
    from bci.cli.about import describe
    from bci.cli.opening import gallery_reader
    from bci.cli.switching import switchable
    from bci.clock import lsl_clock
    from bci.history import History
    from bci.journal import JOURNAL, Journal
    from bci.session import Session
    from bci.sinks.journal_outlet import JournalOutlet
    from bci.sinks.jsonl import JsonlSink
    from bci.sinks.outlet import OutletSink
    from bci.viewing import LocalSession
    from bci.wire import Header

    about = describe(options, opened, folder, seen=seen)
    header = Header(opened.decoder.spec)
    wire = OutletSink(replace(header, hide_truth=options.hide_truth), outlet, about, opened.order)
    told = JournalOutlet(opened.decoder.spec, outlet.replace("bci-decisions", JOURNAL))
    journal = Journal(folder / "journal.jsonl", told)
    recordings = _recordings(options, opened, folder, journal, (wire.source_id, told.source_id))
    kept_too = [sink for sink in (kept, painting) if sink is not None]
    history = History(opened.source.spec.sfreq, len(opened.source.spec.channels) if seen else 0)
    session = Session(
        opened.source,
        opened.epocher,
        decoder or opened.decoder,
        [JsonlSink(folder / "decisions.jsonl", header), wire, *kept_too],
        lsl_clock,
        budget=options.budget_ms / 1e3,
        queue=1 if opened.bundle.events.mode == "sliding" else 8,
        until_end=options.until_end,
        paradigm=opened.paradigm,
        history=history if seen else None,
        journal=journal,
        warm=partial(_begin_recording, recordings, console) if recordings is not None and options.record else None,
        drained=None if recordings is None else partial(_end_recording, recordings),
        accumulation=opened.accumulation,
        channels=opened.channels,
        beside=() if recordings is None else (recordings,),
    )
    viewed = LocalSession(
        session, about, history, opened.player, recordings, gallery_reader(opened), painting=painting
    )
    return switchable(viewed, options, opened)


def _recordings(
    options: "Live", opened: "Opened", folder: Path, journal: "Journal", own: Sequence[str]
) -> "Recordings | None":
    """What records the stream, those beside it and our `own`; None for a file, which is a recording already."""
    if opened.player is not None:
        return None
    from bci.recordings import Recordings

    stream = opened.source.spec
    streams = (stream.source_id or stream.name, *opened.beside, *own)
    tell = partial(_tell_of_recording, journal)
    return Recordings(folder, streams, network=options.network, tell=tell)


@contextmanager
def painting_of(folder: Path | None, decoder: "ScoringDecoder") -> "Iterator[Painting | None]":
    """Start what makes pictures of a decoder's decisions, if it is there, and end it.

    It takes seconds to start: a stream that was opened before would have to wait, and be behind from the start.
    """
    if folder is None:
        yield None
        return
    from bci.clock import lsl_clock
    from bci.painter_process import PainterProcess
    from bci.painting import Painting
    from models.reconstruction.input_spec import load_about, read_input
    from models.reconstruction.painter import load_painter

    spec = decoder.spec
    chooses = read_input(load_about(folder), folder).temperature is not None
    painter = PainterProcess(load_painter, folder, spec.model, decoder.prototypes if chooses else None)
    painting = Painting(painter, spec.model, lsl_clock, bank=spec.bank if chooses else None)
    try:
        yield painting
    finally:
        painting.close()


def _begin_recording(recordings: "Recordings", console: "Console") -> None:
    """Begin to record before the first sample is taken; nothing is decoded if that cannot be."""
    console.print("starting LabRecorder", highlight=False)
    recordings.start()
    recordings.wait()


def _tell_of_recording(journal: "Journal", wrong: str) -> None:
    """Say that the recording suffers; what decodes goes on."""
    from bci.clock import lsl_clock
    from bci.journal import Entry, Kind
    from bci.nameless import nameless

    _LOG.warning("recording: %s", wrong)
    journal.write(Entry(lsl_clock(), Kind.RECORDING, nameless(wrong)))


def _end_recording(recordings: "Recordings") -> None:
    """End what is on while decisions and journal are still open: what recorded them would wait for them."""
    from bci.errors import RecordingError

    with suppress(RecordingError):  # the session has been told, and it is raised once the summary is written
        recordings.close()
    recordings.state()


def settings_of(options: "Live", opened: "Opened") -> dict[str, Any]:
    """Return what `session.toml` says."""
    from importlib.metadata import version

    from bci.end_to_end import mismatch
    from bci.nameless import nameless

    bundle, decoder, stream = opened.bundle, opened.decoder, opened.source.spec
    return {
        "bci-live": version("bci-live"),
        "model": decoder.spec.model,
        "bank": decoder.spec.bank,
        "whitening": bundle.whitening_id,
        "calibration": None
        if bundle.personal is None
        else {**bundle.personal.facts, "left_out": bundle.personal.left_out},
        "preprocess": bundle.preprocess.digest,
        "mismatch": mismatch(bundle.preprocess, stream),
        "person": options.person,
        "budget_ms": options.budget_ms,
        "network": options.network,
        "stream": {
            "name": nameless(stream.name),
            "source_id": nameless(stream.source_id),
            "sfreq": stream.sfreq,
            "channels": list(stream.labels),
            "reference": stream.reference,
        },
        "device": None if opened.device is None else opened.device.model_dump(mode="json", exclude_defaults=True),
        "events": bundle.events.model_dump(mode="json"),
        "quality": bundle.quality.model_dump(mode="json") | {"bad_channels": opened.channels.policy},
    }
