"""THINGS-EEG2 as it was recorded, in small files of exactly its form."""

import numpy as np
import pytest
from recorded_files import write_things_raw

from bci.errors import FormatError
from bci.types import Channel
from replay.readers import open_dataset, open_recording
from replay.readers.things_eeg2_raw import read_things_eeg2_raw

RNG = np.random.default_rng(0)
LABELS = tuple(f"E{i}" for i in range(63))
EEG = RNG.normal(0, 20, (5000, 63)) + 4000


def words(*onsets, n=5000):
    column = np.zeros(n)
    for at, code in onsets:
        column[at] = code
    return column


def place(root, name="raw_eeg_test.npy"):
    return root / "raw_data" / "sub-02" / "ses-03" / name


@pytest.fixture
def path(tmp_path):
    return write_things_raw(place(tmp_path), EEG, words((100, 17), (300, 99999), (500, 200), (4999, 17)), LABELS)


def test_volts_become_microvolts_and_the_trigger_stays(path):
    recording = read_things_eeg2_raw(path)
    assert recording.data.dtype == np.float32
    np.testing.assert_allclose(recording.data[:, :63], EEG, rtol=1e-6)
    assert recording.labels == (*LABELS, "stim")
    assert recording.channels[0] == Channel("E0")
    assert recording.channels[-1].kind == "trigger"
    assert recording.data[[99, 100, 101], -1].tolist() == [0, 17, 0]
    assert (recording.sfreq, recording.reference, recording.segments) == (1000, "Fz", ((0, 0.0),))


def test_markers_are_the_numbers_of_the_pictures_and_targets_stay(path):
    assert read_things_eeg2_raw(path).markers == ((100, "17"), (300, "99999"), (500, "200"), (4999, "17"))


def test_a_word_that_is_held_is_one_marker(tmp_path):
    column = words()
    column[10:20], column[20:30] = 5, 7
    path = write_things_raw(place(tmp_path), EEG, column, LABELS)
    assert read_things_eeg2_raw(path).markers == ((10, "5"), (20, "7"))


def test_folders_tell_subject_and_session(path):
    known = read_things_eeg2_raw(path).provenance
    assert (known["subject"], known["session"], known["partition"]) == ("02", "3", "test")
    assert known["recording"] == "sub-02_ses-03_raw_eeg_test".replace("03", "3")
    assert any("99999" in caveat for caveat in known["caveats"])


def test_the_joins_of_training_are_told(tmp_path):
    path = write_things_raw(place(tmp_path, "raw_eeg_training.npy"), EEG, words(), LABELS)
    assert any("joined" in caveat for caveat in read_things_eeg2_raw(path).provenance["caveats"])


def test_a_large_recording_lies_in_a_file(path, monkeypatch):
    small = read_things_eeg2_raw(path)
    monkeypatch.setattr("replay.spill._IN_MEMORY", 1000)
    large = read_things_eeg2_raw(path)
    assert not isinstance(small.data, np.memmap)
    assert isinstance(large.data, np.memmap)
    assert large.data.tobytes() == small.data.tobytes()
    assert not large.data.flags.writeable


def test_one_subject_does_not_load_another(path, tmp_path):
    other = tmp_path / "raw_data" / "sub-10" / "ses-01" / "raw_eeg_test.npy"
    other.parent.mkdir(parents=True)
    other.write_bytes(b"damaged")
    (recording,) = open_dataset("things-eeg2-raw", [tmp_path], subjects=["02"])
    assert recording.provenance["subject"] == "02"


def test_a_file_by_itself_is_known_by_its_name(path):
    assert open_recording(path).markers == read_things_eeg2_raw(path).markers


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"raw_eeg_data": EEG[:, :60]}, r"\(64 channels, samples\) as ch_names say, got an array \(5000, 60\)"),
        ({"raw_eeg_data": RNG.normal(size=(5000, 64))}, "axes are swapped"),
        ({"raw_eeg_data": "gone"}, "got 'gone'"),
        ({"ch_names": [*LABELS, "Fz"]}, "'stim' as the last one"),
        ({"ch_names": ["stim", *LABELS]}, "'stim' as the last one"),
        ({"ch_names": [*LABELS[:-1], "E0", "stim"]}, "every channel's name once"),
        ({"sfreq": "fast"}, "sfreq in Hz, got 'fast'"),
        ({"raw_eeg_data": np.vstack([EEG.T, words()])}, "expected volts, as MNE keeps them"),
        ({"raw_eeg_data": np.vstack([EEG.T * 1e-6, words((10, 2.5))])}, "whole numbers in 'stim', got 2.5"),
    ],
)
def test_what_does_not_fit_is_refused(tmp_path, changes, why):
    path = write_things_raw(place(tmp_path), EEG, words(), LABELS, **changes)
    with pytest.raises(FormatError, match=why):
        read_things_eeg2_raw(path)


def test_nan_is_refused_with_its_place(tmp_path):
    broken = EEG.copy()
    broken[4321, 7] = np.nan
    path = write_things_raw(place(tmp_path), broken, words(), LABELS)
    with pytest.raises(FormatError, match="nan in row 7 at sample 4321"):
        read_things_eeg2_raw(path)


def test_missing_keys_are_named(tmp_path):
    place(tmp_path).parent.mkdir(parents=True)
    np.save(place(tmp_path), {"raw_eeg_data": EEG.T})
    with pytest.raises(FormatError, match="without ch_names, sfreq"):
        read_things_eeg2_raw(place(tmp_path))
