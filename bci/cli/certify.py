"""`bci certify`: whether this computer decides in time with the bundle that it will use."""

import argparse
import json
import math
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.table import Table

    from bci.bank import Bank
    from bci.certificate import Certificate, Judgement
    from bci.cli.latency_turn import Load, Turn
    from bci.specs import EventSpec, PreprocessSpec
    from models.bundle import Bundle

__all__ = ["main", "suitable_rate"]

DESCRIPTION = "Certify that this computer decides in time with the bundle that it will use."
EPILOG = """\
A device in a process of its own streams noise with the bundle's channels, a sample at a time, and five events
a second, or as the bundle's windows slide. bci live decodes it, and another process hears the decisions. Run it on
the computer that stands beside the participant, with the programs running that will run then, and file the result.

It passes if no event is lost and at most one decision in 1,000 takes longer than the budget: inside, from the
arrival of a window's last sample to the decision, and outside, from the push of that sample to the decision in
another process. What an amplifier takes to hand on a sample is not in it: bci calibrate-delay measures that.

By default the stream has 1,000 Hz, if that is a whole multiple of the bundle's rate and its filters allow it,
otherwise the lowest multiple that they allow.

examples:
  bci certify my-bundle
  bci certify my-bundle --calibration latest --out certificates/lab-2
  bci certify my-bundle --budget-ms 20 --rate 500 --minutes 10
  bci certify my-bundle --bank other.safetensors --json certificate.json

Exit codes: 0 it holds, 1 it does not, or something failed, 2 what was asked for cannot be done.
"""
TO_SCREEN = "-"
NAME = "bci-certify"
USUAL_RATE = 1000.0  # Hz
INTERVAL = 0.2  # s between two events
SHORTEST, LONGEST = 0.25, 240.0  # min
FASTEST = 5000.0  # Hz at which single samples can be sent


def main(argv: list[str]) -> int:
    """Run the command; return its exit code."""
    options = _parser().parse_args(argv)
    from bci.storage import new_folder, refuse_non_empty, save_json

    _check(options)
    if options.out is not None:
        refuse_non_empty(options.out)  # before any work
    turn, certificate = _certified(options)
    if options.json == TO_SCREEN:
        print(json.dumps(asdict(certificate), indent=2))
    else:
        _print(certificate)
    if options.json not in (None, TO_SCREEN):
        save_json(Path(options.json), asdict(certificate))
    if options.out is not None:
        from bci.cli.certificate_page import page
        from bci.storage import save_text

        new_folder(options.out)
        save_json(options.out / "certificate.json", asdict(certificate))
        save_text(options.out / "certificate.html", page(certificate, turn))
    return 0 if certificate.passed else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="bci certify",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("bundle", type=Path, metavar="BUNDLE", help="folder of a trained decoder")
    numbers = (
        ("budget-ms", 50.0, "MS", "what a decision may take (%(default)s)"),
        ("minutes", 2.0, "M", "how long the noise is streamed (%(default)s)"),
        ("rate", None, "HZ", "of the stream; by default what suits the bundle"),
    )
    for name, default, unit, what in numbers:
        parser.add_argument(f"--{name}", type=float, default=default, metavar=unit, help=what)
    parser.add_argument("--bank", type=Path, metavar="FILE", help="rank this bank instead of the bundle's own")
    parser.add_argument(
        "--calibration", default="none", metavar="ID",
        help="a person's calibration that stands beside the bundle, or latest (%(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--out", type=Path, metavar="DIR", help="write certificate.json and certificate.html there"
    )
    parser.add_argument(
        "--json", nargs="?", const=TO_SCREEN, metavar="FILE", help="the figures as JSON, there or on the screen"
    )
    return parser


def _check(options: argparse.Namespace) -> None:
    from bci.errors import ConfigError

    if not (options.budget_ms > 0 and math.isfinite(options.budget_ms)):
        raise ConfigError(f"expected --budget-ms above 0, got {options.budget_ms:g}: say what a decision may take")
    if not SHORTEST <= options.minutes <= LONGEST:
        raise ConfigError(f"expected --minutes from {SHORTEST:g} to {LONGEST:g}, got {options.minutes:g}")
    if options.rate is not None and not 0 < options.rate <= FASTEST:
        raise ConfigError(f"expected --rate above 0 and at most {FASTEST:g} Hz, got {options.rate:g}")


# ----------------------------------------------------------------------------------------------- what is measured


