"""`bci live` as a user runs it: a process of its own, a device in another one, and what they leave behind."""

import json
import shutil
import signal
import subprocess
import sys

import numpy as np
import pytest
from pylsl import StreamInlet, resolve_byprop
from recorded_files import open_with_nan

from bci.bank import Bank, BankKey
from bci.storage import load_json, save_json
from bci.types import Channel, Recording
from models.bundle import load_bundle, save_bundle
from models.config import ExperimentConfig
from models.train import train
from replay.readers import open_recording
from replay.recording_file import save_recording
from replay.trials import cut_trials

pytestmark = pytest.mark.lsl

RATE = 250.0
EVERY = 100  # samples between events
CHANNELS = ("Cz", "Pz", "Oz")
STATUSES = ("ok", "late", "gap", "artifact", "dropped")


def recording(n_events, seed=0, channels=CHANNELS, reference="FCz"):
    """Events alternate; the second kind moves the last channel by 20 uV for 0.2 s."""
    n_times = EVERY * (n_events + 1)
    data = np.random.default_rng(seed).normal(0, 5, (n_times, len(channels))).astype(np.float32)
    markers = [(EVERY * (i + 1) - 60, str(1 + i % 2)) for i in range(n_events)]
    for sample, value in markers:
        data[sample + 10 : sample + 60, -1] += 20.0 * (value == "2")
    return Recording(data, RATE, ((0, 0.0),), tuple(markers), tuple(map(Channel, channels)), reference)


CONFIG = ExperimentConfig.model_validate(
    {
        "name": "moves",
        "data": {"reader": "none"},
        "events": {"lock": ["1", "2"], "concepts": {"1": "still", "2": "moved"}},
        "preprocess": {
            "channels": CHANNELS,
            "highpass": 0.5,
            "lowpass": 40.0,
            "sfreq": 125.0,
            "tmax": 0.3,
            "scale": "whiten",
            "whitening": "channel",
        },
        "targets": {"kind": "text"},
        "decoder": {"name": "channel_attention", "options": {"dim": 8, "hidden": 16, "width": 8, "heads": 2}},
        "train": {"epochs": 8, "batch": 16, "lr": 3e-3},
        "evaluation": {"protocol": "closed-set"},
    }
)


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    bank = Bank(("still", "moved"), np.eye(2, 4, dtype=np.float32), BankKey(vision_model="made up", weights="-"))
    trials = cut_trials([recording(160, seed=1)], CONFIG.preprocess, CONFIG.events, bank.names)
    folder = tmp_path_factory.mktemp("live") / "bundle"
    save_bundle(folder, train(trials, bank, CONFIG))
    return folder


class LiveProcess:
    """`bci live` in a process, read line by line."""

    def __init__(self, *arguments):
        command = [sys.executable, "-m", "bci", "live", *map(str, arguments)]
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, encoding="utf-8")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()

    def read_until(self, text):
        for line in self.process.stdout:
            if text in line:
                return line
        raise AssertionError(f"ended without {text!r}: {self.process.stderr.read()}")

    def end(self):
        out, errors = self.process.communicate(timeout=120)
        return self.process.returncode, out, errors


@pytest.fixture
def play(device):
    """Stream a file."""
    return lambda file, **options: device(open_recording, file, **options)


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "rec_raw.fif"
    save_recording(path, recording(30))
    return path


def live(bundle, device, out, *arguments):
    name = device.options.name
    return LiveProcess(
        bundle, "--stream", name, "--markers", f"{name}-markers", "--out", out, "--headless", *arguments
    )


def check_accounts(summary, lines):
    assert summary["events"] == sum(summary[status] for status in STATUSES) == len(lines)
    assert [line["seq"] for line in lines] == list(range(len(lines)))
    assert [summary[status] for status in STATUSES] == [
        sum(line["status"] == status for line in lines) for status in STATUSES
    ]


def results(out):
    summary = json.loads((out / "summary.json").read_text("utf-8"))
    lines = [json.loads(line) for line in (out / "decisions.jsonl").read_text("utf-8").splitlines()]
    check_accounts(summary, lines)
    return summary, lines


