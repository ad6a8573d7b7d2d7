"""What every test is held to: an LSL session of its own, no thread left behind, no skip that nobody expected."""

import os
import tempfile
import threading
import uuid
from contextlib import ExitStack
from pathlib import Path

# torch's and BLAS's threads of several test processes would fight for the same cores
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("MPLBACKEND", "Agg")
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")  # no window gets in anybody's way, and no screen is needed

import pytest
from hypothesis import settings as hypothesis_settings

from bci.lsl import settings
from replay.device import DeviceOptions, DeviceProcess

# liblsl reads its settings once, at its first use, and so do processes that tests start: here is early enough.
_FOLDER = tempfile.TemporaryDirectory(prefix="bci-lsl-")
_CONFIG = Path(_FOLDER.name) / "lsl_api.cfg"
# Outlets are found through 32 ports, which every session on this computer shares: each gets a range of its own.
_PORTS = f"[ports]\nBasePort = {17_000 + os.getpid() % 150 * 100}\nPortRange = 100\n"
_CONFIG.write_text(settings(session=uuid.uuid4().hex) + _PORTS, encoding="utf-8")
os.environ["LSLAPICFG"] = str(_CONFIG)

# a busy machine is no bug, and the same examples for everyone make a failure on CI one that can be repeated
hypothesis_settings.register_profile("bci", deadline=None, derandomize="CI" in os.environ)
hypothesis_settings.load_profile("bci")

LEAST_WORKERS = 4

EXPECTED_SKIPS = ("BCI_REAL_DATA", "GPU", "POSIX signals")
"""A skip whose reason names none of these is a failure."""


@pytest.fixture(autouse=True)
def _no_thread_is_left_behind():
    before = set(threading.enumerate())
    yield
    left = [thread for thread in threading.enumerate() if thread not in before]
    for thread in left:
        thread.join(1.0)
    alive = [thread.name for thread in left if thread.is_alive()]
    assert not alive, f"threads left behind: {', '.join(alive)}"


@pytest.fixture
def device():
    """Start simulated devices, each in a process of its own; they end with the test at the latest.

    `device(load, *args, **options)` plays the recording that `load(*args)` makes there, as `DeviceOptions` say.
    """
    with ExitStack() as devices:

        def start(load, *args, **options):
            named = DeviceOptions(**({"name": uuid.uuid4().hex} | options))
            return devices.enter_context(DeviceProcess(load, *args, options=named))

        yield start


@pytest.fixture
def peers(tmp_path, monkeypatch):
    """Let LabRecorder find streams in the second that it looks: multicast finds one of a process in that time."""
    file = tmp_path / "lsl_api.cfg"
    file.write_text(
        _CONFIG.read_text("utf-8").replace("[lab]", "[lab]\nKnownPeers = {127.0.0.1}"), encoding="utf-8"
    )
    monkeypatch.setenv("LSLAPICFG", str(file))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers():
    """Say how many tests run at a time: those over LSL wait for their streams more than they compute."""
    return max(LEAST_WORKERS, os.cpu_count() or 1)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if report.skipped and not hasattr(report, "wasxfail") and not _expected(report):
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid}: unexpected skip: {report.longrepr}"
    return report


def _expected(report):
    return any(reason in str(report.longrepr) for reason in EXPECTED_SKIPS)
