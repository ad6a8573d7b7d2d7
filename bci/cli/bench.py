"""`bci bench`: how fast this computer does what takes time, as ratios measured in one run."""

import argparse
import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bci.cli.arguments import positive

if TYPE_CHECKING:
    from models.alignment.benchmark import StepSpeed
    from models.benchmark import TrainingSpeed
    from models.decoding_benchmark import DecodingSpeed
    from models.ranking_benchmark import RankingSpeed
    from models.reconstruction.benchmark import StepCost
    from models.throughput_benchmark import Throughput
    from replay.mindbigdata.benchmark import ConversionSpeed

__all__ = ["main"]

EPILOG = """\
train: trials a second of the training loop on a memory-mapped set of noise, beside forward, backward and step of
the same network on one batch that stays in memory, taken in turn; and the most memory that it took.

latency: from the last sample of a window to the decision, as the session says itself and as another process hears
it: 63 channels at 1 kHz, a sample at a time, five events a second, 1,654 concepts; beside the bare decoder, and
the same decoder in a loop round mne-lsl's epochs, taken in turn. Leave the computer alone meanwhile.

rank: one embedding against many concepts, scores, the best five, their probabilities and the rank of the truth,
beside the bare matrix product, taken in turn.

decode: one epoch at a time through each classical decoder, on one core, all of them in turn: ranked against the
200 unseen concepts of a synthetic world (17 channels, 100 samples, vectors of 64 dimensions), or among its ten
classes (an EPOC's 14 channels). They are fitted to these worlds first; what is measured is time alone.

throughput: events a second from a recording in memory to decisions, noise of 63 channels with five events a
second, decoded in batches beside the cutting; and of the same epochs by the decoder alone, taken in turn.

gui: what the dashboard costs a session that decodes noise over real LSL, 63 channels at 1 kHz, five decisions a
second by an untrained network: latency without the window, with it and without it again; frames, painting, memory.

painting: the same session with pictures generated of its decisions (an untrained generator of published size, in a
process of its own), their pane in front and behind another one, in turn.

soak: an hour of noise with faults (gaps, restarts, hangs, late and doubled markers) ten times as fast, 63 channels
at 1 kHz, five events a second, decoded by an untrained network in a process of its own: whether its memory grows,
latency drifts, or any event is lost.

align-step: one training step of an alignment of EEG with fMRI, three losses, on noise of the size of the real data
(63 channels, 1 s at 200 Hz, 4,096 dimensions), CBraMod by default: time and memory.

convert: rows a second of bci convert, on a text of noise in MindBigData's form as large as the true one (2.7 GB,
some rows broken), beside splitting its lines and making numbers of them; and the most memory that it took.

reconstruct-step: one training step of a reconstruction, of 264 features and pictures of noise: seconds, and memory
of the process. Without --semantic-weights the semantic loss is left out.

examples:
  bci bench train
  bci bench train --encoder nice --json nice.json
  bci bench train --trials 8192 --batch 256 --channels 17 --times 100
  bci bench latency --json latency.json
  bci bench latency --minutes 2
  bci bench rank
  bci bench rank --concepts 1000000 --dim 512 --json
  bci bench decode
  bci bench decode --trials 4000 --json decode.json
  bci bench throughput --rate 250
  bci bench throughput --encoder nice
  bci bench reconstruct-step
  QT_QPA_PLATFORM=offscreen bci bench gui --json
  bci bench gui --minutes 1 --json gui.json
  bci bench painting --minutes 4
  bci bench soak --json soak.json
  bci bench soak --minutes 10 --faults wireless --seed 7
  bci bench align-step --json
  bci bench align-step --backbone eeg_project --head attention
  bci bench convert --json
  bci bench convert --events 5000 --folder /data
"""
TO_SCREEN = "-"

Told = tuple[Any, Callable[[Any], None]]
"""Figures, a dataclass, and what says them in words."""


def main(argv: list[str]) -> int:
    """Run the command; return its exit code."""
    options = _parser().parse_args(argv)
    from bci.environment import environment
    from bci.storage import save_json

    measured, say = options.bench(options)
    figures = asdict(measured) | {"environment": environment()}
    if options.json == TO_SCREEN:
        print(json.dumps(figures, indent=2))
        return 0
    say(measured)
    if options.json:
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
    for bench, summary, add in BENCHES:
        one = names.add_parser(bench.__name__.lstrip("_").replace("_", "-"), help=summary)
        one.set_defaults(bench=bench)
        add(one)
        one.add_argument(
            "--json",
            nargs="?",
            const=TO_SCREEN,
            metavar="FILE",
            help="the figures as JSON, there or on the screen",
        )
    return parser


