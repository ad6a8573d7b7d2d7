"""`bci calibrate`: fit a decoder to a person whom it does not know."""

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import tyro

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from bci.bank import Bank
    from bci.gathering import Gathering
    from bci.source import Source
    from bci.types import Recording
    from models.bundle import Bundle
    from models.calibration.artefact import Calibration
    from models.calibration.calibrate import Labels

__all__ = ["Calibrate", "main"]

DESCRIPTION = """Fit a decoder to a person whom it does not know, from a few minutes of their EEG.

Without labels (rest or any task): bad channels are left out, and the person's signals are brought to those that
the decoder was trained on. With --labelled, markers tell what was shown: a decoder is fitted to the person, proves
itself on the last quarter of the events, which nothing was fitted to, and is then fitted to all of them. Below its
floor it may not be used live. What is fitted stands beside the bundle; the EEG itself is not kept unless --keep
says where.

examples:
  bci calibrate my-bundle --stream EPOC-1 --person P07             three minutes of anything, without labels
  bci calibrate my-bundle --stream EPOC-1 --labelled --minutes 10  ten minutes of the paradigm; Ctrl-C ends early
  bci calibrate my-bundle --labelled --events lab.toml             triggers tell the time, another stream the label
  bci calibrate my-bundle --file S1.xdf --labelled                 from a recording
  bci calibrate my-bundle --list                                   what there is beside the bundle
  bci live my-bundle --calibration latest                          decode with it

Exit codes: 0 calibrated, 1 below the floor or something failed, 2 it could not be done."""

MINUTES = 3.0
LONGEST = 60.0
"""Minutes that are kept in memory at most."""

_LOOK = 1.0  # seconds between two looks at the channels
_PATIENCE = 10.0  # seconds without a sample after which the stream is given up


@dataclass(frozen=True)
class Calibrate:
    """Options of `bci calibrate`."""

    bundle: tyro.conf.Positional[Path]
    """Folder of a trained decoder."""
    stream: str | None = None
    """Name or source id of the EEG stream; by default the only one in sight."""
    markers: tuple[str, ...] = ()
    """Names of marker streams; by default all in sight."""
    wait: float = 5.0
    """Seconds to wait for streams that are not in sight yet."""
    device: str | None = None
    """How the stream is to be understood: a profile of `bci devices` or a TOML file; by default recognised."""
    file: Path | None = None
    """Take this recording instead of a stream."""
    minutes: float | None = None
    """How much to use; by default 3 of a stream, all of a file."""
    labelled: bool = False
    """Markers tell what was shown: fit a decoder to the person."""
    method: Literal["classical", "fine-tune"] | None = None
    """With --labelled: a classical decoder beside the bundle's, or the bundle's network trained on; by default the
    second for networks whose bank has more concepts than were shown often."""
    events: Path | None = None
    """With --labelled: TOML file with keys of [events] that replace the bundle's own, as where a trigger tells the
    time of an event and another stream its label."""
    bank: Path | None = None
    """Rank labelled events against this bank instead of the bundle's own."""
    floor: float | None = None
    """What the lower end of the accuracy's 95 % interval must exceed; by default chance."""
    force: bool = False
    """Let it be used live although it is below its floor."""
    person: str | None = None
    """Code of the participant, such as P07, never a name."""
    keep: Path | None = None
    """Keep what was recorded in this file, whose name ends in _raw.fif."""
    stream_reference: str | None = None
    """Recording reference, where the stream does not say it."""
    accept_mismatch: bool = False
    """Use a continuous stream although the decoder was trained on data that exist only as epochs."""
    network: bool = False
    """Find streams on the whole network."""
    list: bool = False
    """Show the calibrations beside the bundle and do nothing else."""
    json: bool = False
    """Write the result, or the list, as JSON."""


def main(argv: list[str]) -> int:
    """Run `bci calibrate`."""
    options = tyro.cli(Calibrate, args=argv, prog="bci calibrate", description=DESCRIPTION)
    from bci.terminal import Screen
    from models.calibration.artefact import calibrations

    _check(options)
    if options.list:
        return _show(list(calibrations(_existing(options.bundle))), options, Screen())
    from bci.cli.opening import load_whole

    console = Screen(stderr=True)
    bundle, bank = load_whole(options.bundle, options.bank, events_file=options.events)
    recording = _recording(options, bundle, console)
    if options.keep is not None:
        _keep(options.keep, recording)
    calibration = _fit(recording, bundle, _labels(options, bank), options)
    _say(calibration, options, console)
    return 0 if calibration.usable else 1


