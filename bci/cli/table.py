"""`bci table`: several decoders on the same data, or people before and after calibration, beside the oracle."""

import argparse
import os
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from bci.cli.arguments import positive
from bci.cli.calibration_table import run
from bci.cli.progress import progress_bar

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.table import Table

    from models.config import TableConfig
    from models.evaluation.report import Figure
    from models.evaluation.table import Row

__all__ = ["main"]

EPILOG = """\
CONFIG is a TOML file or the name of one that comes with bci: rows, each an experiment with some keys replaced.
FOLDER gets table.json and a report for every row. Where the config names people instead, each of them is
calibrated, and FOLDER gets table.json and the bundles. With --streamed they are calibrated and decoded from what
their device sends, in its dialect and on virtual time.

examples:
  bci table table-cpu --out table
  bci table table-cpu --rows ridge channel_attention --jobs 2 --out two-rows

people whom no decoder knows, after 0, 2, 5 and 10 minutes of calibration:
  bci table calibration --out calibration-table
  bci table calibration --streamed --out streamed-table
"""


def main(argv: list[str]) -> int:
    """Run the command; return its exit code."""
    options = _parser().parse_args(argv)
    from rich.console import Console

    from bci.errors import ConfigError
    from bci.storage import new_folder, refuse_non_empty, save_json
    from models.evaluation.html import save_html
    from models.evaluation.report import save_report
    from models.evaluation.table import make_table

    refuse_non_empty(options.out)  # before any work
    if _names_people(options.config):
        _refuse_rows(options.rows)
        run(options.config, options.out, options.jobs, streamed=options.streamed)
        return 0
    if options.streamed:
        raise ConfigError("--streamed goes with a table of people: what is evaluated here are trials from files")
    config = _chosen(options.config, options.rows)
    new_folder(options.out)
    rows = []
    with progress_bar("rows") as progress:
        for row, written in make_table(config, options.jobs, progress):
            rows.append(row)
            folder = options.out / row.name
            new_folder(folder)
            save_report(written.report, folder)
            save_html(written.report, folder)
            ordered = sorted(rows, key=lambda row: [each.name for each in config.rows].index(row.name))
            body = {"name": config.name, "title": config.title, "rows": [asdict(each) for each in ordered]}
            save_json(options.out / "table.json", body)
    console = Console()
    for group in dict.fromkeys(row.group for row in ordered):
        console.print(_table(group, [row for row in ordered if row.group == group]))
    said = f"written to {options.out / 'table.json'}"
    console.print(said, markup=False, highlight=False, soft_wrap=True)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="bci table",
        description="Judge several decoders on the same data, beside the oracle.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("config", metavar="CONFIG", help="a table's path or bare name")
    parser.add_argument("--rows", nargs="+", default=[], metavar="NAME", help="only these rows")
    parser.add_argument(
        "--jobs", type=positive, default=os.cpu_count() or 1, metavar="N",
        help="rows at a time, one core each; figures do not depend on it (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--streamed", action="store_true",
        help="people are heard from simulated devices, and decoded as live; without it they are read from files",
    )  # fmt: skip
    parser.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="new folder for the result")
    return parser


def _names_people(name: str) -> bool:
    from bci.config import find_config, read_toml

    return "people" in read_toml(find_config(name))


def _refuse_rows(rows: "Sequence[str]") -> None:
    from bci.errors import ConfigError

    if rows:
        raise ConfigError("--rows: a table of people has no rows to choose; change its people or experiments")


def _chosen(name: str, rows: "Sequence[str]") -> "TableConfig":
    from bci.config import load_config
    from bci.errors import ConfigError
    from models.config import TableConfig

    config = load_config(TableConfig, name)
    if unknown := [row for row in rows if row not in [each.name for each in config.rows]]:
        raise ConfigError(f"--rows: expected {', '.join(each.name for each in config.rows)}; got {unknown[0]!r}")
    kept = tuple(each for each in config.rows if not rows or each.name in rows)
    return config.model_copy(update={"rows": kept})


def _table(group: str, rows: "Sequence[Row]") -> "Table":
    from rich import box
    from rich.markup import escape
    from rich.table import Table

    first = rows[0]
    title = escape(f"{group}: {first.n_candidates} candidates")
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    table.add_column("decoder", overflow="fold")
    for cell in first.cells:
        heading = f"{cell.repetitions} x" if cell.repetitions > 1 else "single"
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("seconds", justify="right", no_wrap=True)
    names = [figure.name for figure in first.cells[0].figures]
    for row in rows:
        name = f"{row.name} (LEAK: better than the oracle)" if row.alarm else row.name
        table.add_row(escape(name), *(_cell(cell.figures, names) for cell in row.cells), f"{row.seconds:.0f}")
    if any(cell.oracle for cell in first.cells):
        table.add_row("oracle", *(_cell(cell.oracle, names) for cell in first.cells), "", style="bold")
    table.caption = f"{'/'.join(names)} in % on means of so many test epochs"
    return table


def _cell(figures: "Sequence[Figure]", names: "Sequence[str]") -> str:
    """Return the figures of these names in percent, a dash for one that is not there."""
    values = {figure.name: f"{100 * figure.value:.1f}" for figure in figures}
    return "/".join(values.get(name, "-") for name in names)
