"""`bci train`: train a decoder from a config and write it as a bundle; or many, of several people and seeds."""

import argparse
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from bci.cli.experiment import experiment_parser, load_experiment
from bci.cli.progress import progress_bar

if TYPE_CHECKING:
    from models.bundle import Bundle
    from models.progress import Progress
    from models.sweep import Run

__all__ = ["main", "show_progress"]

EPILOG = """\
CONFIG is a TOML file or the name of one that comes with bci. Each of its keys can be overridden:
--train.epochs 20; options of reader, decoder and projection are TOML: --decoder.options.dropout 0.2. With several
subjects or seeds FOLDER holds one bundle for each, such as FOLDER/sub-01_seed-0 with both. A network's training is
kept beside its bundle's folder while it runs: --resume goes on with it. --train.calibrate N leaves N parts of the
training trials out in turn and fits the probabilities to them, which takes N more fits; without it they are raw,
and no evidence over repeats can stop a presentation.

examples:
  bci train n170 --data muse-n170 --hold-out rec_2017-09-13-15.42.33 --out n170-bundle
  bci train things --train.epochs 20 --decoder.options.dropout 0.2 --out things-bundle
  bci train things --seeds 0 1 2 --out things-seeds
  bci train n170 --data muse-n170 --train.calibrate 5 --out n170-calibrated
  bci train lab --data S1.xdf S2.xdf --decoder.options.highpass 0.5 --out lab-bundle

THINGS-EEG2 of several people, in a folder that has one for each of them (sub-01, ...), as jobs of a cluster; and
the training of one person's decoder on four GPUs:
  bci train things-eeg2-nice --data things-eeg2-250hz --data.only preprocessed_eeg_training --subjects 01 02 03 \
      --out nice --submit slurm --job slurm_partition=gpu
  torchrun --nproc-per-node 4 -m bci train things-eeg2-nice --out nice-01
"""


def main(argv: list[str]) -> int:
    """Run the command; return its exit code."""
    options, overrides = _parser().parse_known_args(argv)
    from bci.storage import refuse_non_empty
    from models.devices import is_first
    from models.sweep import runs_of

    if is_first() and not options.resume:
        refuse_non_empty(options.out)  # before any work
    config = load_experiment(options.config, overrides, "bci train")
    runs = runs_of(config, options.out, options.subjects, options.seeds, options.data, options.hold_out)
    if is_first() and not options.resume:
        _refuse_interrupted(runs)
    left = [run for run in runs if not (options.resume and run.done)]
    if options.submit:
        return _submit(left, options)
    for number, run in enumerate(left, start=1):
        trials, bank = run.load()
        with show_progress(run.title if len(runs) > 1 else "training", quiet=not is_first()) as progress:
            bundle = run.train(trials, bank, progress)
        if config.train.calibrate:
            with show_progress("calibrating", quiet=not is_first()) as progress:
                bundle = run.calibrate(bundle, trials, progress)
        if is_first():
            run.save(bundle)
            _say(bundle, run.folder, f"{number} of {len(left)}: " if len(left) > 1 else "")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = experiment_parser("bci train", "Train a decoder from a config and write it as a bundle.", EPILOG)
    parser.add_argument("config", metavar="CONFIG", help="a config's path or bare name")
    parser.add_argument(
        "--hold-out", nargs="+", default=[], metavar="NAME", help="files to leave out, by name without suffixes"
    )
    parser.add_argument(
        "--subjects", nargs="+", default=[], metavar="ID", help="a bundle for each of these people"
    )
    parser.add_argument("--seeds", nargs="+", type=int, default=[], metavar="N", help="a bundle for each of these")
    parser.add_argument("--resume", action="store_true", help="go on with what was interrupted")
    parser.add_argument("--submit", choices=["slurm", "local"], help="a job for each bundle, by submitit")
    parser.add_argument("--job", nargs="+", default=[], metavar="KEY=VALUE", help="what submitit is to ask for")
    return parser


def _refuse_interrupted(runs: "Sequence[Run]") -> None:
    from bci.errors import OutputError

    if kept := next((run.checkpoints for run in runs if run.checkpoints.exists()), None):
        raise OutputError(
            f"a training was interrupted and is kept in {kept}: go on with --resume, or remove that folder"
        )


def _submit(runs: "Sequence[Run]", options: argparse.Namespace) -> int:
    from rich.console import Console

    from models.sweep import submit

    console = Console(stderr=True)
    failed = 0
    for done, (run, error) in enumerate(submit(runs, options.submit, options.out, options.job), start=1):
        failed += error is not None
        text = f"{run.folder}: {error or 'done'}"
        console.print(f"{done} of {len(runs)}: {text}", markup=False, highlight=False, soft_wrap=True)
    return 1 if failed else 0


@contextmanager
def show_progress(title: str = "training", *, quiet: bool = False) -> "Iterator[Callable[[Progress], None]]":
    """Show how many steps are done, the loss, and how long the others will take."""
    with progress_bar(title, quiet=quiet) as show:

        def report(progress: "Progress") -> None:
            show(progress.step, progress.steps, "" if progress.loss is None else f"loss {progress.loss:.3f}")

        yield report


def _say(bundle: "Bundle", folder: Path, count: str) -> None:
    card = bundle.card
    print(
        f"{count}{folder}: decoder {bundle.id}, {card['n_trials']} trials of {card['n_concepts']} concepts, "
        f"{card['n_rejected']} rejected; next: bci live {folder}"
    )