def _check(options: Calibrate) -> None:
    from bci.errors import ConfigError, FormatError
    from bci.participant import check_code

    if options.file is not None and options.stream is not None:
        raise ConfigError("expected --file or --stream, got both: one of them is calibrated with")
    if options.file is not None and options.device is not None:
        raise ConfigError("expected --device with a stream: leave it out with --file")
    if options.file is not None and not options.file.exists():
        raise FormatError(f"{options.file}: no such file")
    if options.minutes is not None and not 0 < options.minutes <= LONGEST:
        raise ConfigError(f"expected --minutes of more than 0 and at most {LONGEST:g}, got {options.minutes:g}")
    if options.floor is not None and not 0 <= options.floor < 1:
        raise ConfigError(f"expected --floor as a share from 0 to below 1, got {options.floor:g}")
    if not options.labelled and (
        needless := [name for name in ("method", "floor", "bank", "events") if getattr(options, name) is not None]
    ):
        raise ConfigError(f"--{needless[0]} goes with --labelled: without labels no decoder is fitted")
    if options.person is not None:
        check_code(options.person)
    if options.keep is not None:
        _check_place(options.keep)


def _check_place(keep: Path) -> None:
    """Refuse before any minute is spent what could not be kept."""
    from bci.errors import OutputError

    if not keep.name.endswith("_raw.fif"):
        raise OutputError(f"expected --keep with a name that ends in _raw.fif, got {keep.name}")
    if keep.exists() or not keep.absolute().parent.is_dir():
        raise OutputError(f"expected --keep with a new file in a folder that exists, got {keep}")


def _existing(folder: Path) -> Path:
    from bci.errors import FormatError

    if not (folder / "bundle.json").is_file():
        raise FormatError(f"expected a bundle, a folder with bundle.json; {folder} has none")
    return folder


# ----------------------------------------------------------------------------------------------------- recording


def _recording(options: Calibrate, bundle: "Bundle", console: "Console") -> "Recording":
    """Gather what is calibrated with, from a file or from a stream."""
    from bci.gathering import Gathering

    source = _open(options)
    minutes = options.minutes or (MINUTES if options.file is None else LONGEST)
    gathering = Gathering(source.spec, 60 * minutes)
    try:
        _check_fit(bundle, source, options, console)
        if options.file is None:
            _listen(source, gathering, bundle, minutes, console)
        else:
            while not gathering.full and (batch := source.pull(0.0)) is not None:
                gathering.feed(batch)
    finally:
        source.close()
    return gathering.recording()


def _open(options: Calibrate) -> "Source":
    from bci.array_source import ArraySource
    from bci.cli.opening import open_stream
    from replay.readers import open_recording

    if options.file is not None:
        return ArraySource(open_recording(options.file), reference=options.stream_reference)
    return open_stream(options)[0]


def _check_fit(bundle: "Bundle", source: "Source", options: Calibrate, console: "Console") -> None:
    """Refuse a stream that the bundle cannot decode, before minutes are spent on it; say what was accepted."""
    from bci.end_to_end import mismatch, refuse_mismatch
    from bci.preprocess import Preprocessor
    from models.epocher import check_reference
    from replay.spherical_splines import interpolation_matrix

    Preprocessor(bundle.preprocess, source.spec, interpolation_matrix)
    check_reference(bundle, source.spec)
    if not options.accept_mismatch:
        refuse_mismatch(bundle.preprocess, source.spec)
    elif wrong := mismatch(bundle.preprocess, source.spec):
        console.print(wrong, style="bold red", highlight=False)


def _listen(
    source: "Source", gathering: "Gathering", bundle: "Bundle", minutes: float, console: "Console"
) -> None:
    """Record until there is enough, the sender has ended, or somebody presses Ctrl-C."""
    from bci.cli.progress import progress_bar
    from bci.clock import lsl_clock
    from bci.ending import EndWatch
    from bci.interrupt import ended_by_signals

    ended: list[str] = []
    end, looked, said = EndWatch(1 / source.spec.sfreq, _PATIENCE), lsl_clock(), ""
    console.print(f"recording {source.spec.name} for {minutes:g} min; Ctrl-C ends early", highlight=False)
    with ended_by_signals(lambda: ended.append("interrupted")), progress_bar("seconds") as show:
        while not gathering.full and not ended:
            if (batch := source.pull(0.1)) is None:
                break
            gathering.feed(batch)
            now = lsl_clock()
            if (reason := end.feed(batch, now)) is not None:
                ended.append(reason)
            if now - looked >= _LOOK:
                looked, said = now, _quality(gathering, source, bundle)
            show(int(gathering.seconds), int(60 * minutes), said)
    if ended:
        console.print(f"{ended[0]}: {gathering.seconds:.0f} s were recorded", highlight=False, markup=False)


