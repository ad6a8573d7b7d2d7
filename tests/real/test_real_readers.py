"""The readers on the recordings that other people made."""

import numpy as np
import pytest

from bci.config import real_data
from bci.errors import FormatError, StreamError
from bci.types import Channel
from replay.readers import open_dataset, open_recording
from replay.recording_file import save_recording

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(not real_data().is_dir(), reason="BCI_REAL_DATA names no folder of real recordings"),
]

MUSE_CHANNELS = ("TP9", "AF7", "AF8", "TP10", "Right AUX")


def codes(recording):
    return [value for _, value in recording.markers]


def test_n170_is_five_recordings_of_houses_and_faces():
    recordings = list(open_dataset("muse", [real_data() / "muse-n170"]))
    assert [len(recording.markers) for recording in recordings] == [197, 195, 195, 194, 194]
    assert [len(recording.data) for recording in recordings] == [30732, 30732, 30732, 30732, 30720]
    for recording in recordings:
        assert recording.labels == MUSE_CHANNELS
        assert recording.channels[-1] == Channel("Right AUX", "aux")
        assert recording.segments == ((0, 0.0),)
        assert set(codes(recording)) == {"1", "2"}
        assert 0.4 < codes(recording).count("2") / len(recording.markers) < 0.6


def test_n170_is_as_the_first_lines_of_the_file_say():
    recording = open_recording(real_data() / "muse-n170" / "rec_2017-09-13-15.30.01.csv.gz")
    np.testing.assert_array_equal(
        recording.data[:2],
        np.float32([[34.668, 32.715, 29.297, 14.160, 12.695], [30.762, 29.297, 37.598, 24.414, 61.035]]),
    )
    assert (codes(recording).count("1"), codes(recording).count("2")) == (108, 89)


def test_one_recording_of_n170_is_held_out():
    held_out = "rec_2017-09-13-15.42.33"
    folder = [real_data() / "muse-n170"]
    rest = list(open_dataset("muse", folder, hold_out=[held_out]))
    (held,) = open_dataset("muse", folder, only=[held_out])
    names = [recording.provenance["recording"] for recording in rest]
    assert len(names) == 4
    assert held_out not in names
    assert held.provenance["recording"] == held_out


def test_p300_is_two_sessions_with_rare_cats():
    recordings = list(open_dataset("muse", [real_data() / "muse-p300"]))
    assert [recording.provenance["session"] for recording in recordings] == ["1"] * 6 + ["2"] * 5
    cats = sum(codes(recording).count("2") for recording in recordings)
    trials = sum(len(recording.markers) for recording in recordings)
    # baselines.md: 1160 + 966 trials in these sessions, three fewer where an epoch ends with its file
    assert 2126 <= trials <= 2129
    assert cats / trials == pytest.approx(0.16, abs=0.01)
    assert {recording.labels for recording in recordings} == {MUSE_CHANNELS}


def brainvision(orientation):
    return open_recording(real_data() / "brainvision" / f"bv_export_bv_txt_bin_{orientation}.vhdr")


def test_brainvision_is_the_same_in_both_orientations():
    one, other = brainvision("multi"), brainvision("vector")
    assert one.data.shape == (4722, 34)
    assert one.sfreq == 512
    np.testing.assert_array_equal(one.data, other.data)
    assert one.markers == other.markers
    assert one.markers[:3] == ((141, "s10"), (423, "s11"), (744, "s12"))
    assert codes(one) == ["s10", "s11", "s12"] * 4
    assert [channel.label for channel in one.channels if channel.kind == "eog"] == ["HEOG", "VEOG"]
    assert {channel.unit for channel in one.channels} == {"microvolts"}


def test_brainvision_samples_are_those_in_the_file():
    stored = np.fromfile(real_data() / "brainvision" / "bv_export_bv_txt_bin_multi.dat", "<f4").reshape(4722, 34)
    np.testing.assert_allclose(brainvision("multi").data, stored, rtol=1e-6)


def xdf(name, stream=None):
    return open_recording(real_data() / "xdf" / f"{name}.xdf", stream)


