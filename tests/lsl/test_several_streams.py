"""Two people, two devices, one `bci live`: a session for each, and one that dies takes nothing else with it."""

import json
import signal
import subprocess
import sys

import numpy as np
import pytest

from bci.bank import Bank, BankKey
from bci.types import Channel, Recording
from models.bundle import save_bundle
from models.config import ExperimentConfig
from models.train import train
from replay.readers import open_recording
from replay.recording_file import save_recording
from replay.trials import cut_trials

pytestmark = pytest.mark.lsl

RATE, EVERY, CHANNELS, NAMES = 250.0, 100, ("Cz", "Pz", "Oz"), ("still", "moved")
CONFIG = ExperimentConfig.model_validate(
    {
        "name": "moves",
        "data": {"reader": "none"},
        "preprocess": {"channels": CHANNELS, "highpass": 0.5, "lowpass": 40.0, "sfreq": 125.0, "tmax": 0.3},
        "targets": {"kind": "text"},
        "decoder": {"name": "ridge"},
        "evaluation": {"protocol": "closed-set"},
    }
)


def recording(n_events, seed):
    data = np.random.default_rng(seed).normal(0, 5, (EVERY * (n_events + 1), 3)).astype(np.float32)
    markers = [(EVERY * (i + 1) - 60, NAMES[i % 2]) for i in range(n_events)]
    for sample, name in markers:
        data[sample + 10 : sample + 60, -1] += 30.0 * (name == "moved")
    return Recording(data, RATE, ((0, 0.0),), tuple(markers), tuple(map(Channel, CHANNELS)), "FCz")


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    bank = Bank(NAMES, np.eye(2, 4, dtype=np.float32), BankKey(vision_model="made up", weights="-"))
    trials = cut_trials([recording(80, seed=1)], CONFIG.preprocess, CONFIG.events, NAMES)
    folder = tmp_path_factory.mktemp("several") / "bundle"
    save_bundle(folder, train(trials, bank, CONFIG))
    return folder


@pytest.fixture
def devices(device, tmp_path):
    """Start devices, each with its own number of events and options."""

    def start(*each):
        started = []
        for number, (n_events, options) in enumerate(each):
            path = tmp_path / f"rec{number}_raw.fif"
            save_recording(path, recording(n_events, seed=10 + number))
            started.append(device(open_recording, path, **options))
        return [one.options.name for one in started]

    return start


def live(bundle, names, out, *more, wait=60):
    streams = [word for name in names for word in ("--stream", name)]
    told = ("--headless", "--wait", wait, "--out", out, *more)
    command = [sys.executable, "-m", "bci", "live", *streams, bundle, *told]
    pipe = subprocess.PIPE
    return subprocess.Popen([*map(str, command)], stdout=pipe, stderr=pipe, text=True, encoding="utf-8")


def results(folder):
    lines = (folder / "decisions.jsonl").read_text(encoding="utf-8").splitlines()
    return json.loads((folder / "summary.json").read_text(encoding="utf-8")), [json.loads(line) for line in lines]


def test_two_streams_are_two_sessions_and_one_that_dies_ends_alone(bundle, devices, tmp_path):
    names = devices((12, {}), (20, {"stop_after": 2.1}))
    process = live(bundle, names, tmp_path / "out", "--until-end")
    out, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors
    (whole, lines), (cut, fewer) = (results(tmp_path / "out" / name) for name in names)
    assert (whole["events"], whole["ended"]) == (12, "bci:end")
    assert [line["truth"] for line in lines] == [NAMES[i % 2] for i in range(12)]
    assert whole["top1"] > 0.9
    assert cut["ended"].startswith("stream lost")
    assert 0 < len(fewer) < 20
    assert all(f"{name} has ended" in out for name in names)
    assert (tmp_path / "out" / "log.txt").is_file()


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
def test_an_interrupt_ends_all_of_them_in_order(bundle, devices, tmp_path):
    names = devices((200, {}), (200, {}))
    process = live(bundle, names, tmp_path / "out")
    heard = set()
    for line in process.stdout:
        heard |= {name for name in names if line.startswith(f"{name}  ")}
        if len(heard) == 2:
            break
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    for name in names:
        summary, lines = results(tmp_path / "out" / name)
        assert summary["ended"] == "interrupted"
        assert summary["events"] == len(lines) > 0


def test_a_stream_that_is_not_there_is_refused_before_any_session_begins(bundle, devices, tmp_path):
    (name,) = devices((5, {}))
    process = live(bundle, [name, "nobody"], tmp_path / "out", wait=1)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 2
    assert "expected the stream 'nobody', found none in 1 s" in errors
    assert not (tmp_path / "out").exists()
