import mne
import numpy as np
import pytest
from recorded_files import write_brainvision, write_edf, write_set

from bci.errors import FormatError
from bci.segments import segments_of
from replay.readers import open_recording

LABELS = ("Fp1", "Cz", "Oz")
SFREQ = 250
N_TIMES = 4 * SFREQ


def recorded(n_channels=3, n_times=N_TIMES):
    return np.rint(np.random.default_rng(2).normal(0, 200, (n_times, n_channels))) / 10


def save_fif(path, annotations=(), kinds=("eeg", "eeg", "eeg"), data=None, first=0):
    """A FIF file of others; `annotations` are (seconds, duration, text)."""
    data = recorded(len(kinds)) if data is None else data
    raw = mne.io.RawArray(
        (data * np.where(np.array(kinds) == "stim", 1, 1e-6)).T,
        mne.create_info([*LABELS, "STI 014"][: len(kinds)], SFREQ, list(kinds)),
        first_samp=first,
        verbose="error",
    )
    onsets, durations, texts = zip(*annotations, strict=True) if annotations else ((), (), ())
    raw.set_annotations(mne.Annotations(onsets, durations, texts))
    raw.save(path, verbose="error")
    return path


# ------------------------------------------------------------------------------------------------ BrainVision


@pytest.mark.parametrize("vectorised", [False, True])
@pytest.mark.parametrize("resolution", [None, 0.1])
@pytest.mark.parametrize(("unit", "gain"), [("µV", 1), ("mV", 1e3), ("", 1)])
def test_brainvision_comes_in_microvolts(tmp_path, vectorised, resolution, unit, gain):
    path = write_brainvision(
        tmp_path / "a.vhdr",
        recorded() / gain,
        LABELS,
        SFREQ,
        vectorised=vectorised,
        resolution=resolution and resolution / gain,
        unit=unit,
    )
    recording = open_recording(path)
    np.testing.assert_allclose(recording.data, recorded(), rtol=1e-6)
    assert recording.labels == LABELS
    assert recording.sfreq == SFREQ
    assert {(channel.kind, channel.unit) for channel in recording.channels} == {("eeg", "microvolts")}


def test_brainvision_markers_keep_their_sample_and_lose_the_word_stimulus(tmp_path):
    markers = [("New Segment", "", 0), ("Stimulus", "S  1", 7), ("Response", "R  2", 8), ("Stimulus", "S  1", 999)]
    path = write_brainvision(tmp_path / "a.vhdr", recorded(), LABELS, SFREQ, markers)
    recording = open_recording(path)
    assert recording.markers == ((7, "S  1"), (8, "Response/R  2"), (999, "S  1"))
    assert recording.segments == ((0, 0.0),)


def test_a_later_new_segment_of_brainvision_is_a_gap(tmp_path):
    markers = [("New Segment", "", 0), ("Stimulus", "a", 390), ("New Segment", "", 400), ("Stimulus", "b", 400)]
    recording = open_recording(write_brainvision(tmp_path / "a.vhdr", recorded(), LABELS, SFREQ, markers))
    assert [(segment.first, segment.gap_before) for segment in segments_of(recording)] == [(0, 0), (400, 1)]
    assert recording.markers == ((390, "a"), (400, "b"))
    assert len(recording.data) == N_TIMES


@pytest.mark.parametrize(("written", "read"), [("FCz", "FCz"), ("", None)])
def test_brainvision_names_its_reference(tmp_path, written, read):
    path = write_brainvision(tmp_path / "a.vhdr", recorded(), LABELS, SFREQ, reference=written)
    assert open_recording(path).reference == read


def test_eog_is_known_by_its_name_and_bids_by_its_own(tmp_path):
    path = write_brainvision(
        tmp_path / "sub-07_ses-02_task-rsvp_eeg.vhdr", recorded(), ("HEOG", "M1", "Oz"), SFREQ
    )
    recording = open_recording(path)
    assert [channel.kind for channel in recording.channels] == ["eog", "eeg", "eeg"]
    assert (recording.provenance["subject"], recording.provenance["session"]) == ("07", "02")


# ------------------------------------------------------------------------------------------------ EDF and BDF