def test_xdf_of_labrecorder_gives_its_eeg_and_the_markers_of_the_game():
    recording = xdf("switch_example")
    assert recording.data.shape == (34320, 16)
    assert (recording.labels[0], recording.labels[-1]) == ("F3", "Pz")
    assert recording.provenance["stream"] == "g.USBamp-1"
    assert len(recording.segments) == 1
    assert len(recording.markers) == 71
    # stamps in the file: EEG from 1222188.2315 s, first marker at 1222198.6082 s, last at 1222313.3740 s
    assert recording.markers[0] == (round((1222198.6082 - 1222188.2315) * 256), "Trial Started")
    assert recording.markers[-1][0] == pytest.approx((1222313.3740 - 1222188.2315) * 256, abs=2)
    assert recording.data[0, 0] == pytest.approx(-6279.3784)


@pytest.mark.parametrize("stream", [None, "Muse", "Muse_00:55:DA:B7:E8:C3", "1"])
def test_xdf_with_four_streams_called_muse_gives_the_eeg(stream):
    recording = xdf("muse_P001", stream)
    assert recording.data.shape == (2820, 5)
    assert recording.channels[-1] == Channel("AUX_RIGHT", "aux")
    assert recording.labels[:4] == MUSE_CHANNELS[:4]
    assert recording.segments[0][1] == pytest.approx(701891.929, abs=0.01)


def test_xdf_whose_rate_is_not_the_declared_one_is_refused_with_both():
    with pytest.raises(StreamError, match=r"expected 100 Hz as stream 'BioSemi' declares, measured 93\.\d Hz"):
        xdf("clock_resets")


def test_xdf_without_eeg_is_refused_with_what_is_there():
    with pytest.raises(StreamError, match="expected an EEG stream, got .*Data stream: test stream 0 counter"):
        xdf("empty_streams")


def test_the_smallest_xdf_is_read_with_numbered_channels():
    recording = xdf("minimal")
    np.testing.assert_array_equal(recording.data[:2], [[192, 255, 238], [12, 22, 32]])
    assert recording.labels == ("Ch1", "Ch2", "Ch3")
    assert [value for _, value in recording.markers][1:5] == ["Hello", "World", "from", "LSL"]


@pytest.fixture(scope="module")
def averages():
    return open_dataset("things-eeg1-erps", [real_data() / "things-eeg1-erps"])


def test_averages_are_36_people_by_five_categories(averages):
    assert averages.data.shape == (180, 63, 276)
    assert averages.concept_names == ("animal", "body", "food", "tool", "vehicle")
    assert (averages.sfreq, averages.tmin) == (250, -0.1)
    assert len(set(averages.groups["subject"])) == 36
    assert np.bincount(averages.concepts).tolist() == [36] * 5
    assert np.abs(averages.data).max() < 100


def test_the_noise_level_of_the_averages_betrays_the_category(averages):
    """As data/README.md says: body 1.8, vehicle 1.2, animal 0.8, food and tool 0.6 of the subject's mean."""
    before = averages.data[:, :, : round(0.1 * averages.sfreq)]
    level = np.sqrt((before**2).mean((1, 2))).reshape(36, 5)
    ratio = (level / level.mean(1, keepdims=True)).mean(0)
    np.testing.assert_allclose(ratio, [0.8, 1.8, 0.6, 0.6, 1.2], atol=0.05)


def test_averages_are_streamed_end_to_end_and_say_so(averages):
    recording = open_recording(real_data() / "things-eeg1-erps" / "things_eeg1_category_erps.npz")
    assert [value for _, value in recording.markers] == [averages.concept_names[i] for i in averages.concepts]
    assert recording.provenance["order"] == "not causal, order not original"


def test_the_misbuilt_feature_file_is_refused_in_one_clear_line():
    with pytest.raises(FormatError) as refused:
        open_recording(real_data() / "things-eeg2-seed" / "test_features_erp17_raw.npy")
    assert "expected (images, 17 channels, 100 samples) with ch_names; got (200, 1700)" in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    "name",
    [
        "muse-n170/rec_2017-09-13-15.42.33.csv.gz",
        "xdf/switch_example.xdf",
        "brainvision/bv_export_bv_txt_bin_multi.vhdr",
    ],
)
def test_a_real_recording_kept_as_fif_comes_back_bit_by_bit(tmp_path, name):
    original = open_recording(real_data() / name)
    save_recording(tmp_path / "copy_raw.fif", original)
    copy = open_recording(tmp_path / "copy_raw.fif")
    assert copy.data.tobytes() == original.data.tobytes()
    assert copy.segments == original.segments
    assert copy.channels == original.channels
    assert sorted(set(copy.markers)) == sorted(set(original.markers))