def test_a_recording_streamed_is_decoded_as_it_is_from_its_file(bundle, file, tmp_path, play):
    out = tmp_path / "out"
    with live(bundle, play(file, speed=2.0), out, "--until-end", "--reference", file) as process:
        (found,) = resolve_byprop("type", "Decisions", 1, 60.0)
        inlet = StreamInlet(found)
        inlet.open_stream(10.0)
        heard, stamp = inlet.pull_sample(60.0)
        code, _, errors = process.end()
        inlet.close_stream()
    assert (code, errors) == (0, "")
    summary, lines = results(out)
    assert (summary["events"], summary["gap"], summary["ended"]) == (30, 0, "bci:end")
    assert [line["marker"] for line in lines] == ["1", "2"] * 15
    assert summary["parity"] == {"compared": 30, "same_ranking": 30, "max_abs_score_diff": 0.0}
    assert summary["top1"] > 0.8
    assert summary["auc"]["value"] > 0.9
    assert json.loads(heard[0]) == lines[json.loads(heard[0])["seq"]]
    assert stamp == pytest.approx(json.loads(heard[0])["onset"], abs=1e-3)
    assert {entry.name for entry in out.iterdir()} == {
        "decisions.jsonl",
        "log.txt",
        "session.toml",
        "summary.json",
    }


def test_attached_elsewhere_it_counts_the_same_decisions_from_then_on(bundle, tmp_path, play):
    path = tmp_path / "rec_raw.fif"
    save_recording(path, recording(40))
    with live(bundle, play(path), tmp_path / "out", "--until-end") as deciding:
        deciding.read_until(" ms")
        with LiveProcess("--attach", "--headless") as attached:
            first = int(attached.read_until(" ms").split()[0])
            assert deciding.end()[0] == 0
            attached.read_until("   39  ")
            attached.process.send_signal(signal.SIGINT)
            code, said, _ = attached.end()  # liblsl has complained that the decisions' stream went away
    assert code == 0
    _, lines = results(tmp_path / "out")
    seen = lines[first:]
    told = dict(line.strip().split("  ", 1) for line in said.splitlines() if "  " in line.strip())
    assert int(told["events"].split()[0]) == len(seen) == 40 - first > 1
    assert told["top-1"].split()[0] == f"{sum(line['rank'] == 0 for line in seen) / len(seen):.1%}"
    assert told["ended"].strip() == "interrupted"


def test_a_file_is_decoded_to_its_end_as_from_an_array(bundle, tmp_path):
    path, out = tmp_path / "rec_raw.fif", tmp_path / "out"
    save_recording(path, recording(12))
    with LiveProcess(bundle, "--file", path, "--reference", path, "--headless", "--out", out) as process:
        code, _, errors = process.end()
    assert (code, errors) == (0, "")
    summary, lines = results(out)
    assert [line["marker"] for line in lines] == ["1", "2"] * 6
    assert (summary["events"], summary["gap"]) == (12, 0)
    assert summary["parity"] == {"compared": 12, "same_ranking": 12, "max_abs_score_diff": 0.0}


def test_a_sender_that_stops_for_good_ends_the_session_in_order(bundle, file, tmp_path, play):
    with live(bundle, play(file, stop_after=5.1), tmp_path / "out", "--until-end") as process:
        code, _, _ = process.end()
    assert code == 0
    summary, _ = results(tmp_path / "out")
    assert summary["ended"] == "stream lost: no samples for 10 s"
    assert 11 <= summary["events"] <= 13  # the event in whose window the sender died is a gap
    assert summary["ok"] + summary["late"] >= 11


def test_an_interrupt_ends_the_session_in_order(bundle, file, tmp_path, play):
    with live(bundle, play(file), tmp_path / "out") as process:
        process.read_until(" ms")
        process.process.send_signal(signal.SIGINT)
        code, out, _ = process.end()
    assert code == 0
    assert "interrupted" in out
    summary, lines = results(tmp_path / "out")
    assert summary["ended"] == "interrupted"
    assert len(lines) >= 1


def test_a_reader_of_the_output_that_goes_away_does_not_end_the_session(bundle, file, tmp_path, play):
    with live(bundle, play(file), tmp_path / "out", "--until-end") as process:
        process.read_until("decoding")
        process.process.stdout.close()
        code = process.process.wait(timeout=120)
    assert code == 0
    summary, _ = results(tmp_path / "out")
    assert (summary["events"], summary["ended"]) == (30, "bci:end")


