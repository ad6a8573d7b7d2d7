"""`bci demo`: the whole story on a synthetic world."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import tyro

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from rich.console import Console

    from models.config import ExperimentConfig
    from replay.world import World

__all__ = ["Demo", "main"]

DESCRIPTION = """The whole story on synthetic data: make a world, train a decoder on some of its concepts, stream
pictures of 200 concepts that it has never seen as a simulated device, decode them live, compare with the oracle.

examples:
  bci demo                       about two minutes on two cores
  bci demo --headless --out run  keep bundle, recording and decisions in run"""

_TEST_SEED = 1001  # of the recording that is streamed; the decoder is trained on another one


@dataclass(frozen=True)
class Demo:
    """Options of `bci demo`."""

    headless: bool = False
    """Show the session in the terminal and open no window."""
    out: Path | None = None
    """Where everything stays; by default sessions/DATE-demo."""
    events: int = 200
    """Pictures shown live, five a second."""


def main(argv: list[str]) -> int:
    """Run `bci demo`."""
    options = tyro.cli(Demo, args=argv, prog="bci demo", description=DESCRIPTION)
    from bci.cli.live import can_show
    from bci.config import load_config
    from bci.errors import ConfigError
    from bci.folder import make_folder
    from bci.terminal import Screen
    from models.config import ExperimentConfig
    from replay.world import load_world

    if options.events < 1:
        raise ConfigError(f"expected --events of at least 1, got {options.events}")
    console = Screen()
    folder = make_folder(options.out, "demo")
    config = load_config(ExperimentConfig, "things")
    console.print("[bold]bci demo[/]: all of this is synthetic, and the best that can be reached is known")
    _train(config, folder, console)
    with console.status("recording pictures of concepts never seen before"):
        oracle = _record(load_world(config.data.paths[0]), config, options.events, folder)
    window = not options.headless and can_show(console)
    _decode(folder, console, {f"top{k}": float(hits.mean()) for k, hits in oracle.items()}, window=window)
    _look_for_leaks(folder, console, oracle[5])
    console.print(
        f"\nagain:  bci replay {folder / RECORDING}  and, beside it,  bci live {folder / BUNDLE} "
        f"--bank {folder / BANK} --until-end",
        highlight=False,
        markup=False,
        soft_wrap=True,
    )
    return 0


BUNDLE, BANK, RECORDING = "bundle", "bank.safetensors", "recording_raw.fif"


def _train(config: "ExperimentConfig", folder: Path, console: "Console") -> None:
    from bci.cli.train import show_progress
    from models.bundle import save_bundle
    from models.data import load_bank_of, load_trials

    with console.status("making a world and recording its training trials"):
        trials, bank = load_trials(config), load_bank_of(config)
    n_concepts = len(bank.names)
    console.print(f"training {config.decoder.name} on {len(trials)} single trials of {n_concepts} concepts")
    from models.train import train

    with show_progress() as progress:
        save_bundle(folder / BUNDLE, train(trials, bank, config, report=progress))


def _record(
    world: "World", config: "ExperimentConfig", events: int, folder: Path
) -> "dict[int, NDArray[np.bool_]]":
    """Record a test session and its bank; return for k = 1 and 5 which events the oracle has among its best k."""
    from bci.bank import save_bank
    from bci.ranking import truth_ranks
    from models.bank_map import with_map
    from replay.recording_file import save_recording
    from replay.world.oracle import Oracle

    recording, schedule = world.record("test", events, seed=_TEST_SEED)
    save_recording(folder / RECORDING, recording)
    save_bank(folder / BANK, with_map(world.test_bank))
    oracle = Oracle(world, config.preprocess.tmin, config.preprocess.tmax)
    scores = oracle.rank(oracle.cut(recording, schedule.samples))
    ranks = truth_ranks(scores, schedule.concepts)
    return {k: ranks < k for k in (1, 5)}


def _decode(folder: Path, console: "Console", oracle: dict[str, float], *, window: bool) -> None:
    """Stream the recording from a process of its own and decode it in this one, in a window or in the terminal."""
    from bci.cli import live
    from replay.device import DeviceOptions, DeviceProcess
    from replay.readers import open_recording

    name = f"bci-demo-{folder.name}"
    options = live.Live(
        bundle=folder / BUNDLE,
        bank=folder / BANK,
        streams=(name,),
        markers=(f"{name}-markers",),
        until_end=True,
        reference=folder / RECORDING,
    )
    with DeviceProcess(open_recording, folder / RECORDING, options=DeviceOptions(name=name)):
        if not window:
            live.run(options, console, extra={"oracle": oracle}, folder=folder)
            return
        from gui.app import show

        console.print("decoding in the dashboard; close its window to go on", highlight=False)
        show(live.conduct(options, console, extra={"oracle": oracle}, folder=folder), pick=False)


def _look_for_leaks(folder: Path, console: "Console", oracle: "NDArray[np.bool_]") -> None:
    """Say so if the decoder was significantly better than is possible: it must have seen what it should not."""
    import json

    import numpy as np

    from replay.world.oracle import leak_alarm

    lines = (folder / "decisions.jsonl").read_text(encoding="utf-8").splitlines()
    ranks = [json.loads(line)["rank"] for line in lines]
    if len(ranks) != len(oracle):
        return
    result = leak_alarm(np.array([rank is not None and rank < 5 for rank in ranks]), oracle)
    if result.alarm:
        console.print(f"[red]leak alarm[/]: top-5 is better than the oracle's (p = {result.p:.2g}); find out why")
