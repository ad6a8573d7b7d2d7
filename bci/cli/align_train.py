"""`bci align train`: train an alignment from a config, into a folder of its own."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from models.alignment.config import AlignmentConfig
    from models.alignment.trained import Trained

__all__ = ["main"]

EPILOG = """\
CONFIG is a TOML file or the name of one that comes with bci; its keys can be overridden: --train.epochs 20. The
pass is chosen by validation pairs; test pairs are not looked at. RUNS gets a folder NAME_YYYYMMDD-HHMMSS with
config.toml, model.safetensors, history.json and tensorboard/; an interrupted training goes on with --resume.

examples:
  bci align train eeg-fmri-known
  bci align train eeg-fmri --data pairs --train.batch 128
  bci align train --resume runs/eeg-fmri_20260101-120000 --data pairs
  tensorboard --logdir runs
"""


def main(argv: list[str]) -> int:
    """Run the command; return its exit code."""
    options, overrides = _parser().parse_known_args(argv)
    import datetime as dt

    from bci.cli.train import show_progress
    from models.alignment import run
    from models.alignment.source import open_source
    from models.alignment.train import train

    config = _config(options, overrides)
    pairs = open_source(config, options.data).pairs
    folder = options.resume or run.new_run(config, options.runs, dt.datetime.now())  # noqa: DTZ005 (who reads it is here)
    with show_progress(config.name) as progress, run.board(folder) as board:
        trained = train(pairs, config, report=progress, checkpoints=folder / run.CHECKPOINTS, board=board)
    run.keep(folder, trained)
    _say(folder, trained, options.data)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="bci align train",
        description="Train an alignment of EEG with fMRI from a config.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("config", nargs="?", metavar="CONFIG", help="a config's path or bare name")
    parser.add_argument("--data", type=Path, metavar="FOLDER", help="pairs that bci align data wrote")
    parser.add_argument("--runs", type=Path, default=Path("runs"), metavar="DIR", help="default: %(default)s")
    parser.add_argument("--resume", type=Path, metavar="RUN", help="go on with an interrupted training, as it was")
    return parser


def _config(options: argparse.Namespace, overrides: "Sequence[str]") -> "AlignmentConfig":
    from bci.cli.experiment import with_keys
    from bci.config import load_config
    from bci.errors import ConfigError
    from models.alignment.config import AlignmentConfig
    from models.alignment.run import config_of

    if options.resume is not None:
        if changed := [*overrides, *filter(None, [options.config])]:
            raise ConfigError(f"--resume goes on with the config of the run: leave {' '.join(changed)} out")
        return config_of(options.resume)
    if options.config is None:
        raise ConfigError("expected a config, or --resume with a run whose config is in its folder")
    return with_keys(load_config(AlignmentConfig, options.config), overrides, f"bci align train {options.config}")


def _say(folder: Path, trained: "Trained", data: Path | None) -> None:
    of = "" if data is None else f" --data {data}"
    figures = trained.history[trained.chosen - 1]
    print(
        f"{folder}: pass {trained.chosen} of {len(trained.history)}; validation, EEG alone: top-5 "
        f"{figures['eeg_to_fmri/top5']:.3f}, median rank {figures['eeg_to_fmri/median_rank']:g}; "
        f"next: bci align evaluate {folder}{of} --out {folder.name}-report"
    )
