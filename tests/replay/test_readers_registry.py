import subprocess
import sys

import numpy as np
import pytest
from recorded_files import MUSE, write_averages, write_muse

from bci.errors import ConfigError, FormatError
from replay.readers import READERS, open_dataset, open_recording, reader_of


def muse(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    return write_muse(path, np.zeros((4, len(MUSE))), np.zeros(4, int))


def averages(path):
    rng = np.random.default_rng(0)
    return write_averages(path, rng.normal(size=(2, 2, 3, 5)), ["O1", "Oz", "O2"], ["a", "b"], np.arange(5) / 250)


@pytest.fixture
def folder(tmp_path):
    for name in ("session2/rec_3.csv.gz", "session1/rec_2.csv", "session1/rec_1.csv.gz"):
        muse(tmp_path / name)
    (tmp_path / "notes.txt").write_text("not a recording")
    return tmp_path


def names(recordings):
    return [recording.provenance["recording"] for recording in recordings]


def test_nothing_heavy_is_imported_with_the_registry():
    heavy = "import sys, replay.readers; print({'numpy', 'mne', 'pyxdf', 'scipy'} & set(sys.modules))"
    found = subprocess.run([sys.executable, "-c", heavy], capture_output=True, text=True, check=True)
    assert found.stdout == "set()\n"


def test_a_folder_stands_for_its_files_in_order_of_name(folder):
    assert names(open_dataset("muse", [folder])) == ["rec_1", "rec_2", "rec_3"]


def test_paths_keep_their_order(folder):
    paths = [folder / "session2", str(folder / "session1" / "rec_1.csv.gz")]
    assert names(open_dataset("muse", paths)) == ["rec_3", "rec_1"]


def test_recordings_are_held_out_by_name_without_suffixes(folder):
    assert names(open_dataset("muse", [folder], hold_out=["rec_1", "rec_3"])) == ["rec_2"]
    assert names(open_dataset("muse", [folder], only=["rec_3", "rec_1"])) == ["rec_1", "rec_3"]
    assert names(open_dataset("muse", [folder], only=["rec_3", "rec_1"], hold_out=["rec_1"])) == ["rec_3"]


@pytest.mark.parametrize("role", ["only", "hold_out"])
def test_a_name_that_fits_no_file_is_refused_with_the_names_there_are(folder, role):
    with pytest.raises(ConfigError, match=r"rec_1, rec_2, rec_3; got rec_1\.csv"):
        open_dataset("muse", [folder], **{role: ["rec_2", "rec_1.csv"]})


def test_holding_everything_out_is_refused(folder):
    with pytest.raises(ConfigError, match="at least one file"):
        open_dataset("muse", [folder], hold_out=["rec_1", "rec_2", "rec_3"])


def test_an_unknown_reader_is_refused_with_those_there_are(folder):
    with pytest.raises(ConfigError) as refused:
        open_dataset("mues", [folder])
    assert all(name in str(refused.value) for name in READERS)


def test_paths_that_hold_nothing_are_refused(tmp_path):
    with pytest.raises(FormatError, match="does not exist"):
        open_dataset("muse", [tmp_path / "nowhere"])
    with pytest.raises(FormatError, match=r"end in \.csv, \.csv\.gz"):
        open_dataset("muse", [tmp_path])


def test_epochs_are_one_file_and_are_streamed_end_to_end(tmp_path):
    first, second = averages(tmp_path / "a.npz"), averages(tmp_path / "b.npz")
    assert len(open_dataset("things-eeg1-erps", [first])) == 4
    with pytest.raises(ConfigError, match=r"a\.npz, b\.npz"):
        open_dataset("things-eeg1-erps", [first, second])
    recording = open_recording(first)
    assert [value for _, value in recording.markers] == ["a", "b", "a", "b"]
    assert recording.provenance["order"] == "not causal, order not original"


def test_unknown_files_are_refused_with_the_formats_there_are(tmp_path):
    path = tmp_path / "data.mat"
    path.write_bytes(b"")
    with pytest.raises(FormatError) as refused:
        open_recording(path)
    assert all(reader.title in str(refused.value) for reader in READERS.values())
    assert "got .mat" in str(refused.value)


def test_what_is_not_there_or_a_folder_is_refused(tmp_path):
    with pytest.raises(FormatError, match="not there"):
        open_recording(tmp_path / "rec.csv")
    with pytest.raises(FormatError, match="a folder"):
        open_recording(tmp_path)


def test_a_stream_is_named_in_xdf_alone(folder):
    with pytest.raises(ConfigError, match="XDF"):
        open_recording(folder / "session1" / "rec_2.csv", stream="EEG")


def test_a_file_of_another_format_is_refused_by_what_it_is(tmp_path):
    np.save(tmp_path / "features.npy", np.zeros((200, 1700), np.float32))
    with pytest.raises(FormatError, match="without: a bare array"):
        open_dataset("muse", [tmp_path / "features.npy"])
    (tmp_path / "notes.txt").write_text("hello")
    with pytest.raises(FormatError, match=r"expected Muse LSL recordings, whose names end in \.csv"):
        open_dataset("muse", [tmp_path / "notes.txt"])


def test_a_file_that_is_given_twice_is_refused(tmp_path):
    path = write_muse(tmp_path / "rec.csv", np.zeros((512, len(MUSE))), np.zeros(512, int))
    with pytest.raises(ConfigError, match=r"rec\.csv twice"):
        open_dataset("muse", [tmp_path, path])


# ------------------------------------------------------------------------------------------------ subjects


@pytest.fixture
def people(tmp_path):
    for subject in ("01", "02", "03"):
        muse(tmp_path / f"sub-{subject}" / "rec.csv")
    muse(tmp_path / "sub-04_rec.csv")
    return tmp_path


def test_only_the_subjects_wanted_are_opened(people):
    (people / "sub-02" / "rec.csv").write_text("damaged")
    recordings = list(open_dataset("muse", [people], subjects=["03", "04"]))
    assert [recording.provenance["subject"] for recording in recordings] == ["03", "04"]


def test_a_subject_that_is_not_there_is_refused_with_those_that_are(people):
    with pytest.raises(ConfigError, match="some of 01, 02, 03, 04; got 05"):
        open_dataset("muse", [people], subjects=["05"])


def test_other_versions_of_bids_recordings_are_passed_over(people):
    muse(people / "derivatives" / "sub-01" / "rec.csv")
    assert len(list(open_dataset("muse", [people]))) == 4
    assert len(list(open_dataset("muse", [people / "derivatives"]))) == 1


def test_an_option_that_a_reader_does_not_have_is_refused(people):
    with pytest.raises(ConfigError, match="reader 'muse': expected no options; got column"):
        open_dataset("muse", [people], options={"column": "object"})


# ------------------------------------------------------------------------------------------------ whose is it?


@pytest.mark.parametrize(
    ("name", "reader"),
    [
        ("S1.xdf", "xdf"),
        ("sub-01_task-rsvp_eeg.vhdr", "bids"),
        ("a.vhdr", "mne"),
        ("raw_eeg_test.npy", "things-eeg2-raw"),
        ("preprocessed_eeg_training.npy", "things-eeg2"),
        ("train.pt", "things-eeg2"),
        ("features.npy", "npy"),
    ],
)
def test_the_name_of_a_file_tells_its_reader(tmp_path, name, reader):
    (tmp_path / name).write_bytes(b"")
    assert reader_of([tmp_path / name]) == reader


def test_a_folder_is_known_by_what_is_in_it(people):
    (people / "notes.txt").write_text("not a recording")
    assert reader_of([people / "sub-01", people]) == "muse"


def test_the_reader_of_a_config_is_kept_if_it_opens_them(tmp_path):
    (tmp_path / "sub-01_eeg.vhdr").write_bytes(b"")
    assert reader_of([tmp_path / "sub-01_eeg.vhdr"], preferred="mne") == "mne"
    assert reader_of([tmp_path], preferred="mne") == "mne"
    assert reader_of([tmp_path], preferred="xdf") == "bids"
    assert reader_of([tmp_path], preferred="world") == "bids"


def test_files_of_two_formats_have_no_reader(people):
    (people / "S1.xdf").write_bytes(b"")
    with pytest.raises(ConfigError, match=r"one reader opens, got muse .*; xdf"):
        reader_of([people / "sub-01" / "rec.csv", people / "S1.xdf"])
    with pytest.raises(ConfigError, match="files of one format"):
        reader_of([people])
    with pytest.raises(ConfigError, match="got none"):
        reader_of([])


def test_paths_without_a_recording_have_no_reader(tmp_path):
    with pytest.raises(FormatError, match="does not exist"):
        reader_of([tmp_path / "gone.xdf"])
    with pytest.raises(FormatError, match="there are none"):
        reader_of([tmp_path])
