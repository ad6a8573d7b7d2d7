"""`bci fetch`: download a public data set."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import tyro

if TYPE_CHECKING:
    from replay.fetch.datasets import Dataset
    from replay.fetch.listing import Item
    from replay.fetch.plan import Plan

__all__ = ["Fetch", "main"]

DESCRIPTION = """Download a public data set: things-eeg2, things-eeg1, muse-n170, muse-p300, mnist, nsd, mindeye2
or cbramod.

examples:
  bci fetch muse-n170                                               a few megabytes
  bci fetch things-eeg2 --subjects 01 --pictures                    one person, preprocessed, with all pictures
  bci fetch things-eeg2 --subjects 01 02 --form raw --partition test --list
  bci fetch things-eeg1 --subjects 7 --out data                     one person of 50, BIDS
  bci fetch mnist --out data                                        pictures of digits for bci pair, 12 MB
  bci fetch nsd --subjects 1 --sessions 1 2 --list                  fMRI of one person, two sessions of 40
  bci fetch nsd --subjects 1 --pictures --accept-terms --out data   all of that person, and all 73,000 pictures
  bci fetch mindeye2 --subjects 1 --accept-terms --out data
  bci fetch cbramod --out data                                      weights for bci align

Goes on where it was broken off, verifies checksums, fetches nothing twice. Files come to lie in OUT/DATASET.
Exit codes: 0 all of it is there, 1 a server or the network failed, 2 no such thing, no room."""


@dataclass(frozen=True)
class Fetch:
    """Options of `bci fetch`."""

    dataset: Annotated[tyro.conf.Positional[str], tyro.conf.arg(metavar="DATASET")]
    """Its name."""
    subjects: tuple[str, ...] = ()
    """Whom of it, as 1, 01 or sub-01; by default all."""
    partition: Literal["training", "test"] | None = None
    """Of THINGS-EEG2; by default both. An archive that holds both is fetched whole and unpacked in part."""
    form: str | None = None
    """Of THINGS-EEG2: preprocessed, epochs at 100 Hz, or raw, the continuous 1 kHz recordings; by default the
    former. Of NSD: how responses were estimated, by default betas_fithrf_GLMdenoise_RR."""
    pictures: bool = False
    """Fetch the pictures of THINGS-EEG2 or NSD too."""
    sessions: tuple[int, ...] = ()
    """Of NSD, counted from 1; by default all."""
    accept_terms: bool = False
    """Say that you agreed to the terms of a data set that has some."""
    out: Path = Path()
    """Folder in which that of the data set is made; by default the current one."""
    show: Annotated[bool, tyro.conf.arg(name="list")] = False
    """Say what would be fetched, and fetch nothing."""
    server: str | None = None
    """A mirror, which is asked for https://HOST/PATH as URL/HOST/PATH."""
    json: bool = False
    """Print JSON."""


def main(argv: list[str]) -> int:
    """Run `bci fetch`."""
    options = tyro.cli(Fetch, args=argv, prog="bci fetch", description=DESCRIPTION)
    from replay.fetch.datasets import check_terms, choose, find_dataset

    dataset = find_dataset(options.dataset)
    choice = choose(
        options.dataset, options.subjects, options.partition, options.form, options.pictures, options.sessions
    )
    if not options.show:
        check_terms(options.dataset, accepted=options.accept_terms)
    from replay.fetch.plan import check_room, fetch, make_plan
    from replay.fetch.web import Web

    with Web(options.server) as web:
        plan = make_plan(options.out / options.dataset, dataset.items(web, choice))
        if not options.show:
            check_room(plan)
            with _show_progress(plan) as report:
                fetch(plan, web, report)
    _say_json(dataset, plan, options) if options.json else _say(dataset, plan, options)
    return 0


@contextmanager
def _show_progress(plan: "Plan") -> "Iterator[Callable[[Item, int], None]]":
    """Show how much of the current file and of all of them is there."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
    )
    done: dict[Item, int] = {}
    with Progress(*columns, TimeRemainingColumn(), console=Console(stderr=True)) as bars:
        everything = bars.add_task("all", total=sum(item.entry.size for item in plan.missing))
        current = bars.add_task("", visible=False)

        def report(item: "Item", size: int) -> None:
            done[item] = size
            bars.update(everything, completed=sum(done.values()))
            bars.update(current, description=str(item.path), completed=size, total=item.entry.size, visible=True)

        try:
            yield report
        except KeyboardInterrupt:
            print("what has come is kept: the same command goes on", file=sys.stderr)
            raise


def _say(dataset: "Dataset", plan: "Plan", options: Fetch) -> None:
    if options.show:
        for state, items in (("there", plan.there), ("missing", plan.missing)):
            for item in items:
                print(f"{_size(item.entry.size):>10}  {state:<8}{item.path}")
    verb = "to fetch" if options.show else "fetched"
    total = sum(item.entry.size for item in plan.missing)
    print(
        f"{plan.folder}: {len(plan.missing)} files {verb} ({_size(total)}), {len(plan.there)} were there\n"
        f"{dataset.title}\nlicence: {dataset.licence}\ncite:    {dataset.citation}\nfrom:    {dataset.home}"
    )


def _say_json(dataset: "Dataset", plan: "Plan", options: Fetch) -> None:
    import json

    state = "missing" if options.show else "fetched"
    files = [
        {"path": str(item.path), "size": item.entry.size, "state": said}
        for said, items in (("there", plan.there), (state, plan.missing))
        for item in items
    ]
    about = {
        "title": dataset.title,
        "licence": dataset.licence,
        "citation": dataset.citation,
        "home": dataset.home,
    }
    body = {"schema": 1, "dataset": options.dataset, "folder": str(plan.folder), **about, "files": files}
    print(json.dumps(body, indent=2, ensure_ascii=False))


def _size(size: int) -> str:
    from rich.filesize import decimal

    return decimal(size)