def test_a_comparison_that_fails_leaves_the_summary(bundle, file, tmp_path, play):
    other = tmp_path / "other_raw.fif"
    save_recording(other, recording(5, channels=("Cz", "Pz", "Fz")))
    arguments = ("--until-end", "--reference", other)
    with live(bundle, play(file, speed=4.0), tmp_path / "out", *arguments) as process:
        code, _, errors = process.end()
    assert code == 2
    assert "lacks Oz" in errors
    summary, _ = results(tmp_path / "out")
    assert (summary["events"], "parity" in summary) == (30, False)


def test_samples_that_are_not_finite_cost_their_events_alone(bundle, tmp_path, device):
    path = tmp_path / "rec_raw.fif"
    save_recording(path, recording(12))
    inside_the_fifth = (EVERY * 4 + 60, EVERY * 4 + 63)
    failing = device(open_with_nan, path, *inside_the_fifth)
    with live(bundle, failing, tmp_path / "out", "--until-end") as process:
        code, _, _ = process.end()
    assert code == 0
    _, lines = results(tmp_path / "out")
    assert [line["seq"] for line in lines if line["status"] == "gap"] == [4]


# ---------------------------------------------------------------------------------------- refused, in one line


def refused(process):
    code, _, errors = process.end()
    (line,) = errors.strip().splitlines()
    assert code == 2
    return line


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "expected a BUNDLE to decode with, or --attach"),
        (("bundle", "--attach"), "expected a BUNDLE to decode with, or --attach"),
        (("bundle", "--file", "S1.xdf", "--stream", "EPOC-1"), "expected --file or --stream, got both"),
    ],
)
def test_what_makes_no_sense_is_refused(arguments, said):
    with LiveProcess(*arguments) as process:
        assert said in refused(process)


def test_other_channels_are_refused_with_both_lists(bundle, tmp_path, play):
    path = tmp_path / "rec_raw.fif"
    save_recording(path, recording(5, channels=("Cz", "Pz", "Fz"), reference="Cz"))
    with live(bundle, play(path), tmp_path / "out") as process:
        assert "lacks Oz and has Cz, Pz, Fz" in refused(process)
    assert not (tmp_path / "out").exists()


def test_another_reference_is_refused_with_both(bundle, tmp_path, play):
    path = tmp_path / "rec_raw.fif"
    save_recording(path, recording(5, reference="Fpz"))
    with live(bundle, play(path), tmp_path / "out") as process:
        assert "is recorded against Fpz, the decoder was trained on data against FCz" in refused(process)
    assert not (tmp_path / "out").exists()


def test_an_unknown_stream_is_refused_with_those_that_are_there(bundle, file, tmp_path, play):
    sender = play(file)
    with LiveProcess(bundle, "--stream", "nobody", "--headless", "--out", tmp_path / "out") as process:
        line = refused(process)
        assert "nobody" in line
        assert sender.options.name in line
    assert not (tmp_path / "out").exists()


def test_a_reference_that_is_not_there_is_refused_before_the_session(bundle, file, tmp_path, play):
    arguments = ("--reference", tmp_path / "nowhere.fif")
    with live(bundle, play(file), tmp_path / "out", *arguments) as process:
        assert "nowhere.fif" in refused(process)
    assert not (tmp_path / "out").exists()


def broken(bundle, tmp_path, change):
    copy = tmp_path / "bundle"
    shutil.copytree(bundle, copy)
    change(copy)
    return copy


def rewrite(key, value):
    def change(folder):
        body = load_json(folder / "bundle.json")
        body[key] = value
        save_json(folder / "bundle.json", body)

    return change


def truncate(folder):
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-100])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (rewrite("preprocess_hash", "0" * 64), "was trained with preprocessing 00000000"),
        (rewrite("schema", 2), "bundle.json has schema 2"),
        (truncate, "model.safetensors is damaged"),
        (lambda folder: (folder / "bank.safetensors").unlink(), "no such file"),
    ],
)
def test_a_bundle_that_is_not_whole_is_refused(bundle, tmp_path, change, said):
    with LiveProcess(broken(bundle, tmp_path, change), "--out", tmp_path / "out") as process:
        assert said in refused(process)
    assert not (tmp_path / "out").exists()


def test_a_place_that_is_taken_is_refused_and_left_alone(bundle, tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    with LiveProcess(bundle, "--out", tmp_path) as process:
        assert "new or empty folder" in refused(process)
    assert (tmp_path / "mine.txt").read_text() == "mine"


def test_the_bundle_under_test_is_whole(bundle):
    assert load_bundle(bundle).bank.names == ("still", "moved")