def _quality(gathering: "Gathering", source: "Source", bundle: "Bundle") -> str:
    """Say how many markers there are, and which of the decoder's channels are bad just now."""
    from bci.channel_quality import SECONDS, Condition, assess_channels, measure
    from bci.montage import match

    columns = [at for at in match(source.spec.labels, bundle.channels) if at is not None]
    judged = assess_channels(measure(gathering.recent(SECONDS)[:, columns], source.spec.sfreq))
    labels = [source.spec.labels[column] for column in columns]
    bad = [
        f"{label} {one.condition}"
        for label, one in zip(labels, judged, strict=True)
        if one.condition != Condition.GOOD
    ]
    channels = f"{len(bad)} of {len(labels)} channels: {', '.join(bad[:3])}{', ...' if len(bad) > 3 else ''}"
    return f"{gathering.n_markers} markers, {channels if bad else 'all channels good'}"


def _keep(file: Path, recording: "Recording") -> None:
    from replay.recording_file import save_recording

    save_recording(file, recording)


# ----------------------------------------------------------------------------------------------------- fitting


def _labels(options: Calibrate, bank: "Bank") -> "Labels | None":
    from models.calibration.calibrate import Labels

    return Labels(bank, options.method, options.floor, options.force) if options.labelled else None


def _fit(recording: "Recording", bundle: "Bundle", labels: "Labels | None", options: Calibrate) -> "Calibration":
    """Calibrate and write what comes of it beside the bundle."""
    from bci.cli.train import show_progress
    from models.calibration.artefact import save
    from models.calibration.calibrate import calibrate

    with show_progress("calibrating") as progress:
        calibration = calibrate(recording, bundle, labels, person=options.person, report=progress)
    save(options.bundle, calibration)
    return calibration


# ----------------------------------------------------------------------------------------------------- telling


def _say(calibration: "Calibration", options: Calibrate, console: "Console") -> None:
    if options.json:
        sys.stdout.write(json.dumps(_as_json(calibration), indent=2) + "\n")
    for label, reason in calibration.left_out.items():
        console.print(f"left out {label}: {reason}", highlight=False, markup=False)
    for line in _accuracy(calibration):
        console.print(line, highlight=False, markup=False)
    then = f"bci live {options.bundle} --calibration {calibration.id}"
    console.print(f"calibration {calibration.id}; next: {then}" if calibration.usable else _refused(calibration),
                  highlight=False, markup=False, soft_wrap=True)  # fmt: skip


def _accuracy(calibration: "Calibration") -> list[str]:
    check = calibration.check
    if check is None:
        return [f"{calibration.seconds:.0f} s without labels: channels and alignment"]
    low, high = check.interval
    before = check.uncalibrated / check.n
    return [
        f"{check.accuracy:.1%} [{low:.1%}, {high:.1%}] of the last {check.n} events, to which nothing was fitted",
        f"uncalibrated {before:.1%}, chance {check.chance:.1%} of {check.candidates} concepts",
        f"then fitted to all {calibration.events} events: {calibration.method}, {calibration.note}",
    ]


def _refused(calibration: "Calibration") -> str:
    assert calibration.check is not None  # noqa: S101 (else there is no floor)
    return (
        f"calibration {calibration.id} is kept and may not be used live: the lower end of its accuracy's interval "
        f"must exceed {calibration.check.floor:.1%}. Record more, or say --force"
    )


def _show(found: "Sequence[Calibration]", options: Calibrate, console: "Console") -> int:
    if options.json:
        sys.stdout.write(
            json.dumps({"schema": 1, "calibrations": [_as_json(one) for one in found]}, indent=2) + "\n"
        )
    else:
        console.print(_table(found))
    return 0


def _table(found: "Sequence[Calibration]") -> "Table":
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    for name in ("id", "person", "date", "min", "events", "method", "last block", "before", "left out", "live"):
        table.add_column(name, overflow="fold", no_wrap=name == "id")
    for one in found:
        table.add_row(*map(Text, _cells(one)))
    if not found:
        table.add_row("none", *[""] * 9)
    table.caption = "before: the bundle as it was trained, on the same events"
    return table


def _cells(one: "Calibration") -> tuple[str, ...]:
    check = one.check
    if check is None:
        accuracy = before = "-"
    else:
        low, high = check.interval
        accuracy = f"{check.accuracy:.1%} [{low:.1%}, {high:.1%}]"
        before = f"{check.uncalibrated / check.n:.1%}"
    needed = one.forced and check is not None and not check.passed
    return (
        one.id,
        one.person or "-",
        one.date[:16].replace("T", " "),
        f"{one.seconds / 60:.1f}",
        str(one.events or "-"),
        one.method,
        accuracy,
        before,
        " ".join(one.left_out) or "-",
        "forced" if needed else "yes" if one.usable else "no",
    )


def _as_json(calibration: "Calibration") -> dict[str, Any]:
    from models.calibration.artefact import described

    return {"id": calibration.id, "usable": calibration.usable, **described(calibration)}