def _add_train(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--encoder", default="channel_attention", metavar="NAME", help="default: %(default)s")
    _add_numbers(
        parser,
        ("trials", 66160, "trials in the set; 16,540 pictures four times by default"),
        ("batch", 1024, "trials a step"),
        ("steps", 8, "steps that are timed in each round"),
        ("channels", 63, "channels of a trial"),
        ("times", 250, "samples of a trial, at 250 Hz"),
    )


def _add_latency(parser: argparse.ArgumentParser) -> None:
    _add_minutes(parser, 10.0, "how long, all turns together")


def _add_rank(parser: argparse.ArgumentParser) -> None:
    _add_numbers(parser, ("concepts", 16540, "prototypes"), ("dim", 1024, "length of each"))
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto", help="default: %(default)s")


def _add_decode(parser: argparse.ArgumentParser) -> None:
    _add_numbers(
        parser,
        ("trials", 500, "to which each decoder is fitted"),
        ("epochs", 1000, "that each of them decodes"),
    )


def _add_throughput(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--encoder", default="", metavar="NAME", help="default: channel_attention, as large as bci demo trains it"
    )
    _add_numbers(
        parser,
        ("rate", 1000, "of the recording, Hz"),
        ("seconds", 600, "its length"),
        ("batch", 256, "epochs that are decoded together"),
    )


def _add_gui(parser: argparse.ArgumentParser) -> None:
    _add_minutes(parser, 10.0, "how long the window is open; a fifth of it without it before and after")


def _add_painting(parser: argparse.ArgumentParser) -> None:
    _add_minutes(parser, 8.0, "how long, half of it with the pane in front")


def _add_soak(parser: argparse.ArgumentParser) -> None:
    _add_minutes(parser, 60.0, "how long, in minutes of stream")
    parser.add_argument(
        "--speed", type=float, default=10.0, metavar="S", help="seconds of stream in a second (%(default)s)"
    )
    parser.add_argument(
        "--faults", default="bad-day", metavar="NAME_OR_FILE",
        help="what goes wrong, as in bci replay: one of configs/faults by its name, a TOML file, or TOML text "
        "with ; between lines (%(default)s)",
    )  # fmt: skip
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="of the faults (%(default)s)")


