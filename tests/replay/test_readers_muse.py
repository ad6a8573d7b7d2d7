import gzip

import numpy as np
import pytest
from recorded_files import MUSE, write_muse

from bci.errors import FormatError
from bci.types import Channel
from replay.readers import open_dataset, open_recording

N_TIMES = 12 * 256


def recorded(n_times=N_TIMES):
    """Eighth microvolts: exact in three decimals and in float32."""
    rng = np.random.default_rng(3)
    return np.rint(rng.normal(0, 30, (n_times, len(MUSE))) * 8) / 8


def codes_at(pairs, n_times=N_TIMES):
    codes = np.zeros(n_times, int)
    for row, code in pairs:
        codes[row] = code
    return codes


@pytest.mark.parametrize("suffix", [".csv", ".csv.gz"])
def test_samples_channels_and_markers_come_as_they_were_written(tmp_path, suffix):
    data = recorded()
    path = write_muse(tmp_path / f"rec_1{suffix}", data, codes_at([(0, 2), (300, 1), (2000, 2)]))
    recording = open_recording(path)
    np.testing.assert_array_equal(recording.data, data)
    assert recording.sfreq == 256
    assert recording.labels == MUSE
    assert recording.channels[-1] == Channel("Right AUX", "aux")
    assert {channel.kind for channel in recording.channels[:-1]} == {"eeg"}
    assert recording.markers == ((0, "2"), (300, "1"), (2000, "2"))
    assert recording.provenance["source"] == path.name


def test_stamps_that_jump_and_run_backwards_make_no_gap(tmp_path):
    jitter = np.repeat(np.random.default_rng(0).uniform(-0.03, 0.03, N_TIMES // 12), 12)
    stamps = 5000 + np.arange(N_TIMES) / 256 + jitter
    path = write_muse(tmp_path / "rec.csv", recorded(), codes_at([(1000, 1)]), stamps)
    recording = open_recording(path)
    assert recording.segments == ((0, 0.0),)
    assert recording.markers == ((1000, "1"),)


def test_a_held_code_is_one_marker_and_a_change_of_code_another(tmp_path):
    path = write_muse(tmp_path / "rec.csv", recorded(), codes_at([(10, 1), (11, 1), (12, 1), (13, 2), (20, 2)]))
    assert open_recording(path).markers == ((10, "1"), (13, "2"), (20, "2"))


def test_several_marker_columns_are_merged_in_order(tmp_path):
    codes = np.stack([codes_at([(50, 1), (90, 1)]), codes_at([(70, 5)])], axis=1)
    path = write_muse(tmp_path / "rec.csv", recorded(), codes, markers=("Marker0", "Marker1"))
    assert open_recording(path).markers == ((50, "1"), (70, "5"), (90, "1"))


def test_the_session_is_the_folder(tmp_path):
    (tmp_path / "session2").mkdir()
    path = write_muse(tmp_path / "session2" / "rec_a.csv", recorded(), codes_at([]), markers=("Marker",))
    provenance = open_recording(path).provenance
    assert (provenance["session"], provenance["recording"]) == ("2", "rec_a")


def test_a_file_longer_than_one_piece_is_whole(tmp_path, monkeypatch):
    monkeypatch.setattr("replay.readers.muse._ROWS_AT_ONCE", 1000)
    data = recorded()
    path = write_muse(tmp_path / "rec.csv", data, codes_at([(999, 1), (1000, 1), (2000, 2)]))
    recording = open_recording(path)
    np.testing.assert_array_equal(recording.data, data)
    assert recording.markers == ((999, "1"), (2000, "2"))


def spoil_nan(text):
    return text.replace(b"\n", b"\n149958.0,1,nan,3,4,5,0\n", 1)


def spoil_word(text):
    return text.replace(b"\n", b"\n149958.0,1,oops,3,4,5,0\n", 1)


def spoil_header(text):
    return text.replace(b"timestamps", b"time", 1)


def spoil_rows(text):
    return text.split(b"\n")[0] + b"\n"


def spoil_doubles(text):
    return text.replace(b"AF7", b"AF8", 1)


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (spoil_nan, "got nan in column 'AF7' of data row 1:"),
        (spoil_word, "expected a table of numbers"),
        (spoil_header, "expected the columns timestamps"),
        (spoil_rows, "header without rows"),
        (spoil_doubles, "each once"),
    ],
)
def test_a_damaged_file_is_refused_in_one_line(tmp_path, spoil, said):
    path = write_muse(tmp_path / "rec.csv", recorded(), codes_at([]))
    path.write_bytes(spoil(path.read_bytes()))
    with pytest.raises(FormatError) as refused:
        open_recording(path)
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_file_cut_short_is_refused(tmp_path):
    path = write_muse(tmp_path / "rec.csv.gz", recorded(), codes_at([]))
    path.write_bytes(path.read_bytes()[:-5000])
    with pytest.raises(FormatError, match="damaged"):
        open_recording(path)


def test_what_is_only_called_gz_is_refused(tmp_path):
    path = tmp_path / "rec.csv.gz"
    path.write_bytes(b"timestamps,TP9,Marker\n")
    with pytest.raises(FormatError, match="damaged"):
        open_recording(path)


def test_another_rate_is_refused_with_both_numbers(tmp_path):
    stamps = np.arange(N_TIMES) / 220
    path = write_muse(tmp_path / "rec.csv", recorded(), codes_at([]), stamps)
    with pytest.raises(FormatError, match=r"256 Hz.*220\.0 Hz"):
        open_recording(path)


def test_reading_twice_gives_the_same_bits(tmp_path):
    path = tmp_path / "rec.csv.gz"
    path.write_bytes(gzip.compress(write_muse(tmp_path / "a.csv", recorded(), codes_at([])).read_bytes()))
    (first,), (second,) = (open_dataset("muse", [path]) for _ in range(2))
    assert first.data.tobytes() == second.data.tobytes()


def test_a_byte_order_mark_is_no_part_of_the_header(tmp_path):
    path = write_muse(tmp_path / "rec.csv", recorded(), codes_at([(10, 1)]))
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert open_recording(path).markers == ((10, "1"),)


def test_half_a_marker_is_refused(tmp_path):
    path = write_muse(tmp_path / "rec.csv", recorded(), codes_at([(10, 7777)]))
    path.write_bytes(path.read_bytes().replace(b",7777", b",1.5"))
    with pytest.raises(FormatError, match="whole numbers as markers, got 1.5"):
        open_recording(path)
