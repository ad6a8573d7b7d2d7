"""`bci train`: train a decoder from a config and write it as a bundle."""

import argparse
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from bci.cli.experiment import experiment_parser, load_experiment

if TYPE_CHECKING:
    from models.bundle import Bundle
    from models.progress import Progress

__all__ = ["main", "show_progress"]

EPILOG = """\
CONFIG is a TOML file or the name of one that comes with bci. Each of its keys can be overridden:
--train.epochs 20 --decoder.options.dropout 0.2.

examples:
  bci train n170 --data ../shared/data/muse-n170 --hold-out rec_2017-09-13-15.42.33 --out n170-bundle
  bci train things --out things-bundle
  bci train n170 --train.epochs 5 --train.seed 3 --out quick-bundle
"""


def main(argv: list[str]) -> int:
    """Run the command; return its exit code."""
    options, overrides = _parser().parse_known_args(argv)
    from bci.storage import refuse_non_empty
    from models.bundle import save_bundle

    refuse_non_empty(options.out)  # before any work
    bundle = _train(options.config, options.data, options.hold_out, overrides)
    save_bundle(options.out, bundle)
    _say(bundle, options.out)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = experiment_parser("bci train", "Train a decoder from a config and write it as a bundle.", EPILOG)
    parser.add_argument("config", metavar="CONFIG", help="a config's path or bare name")
    parser.add_argument(
        "--hold-out", nargs="+", default=[], metavar="NAME", help="files to leave out, by name without suffixes"
    )
    return parser


def _train(name: str, data: list[Path], hold_out: list[str], overrides: list[str]) -> "Bundle":
    from models.data import load_bank_of, load_trials

    config = load_experiment(name, overrides, "bci train")
    trials, bank = load_trials(config, data, hold_out), load_bank_of(config)
    from models.train import train  # after what can be refused without waiting for torch

    with show_progress() as progress:
        return train(trials, bank, config, report=progress)


@contextmanager
def show_progress() -> "Iterator[Callable[[Progress], None]]":
    """Show how many steps are done, the loss, and how long the others will take."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
    from rich.progress import Progress as Bars

    columns = (
        TextColumn("training"), BarColumn(), MofNCompleteColumn(), TextColumn("loss {task.fields[loss]}"),
        TimeElapsedColumn(), TextColumn("left"), TimeRemainingColumn(),
    )  # fmt: skip
    with Bars(*columns, console=Console(stderr=True)) as bars:
        task = bars.add_task("training", total=None, loss="")

        def show(progress: "Progress") -> None:
            loss = "" if progress.loss is None else f"{progress.loss:.3f}"
            bars.update(task, completed=progress.step, total=progress.steps, loss=loss)

        yield show


def _say(bundle: "Bundle", folder: Path) -> None:
    card = bundle.card
    print(
        f"{folder}: decoder {bundle.id}, {card['n_trials']} trials of {card['n_concepts']} concepts, "
        f"{card['n_rejected']} rejected; next: bci live {folder}"
    )
