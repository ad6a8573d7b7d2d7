"""`bci streams` and `bci replay` on real streams."""

import json
import uuid

import numpy as np
import pytest
from recorded_files import write_muse
from simulated_devices import Outlet, Stream, ramp

from bci.cli import main
from bci.lsl import settings
from bci.stream_monitor import StreamMonitor
from bci.types import SourceState
from replay.device import DeviceOptions, DeviceProcess

pytestmark = pytest.mark.lsl


def watch_until(monitor, enough):
    for _ in range(60):
        observed = {seen.stream.name: seen for seen in monitor.watch(0.5)}
        if enough(observed):
            return observed
    raise AssertionError(f"gave up; last seen: {observed}")


def test_monitor_tells_what_flows_and_how_fast():
    options = DeviceOptions(name=uuid.uuid4().hex, wait=0.0)
    idle, markers = Stream(), f"{options.name}-markers"
    monitor = StreamMonitor()

    def enough(seen):  # what lay in wait while it connected comes at once, and counts until it is forgotten
        there = {idle.name, markers, options.name} <= set(seen)
        return there and seen[options.name].rate == pytest.approx(250, rel=0.2)

    with Outlet(idle), DeviceProcess(ramp, 100_000, options=options):
        observed = watch_until(monitor, enough)
        assert observed[options.name].state is SourceState.FLOWING
        assert observed[idle.name].state is SourceState.CONNECTED
        assert observed[markers].rate is None
    watch_until(monitor, lambda seen: seen[idle.name].state is SourceState.LOST)
    monitor.close()


def test_streams_as_json(capsys):
    with Outlet(Stream()) as outlet:
        assert main(["streams", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert listed["schema"] == 1
    (stream,) = [stream for stream in listed["streams"] if stream["name"] == outlet.stream.name]
    assert (stream["type"], stream["channels"], stream["sfreq"]) == ("EEG", 3, 250.0)
    assert stream["state"] == "connected"
    assert stream["reason"].endswith("no sample yet")
    assert stream["source_id"] == outlet.stream.source_id


def test_streams_as_a_table(capsys):
    with Outlet(Stream(name="the-cap")):
        assert main(["streams", "--once"]) == 0
    assert "the-cap" in capsys.readouterr().out


@pytest.fixture
def file(tmp_path):
    return str(write_muse(tmp_path / "rec.csv", np.ones((256, 5)), np.zeros(256, int)))


def test_replay_to_nobody_plays_to_the_end(file, capsys):
    assert main(["replay", file, "--wait", "0", "--speed", "10", "--name", uuid.uuid4().hex]) == 0
    assert "5 channels, 256 Hz, 1 s" in capsys.readouterr().err


def test_replay_that_nobody_listens_to(file, capsys):
    assert main(["replay", file, "--wait", "0.1", "--name", "nobody"]) == 2
    assert "bci: expected a consumer of nobody-markers within 0.1 s" in capsys.readouterr().err


@pytest.mark.parametrize(
    "option", [["--speed", "0"], ["--speed", "nan"], ["--speed", "inf"], ["--chunk", "0"], ["--wait", "-1"]]
)
def test_replay_refuses_what_makes_no_sense(file, option, capsys):
    assert main(["replay", file, *option]) == 2
    assert "expected --speed above 0" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "error"),
    [
        (["--device", "epoc"], "one of generic, emotivpro, acticham, acticham-strings, muse; got 'epoc'"),
        (["--delay", "0.2"], "expected --delay with --device"),
    ],
)
def test_replay_refuses_devices_that_it_does_not_know(file, options, error, capsys):
    assert main(["replay", file, *options]) == 2
    assert error in capsys.readouterr().err


def test_replay_speaks_as_a_device_to_nobody(file, capsys):
    assert main(["replay", file, "--wait", "0", "--speed", "10", "--device", "muse"]) == 0
    assert "-> Muse-0000" in capsys.readouterr().err


def test_replay_of_no_file(capsys):
    assert main(["replay", "nothing.xdf"]) == 2
    assert "nothing.xdf" in capsys.readouterr().err


def test_streams_stay_on_this_computer_by_default():
    assert "ResolveScope = machine" in settings()
    assert "SessionID = lab-2" in settings("lab-2")
