import subprocess
import sys

import numpy as np
import pytest
from recorded_files import MUSE, write_averages, write_muse

from bci.errors import ConfigError, FormatError
from replay.readers import READERS, open_dataset, open_recording


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


def test_epochs_are_one_file_and_cannot_be_streamed(tmp_path):
    first, second = averages(tmp_path / "a.npz"), averages(tmp_path / "b.npz")
    assert len(open_dataset("things-eeg1-erps", [first])) == 4
    with pytest.raises(ConfigError, match=r"a\.npz, b\.npz"):
        open_dataset("things-eeg1-erps", [first, second])
    with pytest.raises(FormatError, match="4 epochs"):
        open_recording(first)


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