@pytest.mark.parametrize(("dimension", "gain"), [("uV", 1), ("mV", 1e3)])
def test_edf_comes_in_microvolts_with_its_annotations(tmp_path, dimension, gain):
    counts = np.rint(recorded() * 10).astype(int)
    path = write_edf(
        tmp_path / "a.edf", counts, ("EEG Fp1-Ref", "EEG Cz-Ref", "EOG left"), SFREQ,
        [(0.5, "face"), (2.004, "house")], dimension=dimension, scale=0.1 / gain,
    )  # fmt: skip
    recording = open_recording(path)
    np.testing.assert_allclose(recording.data, recorded(), atol=0.002)
    assert recording.markers == ((125, "face"), (501, "house"))
    assert [channel.kind for channel in recording.channels] == ["eeg", "eeg", "eog"]


def test_bdf_status_becomes_markers_and_its_upper_bits_do_not(tmp_path):
    status = np.full(N_TIMES, 1 << 20)
    status[100:110] |= 5
    status[110:115] |= 3
    status[500:505] |= 5
    counts = np.rint(np.column_stack([recorded(), status])).astype(int)
    recording = open_recording(write_edf(tmp_path / "a.bdf", counts, (*LABELS, "Status"), SFREQ))
    assert recording.markers == ((100, "5"), (110, "3"), (500, "5"))
    assert recording.labels == LABELS
    np.testing.assert_allclose(recording.data, counts[:, :3], atol=1e-3)


# ------------------------------------------------------------------------------------------------ EEGLAB


def test_eeglab_boundaries_are_gaps_as_long_as_they_say(tmp_path):
    events = [("face", 10, 0), ("boundary", 300, 50), ("house", 400, 0), ("boundary", 600, np.nan)]
    recording = open_recording(write_set(tmp_path / "a.set", recorded(), LABELS, SFREQ, events))
    np.testing.assert_allclose(recording.data, recorded(), rtol=1e-6)
    assert recording.markers == ((10, "face"), (400, "house"))
    assert [(s.first, s.gap_before) for s in segments_of(recording)] == [(0, 0), (300, 50), (600, 1)]


# ------------------------------------------------------------------------------------------------ FIF


@pytest.mark.parametrize("first", [0, 12345])
def test_annotations_are_placed_whatever_the_first_sample(tmp_path, first):
    path = save_fif(tmp_path / "a_raw.fif", [(0.4, 0, "face"), (3.0, 0.5, "house")], first=first)
    recording = open_recording(path)
    assert recording.markers == ((100, "face"), (750, "house"))
    np.testing.assert_allclose(recording.data, recorded(), rtol=1e-6)


def test_a_recording_cut_by_mne_keeps_its_markers_with_its_samples(tmp_path):
    whole = mne.io.read_raw_fif(
        save_fif(tmp_path / "a_raw.fif", [(0.4, 0, "face"), (3.0, 0, "house")]), verbose="error"
    )
    whole.crop(1.0, 3.6).save(tmp_path / "b_raw.fif", verbose="error")
    recording = open_recording(tmp_path / "b_raw.fif")
    assert recording.markers == ((500, "house"),)
    np.testing.assert_allclose(recording.data[500], recorded()[750], rtol=1e-6)


def test_trigger_channels_become_markers_and_leave(tmp_path):
    data = recorded(4)
    data[:, 3] = 0
    data[50:60, 3], data[60:62, 3], data[300, 3] = 5, 3, 7
    recording = open_recording(save_fif(tmp_path / "a_raw.fif", kinds=("eeg", "eeg", "eeg", "stim"), data=data))
    assert recording.markers == ((50, "5"), (60, "3"), (300, "7"))
    assert recording.labels == LABELS


def test_bad_stretches_are_left_out_and_their_markers_meet_the_gap(tmp_path):
    notes = [
        (0.0, 0.4, "BAD_start"),
        (0.2, 0, "lost"),
        (2.0, 1.0, "BAD_muscle"),
        (2.4, 0, "in"),
        (3.2, 0, "after"),
    ]
    recording = open_recording(save_fif(tmp_path / "a_raw.fif", notes))
    np.testing.assert_allclose(
        recording.data, np.delete(recorded(), [*range(100), *range(500, 750)], 0), rtol=1e-6
    )
    assert recording.segments == ((0, 0.4), (400, 3.0))
    assert recording.markers == ((399, "in"), (450, "after"))


