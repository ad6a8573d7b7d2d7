"""A session recorded while it decodes: whole, nameless, survives a kill, and gives the same decisions again."""

import json
import os
import platform
import re
import time
import uuid
from dataclasses import replace

import numpy as np
import pytest
import pyxdf
from live_sessions import RATE, LiveProcess, make_bundle, recording
from pylsl import StreamInlet, local_clock, resolve_byprop

from bci.array_source import ArraySource
from bci.cli.opening import load_whole
from bci.clock import lsl_clock
from bci.device_files import load_device, save_device
from bci.devices import Delay
from bci.errors import RecordingError
from bci.journal import Kind, from_wire, read_journal
from bci.labrecorder import check_whole
from bci.offline import decode_all
from bci.storage import load_json
from models.epocher import make_epocher
from models.runtime import load_decoder
from replay.dialects import NAMES
from replay.readers import open_recording
from replay.recording_file import save_recording

pytestmark = pytest.mark.lsl

LONG = 60.0  # s after which a test gives up


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    return make_bundle(tmp_path_factory.mktemp("recorded") / "bundle")


@pytest.fixture
def file(tmp_path):
    """Thirty events, the first of them after the session has surely received a sample."""
    path, played = tmp_path / "rec_raw.fif", recording(33)
    save_recording(path, replace(played, markers=played.markers[3:]))
    return path


def live(bundle, name, out, *arguments, env=None):
    streams = ("--stream", name, "--markers", f"{name}-markers", "--wait", 60)
    return LiveProcess(bundle, *streams, "--out", out, "--headless", *arguments, env=env)


def lines_of(out):
    return (out / "decisions.jsonl").read_text("utf-8").splitlines()


def rankings(out):
    """Of each decision the marker, the concepts named, the rank of the truth, and the scores."""
    decisions = [json.loads(line) for line in lines_of(out)]
    return [
        (told["marker"], [named["concept"] for named in told["top"]], told["rank"]) for told in decisions
    ], np.array([[named["score"] for named in told["top"]] for told in decisions])


def streams(path):
    found, _ = pyxdf.load_xdf(str(path), dejitter_timestamps=False)
    return {stream["info"]["name"][0]: stream for stream in found}


def names_somebody(folder, *names):
    """Files of a session's folder that hold one of these words; of XDF what is text in it."""
    files = [file for file in folder.rglob("*") if file.is_file()]
    words = re.compile("|".join(rf"(?<!\w){re.escape(name)}(?!\w)" for name in names))
    return [file.name for file in files if words.search(text_of(file))]


def text_of(file):
    if file.suffix != ".xdf":
        return file.read_text("utf-8")
    return str([(stream["info"], stream.get("footer")) for stream in streams(file).values()])


def test_a_recorded_session_is_whole_names_nobody_and_gives_its_decisions_again(
    bundle, file, tmp_path, device, peers
):
    home = tmp_path / "homes" / "annamaria"
    home.mkdir(parents=True)
    first, again = home / "sessions" / "first", tmp_path / "again"
    env = os.environ | {"HOME": str(home), "USERPROFILE": str(home), "USER": "annamaria", "USERNAME": "annamaria"}
    name = device(open_recording, file, speed=2.0).options.name
    arguments = ("--record", "--person", "P07", "--until-end")
    with live(bundle, name, first, *arguments, env=env) as process:
        code, _, _ = process.end()
    assert code == 0
    assert names_somebody(first, platform.node(), "annamaria", str(tmp_path)) == []
    assert b'person = "P07"' in (first / "session.toml").read_bytes()

    recorded = streams(first / "recording.xdf")
    assert set(recorded) == {name, f"{name}-markers", "bci-decisions", "bci-journal"}
    assert recorded[name]["info"]["hostname"][0].strip() == ""
    assert [line for (line,) in recorded["bci-decisions"]["time_series"]] == lines_of(first)
    journal = recorded["bci-journal"]
    pairs = zip(journal["time_series"], journal["time_stamps"], strict=True)
    heard = [from_wire(value, stamp) for (value,), stamp in pairs]
    written = read_journal(first / "journal.jsonl")
    assert [(entry.kind, entry.text) for entry in heard] == [(entry.kind, entry.text) for entry in written]
    began = next(entry.time for entry in written if entry.kind is Kind.FIRST_SAMPLE)
    assert recorded[name]["time_stamps"][0] <= began + 0.5 / RATE

    name = device(open_recording, first, speed=3.0).options.name
    with live(bundle, name, again, "--until-end", "--reference", first) as process:
        code, _, _ = process.end()
    assert code == 0
    (told, scores), (told_again, scores_again) = rankings(first), rankings(again)
    assert len(told) == load_json(first / "summary.json")["events"] == 30
    assert told_again == told
    np.testing.assert_array_equal(scores_again, scores)
    parity = load_json(again / "summary.json")["parity"]
    assert parity == {"compared": len(told), "same_ranking": len(told), "max_abs_score_diff": 0.0}


