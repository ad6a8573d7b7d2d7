"""`bci bench`: how fast this computer does what takes time, as ratios measured in one run."""

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from bci.cli.arguments import positive

if TYPE_CHECKING:
    from models.benchmark import TrainingSpeed

__all__ = ["main"]

EPILOG = """\
train: trials a second of the training loop on a memory-mapped set of noise, beside forward, backward and step of
the same network on one batch that stays in memory, taken in turn; and the most memory that it took.

examples:
  bci bench train
  bci bench train --encoder nice --json nice.json
  bci bench train --trials 8192 --batch 256 --channels 17 --times 100
"""


def main(argv: list[str]) -> int:
    """Run the command; return its exit code."""
    options = _parser().parse_args(argv)
    from bci.cli.train import show_progress
    from bci.storage import save_json
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
    _say(speed)
    if options.json:
        save_json(options.json, asdict(speed))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="bci bench",
        description="Measure how fast this computer does what takes time.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("name", metavar="NAME", choices=["train"], help="what to measure: train")
    parser.add_argument("--encoder", default="channel_attention", metavar="NAME", help="default: %(default)s")
    for name, default, what in (
        ("trials", 66160, "trials in the set; 16,540 pictures four times by default"),
        ("batch", 1024, "trials a step"),
        ("steps", 8, "steps that are timed in each round"),
        ("channels", 63, "channels of a trial"),
        ("times", 250, "samples of a trial, at 250 Hz"),
    ):
        parser.add_argument(f"--{name}", type=positive, default=default, metavar="N", help=f"{what} (%(default)s)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there as well")
    return parser


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
