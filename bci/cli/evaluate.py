"""`bci evaluate`: judge a decoder honestly, beside its controls."""

import argparse
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from bci.cli.arguments import positive
from bci.cli.experiment import experiment_parser, load_experiment, overridden
from bci.cli.progress import progress_bar
from bci.errors import ConfigError

if TYPE_CHECKING:
    from bci.bank import Bank
    from bci.specs import PreprocessSpec
    from models.config import ExperimentConfig
    from models.evaluation.experiments import Partition
    from models.evaluation.writing import Written

__all__ = ["main"]

EPILOG = """\
Given a config, one decoder is trained per fold, as evaluation.* of the config says; given a bundle, that decoder
is judged as it is on recordings that it was not trained on. Every key of the config can be overridden, options of
reader, decoder and projection by TOML: --train.epochs 20 --decoder.options.dropout 0.2.

examples:
  bci evaluate n170 --data muse-n170 --out n170-report
  bci evaluate things-eeg1-erps --jobs 2 --permutations 20 --out erps-report
  bci evaluate my-bundle --data rec_2017-09-13-15.42.33.csv.gz --out bundle-report
  bci evaluate n170 --data muse-n170 --decoder.name toeplitz_lda --compare n170-report --out toeplitz-report
  bci evaluate things --evaluation.test partition --curves --out things-report
"""

ANSWERS = "answers.safetensors"
CURVES = {"window_ends": (0.2, 0.4, 0.6, 1.0), "channels": (17, 14, 8)}
"""What `--curves` draws where nothing else is asked for, beside the curves that need no training."""
UNADORNED = [
    "--evaluation.permutations", "0", "--evaluation.prestimulus", "None", "--evaluation.noise-level", "False",
    "--evaluation.sequence", "False", "--evaluation.frontal", "False", "--evaluation.calibrate", "False",
    "--evaluation.curves.window-ends", "--evaluation.curves.channels", "--evaluation.curves.repetitions",
]  # fmt: skip
"""What another decoder is evaluated without, of which only the answers are wanted."""


def main(argv: list[str]) -> int:
    """Run the command; return its exit code."""
    options, overrides = _parser().parse_known_args(argv)
    from bci.storage import refuse_non_empty

    refuse_non_empty(options.out)  # before any work
    if options.permutations is not None:
        overrides += ["--evaluation.permutations", str(options.permutations)]
    written, bank_file = _evaluated(options.what, options, overrides)
    if options.compare is not None:
        written = _compared(written, options, overrides)
    return _publish(written, options.out, bank_file)


def _parser() -> argparse.ArgumentParser:
    parser = experiment_parser("bci evaluate", "Judge a decoder honestly, beside its controls.", EPILOG)
    parser.add_argument("what", metavar="BUNDLE_OR_CONFIG", help="folder of a bundle, or path or name of a config")
    parser.add_argument(
        "--jobs", type=positive, default=os.cpu_count() or 1, metavar="N",
        help="folds trained at a time, one core each; figures do not depend on it (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--permutations", type=int, metavar="N",
        help="decoders trained on shuffled labels, 0 for none; a bundle is not trained anew: for any other N the "
        "truth is shuffled 1000 times against its scores",
    )  # fmt: skip
    parser.add_argument(
        "--curves", action="store_true",
        help="train anew for other windows and channels, those that the config names if it does, and draw curves",
    )  # fmt: skip
    parser.add_argument(
        "--compare", metavar="OTHER",
        help="another decoder on the same trials and folds: a bundle, a config or the folder of a report",
    )  # fmt: skip
    parser.add_argument("--bank", type=Path, metavar="FILE", help="rank this bank instead of the bundle's own")
    return parser


_Judged = tuple["Written", Path | None]
"""What an evaluation came to, and the file of the bank that was ranked, beside which pictures of it lie."""


def _experiment(what: str, options: argparse.Namespace, overrides: Sequence[str]) -> _Judged:
    from models.data import load_bank_of, load_trials, ranked_bank_file
    from models.evaluation.ceiling import world_oracle
    from models.evaluation.experiments import evaluate_config

    config = load_experiment(what, overrides, "bci evaluate")
    if options.curves:
        config = _with_curves(config)
    if options.bank is not None:
        raise ConfigError("--bank goes with a bundle; a config names its banks itself (targets)")
    trials, bank = load_trials(config, options.data), load_bank_of(config)
    before = None
    if spec := _before(config):
        before = load_trials(config, options.data, preprocess=spec)
    test = _partition(config) if config.evaluation.test == "partition" else None
    oracle = world_oracle(config) if test is None and not options.data else None
    with progress_bar("fits") as progress:
        written = evaluate_config(
            config, bank, trials, before, test=test, oracle=oracle, processes=options.jobs, progress=progress
        )
    return written, ranked_bank_file(config)


