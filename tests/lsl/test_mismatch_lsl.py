"""A decoder of epochs: refused on a stream that is none, unless that is accepted; at home on one that is."""

import json
import tomllib
from dataclasses import replace

import pytest
from live_sessions import CONFIG, LiveProcess, make_bundle, recording

from bci.end_to_end import MISMATCH, ORDER
from replay.readers import open_recording
from replay.recording_file import save_recording

pytestmark = pytest.mark.lsl

N_EVENTS = 6
EPOCHS = CONFIG.model_copy(
    update={
        "preprocess": CONFIG.preprocess.model_copy(update={"mode": "epoch"}),
        "decoder": CONFIG.decoder.model_copy(update={"name": "ridge", "options": {}}),
    }
)


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    return make_bundle(tmp_path_factory.mktemp("epochs") / "bundle", EPOCHS)


@pytest.fixture
def files(tmp_path):
    """The same recording, once as it is and once as one of epochs end to end."""
    continuous = recording(N_EVENTS)
    for name, known in (("continuous", {}), ("epochs", {"order": ORDER})):
        save_recording(tmp_path / f"{name}_raw.fif", replace(continuous, provenance=known))
    return lambda name: tmp_path / f"{name}_raw.fif"


@pytest.fixture
def live(bundle, device, tmp_path):
    """Decode what a device plays of a file: exit code, what was said, errors, and the folder of the session."""

    def run(file, *arguments):
        name = device(open_recording, file, speed=2.0, linger=60.0).options.name
        out = tmp_path / "out"
        streams = ("--stream", name, "--markers", f"{name}-markers", "--wait", 60, "--until-end", "--headless")
        with LiveProcess(bundle, *streams, "--out", out, *arguments) as process:
            return *process.end(), out

    return run


def test_an_amplifier_is_refused_in_a_line(live, files):
    code, _, errors, out = live(files("continuous"))
    assert code == 2
    assert errors.count("\n") == 1
    assert "--accept-mismatch" in errors
    assert not out.exists()


def test_what_is_accepted_is_said_everywhere(live, files):
    code, said, errors, out = live(files("continuous"), "--accept-mismatch")
    assert code == 0
    assert MISMATCH in errors
    assert f"MISMATCH: {MISMATCH}" in said
    summary = json.loads((out / "summary.json").read_text("utf-8"))
    assert (summary["mismatch"], summary["events"], summary["gap"]) == (MISMATCH, N_EVENTS, 0)
    assert tomllib.loads((out / "session.toml").read_text("utf-8"))["mismatch"] == MISMATCH
    assert MISMATCH in (out / "log.txt").read_text("utf-8")


def test_epochs_end_to_end_are_at_home(live, files):
    code, said, errors, out = live(files("epochs"))
    assert (code, errors) == (0, "")
    assert "MISMATCH" not in said
    summary = json.loads((out / "summary.json").read_text("utf-8"))
    assert (summary["mismatch"], summary["events"], summary["gap"]) == (None, N_EVENTS, 0)


@pytest.mark.parametrize(("name", "expected"), [("continuous", 2), ("epochs", 0)])
def test_a_file_is_held_to_the_same(bundle, files, tmp_path, name, expected):
    with LiveProcess(bundle, "--file", files(name), "--headless", "--out", tmp_path / "out") as process:
        assert process.end()[0] == expected
