"""`bci live` as a user runs it: a process of its own, a device in another one, and what they leave behind."""

import json
import shutil
import signal
import tomllib
import uuid

import pytest
from live_sessions import EVERY, RATE, LiveProcess, make_bundle, recording
from pylsl import StreamInlet, resolve_byprop
from recorded_files import open_with_nan

from bci.device_files import load_device, save_device
from bci.devices import Delay
from bci.journal import Kind, read_journal
from bci.storage import load_json, save_json
from models.bundle import load_bundle
from replay.dialects import NAMES
from replay.readers import open_recording
from replay.recording_file import save_recording

pytestmark = pytest.mark.lsl

EARLY = {"emotivpro": 0.0, "acticham": 32 / RATE, "muse": 0.0}  # s by which a device's stamps are too early
STATUSES = ("ok", "late", "gap", "artifact", "dropped")


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    return make_bundle(tmp_path_factory.mktemp("live") / "bundle")


@pytest.fixture
def play(device):
    """Stream a file; the device stays until it is left, however slow the computer is."""
    return lambda file, **options: device(open_recording, file, **{"linger": 60.0, **options})


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "rec_raw.fif"
    save_recording(path, recording(30))
    return path


def live(bundle, device, out, *arguments):
    name = device.options.name
    streams = ("--stream", name, "--markers", f"{name}-markers", "--wait", 60)
    return LiveProcess(bundle, *streams, "--out", out, "--headless", *arguments)


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
        (found,) = resolve_byprop("type", "Decisions", 1, 120.0)
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
        "journal.jsonl",
        "log.txt",
        "session.toml",
        "summary.json",
    }


@pytest.mark.parametrize(
    "dialect",
    ["emotivpro", pytest.param("acticham", marks=pytest.mark.slow), pytest.param("muse", marks=pytest.mark.slow)],
)
def test_a_device_is_decoded_in_its_dialect(dialect, bundle, file, tmp_path, play):
    out, name = tmp_path / "out", f"{NAMES[dialect]}-{uuid.uuid4().hex}"
    playing = play(file, name=name, device=dialect, delay=0.2, speed=2.0)
    profile = load_device(dialect).model_copy(update={"delay": Delay(seconds=0.2 - EARLY[dialect])})
    save_device(tmp_path / "mine.toml", profile)
    stream = ("--stream", name, "--wait", 60, "--device", tmp_path / "mine.toml", "--stream-reference", "FCz")
    told = ("--out", out, "--headless", "--until-end", "--reference", file)
    with LiveProcess(bundle, *stream, *told) as process:
        code, said, errors = process.end()
    assert (code, errors) == (0, "")
    playing.join(20)
    summary, lines = results(out)
    assert f"device: {dialect}" in said
    assert [line["marker"] for line in lines] == ["1", "2"] * 15
    assert summary["device_delay_ms"] == pytest.approx(1e3 * (0.2 - EARLY[dialect]))
    session = tomllib.loads((out / "session.toml").read_text("utf-8"))
    assert session["device"]["name"] == dialect
    assert session["device"]["delay"]["seconds"] == pytest.approx(0.2 - EARLY[dialect])
    if dialect != "muse":  # its packets jitter: onsets are right to a sample
        assert summary["parity"]["same_ranking"] == 30
        assert summary["parity"]["max_abs_score_diff"] < 1e-3


@pytest.mark.slow
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


def test_the_operator_steers_by_what_is_typed(bundle, file, tmp_path, play):
    with live(bundle, play(file), tmp_path / "out", "--until-end", "--typed") as process:
        process.read_until(" ms")
        for line in ("pause", "resume", "exclude 1.5", "note somebody coughs", "sing"):
            process.type(line)
            process.read_until("expected pause" if line == "sing" else "written down")
        code, _, errors = process.end()
    assert (code, errors) == (0, "")
    summary, lines = results(tmp_path / "out")
    assert summary["paused_events"] + summary["events"] == 30
    entries = read_journal(tmp_path / "out" / "journal.jsonl")
    kinds = [entry.kind for entry in entries]
    assert [kind for kind in kinds if kind not in (Kind.STATE, Kind.FIRST_SAMPLE, Kind.BEGIN)] == [
        Kind.PAUSE,
        Kind.RESUME,
        Kind.EXCLUDE,
        Kind.NOTE,
        Kind.ENDED,
    ]
    stretch = entries[kinds.index(Kind.EXCLUDE)]
    assert stretch.duration == 1.5
    inside = [line for line in lines if stretch.time <= line["onset"] < stretch.time + 1.5]
    assert summary["excluded_events"] == len(inside)
    paused = [entries[kinds.index(kind)].time for kind in (Kind.PAUSE, Kind.RESUME)]
    assert not [line for line in lines if paused[0] <= line["onset"] < paused[1]]


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
        (("--attach", "--accept-mismatch"), "expected --accept-mismatch and --reconstruct where it decodes"),
        (("--attach", "--reconstruct", "folder"), "leave them out here"),
        (("bundle", "--headless", "--reconstruct", "folder"), "got --reconstruct with --headless"),
        (("bundle", "--file", "S1.xdf", "--stream", "EPOC-1"), "expected --file or --stream, got both"),
        (("bundle", "--file", "S1.xdf", "--record"), "expected a stream to record"),
        (("bundle", "--person", "Anna"), "expected a participant's code"),
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


def test_a_stream_is_waited_for_as_long_as_the_user_says(bundle, tmp_path):
    arguments = ("--stream", "nobody", "--wait", 0.2, "--headless", "--out", tmp_path / "out")
    with LiveProcess(bundle, *arguments) as process:
        assert "found none in 0.2 s" in refused(process)


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