def _with_curves(config: "ExperimentConfig") -> "ExperimentConfig":
    """Ask for the curves that need training, where the config and its options ask for none of the kind."""
    curves = config.evaluation.curves
    missing = {name: points for name, points in CURVES.items() if not getattr(curves, name)}
    evaluation = config.evaluation.model_copy(update={"curves": curves.model_copy(update=missing)})
    return config.model_copy(update={"evaluation": evaluation})


def _before(config: "ExperimentConfig") -> "PreprocessSpec | None":
    """Return the preprocessing of the window before the stimulus, None if that control is not asked for."""
    from models.evaluation.controls import before_stimulus

    window = config.evaluation.prestimulus
    return before_stimulus(config, window).preprocess if window else None


def _partition(config: "ExperimentConfig", bank: "Bank | None" = None, *, controls: bool = True) -> "Partition":
    """Read the test partition; `bank` is ranked instead of its own. The oracle knows the world's alone."""
    from models.data import load_test_bank, load_test_trials
    from models.evaluation.ceiling import world_oracle
    from models.evaluation.experiments import Partition

    spec = _before(config) if controls else None
    before = load_test_trials(config, preprocess=spec) if spec else None
    ranked, oracle = bank or load_test_bank(config), world_oracle(config)
    if oracle is not None and ranked.names != oracle.world.test_bank.names:
        oracle = None
    return Partition(load_test_trials(config, bank=bank), ranked, before, oracle)


def _bundle(folder: Path, options: argparse.Namespace, overrides: Sequence[str]) -> _Judged:
    from bci.bank import load_bank
    from models.bundle import BANK, load_bundle
    from models.data import load_trials, ranked_bank_file
    from models.evaluation.bundles import evaluate_bundle

    bundle = load_bundle(folder)
    config = overridden(bundle.config, overrides, f"bci evaluate {folder}")
    free = {"data": config.data, "evaluation": config.evaluation}
    if bundle.config.model_copy(update=free) != config:
        raise ConfigError("a bundle is judged as it was trained: override only --evaluation.* and --data.*")
    bank = None if options.bank is None else load_bank(options.bank)
    if config.evaluation.test == "partition" and not options.data:
        test = _partition(config, bank, controls=False)
        written = evaluate_bundle(bundle, test.trials, config.evaluation, test.bank, test.oracle)
        return written, options.bank or ranked_bank_file(config)
    trials = load_trials(config, options.data, bank=bank or bundle.bank)
    return evaluate_bundle(bundle, trials, config.evaluation, bank), options.bank or folder / BANK


def _evaluated(what: str, options: argparse.Namespace, overrides: Sequence[str]) -> _Judged:
    is_bundle = (Path(what) / "bundle.json").is_file()
    return _bundle(Path(what), options, overrides) if is_bundle else _experiment(what, options, overrides)


def _compared(written: "Written", options: argparse.Namespace, overrides: Sequence[str]) -> "Written":
    """Put another decoder beside: the answers of a report, or those of a bundle or config on the same data."""
    from dataclasses import replace

    from models.evaluation.answers import load_answers
    from models.evaluation.compare import compare

    kept = Path(options.compare) / ANSWERS
    plain = argparse.Namespace(**{**vars(options), "curves": False})
    shared = [*_shared(overrides), *UNADORNED]
    other = load_answers(kept) if kept.is_file() else _evaluated(options.compare, plain, shared)[0].answers
    comparison = compare(written.answers, other, written.evaluation, written.seed)
    return replace(written, report=replace(written.report, comparison=comparison))


def _shared(overrides: Sequence[str]) -> list[str]:
    """Return the overrides that both decoders must have in common: which trials they are judged on, and how."""
    kept, shared = [], False
    for option in overrides:
        shared = option.startswith(("--data.", "--evaluation.")) if option.startswith("--") else shared
        kept += [option] if shared else []
    return kept


def _publish(written: "Written", folder: Path, bank_file: Path | None) -> int:
    from rich.console import Console

    from bci.storage import new_folder
    from models.evaluation.answers import save_answers
    from models.evaluation.html import save_html, shown_concepts
    from models.evaluation.report import save_report
    from models.evaluation.terminal import render
    from models.vision.thumbnails import thumbnail_uris

    new_folder(folder)
    path = save_report(written.report, folder)
    pictures = thumbnail_uris(bank_file, shown_concepts(written.report)) if bank_file else {}
    save_html(written.report, folder, pictures)
    save_answers(folder / ANSWERS, written.answers)
    console = Console()
    console.print(render(written.report))
    said = f"written to {path}, beside report.html and {ANSWERS}"
    console.print(said, markup=False, highlight=False, soft_wrap=True)
    return 0
