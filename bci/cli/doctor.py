"""`bci doctor`: what works on this computer, what does not, and what to do."""

import os
import platform
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import tyro

__all__ = ["Check", "Doctor", "main"]

DESCRIPTION = """Say what works on this computer, what does not, and what to do.

examples:
  bci doctor         a table
  bci doctor --json  the same for a bug report

Exit code 1 if something that bci needs does not work."""

PACKAGES = ("bci-live", "numpy", "scipy", "torch", "pylsl", "mne", "scikit-learn", "safetensors", "pydantic")


@dataclass(frozen=True)
class Doctor:
    """Options of `bci doctor`."""

    json: bool = False
    """Print JSON."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at.

    Parameters
    ----------
    state
        `ok`; `note`, something optional is missing; `fails`, something that is needed does not work.
    """

    name: str
    state: str
    found: str
    advice: str = ""


def main(argv: list[str]) -> int:
    """Run `bci doctor`."""
    options = tyro.cli(Doctor, args=argv, prog="bci doctor", description=DESCRIPTION)
    looks = (_python, _packages, _lsl, _gpu, _display, _dashboard, _data, _disk)
    checks = [check for look in looks for check in _safely(look)]
    if options.json:
        import json

        print(json.dumps({"schema": 1, "checks": [asdict(check) for check in checks]}, indent=2))
    else:
        _print(checks)
    return int(any(check.state == "fails" for check in checks))


def _print(checks: list[Check]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, padding=(0, 1), show_header=False)
    colour = {"ok": "green", "note": "yellow", "fails": "red"}
    for check in checks:
        found = f"{check.found}: {check.advice}" if check.advice else check.found
        table.add_row(check.name, f"[{colour[check.state]}]{check.state}[/]", Text(found))
    Console().print(table)


def _safely(look: Callable[[], Iterator[Check]]) -> list[Check]:
    """A check that breaks is itself a finding."""
    try:
        return list(look())
    except Exception as error:  # noqa: BLE001 (whatever it is, the doctor goes on and says so)
        return [Check(look.__name__.strip("_"), "fails", f"{type(error).__name__}: {error}")]


def _python() -> Iterator[Check]:
    yield Check("system", "ok", f"{platform.system()} {platform.release()}, {os.cpu_count()} cores")
    yield Check("Python", "ok", platform.python_version())


def _packages() -> Iterator[Check]:
    for name in PACKAGES:
        try:
            yield Check(name, "ok", version(name))
        except PackageNotFoundError:
            yield Check(name, "fails", "missing", "install bci-live again")


def _lsl() -> Iterator[Check]:
    from uuid import uuid4

    from pylsl import StreamInfo, StreamInlet, StreamOutlet, library_version, resolve_byprop

    from bci.lsl import configure

    configure(network=False)
    code = library_version()
    yield Check("liblsl", "ok", f"{code // 100}.{code % 100}")
    name = f"bci-doctor-{uuid4().hex[:8]}"
    outlet = StreamOutlet(StreamInfo(name, "Doctor", 1, 0, "string", name))
    found = resolve_byprop("name", name, 1, 3.0)
    if not found:
        advice = "a firewall may block UDP multicast on ports 16571 to 16604: allow Python"
        yield Check("LSL discovery", "fails", "a stream of our own is not found", advice)
        return
    inlet = StreamInlet(found[0])
    inlet.open_stream(timeout=3.0)
    outlet.push_sample(["hello"])
    sample, _ = inlet.pull_sample(timeout=3.0)
    inlet.close_stream()
    yield Check("LSL discovery", "ok", "a stream of our own is found")
    if sample == ["hello"]:
        yield Check("LSL data", "ok", "a sample came through")
    else:
        advice = "a firewall may block TCP on ports 16572 to 16604; allow it for Python"
        yield Check("LSL data", "fails", "a sample did not come through", advice)


def _gpu() -> Iterator[Check]:
    import torch

    if torch.cuda.is_available():
        yield Check("GPU", "ok", torch.cuda.get_device_name())
    else:
        yield Check("GPU", "note", f"none, torch uses {torch.get_num_threads()} CPU threads")


def _display() -> Iterator[Check]:
    from bci.cli.live import no_screen

    missing = no_screen()
    yield Check(
        "display", "note" if missing else "ok", "none, the terminal is used" if missing else "there is one"
    )


def _dashboard() -> Iterator[Check]:
    """Try Qt in a process of its own: where a library of the system is missing, Qt ends the process that asks."""
    import subprocess

    from bci.cli.live import no_dashboard, no_screen

    if missing := no_dashboard():
        yield Check("dashboard", "note", "not installed", missing)
        return
    found = f"Qt {version('PyQt6-Qt6')}, PyQtGraph {version('pyqtgraph')}"
    place = os.environ | ({"QT_QPA_PLATFORM": "offscreen"} if no_screen() else {})
    code = "from PyQt6.QtWidgets import QApplication; QApplication([])"
    tried = subprocess.run([sys.executable, "-c", code], env=place, capture_output=True, check=False, timeout=30)  # noqa: S603
    if tried.returncode:
        advice = "on Debian and Ubuntu: apt install libxcb-cursor0 libegl1; or use --headless"
        yield Check("dashboard", "fails", f"{found} cannot open a window", advice)
    else:
        yield Check("dashboard", "ok", found)


def _data() -> Iterator[Check]:
    from bci.config import real_data

    folder = real_data()
    if folder.is_dir():
        yield Check("real recordings", "ok", f"{len(list(folder.iterdir()))} entries in BCI_REAL_DATA")
    else:
        advice = "set BCI_REAL_DATA to the folder of recordings; synthetic data need none"
        yield Check("real recordings", "note", f"{folder} is no folder", advice)


def _disk() -> Iterator[Check]:
    from shutil import disk_usage

    free = disk_usage(Path.cwd()).free / 2**30
    advice = "" if free > 2 else "a session of an hour can take a gigabyte"
    yield Check("disk", "ok" if free > 2 else "note", f"{free:.0f} GiB free here", advice)
