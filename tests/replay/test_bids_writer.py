"""What is written as BIDS comes back: by mne-bids itself, and by our own reader."""

import json

import mne_bids
import numpy as np
import pytest

from bci.errors import ConfigError, OutputError
from bci.types import Channel, Recording
from replay.bids_writer import Label, Outcome, write_bids
from replay.readers import open_recording

LABEL = Label("P07", "faces")
GAP = 0.6


def recording(gap=GAP):
    data = np.random.default_rng(0).normal(0, 20, (1000, 3)).astype(np.float32)
    channels = (Channel("Fz"), Channel("Oz"), Channel("AUX1", "aux", "unknown"))
    segments = ((0, 50.0), (400, 50.0 + 400 / 250 + gap))
    return Recording(data, 250.0, segments, ((100, "face"), (500, "house"), (600, "face")), channels, "FCz")


OUTCOMES = (
    Outcome(50.4002, "face", "faces", "ok", 0),
    Outcome(52.6, "house", None, "gap", None),
    Outcome(99.0, "face", "faces", "ok", 0),  # of a marker that is not there
)


def rows(path):
    header, *lines = path.with_name(path.name.replace("_eeg.vhdr", "_events.tsv")).read_text().splitlines()
    return [dict(zip(header.split("\t"), line.split("\t"), strict=True)) for line in lines]


def test_mne_bids_reads_the_same_samples_and_events_back(tmp_path):
    written = recording()
    bad = (("BAD_excluded", (53.0, 53.5)), ("BAD_pause", (54.0, np.inf)), ("BAD_pause", (10.0, 20.0)))
    path = write_bids(tmp_path, written, LABEL, OUTCOMES, bad, line_freq=50.0)
    assert path.name == "sub-P07_task-faces_run-01_eeg.vhdr"
    raw = mne_bids.read_raw_bids(mne_bids.get_bids_path_from_fname(path), verbose="error")
    assert raw.info["sfreq"] == 250.0
    assert raw.ch_names == ["Fz", "Oz", "AUX1"]
    back = raw.get_data() * np.array([[1e6], [1e6], [1.0]])
    np.testing.assert_allclose(back[:, :400], written.data[:400].T, atol=1e-4)
    np.testing.assert_array_equal(back[:, 400:550], 0)
    np.testing.assert_allclose(back[:, 550:], written.data[400:].T, atol=1e-4)
    told = [
        (round(float(a["onset"]), 4), round(float(a["duration"]), 4), a["description"]) for a in raw.annotations
    ]
    assert told == [
        (0.4, 0.0, "face"),
        (1.6, 0.6, "BAD_ACQ_SKIP"),
        (2.6, 0.0, "house"),
        (3.0, 0.0, "face"),
        (3.0, 0.5, "BAD_excluded"),
        (4.0, 0.6, "BAD_pause"),
    ]
    decided = [(row["truth"], row["status"], row["rank"]) for row in rows(path) if row["duration"] == "0.0"]
    assert decided == [("faces", "ok", "0"), ("n/a", "gap", "n/a"), ("n/a", "n/a", "n/a")]
    sidecar = json.loads(path.with_suffix(".json").read_text())
    assert (sidecar["EEGReference"], sidecar["PowerLineFrequency"], sidecar["TaskName"]) == ("FCz", 50.0, "faces")
    described = json.loads(path.with_name(path.name.replace("_eeg.vhdr", "_events.json")).read_text())
    assert "score" in described["rank"]["Description"]
    assert (tmp_path / "dataset_description.json").is_file()
    assert "sub-P07" in (tmp_path / "participants.tsv").read_text()


def test_our_reader_opens_it_and_runs_are_counted(tmp_path):
    written = recording(gap=0.0)
    first = write_bids(tmp_path, written, LABEL, OUTCOMES)
    second = write_bids(tmp_path, written, LABEL)
    assert (first.name[-16:], second.name[-16:]) == ("_run-01_eeg.vhdr", "_run-02_eeg.vhdr")
    back = open_recording(first)
    np.testing.assert_allclose(back.data, written.data, atol=1e-4)
    assert [(sample, value) for sample, value in back.markers] == [(100, "face"), (500, "house"), (600, "face")]
    assert (back.reference, back.provenance["subject"]) == ("FCz", "P07")


def test_a_recording_without_markers_is_written(tmp_path):
    plain = Recording(np.ones((500, 1), np.float32), 100.0, ((0, 0.0),), (), (Channel("Cz"),))
    path = write_bids(tmp_path, plain, Label("S1", "rest", "02"))
    assert path.name == "sub-S1_ses-02_task-rest_run-01_eeg.vhdr"


@pytest.mark.parametrize("label", [{"task": "two words"}, {"task": ""}, {"session": "a-b"}])
def test_labels_that_bids_does_not_allow_are_refused(label):
    with pytest.raises(ConfigError, match="letters and digits"):
        Label(**({"person": "P1", "task": "t"} | label))


def test_what_cannot_be_filled_or_written_is_refused(tmp_path):
    with pytest.raises(OutputError, match="at most an hour"):
        write_bids(tmp_path, recording(gap=3700.0), LABEL)
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="cannot write to"):
        write_bids(tmp_path / "file", recording(), LABEL)
