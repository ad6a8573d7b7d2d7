"""The record of an evaluation: what was measured, by which protocol, beside which controls; JSON and tables."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bci.bootstrap import Interval
from bci.storage import save_json

if TYPE_CHECKING:
    from rich.console import Group
    from rich.table import Table

__all__ = ["Card", "Control", "Figure", "FoldResult", "Report", "render", "save_report"]


@dataclass(frozen=True, slots=True)
class Figure:
    """One number.

    Parameters
    ----------
    name
        `auc`, `top1`, ...
    value
        As measured on held-out trials.
    interval
        None where none is computed.
    chance
        What a decoder that knows nothing reaches: for accuracies the best constant answer. None where the
        notion makes no sense.
    """

    name: str
    value: float
    interval: Interval | None = None
    chance: float | None = None


@dataclass(frozen=True, slots=True)
class FoldResult:
    """One held-out part."""

    held_out: tuple[str, ...]
    n_train: int
    n_scored: int
    value: float | None
    """The headline figure inside the fold; None where it cannot be computed there."""


@dataclass(frozen=True, slots=True)
class Control:
    """The headline figure of something that should not be able to decode.

    Parameters
    ----------
    expected
        What it comes to in a sound experiment.
    figure
        With interval; for shuffled labels the mean over permutations, without.
    sd
        Over permutations.
    p
        (1 + permutations that reach the decoder's figure) / (1 + permutations).
    permutations
        How many; 0 for other controls.
    """

    name: str
    expected: str
    figure: Figure
    sd: float | None = None
    p: float | None = None
    permutations: int = 0


@dataclass(frozen=True, slots=True)
class Card:
    """The protocol: what must be said with every figure.

    Parameters
    ----------
    gallery
        What the concepts' vectors are: `text`, exact image, concept template.
    concepts, candidates
        Number of concepts in the decoder; names of those that were ranked.
    n_candidates
        Fewest and most candidates of a trial.
    averaged
        Repetitions averaged into one trial, or in words what an average is.
    selection
        How settings and the checkpoint were chosen.
    causal
        Whether each sample depended on earlier ones only.
    excluded
        What was left out, in words.
    """

    protocol: str
    left_out: str
    n_folds: int
    gallery: str
    concepts: int
    candidates: tuple[str, ...]
    n_candidates: tuple[int, int]
    averaged: str
    n_subjects: int
    n_recordings: int
    n_trials: int
    n_scored: int
    seeds: tuple[int, ...]
    selection: str
    decoder: str
    channels: tuple[str, ...]
    window: tuple[float, float]
    sfreq: float
    causal: str
    excluded: tuple[str, ...] = ()
    caveats: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """One evaluation."""

    name: str
    headline: Figure
    card: Card
    figures: tuple[Figure, ...]
    folds: tuple[FoldResult, ...]
    recalls: Mapping[str, float]
    """Share of hits per concept."""
    controls: tuple[Control, ...]
    seconds: float
    versions: Mapping[str, str]
    notes: tuple[str, ...] = field(default=())


def save_report(report: Report, folder: Path) -> Path:
    """Write `report.json` and return its path."""
    path = folder / "report.json"
    save_json(path, asdict(report))
    return path


def render(report: Report) -> "Group":
    """Return the report as tables for a terminal."""
    from rich.console import Group  # noqa: PLC0415 (the report is also made where nothing is shown)
    from rich.text import Text  # noqa: PLC0415

    said = [f"{control.name}: expected {control.expected}" for control in report.controls]
    notes = [Text(f"note: {note}", style="dim") for note in (*said, *report.notes)]
    controls = [_controls(report)] if report.controls else []
    return Group(_figures(report), *controls, _folds(report), _card(report), *notes)


def _figures(report: Report) -> "Table":
    table = _table(report.name, "figure", "value", "95 % interval", "chance")
    for figure in (report.headline, *report.figures):
        style = "bold" if figure is report.headline else ""
        table.add_row(figure.name, _number(figure.value), _interval(figure), _number(figure.chance), style=style)
    for concept, recall in report.recalls.items():
        table.add_row(f"recall of {concept}", _number(recall), "", "", style="dim")
    return table


def _controls(report: Report) -> "Table":
    table = _table("controls", "control", report.headline.name, "95 % interval or sd", "p")
    for control in report.controls:
        spread = _interval(control.figure) if control.sd is None else f"± {control.sd:.3f}"
        table.add_row(control.name, _number(control.figure.value), spread, _number(control.p))
    return table


def _folds(report: Report) -> "Table":
    table = _table("held out", "part", "trained on", "scored", report.headline.name)
    for fold in report.folds:
        table.add_row(", ".join(fold.held_out), str(fold.n_train), str(fold.n_scored), _number(fold.value))
    return table


def _card(report: Report) -> "Table":
    table = _table("protocol", "", "")
    for name, value in _lines(report.card):
        table.add_row(name, value)
    if interval := report.headline.interval:
        table.add_row("intervals", f"bootstrap, {interval.resamples} draws; they speak of {interval.speaks_of}")
    return table


def _lines(card: Card) -> Iterator[tuple[str, str]]:
    yield "protocol", f"{card.protocol}, left out by {card.left_out}, {card.n_folds} folds"
    fewest, most = card.n_candidates
    ranked = f"{most}" if fewest == most else f"{fewest} to {most}"
    yield "gallery", f"{card.gallery}; {ranked} candidates per trial, {card.concepts} concepts in the decoder"
    yield "decoder", f"{card.decoder}, seeds {', '.join(map(str, card.seeds))}; {card.selection}"
    yield "trials", f"{card.n_scored} of {card.n_trials} scored; {card.averaged}"
    yield "people", f"{card.n_subjects} subjects, {card.n_recordings} recordings"
    yield (
        "signal",
        (
            f"{len(card.channels)} channels, {card.window[0]:g} to {card.window[1]:g} s at {card.sfreq:g} Hz, "
            f"{card.causal}"
        ),
    )
    for excluded in card.excluded:
        yield "excluded", excluded
    for caveat in card.caveats:
        yield "caveat", caveat


def _table(title: str, *columns: str) -> "Table":
    from rich import box  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415

    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, show_header=any(columns))
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def _number(value: Any) -> str:
    return "" if value is None else f"{value:.3f}"


def _interval(figure: Figure) -> str:
    interval = figure.interval
    return "" if interval is None else f"[{interval.low:.3f}, {interval.high:.3f}]"
