"""XDF files from other labs through `bci replay`: every sample and marker arrives as our reader has it."""

import subprocess
import sys
import uuid
from contextlib import closing

import numpy as np
import pytest

from bci.config import real_data
from bci.events import END_MARKER
from bci.lsl_source import LslSource
from replay.readers import open_recording

FOLDER = real_data() / "xdf"

pytestmark = [
    pytest.mark.real,
    pytest.mark.lsl,
    pytest.mark.skipif(not FOLDER.is_dir(), reason="BCI_REAL_DATA holds no xdf"),
]


def replay(file, *arguments):
    command = [sys.executable, "-m", "bci", "replay", str(FOLDER / file), *arguments]
    return subprocess.Popen(command, stderr=subprocess.PIPE, text=True, encoding="utf-8")


@pytest.mark.parametrize(
    ("file", "said", "n_channels", "n_markers"),
    [
        ("switch_example.xdf", "stream g.USBamp-1: 16 channels, 256 Hz", 16, 71),
        ("muse_P001.xdf", "stream Muse: 5 channels, 256 Hz", 5, 0),
    ],
)
def test_a_file_of_another_lab_plays(file, said, n_channels, n_markers):
    name = uuid.uuid4().hex
    recording = open_recording(FOLDER / file)
    assert (len(recording.channels), len(recording.markers)) == (n_channels, n_markers)
    chunks, markers = [], []
    with replay(file, "--name", name, "--speed", "20") as sender:
        with closing(LslSource(name, markers=[f"{name}-markers"], wait=60)) as source:
            while not markers or markers[-1] != END_MARKER or sum(map(len, chunks)) < len(recording.data):
                batch = source.pull(1.0)
                markers += [marker.value for marker in batch.markers]
                chunks += [] if batch.chunk is None else [batch.chunk.data]
        _, told = sender.communicate(timeout=60)
    assert sender.returncode == 0
    assert said in told
    np.testing.assert_array_equal(np.concatenate(chunks), recording.data)
    assert markers == [*(value for _, value in recording.markers), END_MARKER]


@pytest.mark.parametrize(
    ("file", "arguments", "said"),
    [
        ("muse_P001.xdf", ("--stream", "4"), "the EEG stream is empty; there are"),
        ("muse_P001.xdf", ("--stream", "3"), "expected EEG channels, got only"),
        ("switch_example.xdf", ("--stream", "PythonResponse"), "'g.USBamp-1' (number 2, type EEG, 16 ch, 256 Hz)"),
        ("empty_streams.xdf", (), "expected an EEG stream, got 'Empty data stream"),
    ],
)
def test_what_cannot_be_played_is_said_with_what_is_there(file, arguments, said):
    with replay(file, *arguments) as refused:
        _, told = refused.communicate(timeout=60)
    (line,) = told.strip().splitlines()
    assert said in line
    assert refused.returncode == 2