@pytest.mark.slow
@pytest.mark.parametrize("dialect", ["acticham", "emotivpro"])
def test_what_a_device_sent_in_its_dialect_gives_its_decisions_again(
    dialect, bundle, file, tmp_path, device, peers
):
    out, name = tmp_path / "out", f"{NAMES[dialect]}-{uuid.uuid4().hex}"
    device(open_recording, file, name=name, device=dialect, delay=0.2, speed=2.0)
    profile = load_device(dialect).model_copy(update={"delay": Delay(seconds=0.15)})
    save_device(tmp_path / "mine.toml", profile)
    arguments = ("--device", tmp_path / "mine.toml", "--stream-reference", "FCz", "--record", "--until-end")
    with LiveProcess(bundle, "--stream", name, "--wait", 60, *arguments, "--out", out, "--headless") as process:
        code, _, _ = process.end()
    assert code == 0
    told, scores = rankings(out)
    assert len(told) == 30
    loaded, bank = load_whole(bundle, None)
    decoder = load_decoder(loaded, bank, "cpu")
    source = ArraySource(open_recording(out), clock=lsl_clock, reference="FCz")
    again = decode_all(source, make_epocher(loaded, decoder, source.spec, lsl_clock), decoder, lsl_clock)
    assert [decision.marker.value for decision in again] == [marker for marker, _, _ in told]
    assert [decision.ranking.truth_rank for decision in again] == [rank for _, _, rank in told]
    np.testing.assert_allclose([decision.ranking.scores for decision in again], scores, atol=1e-6)


def test_what_was_recorded_and_decided_survives_a_kill(bundle, file, tmp_path, device, peers):
    out = tmp_path / "out"
    name = device(open_recording, file).options.name
    with live(bundle, name, out, "--record") as process:
        (found,) = resolve_byprop("type", "Decisions", 1, LONG)
        inlet = StreamInlet(found, recover=False)
        inlet.open_stream(10.0)
        heard = [inlet.pull_sample(LONG)[0][0] for _ in range(15)]
        process.process.kill()
        killed = local_clock()
        process.process.wait()
        inlet.close_stream()
    assert not (out / "summary.json").exists()
    lines = lines_of(out)
    assert lines[: len(heard)] == heard
    wait_until_whole(out / "recording.xdf", 4)
    assert streams(out / "recording.xdf")[name]["time_stamps"][-1] > killed - 1.0
    decided = [json.loads(line) for line in lines]
    kept = [told["marker"] for told in decided if told["status"] != "gap" and told["onset"] < killed - 1.0]
    again = open_recording(out)
    assert [value for _, value in again.markers][: len(kept)] == kept
    assert len(kept) > 5
    (_, start), *others = again.segments
    assert not others
    assert start + len(again.data) / RATE > killed - 1.0
    assert names_somebody(out, platform.node()) == []


def wait_until_whole(path, n_streams):
    """LabRecorder outlives the session, and ends in order when it hears no more of it."""
    end = time.monotonic() + LONG
    while True:
        try:
            return check_whole(path, n_streams)
        except RecordingError:
            assert time.monotonic() < end, f"{path.name} was not whole within {LONG:g} s"
            time.sleep(0.1)
