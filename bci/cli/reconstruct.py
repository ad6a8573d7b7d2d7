"""`bci reconstruct`: train what paints pictures from EEG, and judge it."""

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bci.cli.arguments import positive
from bci.cli.experiment import with_keys

if TYPE_CHECKING:
    from rich.table import Table

    from models.reconstruction.config import ReconstructionConfig
    from models.reconstruction.evaluation import Evaluation, Figure, Margin
    from models.reconstruction.sources import Data
    from models.reconstruction.store import Reconstruction

__all__ = ["main"]

EPILOG = """\
CONFIG is a TOML file or the name of one that comes with bci; each of its keys can be overridden: --train.epochs 5.
train writes models/ (weights, description, checkpoint), visualizations/ (samples after each pass, of concepts that
are left out) and logs/ (learning curve); --resume goes on with what was interrupted, bit for bit. evaluate judges
one or several trained folders on the same test trials and writes report.html, report.json and panels; weights of
published networks are taken from --weights or torch's cache, never downloaded; those that are missing are listed.

examples:
  bci train things --out things-bundle
  bci reconstruct train vae-gan-synthetic --data.bundle things-bundle --out painted
  bci reconstruct evaluate painted --out painted-report

With and without a semantic loss, by a CLIP that is trained on the world's pictures of training concepts:
  bci reconstruct world-clip things --out things-clip
  bci reconstruct train vae-gan-synthetic --data.bundle things-bundle --weights.semantic 5 \
      --semantic.config things-clip/world-clip.json --semantic.weights things-clip/world-clip.safetensors \
      --out with-clip
  bci reconstruct evaluate with-clip painted --out compared

Pairs of events and pictures of their digit, with CLIP from a local file as the semantic loss:
  bci pair EP1.01.txt --out pairs
  bci reconstruct train vae-gan --data.pairs pairs --semantic.weights vit_b32.safetensors --out digits
  bci reconstruct evaluate digits --weights torchvision-weights --out digits-report

Exit codes: 0 done, 1 training diverged, 2 no such file, or options that make no sense."""


def main(argv: list[str]) -> int:
    """Run the command; return its exit code."""
    options, overrides = _parser().parse_known_args(argv)
    if options.action == "train":
        return _train(options, overrides)
    if overrides:
        from bci.errors import ConfigError

        raise ConfigError(f"bci reconstruct {options.action}: unknown option {overrides[0]}; see --help")
    return _evaluate(options) if options.action == "evaluate" else _world_clip(options)


def _parser() -> argparse.ArgumentParser:
    form: dict[str, Any] = {"formatter_class": argparse.RawDescriptionHelpFormatter, "allow_abbrev": False}
    parser = argparse.ArgumentParser(
        prog="bci reconstruct",
        description="Reconstruct pictures from EEG by a VAE-GAN with CLIP as a semantic loss.",
        epilog=EPILOG,
        **form,
    )
    actions = parser.add_subparsers(dest="action", required=True, metavar="train|evaluate|world-clip")
    train = actions.add_parser("train", help="train from a config", epilog=EPILOG, **form)
    train.add_argument("config", metavar="CONFIG", help="a config's path or bare name")
    train.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="new folder for the result")
    train.add_argument("--resume", action="store_true", help="go on with what was interrupted")
    clip = actions.add_parser("world-clip", help="a CLIP for a synthetic world", epilog=EPILOG, **form)
    clip.add_argument("world", metavar="WORLD", help="a world's file or bare name, such as things")
    clip.add_argument(
        "--out", type=Path, required=True, metavar="FOLDER", help="new folder for config and weights"
    )
    evaluate = actions.add_parser("evaluate", help="judge what was trained", epilog=EPILOG, **form)
    evaluate.add_argument("folders", type=Path, nargs="+", metavar="FOLDER", help="that training wrote")
    evaluate.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="new folder for the report")
    evaluate.add_argument("--trials", type=positive, default=500, metavar="N", help="test trials (%(default)s)")
    evaluate.add_argument("--panels", type=positive, default=12, metavar="N", help="trials shown (%(default)s)")
    evaluate.add_argument("--weights", type=Path, metavar="DIR", help="folder with weights of published networks")
    evaluate.add_argument("--json", action="store_true", help="print the report as JSON")
    return parser


# ---------------------------------------------------------------------------------------------------------- train


