"""`bci bench gui` and `painting`: a session that decodes noise at full load, and what is shown of it."""

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bci.conductor import Conductor
    from gui.benchmark import Cost
    from gui.painting_benchmark import PaintingCost

__all__ = ["measured", "painted", "say", "say_painted"]

NAME = "bci-bench"
RATE = 1000.0  # Hz
INTERVAL = 0.2  # s between two events
N_CONCEPTS = 200
COLD_STARTS = 3


def measured(minutes: float) -> "Cost":
    """Stream noise from a process of its own, and decode it in this one; see `gui.benchmark.measure`.

    Raises
    ------
    ConfigError
        If no window can be opened here.
    """
    with _untrained(minutes) as folder:
        from bci.memory import anonymous_memory
        from gui.benchmark import measure  # the dashboard is there

        cold = statistics.median(_cold_start(folder / "bundle") for _ in range(COLD_STARTS))
        with _noise(folder, minutes) as conductor:
            cost = measure(conductor, minutes, anonymous_memory)
    return replace(cost, cold_start_s=round(cold, 2))


def painted(minutes: float) -> "PaintingCost":
    """Do as `measured`, with pictures that are generated of the decisions; see `gui.painting_benchmark`.

    Raises
    ------
    ConfigError
        If no window can be opened here.
    """
    with _untrained(minutes) as folder:
        from gui.painting_benchmark import measure_painting  # the dashboard is there
        from models.bundle import load_bundle
        from models.reconstruction.untrained import save_untrained_painter

        save_untrained_painter(folder / "painter", load_bundle(folder / "bundle"))
        with _noise(folder, minutes, reconstruct=folder / "painter") as conductor:
            return measure_painting(conductor, minutes)


@contextmanager
def _untrained(minutes: float) -> Iterator[Path]:
    """Make a folder with an untrained bundle in it, if a window can be opened here."""
    _check(minutes)
    from models.untrained import save_untrained

    with TemporaryDirectory() as folder:
        save_untrained(Path(folder) / "bundle", N_CONCEPTS, RATE)
        yield Path(folder)


def _check(minutes: float) -> None:
    from bci.cli.live import can_show
    from bci.errors import ConfigError
    from bci.terminal import Screen

    if minutes <= 0:
        raise ConfigError(f"expected --minutes of more than 0, got {minutes:g}")
    if not can_show(Screen(stderr=True)):
        raise ConfigError("expected a screen that a window can be opened on, or QT_QPA_PLATFORM=offscreen")


def _cold_start(bundle: Path) -> float:
    """Seconds from the start of a new interpreter until `bci live` has painted its window."""
    code = f"from bci.cli.bench_gui import first_window; first_window({str(bundle)!r}, {time.time()!r})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603 (our own code)
    return float(done.stdout)


def first_window(bundle: str, started: float) -> None:
    """Do what `bci live BUNDLE` does until its window is painted, then say how long after `started` that was."""
    from bci.cli import live
    from gui.benchmark import tell_first_paint

    app = tell_first_paint(lambda: print(time.time() - started, flush=True))
    live.main([bundle])
    del app  # which had to live until here


@contextmanager
def _noise(folder: Path, minutes: float, reconstruct: Path | None = None) -> Iterator["Conductor"]:
    """Stream noise for longer than is measured, and conduct a session that decodes it."""
    from rich.console import Console

    from bci.cli import live
    from models.bundle import load_bundle
    from replay.device import DeviceOptions, DeviceProcess
    from replay.load import noise_recording

    bundle = load_bundle(folder / "bundle")
    options = live.Live(
        bundle=folder / "bundle",
        streams=(NAME,),
        markers=(f"{NAME}-markers",),
        reconstruct=reconstruct,
        out=folder / "out",
    )
    load = (bundle.preprocess.channels, RATE, 1.4 * 60 * minutes + 120, bundle.bank.names, INTERVAL)
    with (
        Path(os.devnull).open("w", encoding="utf-8") as nowhere,
        DeviceProcess(noise_recording, *load, options=DeviceOptions(name=NAME)),
    ):
        yield live.conduct(options, Console(file=nowhere))


def say(cost: "Cost") -> None:
    """Print what was measured."""
    headless, gui = cost.latency_ms["headless"], cost.latency_ms["gui"]
    trace = cost.trace_paint_ms
    print(f"the window stands {cost.cold_start_s:.2f} s after the start")
    print(
        f"{cost.fps:.1f} frames/s; signals painted in {trace['p50']:.2f} ms, p95 {trace['p95']:.2f}; "
        f"any event of the window: p99 {cost.slot_ms['p99']:.2f} ms\n"
        f"latency p50 / p99: {headless['p50']:.2f} / {headless['p99']:.2f} ms without the window, "
        f"{gui['p50']:.2f} / {gui['p99']:.2f} ms with it; {cost.decisions} decisions, "
        f"{cost.dropped} without a ranking"
    )
    if cost.anon_growth_mb is not None:
        print(f"memory grew by {cost.anon_growth_mb:.1f} MB in {cost.minutes:g} minutes")


def say_painted(cost: "PaintingCost") -> None:
    """Print what generated pictures cost."""
    behind, front, more = (cost.latency_ms[name] for name in ("behind", "front", "difference"))
    print(
        f"latency p50 / p99: {behind['p50']:.2f} / {behind['p99']:.2f} ms while nobody looks at pictures, "
        f"{front['p50']:.2f} / {front['p99']:.2f} ms while somebody does: p99 {more['p99']:+.2f} ms\n"
        f"{cost.painted} pictures of {cost.painting_ms['p50']:.0f} ms, {cost.superseded} decisions replaced; "
        f"{cost.decisions} decisions, {cost.dropped} without a ranking"
    )
