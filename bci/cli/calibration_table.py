"""What `bci table` does with a config that names people: decode each after some minutes of calibration."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from bci.cli.progress import progress_bar

if TYPE_CHECKING:
    from rich.table import Table

    from models.calibration.table import Cell

__all__ = ["run"]


def run(name: str, out: Path, jobs: int, *, streamed: bool) -> None:
    """Make the table, write it and show it.

    Parameters
    ----------
    name
        Of the config.
    out
        New folder; it gets `table.json` and the bundles.
    jobs
        People at a time.
    streamed
        People are heard from simulated devices, not read from files.
    """
    from rich.console import Console

    from bci.cli.train import show_progress
    from bci.config import load_config
    from bci.storage import new_folder, save_json
    from models.calibration.table import CalibrationTable, check_streams, make_cells, train_bundles

    table = load_config(CalibrationTable, name)
    if streamed:
        check_streams(table)
    new_folder(out)
    cells: list[Cell] = []
    with show_progress() as trained:
        train_bundles(table, out, trained)
    with progress_bar("people") as progress:
        for done in make_cells(table, out, jobs, progress, streamed=streamed):
            cells += done
            body = {"name": table.name, "title": table.title, "people": list(table.people), "streamed": streamed}
            save_json(out / "table.json", {**body, "cells": [asdict(cell) for cell in cells]})
    console = Console()
    for experiment in dict.fromkeys(cell.experiment for cell in sorted(cells, key=lambda cell: cell.experiment)):
        own = [cell for cell in cells if cell.experiment == experiment]
        console.print(_table(experiment, own, streamed=streamed))
    console.print(f"written to {out / 'table.json'}", markup=False, highlight=False, soft_wrap=True)


def _table(experiment: str, cells: "Sequence[Cell]", *, streamed: bool) -> "Table":
    from rich import box
    from rich.table import Table

    from models.calibration.table import rows_of

    rows = rows_of(cells)
    first, n_people = cells[0], len({cell.person for cell in cells})
    title = f"{experiment}: {n_people} unknown people, {first.candidates} candidates, {first.n} events each"
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    for heading in ("calibration", "top-1", "top-5", "top-1 gained"):
        table.add_column(heading, justify="left" if heading == "calibration" else "right", no_wrap=True)
    before = {cell.person: cell.top1 for cell in next(iter(rows.values()))}
    for name, own in rows.items():
        gained = [cell.top1 - before[cell.person] for cell in own]
        figures = (_figure([getattr(cell, k) for cell in own]) for k in ("top1", "top5"))
        table.add_row(name, *figures, _figure(gained) if any(gained) else "")
    heard = ", heard from simulated devices" if streamed else ""
    table.caption = f"in %, mean over people and its 95 % interval; synthetic{heard}"
    return table


def _figure(values: "Sequence[float]") -> str:
    from models.calibration.table import mean_of

    mean, low, high = (100 * value for value in mean_of(values))
    return f"{mean:.1f} [{low:.1f}, {high:.1f}]"
