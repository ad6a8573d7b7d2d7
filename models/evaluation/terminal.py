"""A report as tables for a terminal."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from models.evaluation.report import Comparison, Curve, Figure, Report
from models.evaluation.wording import card_lines, interval_text, number, p_text
from models.few import few

if TYPE_CHECKING:
    from rich.console import Group
    from rich.table import Table

__all__ = ["render"]

MOST_RECALLS = 12
"""More concepts than that have their recalls in `report.json` alone."""


def render(report: Report) -> "Group":
    """Return the report as tables for a terminal."""
    from rich.console import Group  # noqa: PLC0415 (the report is also made where nothing is shown)
    from rich.text import Text  # noqa: PLC0415

    said = [f"{control.name}: expected {control.expected}" for control in report.controls]
    alarm = report.ceiling is not None and report.ceiling.alarm
    alarms = [Text("leak alarm: better than the oracle; find out why", style="bold red")] if alarm else []
    notes = [Text(f"note: {note}", style="dim") for note in (*said, *report.notes)]
    return Group(*alarms, *_tables(report), *notes)


def _tables(report: Report) -> "Iterator[Table]":
    yield _figures(report)
    if report.comparison is not None:
        yield _comparison(report.comparison)
    if report.controls:
        yield _controls(report)
    if report.curves:
        yield _curves(report.curves)
    if report.stopping:
        yield _stopping(report)
    yield _folds(report)
    yield _card(report)


def _figures(report: Report) -> "Table":
    table = _table(report.name, "figure", "value", "95 % interval", "chance")
    calibrated = report.calibration.figures if report.calibration else ()
    confused = (report.confusion.accuracy,) if report.confusion and report.confusion.of == "category" else ()
    for figure in (report.headline, *report.figures, *calibrated, *confused, *report.transductive):
        style = "bold" if figure is report.headline else ""
        _row(table, figure.name, *_cells(figure), style=style)
    for figure in report.ceiling.figures if report.ceiling else ():
        _row(table, f"oracle's {figure.name}", *_cells(figure), style="dim")
    for concept, recall in report.recalls.items() if len(report.recalls) <= MOST_RECALLS else ():
        _row(table, f"recall of {concept}", number(recall), "", "", style="dim")
    return table


def _cells(figure: Figure) -> tuple[str, str, str]:
    return number(figure.value), interval_text(figure.interval), number(figure.chance)


def _comparison(comparison: Comparison) -> "Table":
    title = f"{comparison.first} against {comparison.second}, paired on {comparison.n} trials"
    table = _table(title, "figure", "first", "second", "difference", "95 % interval", "p (McNemar)")
    for each in comparison.differences:
        _row(
            table,
            each.name,
            number(each.first),
            number(each.second),
            f"{each.difference:+.3f}",
            interval_text(each.interval),
            p_text(each.p),
        )
    return table


def _controls(report: Report) -> "Table":
    table = _table("controls", "control", report.headline.name, "95 % interval or sd", "p")
    for control in report.controls:
        spread = interval_text(control.figure.interval) if control.sd is None else f"± {control.sd:.3f}"
        _row(table, control.name, number(control.figure.value), spread, p_text(control.p))
    return table


def _curves(curves: tuple[Curve, ...]) -> "Table":
    table = _table("curves", "curve", "at", "n", "figures", "oracle")
    for curve in curves:
        for at, point in enumerate(curve.points):
            name = curve.name if at == 0 else ""
            _row(table, name, f"{point.x:g}", str(point.n), _all(point.figures), _all(point.ceiling))
    return table


def _all(figures: tuple[Figure, ...]) -> str:
    return ", ".join(f"{figure.name} {number(figure.value)}" for figure in figures)


def _stopping(report: Report) -> "Table":
    table = _table("stopping rule", "error promised", "realised", "decided", "presentations", "runs")
    for rule in report.stopping:
        realised = number(rule.error)
        if rule.error_interval is not None:
            realised += f" [{rule.error_interval[0]:.3f}, {rule.error_interval[1]:.3f}]"
        _row(
            table,
            f"{rule.alpha:g}",
            realised,
            f"{rule.decided:.2f}",
            f"{rule.presentations:.1f} of {rule.longest}",
            str(rule.n),
        )
    return table


def _folds(report: Report) -> "Table":
    table = _table("held out", "part", "trained on", "scored", report.headline.name, "chosen in training")
    for fold in report.folds:
        cells = (few(fold.held_out), str(fold.n_train), str(fold.n_scored), number(fold.value), fold.note)
        _row(table, *cells)
    return table


def _card(report: Report) -> "Table":
    table = _table("protocol", "", "")
    for name, value in card_lines(report):
        _row(table, name, value)
    return table


def _table(title: str, *columns: str) -> "Table":
    from rich import box  # noqa: PLC0415
    from rich.markup import escape  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415

    table = Table(title=escape(title), title_justify="left", box=box.SIMPLE_HEAD, show_header=any(columns))
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def _row(table: "Table", *cells: str, style: str = "") -> None:
    from rich.markup import escape  # noqa: PLC0415

    table.add_row(*map(escape, cells), style=style)