def _certified(options: argparse.Namespace) -> "tuple[Turn, Certificate]":
    from uuid import uuid4

    from bci.cli.latency_turn import enter_session
    from bci.cli.opening import load_whole

    bundle, bank = load_whole(options.bundle, options.bank, calibration=options.calibration)
    session = uuid4().hex
    load = _load(bundle, options.rate or suitable_rate(bundle.preprocess), 60 * options.minutes, session)
    _refuse_nothing(load)
    enter_session(session)
    turn = _measured(options, load, bundle, bank)
    return turn, _certificate(turn, load, options.budget_ms, _described(options.bundle, bundle, bank))


def suitable_rate(spec: "PreprocessSpec") -> float:
    """Return the rate in Hz of a stream that suits a preprocessing.

    1,000 Hz if that is a whole multiple of its own and its filters allow it, or else the lowest multiple that they
    allow.

    Raises
    ------
    MismatchError
        If they allow none.
    """
    from bci.errors import MismatchError

    highest = max(edge for edge in (0.0, spec.notch, spec.highpass, spec.lowpass) if edge is not None)
    multiples = (factor * spec.sfreq for factor in range(1, 2 + math.ceil(2 * highest / spec.sfreq)))
    for rate in (USUAL_RATE, *multiples):
        if rate > 2 * highest and _decimates(spec, rate):
            return rate
    raise MismatchError(
        f"expected filters that some multiple of {spec.sfreq:g} Hz allows, and one at {highest:g} Hz needs a "
        f"stream above {2 * highest:g} Hz: train with preprocess.lowpass of at most {0.4 * spec.sfreq:g} Hz"
    )


def _decimates(spec: "PreprocessSpec", rate: float) -> bool:
    from bci.errors import MismatchError
    from bci.preprocess import decimation

    try:
        decimation(spec, rate)
    except MismatchError:
        return False
    return True


def _load(bundle: "Bundle", rate: float, seconds: float, session: str) -> "Load":
    """Return what is streamed: epochs of data that were recorded as epochs do not overlap, others may."""
    from bci.cli.latency_turn import Load

    spec, step = bundle.preprocess, bundle.events.step
    low, high = spec.baseline or (spec.tmin, spec.tmax)
    length = max(spec.tmax, high) - min(spec.tmin, low) if spec.mode == "epoch" else 0.0
    return Load(
        spec,
        rate,
        seconds,
        interval=max(round(INTERVAL * rate), math.ceil(length * rate)),
        step=None if step is None else max(1, round(step * rate)),
        reference=bundle.reference or "average",
        session=session,
    )


def _refuse_nothing(load: "Load") -> None:
    """Refuse a rate that the decoder refuses, and a time in which nothing can be measured."""
    from bci.cli.latency_turn import SKIPPED, windows
    from bci.errors import ConfigError

    if not any(last >= SKIPPED * load.sfreq for last in windows(load).values()):
        raise ConfigError(f"expected --minutes in which a window ends, got {load.seconds / 60:g}: name more")


def _measured(options: argparse.Namespace, load: "Load", bundle: "Bundle", bank: "Bank") -> "Turn":
    from tempfile import TemporaryDirectory

    from bci.cli.latency_turn import decode_with_bci, take_turn
    from bci.cli.live import Live
    from bci.cli.progress import progress_bar
    from bci.errors import SessionError

    with TemporaryDirectory() as temporary, progress_bar("certifying, seconds", still=True) as tell:
        folder = Path(temporary)
        _copy(options.bundle, folder / "bundle", _own_events(bundle.events, bank))
        live = Live(
            bundle=folder / "bundle",
            streams=(NAME,),
            bank=options.bank,
            calibration=options.calibration,
            headless=True,
            accept_mismatch=True,  # what is decoded is noise, for its time alone
            budget_ms=options.budget_ms,
            out=folder / "session",
        )
        turn = take_turn(decode_with_bci, live, NAME, load, heard=True, tell=tell)
    if not len(turn.inside):
        raise SessionError(f"no decision was made and heard, {turn.lost} events were not decoded: try bci doctor")
    return turn


def _copy(bundle: Path, folder: Path, events: "EventSpec") -> None:
    """Copy a bundle and the calibrations beside it, with other events."""
    import shutil

    from bci.storage import load_json, save_json

    shutil.copytree(bundle, folder, ignore=shutil.ignore_patterns("*.thumbnails"))
    file = folder / "bundle.json"
    save_json(file, load_json(file) | {"events": events.model_dump(mode="json")})