def test_overlapping_bad_stretches_count_once(tmp_path):
    notes = [(1.0, 1.0, "BAD_a"), (1.2, 0.4, "BAD_b"), (1.8, 0.8, "BAD_c")]
    recording = open_recording(save_fif(tmp_path / "a_raw.fif", notes))
    assert recording.segments == ((0, 0.0), (250, 2.6))
    assert len(recording.data) == N_TIMES - 400


def test_joined_recordings_have_a_gap_where_they_were_joined(tmp_path):
    path = save_fif(tmp_path / "a_raw.fif", [(0.4, 0, "face")])
    pair = [mne.io.read_raw_fif(path, verbose="error") for _ in range(2)]
    mne.concatenate_raws(pair, verbose="error").save(tmp_path / "b_raw.fif", verbose="error")
    recording = open_recording(tmp_path / "b_raw.fif")
    assert [(s.first, s.gap_before > 0) for s in segments_of(recording)] == [(0, False), (N_TIMES, True)]
    assert recording.markers == ((100, "face"), (N_TIMES + 100, "face"))


def test_a_file_longer_than_one_piece_is_whole(tmp_path, monkeypatch):
    monkeypatch.setattr("replay.readers.mne_files._SAMPLES_AT_ONCE", 300)
    recording = open_recording(save_fif(tmp_path / "a_raw.fif"))
    np.testing.assert_allclose(recording.data, recorded(), rtol=1e-6)


# ------------------------------------------------------------------------------------------------ what is refused


def test_all_bad_or_no_eeg_or_nan_is_refused(tmp_path):
    with pytest.raises(FormatError, match="marked bad"):
        open_recording(save_fif(tmp_path / "a_raw.fif", [(0.0, 4.0, "BAD")]))
    with pytest.raises(FormatError, match="expected EEG channels, got Fp1, Cz, Oz"):
        open_recording(save_fif(tmp_path / "b_raw.fif", kinds=("ecg", "emg", "eog")))
    data = recorded()
    data[123, 1] = np.nan
    with pytest.raises(FormatError, match="got nan in channel Cz at sample 123"):
        open_recording(save_fif(tmp_path / "c_raw.fif", data=data))


@pytest.mark.parametrize("name", ["a.edf", "a.bdf", "a_raw.fif", "a.set", "a.vhdr"])
def test_what_is_only_called_so_is_refused_in_one_line(tmp_path, name):
    (tmp_path / name).write_bytes(b"hello world, this is no EEG at all" * 30)
    with pytest.raises(FormatError) as refused:
        open_recording(tmp_path / name)
    assert "\n" not in str(refused.value)


def test_a_header_without_its_data_is_refused(tmp_path):
    path = write_brainvision(tmp_path / "a.vhdr", recorded(), LABELS, SFREQ)
    path.with_suffix(".eeg").unlink()
    with pytest.raises(FormatError, match=r"a\.eeg"):
        open_recording(path)


def test_a_fif_file_cut_short_is_refused(tmp_path):
    path = save_fif(tmp_path / "a_raw.fif", data=recorded(n_times=20 * N_TIMES))
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(FormatError, match="damaged"):
        open_recording(path)


@pytest.mark.parametrize("vectorised", [False, True])
@pytest.mark.parametrize("share", [0.0, 0.5])
def test_brainvision_data_that_were_cut_are_refused(tmp_path, vectorised, share):
    path = write_brainvision(tmp_path / "a.vhdr", recorded(), LABELS, SFREQ, vectorised=vectorised)
    header = path.read_text(encoding="utf-8")
    if "DataPoints" not in header:
        path.write_text(header.replace("DataFile", f"DataPoints={N_TIMES}\nDataFile", 1), encoding="utf-8")
    assert len(open_recording(path).data) == N_TIMES
    data = path.with_suffix(".eeg")
    data.write_bytes(data.read_bytes()[: int(data.stat().st_size * share)])
    with pytest.raises(FormatError, match=rf"expected {N_TIMES} samples, as its header says, got"):
        open_recording(path)


def test_an_empty_file_is_refused(tmp_path):
    (tmp_path / "a.set").write_bytes(b"")
    with pytest.raises(FormatError, match="an empty file"):
        open_recording(tmp_path / "a.set")
