"""Samples, markers and decisions in one file, by the real LabRecorder."""

import time
import uuid
from contextlib import closing

import numpy as np
import pytest
import pyxdf
from deciding_process import DecidingProcess
from simulated_devices import ramp
from staged_session import StagedSession, about

from bci.clock import lsl_clock
from bci.errors import RecordingError
from bci.events import END_MARKER
from bci.lsl_source import LslSource
from bci.recorder import Recorder, RecorderPhase
from bci.recordings import Recordings
from bci.types import SourceState
from bci.wire import decode

pytestmark = pytest.mark.lsl

LONG = 60.0  # s after which a test gives up


@pytest.fixture(autouse=True)
def _found(peers):
    pass


def pull_until(source, enough):
    end = time.monotonic() + LONG
    while not enough(source.pull(0.05)):
        assert time.monotonic() < end, f"gave up after {LONG:g} s"


def test_a10_samples_markers_and_decisions_are_in_one_file(device, tmp_path):
    playing = device(ramp, 1000, 125.0, linger=30.0)
    name = playing.options.name
    told = about(channels=("E0", "E1", "E2", "E3"))
    decisions = f"{name}-decisions"
    with DecidingProcess(told, None, decisions) as sender:
        recorder = Recorder(tmp_path / "recording.xdf", [name, f"{name}-markers", decisions])
        with closing(LslSource(name, markers=[f"{name}-markers"], wait=20)) as source:
            pull_until(source, lambda batch: batch.state is SourceState.FLOWING)
            recorder.start(SourceState.FLOWING)
            pull_until(source, lambda batch: recorder.state().recording)
            staged = StagedSession(told)
            made = [staged.decide(truth=i, best=i, onset=lsl_clock() - i) for i in range(5)]
            sender.put(made)
            before = recorder.state().bytes
            pull_until(source, lambda batch: any(marker.value == END_MARKER for marker in batch.markers))
            state = recorder.state()
            assert (state.growing, state.error) == (True, "")
            assert state.bytes > before
        assert recorder.close().phase is RecorderPhase.SAVED
    streams = {stream["info"]["name"][0]: stream for stream in pyxdf.load_xdf(str(recorder.path))[0]}
    samples = np.asarray(streams[name]["time_series"])[:, 0]
    np.testing.assert_array_equal(samples, np.arange(samples[0], 1000))
    assert streams[f"{name}-markers"]["time_series"][-1] == [END_MARKER]
    lines = [line for (line,) in streams[decisions]["time_series"]]
    assert [decode(line, told.concepts).truth for line in lines] == [0, 1, 2, 3, 4]
    np.testing.assert_allclose(streams[decisions]["time_stamps"], [one.onset for one in made], atol=1e-3)


def test_a10_each_recording_of_a_session_is_a_whole_file_of_its_own(device, tmp_path):
    options = device(ramp, 10_000, 125.0).options
    recordings = Recordings(tmp_path, [options.id, f"{options.id}-markers"])
    with closing(LslSource(options.name, markers=[f"{options.name}-markers"], wait=20)) as source:
        pull_until(source, lambda batch: batch.state is SourceState.FLOWING)
        for _ in range(2):
            recordings.start(SourceState.FLOWING)
            pull_until(source, lambda batch: recordings.state().recording and recordings.state().bytes > 20_000)
            recordings.stop()
            assert not recordings.on
        recordings.close()
    first, second = (samples_in(tmp_path / name, options.name) for name in ("recording.xdf", "recording-2.xdf"))
    for samples in (first, second):
        assert len(samples) > 100
        np.testing.assert_array_equal(samples, np.arange(samples[0], samples[0] + len(samples)))
    assert second[0] > first[0]
    (begun, ended), (begun_again, ended_again) = recordings.spans
    assert begun < ended < begun_again < ended_again
    assert len(list(tmp_path.glob("*.xdf"))) == 2


def samples_in(path, name):
    (stream,) = (stream for stream in pyxdf.load_xdf(str(path))[0] if stream["info"]["name"] == [name])
    assert "footer" in stream
    return np.asarray(stream["time_series"])[:, 0]


def test_a10_a_stream_that_is_not_there_is_named(device, tmp_path):
    name = device(ramp, wait=0.0, linger=0.0).options.name
    recorder = Recorder(tmp_path / "recording.xdf", [name, uuid.uuid4().hex])
    recorder.start(SourceState.FLOWING)
    recorder._thread.join(LONG)
    with pytest.raises(RecordingError, match="LabRecorder finds no stream with name="):
        recorder.close()


def test_what_a_labrecorder_that_was_killed_has_written_loads_and_it_is_said(device, tmp_path):
    options, told = device(ramp, 10_000, 500.0).options, []
    recordings = Recordings(tmp_path, [options.id, f"{options.id}-markers"], tell=told.append)
    with closing(LslSource(options.name, markers=[f"{options.name}-markers"], wait=20)) as source:
        pull_until(source, lambda batch: batch.state is SourceState.FLOWING)
        recordings.start(SourceState.FLOWING)
        recordings.wait()
        pull_until(source, lambda batch: recordings.state().bytes > 40_000)
        recordings._recorders[0]._child.kill()
        pull_until(source, lambda batch: recordings.state().phase is RecorderPhase.FAILED)
        with pytest.raises(RecordingError, match="LabRecorder ended by itself"):
            recordings.close()
    assert len(told) == 1
    assert recordings.summary()[0]["error"] == told[0]
    (stream,) = (
        s for s in pyxdf.load_xdf(str(tmp_path / "recording.xdf"))[0] if s["info"]["name"] == [options.name]
    )
    samples = np.asarray(stream["time_series"])[:, 0]
    assert len(samples) > 1000
    np.testing.assert_array_equal(samples, np.arange(samples[0], samples[0] + len(samples)))
    assert stream["info"]["hostname"][0].strip() == ""
