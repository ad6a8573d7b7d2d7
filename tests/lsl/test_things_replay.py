"""THINGS-EEG2 as a stream: what arrives is what the file says, told once."""

import time
from contextlib import closing

import numpy as np
import pytest
from recorded_files import THINGS_17, write_things_epochs, write_things_raw

from bci.cli import main
from bci.events import END_MARKER
from bci.lsl_source import LslSource
from replay.readers import open_recording

pytestmark = pytest.mark.lsl

LONG = 60.0  # s after which a test gives up
CODES = [17, 99999, 3, 3, 200]


def received(device, n_times):
    """Chunks and markers of a stream until its end."""
    chunks, markers = [], []
    end = time.monotonic() + LONG
    with closing(LslSource(device.options.name, wait=20)) as source:
        while not (markers and markers[-1].value == END_MARKER and sum(len(c.data) for c in chunks) >= n_times):
            assert time.monotonic() < end, f"gave up after {LONG:g} s"
            batch = source.pull(0.1)
            chunks += [batch.chunk] if batch.chunk else []
            markers = sorted([*markers, *batch.markers], key=lambda marker: marker.time)
    return source.spec, chunks, markers[:-1]


def placed(chunks, markers, sfreq):
    """(sample, value) of markers, samples counted from the first one."""
    start = chunks[0].times[0]
    return [(round((marker.time - start) * sfreq), marker.value) for marker in markers]


def test_the_raw_file_arrives_as_63_channels_and_the_words_of_its_trigger(device, tmp_path):
    words = np.zeros(4000)
    words[500 + 600 * np.arange(len(CODES))] = CODES
    labels = tuple(f"E{i}" for i in range(63))
    eeg = np.random.default_rng(0).normal(0, 20, (4000, 63))
    path = write_things_raw(tmp_path / "sub-01" / "ses-01" / "raw_eeg_test.npy", eeg, words, labels)
    recording = open_recording(path)
    spec, chunks, markers = received(device(open_recording, path, speed=2.0), 4000)
    assert spec.labels == labels
    assert (spec.sfreq, spec.reference, spec.end_to_end) == (1000, "Fz", False)
    np.testing.assert_array_equal(np.concatenate([chunk.data for chunk in chunks]), recording.data[:, :63])
    assert placed(chunks, markers, 1000) == list(recording.markers)
    assert {marker.source for marker in markers} == {f"{spec.name}/stim"}


def test_epochs_arrive_end_to_end_with_the_names_of_their_concepts(device, tmp_path):
    data = np.random.default_rng(0).normal(size=(200, 1, 17, 10)).astype(np.float32)
    path = tmp_path / "sub-01" / "preprocessed_eeg_test.npy"
    write_things_epochs(path, data, THINGS_17, np.arange(10) / 100)
    recording = open_recording(path)
    n_times = len(recording.data)
    spec, chunks, markers = received(device(open_recording, path, speed=20.0), n_times)
    np.testing.assert_array_equal(np.concatenate([chunk.data for chunk in chunks]), recording.data)
    assert placed(chunks, markers, 100) == list(recording.markers)
    assert [marker.value for marker in markers] == [f"{number:05d}" for number in range(1, 201)]
    assert (spec.labels, spec.end_to_end) == (THINGS_17, True)


def test_the_command_says_that_the_order_of_epochs_is_lost(tmp_path, capsys):
    data = np.random.default_rng(0).normal(size=(200, 1, 17, 10)).astype(np.float32)
    path = write_things_epochs(tmp_path / "preprocessed_eeg_test.npy", data, THINGS_17, np.arange(10) / 100)
    assert main(["replay", str(path), "--wait", "0", "--speed", "200"]) == 0
    said = capsys.readouterr().err
    assert "17 channels, 100 Hz, 40 s, 200 markers, not causal, order not original" in said