def _add_reconstruct_step(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--config", default="vae-gan", metavar="CONFIG", help="of a reconstruction (%(default)s)")
    parser.add_argument(
        "--semantic-weights", type=Path, metavar="FILE", help="of the network of its semantic loss"
    )
    _add_numbers(parser, ("steps", 5, "that are timed"))


def _add_convert(parser: argparse.ArgumentParser) -> None:
    _add_numbers(parser, ("events", 65034, "events of the text, 14 rows of about 256 values each"))
    parser.add_argument(
        "--folder", type=Path, metavar="DIR",
        help="where there is room for it: 4 GB (default: the folder for temporary files)",
    )  # fmt: skip


def _add_minutes(parser: argparse.ArgumentParser, default: float, what: str) -> None:
    parser.add_argument("--minutes", type=float, default=default, metavar="M", help=f"{what} (%(default)s)")


def _add_numbers(parser: argparse.ArgumentParser, *numbers: tuple[str, int, str]) -> None:
    for name, default, what in numbers:
        parser.add_argument(f"--{name}", type=positive, default=default, metavar="N", help=f"{what} (%(default)s)")


def _train(options: argparse.Namespace) -> Told:
    from bci.cli.train import show_progress
    from models.benchmark import bench_training

    sizes = (options.trials, options.batch, options.steps, options.channels, options.times)
    with show_progress("rounds") as progress:
        return bench_training(options.encoder, *sizes, progress), _say_training


def _say_training(speed: "TrainingSpeed") -> None:
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


def _latency(options: argparse.Namespace) -> Told:
    from bci.cli.bench_latency import measured, say

    return measured(options.minutes), say


def _rank(options: argparse.Namespace) -> Told:
    from models.ranking_benchmark import bench_ranking

    return bench_ranking(options.concepts, options.dim, options.device), _say_ranking


def _say_ranking(speed: "RankingSpeed") -> None:
    print(
        f"{speed.n_concepts} x {speed.dim} on {speed.device}: {speed.rank_ms:.3f} ms to rank, "
        f"{speed.product_ms:.3f} ms for the product alone: ratio {speed.ratio:.2f}"
    )


def _decode(options: argparse.Namespace) -> Told:
    from bci.cli.train import show_progress
    from models.decoding_benchmark import bench_decoding

    with show_progress("decoders") as progress:
        return bench_decoding(options.trials, options.epochs, progress), _say_decoding


def _say_decoding(speed: "DecodingSpeed") -> None:
    print(f"{speed.data} data, {speed.n_trials} trials to fit, one epoch at a time on one core: of time alone")
    for one in speed.decoders:
        times = ", ".join(f"{name} {value:.3f}" for name, value in one.ms.items())
        print(f"{one.name:<13} {one.n_channels} x {one.n_times}, {one.n_concepts} concepts: {times} ms")


def _throughput(options: argparse.Namespace) -> Told:
    from models.throughput_benchmark import bench_throughput

    return bench_throughput(options.rate, options.seconds, options.batch, options.encoder), _say_throughput


def _say_throughput(speed: "Throughput") -> None:
    print(
        f"{speed.name}: {speed.decoded} events/s from {speed.n_channels} channels at {speed.rate:g} Hz to "
        f"decisions, the decoder alone {speed.decoder}: ratio {speed.ratio:.2f}; cutting alone {speed.cut}, "
        f"the encoder on all cores {speed.encoder}"
    )


def _gui(options: argparse.Namespace) -> Told:
    from bci.cli.bench_gui import measured, say

    return measured(options.minutes), say


def _painting(options: argparse.Namespace) -> Told:
    from bci.cli.bench_gui import painted, say_painted

    return painted(options.minutes), say_painted


def _soak(options: argparse.Namespace) -> Told:
    from bci.cli.bench_soak import measured, say

    return measured(options.minutes, options.speed, options.faults, options.seed), say


def _add_align_step(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--backbone", default="cbramod", metavar="NAME", help="or an encoder (%(default)s)")
    parser.add_argument(
        "--head", choices=("flatten", "attention", "multi_token"), default="flatten", help="default: %(default)s"
    )
    _add_numbers(
        parser,
        ("batch", 64, "pairs a step"),
        ("steps", 5, "that are timed"),
        ("channels", 63, "of an epoch"),
        ("times", 200, "samples of an epoch, at 200 Hz"),
        ("dim", 4096, "of an fMRI vector"),
    )


def _align_step(options: argparse.Namespace) -> Told:
    from bci.cli.train import show_progress
    from models.alignment.benchmark import bench_step
    from models.alignment.config import AlignmentConfig

    config = AlignmentConfig.model_validate(
        {
            "name": "noise",
            "known_signal": {},
            "model": {"backbone": options.backbone, "head": options.head},
            "train": {"batch": options.batch},
        }
    )
    with show_progress("steps") as progress:
        speed = bench_step(config, options.channels, options.times, options.dim, options.steps, progress)
    return speed, _say_align_step


def _say_align_step(speed: "StepSpeed") -> None:
    print(
        f"{speed.backbone}, {speed.head} head, on {speed.device} with {speed.torch_threads} threads: "
        f"{speed.seconds:.2f} s for a step of {speed.batch} pairs of {speed.n_channels} x {speed.n_times} and "
        f"{speed.dim}; {speed.n_parameters / 1e6:.1f} million weights, {speed.n_backbone_parameters / 1e6:.1f} of "
        "them the backbone's"
    )
    if speed.peak_anonymous_bytes is not None:
        print(f"at most {speed.peak_anonymous_bytes / 2**30:.2f} GiB of memory of its own")


def _convert(options: argparse.Namespace) -> Told:
    from tempfile import TemporaryDirectory

    from replay.mindbigdata.benchmark import measure

    with TemporaryDirectory(prefix="bci-", dir=options.folder) as folder:
        return measure(Path(folder), options.events), _say_conversion


def _say_conversion(speed: "ConversionSpeed") -> None:
    print(
        f"{speed.rows} rows, {speed.megabytes:.0f} MB, {speed.broken} of them broken: {speed.rows_per_s} rows/s, "
        f"splitting and numbers alone {speed.bare_rows_per_s}: ratio {speed.ratio:.2f}"
    )
    if speed.anon_mb is not None:
        print(f"at most {speed.anon_mb:.0f} MiB of memory of its own")


def _reconstruct_step(options: argparse.Namespace) -> Told:
    from bci.config import load_config
    from models.reconstruction.benchmark import bench_step
    from models.reconstruction.config import ReconstructionConfig

    config = load_config(ReconstructionConfig, options.config)
    if options.semantic_weights:
        semantic = config.semantic.model_copy(update={"weights": str(options.semantic_weights)})
        config = config.model_copy(update={"semantic": semantic})
    return bench_step(config, options.steps), _say_reconstruct_step


def _say_reconstruct_step(cost: "StepCost") -> None:
    memory = "" if cost.anonymous_bytes is None else f", {cost.anonymous_bytes / 2**20:.0f} MiB of memory"
    print(
        f"{cost.batch} pictures of {cost.side} x {cost.side}, {cost.n_parameters / 1e6:.1f} M parameters, "
        f"{'with' if cost.semantic else 'without'} a semantic loss, {cost.device}, {cost.threads} threads: "
        f"{cost.seconds:.2f} s a step{memory}"
    )


BENCHES = (
    (_train, "speed and memory of the training loop", _add_train),
    (_latency, "from the last sample of a window to the decision", _add_latency),
    (_rank, "ranking beside the bare matrix product", _add_rank),
    (_decode, "one epoch through each classical decoder, on one core", _add_decode),
    (_throughput, "decoding a recording as fast as possible", _add_throughput),
    (_gui, "what the dashboard costs a session", _add_gui),
    (_painting, "what generated pictures cost decisions", _add_painting),
    (_soak, "an hour with faults: memory, latency, and whether anything is lost", _add_soak),
    (_align_step, "a training step of an alignment with fMRI", _add_align_step),
    (_reconstruct_step, "one training step of a reconstruction", _add_reconstruct_step),
    (_convert, "reading MindBigData's text, beside splitting its lines", _add_convert),
)
"""Each measures, called `bci bench` and its own name, hyphens for underscores; a summary; its options."""