def _train(options: argparse.Namespace, overrides: Sequence[str]) -> int:
    from bci.cli.train import show_progress
    from bci.storage import refuse_non_empty
    from models.reconstruction.sources import load_data
    from models.reconstruction.train import train_reconstruction

    if not options.resume:
        refuse_non_empty(options.out)
    config = _load(options.config, overrides)
    data = load_data(config)
    with show_progress() as progress:
        result = train_reconstruction(config, data.train, options.out, progress)
    card = result.card
    print(
        f"{options.out}: reconstruction {result.id}, {card['n_trials']} trials of {card['n_concepts']} concepts; "
        f"next: bci reconstruct evaluate {options.out} --out {options.out}-report"
    )
    return 0


def _load(name: str, overrides: Sequence[str]) -> "ReconstructionConfig":
    from bci.config import load_config
    from models.reconstruction.config import ReconstructionConfig

    config = load_config(ReconstructionConfig, name)
    return with_keys(config, overrides, f"bci reconstruct train {name}")


def _world_clip(options: argparse.Namespace) -> int:
    from bci.cli.train import show_progress
    from models.reconstruction.config import LookingConfig
    from models.reconstruction.world_clip import CONFIG, WEIGHTS, write_world_clip
    from replay.world import load_world

    world = load_world(options.world)
    with show_progress() as progress:
        write_world_clip(options.out, world, LookingConfig(), progress)
    print(f"semantic loss: --semantic.config {options.out / CONFIG} --semantic.weights {options.out / WEIGHTS}")
    return 0


# ------------------------------------------------------------------------------------------------------- evaluate


def _evaluate(options: argparse.Namespace) -> int:
    from rich.console import Console

    from bci.cli.train import show_progress
    from bci.storage import new_folder
    from models.reconstruction.curve import read_curve
    from models.reconstruction.evaluate import evaluate_reconstructions
    from models.reconstruction.report import described, write_report

    found = _open(options.folders)
    new_folder(options.out)
    data = _data_of(found, options.trials)
    with show_progress("judge") as progress:
        evaluation = evaluate_reconstructions(found, data, options.weights, progress)
    curves = {name: read_curve(folder) for name, folder in zip(found, options.folders, strict=True)}
    write_report(options.out, evaluation, found, curves, next(iter(data.values())).test, options.panels)
    if options.json:
        print(json.dumps({"schema": 1, **described(evaluation, found)}, indent=2, ensure_ascii=False))
    else:
        console = Console()
        console.print(_table(evaluation))
        for line in _notes(evaluation):
            console.print(line, markup=False, highlight=False)
        print(f"report.html, report.json and panels: {options.out}")
    return 0


def _open(folders: Sequence[Path]) -> "dict[str, Reconstruction]":
    from bci.errors import ConfigError
    from models.reconstruction.store import load_reconstruction

    names = [folder.resolve().name for folder in folders]
    if len(set(names)) != len(names):
        raise ConfigError(f"expected folders of different names, got {', '.join(names)}: rename one")
    return {name: load_reconstruction(folder) for name, folder in zip(names, folders, strict=True)}


def _data_of(found: "Mapping[str, Reconstruction]", trials: int) -> "dict[str, Data]":
    """Return the data of each reconstruction; those that are described alike are read once."""
    from models.reconstruction.sources import load_data, some_trials

    read: dict[str, Data] = {}
    for one in found.values():
        described = one.config.data.model_dump_json()
        if described not in read:
            read[described] = some_trials(load_data(one.config), trials)
    return {name: read[one.config.data.model_dump_json()] for name, one in found.items()}


def _table(evaluation: "Evaluation") -> "Table":
    from rich.table import Table

    title = f"{evaluation.protocol}: {evaluation.n_trials} test trials of {evaluation.n_concepts} concepts"
    table = Table("shown", title=title)
    for column in evaluation.columns:
        chance = "" if column.chance is None else f"\nchance {column.chance:.3g}"
        table.add_column(f"{column.name}{chance}", justify="right")
    for row in evaluation.rows:
        table.add_row(row.name, *(_cell(row.figures, column.name) for column in evaluation.columns))
    table.caption = "mean over test trials; * circular: this network was the loss"
    return table


def _cell(figures: "Mapping[str, Figure]", name: str) -> str:
    figure = figures[name]
    return f"{figure.value:.3f}{'*' if figure.circular else ''}"


def _notes(evaluation: "Evaluation") -> list[str]:
    missing = [f"not computed: {name}: {why}" for name, why in evaluation.missing.items()]
    return [*map(_margin, evaluation.margins), *missing, *evaluation.caveats]


def _margin(margin: "Margin") -> str:
    figure = margin.figure
    return (
        f"{margin.name} over {margin.over}, {margin.column}: {figure.value:+.3f} [{figure.low:+.3f}, "
        f"{figure.high:+.3f}]{' (circular)' if figure.circular else ''}"
    )
