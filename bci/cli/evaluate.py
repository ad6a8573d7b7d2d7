"""`bci evaluate`: judge a decoder honestly, beside its controls."""

import argparse
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from bci.cli.experiment import experiment_parser, load_experiment, overridden
from bci.errors import ConfigError

if TYPE_CHECKING:
    from models.report import Report

__all__ = ["main"]

EPILOG = """\
Given a config, one decoder is trained per fold, as evaluation.* of the config says; given a bundle, that decoder
is judged as it is on recordings that it was not trained on. Every key of the config can be overridden:
--train.epochs 20 --evaluation.resamples 5000.

examples:
  bci evaluate n170 --data ../shared/data/muse-n170 --out n170-report
  bci evaluate things-eeg1-erps --jobs 2 --permutations 20 --out erps-report
  bci evaluate my-bundle --data rec_2017-09-13-15.42.33.csv.gz --out bundle-report
"""


def main(argv: list[str]) -> int:
    """Run the command; return its exit code."""
    options, overrides = _parser().parse_known_args(argv)
    from bci.storage import refuse_non_empty

    refuse_non_empty(options.out)  # before any work
    if options.permutations is not None:
        overrides += ["--evaluation.permutations", str(options.permutations)]
    if (Path(options.what) / "bundle.json").is_file():
        report = _bundle(Path(options.what), options.data, overrides)
    else:
        report = _experiment(options.what, options.data, overrides, options.jobs)
    return _publish(report, options.out)


def _parser() -> argparse.ArgumentParser:
    parser = experiment_parser("bci evaluate", "Judge a decoder honestly, beside its controls.", EPILOG)
    parser.add_argument("what", metavar="BUNDLE_OR_CONFIG", help="folder of a bundle, or path or name of a config")
    parser.add_argument(
        "--jobs", type=_positive, default=os.cpu_count() or 1, metavar="N",
        help="folds trained at a time, one core each; figures do not depend on it (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--permutations", type=int, metavar="N", help="number of shuffles of the labels, 0 for none"
    )
    return parser


def _positive(text: str) -> int:
    if (number := int(text)) < 1:
        raise argparse.ArgumentTypeError(f"expected at least 1, got {number}")
    return number


def _experiment(what: str, data: Sequence[Path], overrides: Sequence[str], jobs: int) -> "Report":
    from models.controls import before_stimulus
    from models.data import load_bank_of, load_trials
    from models.evaluate import evaluate_config

    config = load_experiment(what, overrides, "bci evaluate")
    trials, bank = load_trials(config, data), load_bank_of(config)
    before = None
    if window := config.evaluation.prestimulus:
        before = load_trials(config, data, preprocess=before_stimulus(config, window).preprocess)
    with _progress() as progress:
        return evaluate_config(config, bank, trials, before, processes=jobs, progress=progress)


def _bundle(folder: Path, data: Sequence[Path], overrides: Sequence[str]) -> "Report":
    from models.bundle import load_bundle
    from models.data import load_trials
    from models.evaluate import evaluate_bundle

    bundle = load_bundle(folder)
    config = overridden(bundle.config, overrides, f"bci evaluate {folder}")
    free = {"data": config.data, "evaluation": config.evaluation}
    if bundle.config.model_copy(update=free) != config:
        raise ConfigError("a bundle is judged as it was trained: override only --evaluation.* and --data.*")
    return evaluate_bundle(bundle, load_trials(config, data), config.evaluation)


@contextmanager
def _progress() -> Iterator[Callable[[int, int], None]]:
    """Show how many fits are done and how long the others will take."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("fits"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("left"),
        TimeRemainingColumn(),
    )  # fmt: skip
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("fits", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _publish(report: "Report", folder: Path) -> int:
    from rich.console import Console

    from bci.storage import new_folder
    from models.report import render, save_report

    new_folder(folder)
    path = save_report(report, folder)
    console = Console()
    console.print(render(report))
    console.print(f"written to {path}", soft_wrap=True)
    return 0
