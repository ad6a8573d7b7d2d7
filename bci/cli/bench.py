"""`bci bench`: how fast this computer does what takes time, as ratios measured in one run."""

import argparse
import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from bci.cli.arguments import positive

if TYPE_CHECKING:
    from gui.benchmark import Cost
    from models.benchmark import TrainingSpeed


__all__ = ["main"]

EPILOG = """\
train: trials a second of the training loop on a memory-mapped set of noise, beside forward, backward and step of
the same network on one batch that stays in memory, taken in turn; and the most memory that it took.

gui: what the dashboard costs a session that decodes noise over real LSL, 63 channels at 1 kHz, five decisions a
second by an untrained network: latency without the window, with it and without it again; frames, painting, memory.

examples:
  bci bench train
  bci bench train --encoder nice --json nice.json
  bci bench train --trials 8192 --batch 256 --channels 17 --times 100
  QT_QPA_PLATFORM=offscreen bci bench gui --json
  bci bench gui --minutes 1 --json gui.json
"""
TO_SCREEN = "-"


def main(argv: list[str]) -> int:
    """Run the command; return its exit code."""
    options = _parser().parse_args(argv)
    figures = asdict(options.bench(options))
    if options.json == TO_SCREEN:
        print(json.dumps(figures, indent=2))
    elif options.json:
        from bci.storage import save_json

        save_json(Path(options.json), figures)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="bci bench",
        description="Measure how fast this computer does what takes time.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    names = parser.add_subparsers(metavar="NAME", required=True)
    train = names.add_parser("train", help="speed and memory of the training loop")
    train.set_defaults(bench=_train)
    train.add_argument("--encoder", default="channel_attention", metavar="NAME", help="default: %(default)s")
    for name, default, what in (
        ("trials", 66160, "trials in the set; 16,540 pictures four times by default"),
        ("batch", 1024, "trials a step"),
        ("steps", 8, "steps that are timed in each round"),
        ("channels", 63, "channels of a trial"),
        ("times", 250, "samples of a trial, at 250 Hz"),
    ):
        train.add_argument(f"--{name}", type=positive, default=default, metavar="N", help=f"{what} (%(default)s)")
    gui = names.add_parser("gui", help="what the dashboard costs a session")
    gui.set_defaults(bench=_gui)
    gui.add_argument(
        "--minutes", type=float, default=10.0, metavar="M",
        help="how long the window is open; a fifth of it without it before and after (%(default)s)",
    )  # fmt: skip
    for each in (train, gui):
        each.add_argument(
            "--json",
            nargs="?",
            const=TO_SCREEN,
            metavar="FILE",
            help="the figures as JSON, there or on the screen",
        )
    return parser


def _train(options: argparse.Namespace) -> "TrainingSpeed":
    from bci.cli.train import show_progress
    from models.benchmark import bench_training

    with show_progress("rounds") as progress:
        speed = bench_training(
            options.encoder,
            options.trials,
            options.batch,
            options.steps,
            options.channels,
            options.times,
            progress,
        )
    if options.json != TO_SCREEN:
        _say(speed)
    return speed


def _gui(options: argparse.Namespace) -> "Cost":
    from bci.cli.bench_gui import measured, say

    cost = measured(options.minutes)
    if options.json != TO_SCREEN:
        say(cost)
    return cost


def _say(speed: "TrainingSpeed") -> None:
    print(
        f"{speed.encoder} on {speed.device}: {speed.trials_per_second:.0f} trials/s, bare "
        f"{speed.bare_trials_per_second:.0f}: ratio {speed.ratio:.2f}; {speed.seconds_per_pass:.0f} s for a pass "
        f"over {speed.n_trials} x {speed.n_channels} x {speed.n_times}"
    )
    if speed.peak_anonymous_bytes is not None:
        print(
            f"at most {speed.peak_anonymous_bytes / 2**30:.2f} GiB of memory of its own, "
            f"for {speed.data_bytes / 2**30:.2f} GiB of epochs"
        )
