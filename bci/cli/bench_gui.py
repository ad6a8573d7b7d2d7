"""`bci bench gui`: a session that decodes noise at full load, without the dashboard and with it."""

import os
import statistics
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gui.benchmark import Cost

__all__ = ["measured", "say"]

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
    from bci.cli.live import can_show
    from bci.errors import ConfigError
    from bci.terminal import Screen

    if minutes <= 0:
        raise ConfigError(f"expected --minutes of more than 0, got {minutes:g}")
    if not can_show(Screen(stderr=True)):
        raise ConfigError("bci bench gui needs a screen, or QT_QPA_PLATFORM=offscreen")
    with TemporaryDirectory() as folder:
        return _measured(Path(folder), minutes)


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


def _measured(folder: Path, minutes: float) -> "Cost":
    from rich.console import Console

    from bci.cli import live
    from bci.memory import anonymous_memory
    from gui.benchmark import measure
    from models.bundle import load_bundle
    from models.untrained import save_untrained
    from replay.device import DeviceOptions, DeviceProcess
    from replay.load import noise_recording

    channels = save_untrained(folder / "bundle", N_CONCEPTS, RATE)
    names = load_bundle(folder / "bundle").bank.names
    cold = statistics.median(_cold_start(folder / "bundle") for _ in range(COLD_STARTS))
    options = live.Live(
        bundle=folder / "bundle", streams=(NAME,), markers=(f"{NAME}-markers",), out=folder / "out"
    )
    load = (channels, RATE, 1.4 * 60 * minutes + 120, names, INTERVAL)
    with (
        Path(os.devnull).open("w", encoding="utf-8") as nowhere,
        DeviceProcess(noise_recording, *load, options=DeviceOptions(name=NAME)),
    ):
        cost = measure(live.conduct(options, Console(file=nowhere)), minutes, anonymous_memory)
    return replace(cost, cold_start_s=round(cold, 2))


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