def _own_events(events: "EventSpec", bank: "Bank") -> "EventSpec":
    """Return events that the device's triggers make, each of a concept; windows that slide go on sliding.

    What follows from an event is done as for the bundle's own: ranks of the truth, bets, and evidence of repeats.
    """
    from replay.metronome import WORDS

    return events.model_copy(
        update={
            "lock": (".*",),
            "ignore": ("", "0", "-1"),
            "concepts": {str(word): bank.names[word % len(bank.names)] for word in range(1, WORDS + 1)},
            "pictures_from": None,
            "time_from": None,
            "label_from": None,
            "group": None if events.group is None else "(?P<group>.+)",
        }
    )


# ------------------------------------------------------------------------------------------- what is said of it


def _certificate(turn: "Turn", load: "Load", budget_ms: float, bundle: Mapping[str, Any]) -> "Certificate":
    import datetime as dt

    from bci.certificate import Certificate, judge
    from bci.cli.latency_turn import percentiles
    from bci.environment import environment

    judgement = judge(turn.inside, turn.outside, turn.lost + turn.unheard, budget_ms / 1e3)
    return Certificate(
        passed=judgement.passed,
        verdict=_in_words(judgement, turn, budget_ms),
        date=dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        budget_ms=budget_ms,
        minutes=load.seconds / 60,
        rate_hz=load.sfreq,
        events=judgement.decisions + judgement.lost,
        lost=judgement.lost,
        over_budget=judgement.over,
        over_share_high=round(judgement.share_high, 5),
        inside_ms=percentiles(turn.inside),
        outside_ms=percentiles(turn.outside),
        stages_ms={stage: percentiles(spent) for stage, spent in turn.stages.items()},
        bare_ms=percentiles(turn.bare),
        wake_ms=percentiles(turn.late),
        cpu=round(turn.cpu, 4),
        gpu=turn.gpu,
        bundle=bundle,
        environment=environment(),
    )


def _in_words(judgement: "Judgement", turn: "Turn", budget_ms: float) -> str:
    from bci.certificate import ONE_IN, where_slow

    over = f"{judgement.over} {'decision' if judgement.over == 1 else 'decisions'} over {budget_ms:g} ms"
    counts = (
        f"{judgement.lost} of {judgement.decisions + judgement.lost} events lost, {over}, "
        f"where 1 in {ONE_IN:,} may be (95 % sure: at most {100 * judgement.share_high:.2f} %)"
    )
    if judgement.passed:
        return f"passed: {counts}"
    part, spent = where_slow(turn.inside, turn.outside, turn.stages, budget_ms / 1e3)
    why = f"; those waited most in {part}, {1e3 * spent:.1f} ms on average" if part else ""
    return f"not passed: {counts}{why}"


def _described(folder: Path, bundle: "Bundle", bank: "Bank") -> dict[str, Any]:
    from bci.nameless import nameless

    spec = bundle.preprocess
    return {
        "name": nameless(folder.resolve().name),
        "id": bundle.id,
        "decoder": bundle.config.decoder.label or bundle.config.decoder.name,
        "bank": bank.id,
        "concepts": len(bank.names),
        "calibration": None if bundle.personal is None else bundle.personal.id,
        "channels": list(bundle.channels),
        "sfreq": spec.sfreq,
        "window": [spec.tmin, spec.tmax],
        "preprocess": spec.digest[:8],
        "events": bundle.events.mode,
    }


def _print(certificate: "Certificate") -> None:
    from rich.console import Console

    console = Console()
    told = certificate.bundle
    console.print(
        f"{told['name']} ({told['id']}): {told['decoder']}, {len(told['channels'])} channels, {told['concepts']} "
        f"concepts; noise at {certificate.rate_hz:g} Hz, {certificate.events} events; "
        f"{certificate.cpu:.0%} of a core, {certificate.gpu or 'no GPU'}",
        highlight=False, markup=False,
    )  # fmt: skip
    console.print(_table(certificate))
    colour = "green" if certificate.passed else "red"
    console.print(certificate.verdict, style=colour, highlight=False, markup=False)


def _table(certificate: "Certificate") -> "Table":
    from rich.table import Table

    from bci.certificate import rows

    table = Table("ms", box=None, padding=(0, 1))
    for name in certificate.inside_ms:
        table.add_column(name, justify="right")
    for name, figures in rows(certificate).items():
        table.add_row(name, *(f"{value:.2f}" for value in figures.values()))
    return table
