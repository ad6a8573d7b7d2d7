"""What every reader promises, whatever the file."""

import numpy as np
import pytest
from digit_parts import write_digit_pairs
from recorded_files import (
    THINGS_17,
    XdfStream,
    write_averages,
    write_bids,
    write_brainvision,
    write_edf,
    write_metadata,
    write_muse,
    write_set,
    write_things_epochs,
    write_things_pt,
    write_things_raw,
    write_xdf,
)

from bci.segments import segments_of
from bci.types import Channel, Recording, TrialSet
from replay.mindbigdata.convert import convert
from replay.mindbigdata.writer import write_text
from replay.readers import READERS, open_dataset, open_recording
from replay.recording_file import save_recording

LABELS = ("Fp1", "Cz", "Oz")
NOISE = np.rint(np.random.default_rng(0).normal(0, 200, (3000, 5))) / 10


def muse(folder):
    codes = np.zeros(3000, int)
    codes[[100, 700, 2999]] = 1, 2, 1
    return write_muse(folder / "rec.csv.gz", NOISE, codes)


def averages(folder):
    data = np.random.default_rng(0).normal(size=(4, 3, 3, 26))
    return write_averages(folder / "e.npz", data, LABELS, ["animal", "body", "food"], -0.1 + np.arange(26) / 250)


def brainvision(folder):
    markers = [("New Segment", "", 0), ("Stimulus", "a", 50), ("New Segment", "", 400), ("Stimulus", "b", 410)]
    return write_brainvision(folder / "a.vhdr", NOISE[:, :3], LABELS, 250, markers)


def edf(folder):
    return write_edf(
        folder / "a.edf", (NOISE[:, :3] * 10).astype(int), LABELS, 250, [(1, "a"), (2, "b")], scale=0.1
    )


def bdf(folder):
    status = np.where(np.arange(3000) % 500 < 5, 7, 0)
    counts = np.column_stack([NOISE[:, :3], status]).astype(int)
    return write_edf(folder / "a.bdf", counts, (*LABELS, "Status"), 250)


def eeglab(folder):
    return write_set(
        folder / "a.set", NOISE[:, :3], LABELS, 250, [("a", 10, 0), ("boundary", 300, 40), ("b", 310, 0)]
    )


def fif(folder):
    recording = Recording(
        data=NOISE.astype(np.float32)[:, :3],
        sfreq=250.0,
        segments=((0, 70.5), (1000, 99.25)),
        markers=((0, "a"), (2999, "b")),
        channels=tuple(Channel(label) for label in LABELS),
        provenance={"source": "synthetic world"},
    )
    save_recording(folder / "a_raw.fif", recording)
    return folder / "a_raw.fif"


def xdf(folder):
    stamps = 70 + (np.arange(3000) + np.where(np.arange(3000) < 2000, 0, 100)) / 250
    return write_xdf(
        folder / "a.xdf",
        XdfStream("Amp", "EEG", 250, stamps, NOISE[:, :3], labels=LABELS),
        XdfStream("Markers", "Markers", 0, np.array([75.0, 71.0]), ["b", "a"], format="string"),
    )


def things_raw(folder):
    words = np.zeros(3000)
    words[[100, 300, 500]] = 17, 99999, 3
    return write_things_raw(folder / "sub-01" / "ses-02" / "raw_eeg_test.npy", NOISE[:, :3], words, LABELS)


def things_at_100_hz(folder):
    data = np.random.default_rng(0).normal(size=(200, 2, 17, 100))
    path = folder / "sub-01" / "preprocessed_eeg_test.npy"
    return write_things_epochs(path, data, THINGS_17, np.linspace(-0.2, 0.79, 100))


def things_at_250_hz(folder):
    pictures = [(f"0000{i}_x{i}", "a.jpg") for i in range(1, 5)]
    write_metadata(folder / "image_metadata.npy", pictures, pictures)
    data = np.random.default_rng(0).normal(size=(4, 2, 17, 250))
    path = folder / "sub-01" / "preprocessed_eeg_training.npy"
    return write_things_epochs(path, data, THINGS_17, -0.2 + np.arange(300) / 250, protocol=4)


def things_pt(folder):
    data = np.random.default_rng(0).normal(size=(4, 8, 17, 250))
    folders = [f"0000{i}_x{i}" for i in range(1, 5)]
    return write_things_pt(folder / "test.pt", data, THINGS_17, np.arange(250) / 250, folders)


def bids(folder):
    rows = [(0.5, 0.05, "aardvark"), (0.6, 0.05, "abacus"), (1.5, 0.05, "aardvark")]
    return write_bids(folder, "01", NOISE[:, :3], LABELS, 250, rows)


def features(folder):
    common = np.random.default_rng(0).normal(size=(200, 1, 100))
    data = common + np.random.default_rng(1).normal(size=(200, 17, 100))
    np.save(folder / "features_test.npy", data.reshape(200, 1700).astype(np.float32))
    return folder / "features_test.npy"


def mindbigdata(folder):
    rng = np.random.default_rng(0)
    write_text(folder / "EP1.01.txt", [(code, 4200 + rng.normal(0, 30, (14, 256))) for code in (3, 1, 3, -1)])
    convert(folder / "EP1.01.txt", lambda *_: None)
    return folder / "EP1.01.txt"


def digit_pairs(folder):
    return write_digit_pairs(folder, events={"train": [3, 4, 9, 12], "test": [15, 16]})


def digit_parts(folder):
    return write_digit_pairs(folder)


RECORDINGS = {
    "muse": [muse],
    "mne": [brainvision, edf, bdf, eeglab, fif],
    "xdf": [xdf],
    "things-eeg2-raw": [things_raw],
    "bids": [bids],
}
TRIALS = {
    "things-eeg1-erps": [averages],
    "things-eeg2": [things_at_100_hz, things_at_250_hz, things_pt],
    "npy": [features],
    "mindbigdata": [mindbigdata],
    "digit-pairs": [digit_pairs, digit_parts],
}
"""Adding a reader means adding a small file that it reads."""

OPTIONS = {"npy": {"channels": THINGS_17}}
"""What a reader cannot do without."""


def cases(samples):
    return [
        pytest.param((name, write), id=write.__name__) for name, writers in samples.items() for write in writers
    ]


def test_every_reader_is_here():
    assert set(RECORDINGS) | set(TRIALS) == set(READERS)


def opened_from(case, folder):
    name, write = case
    path = write(folder)
    assert READERS[name].owns(path)
    return path, name, whole(name, path)


def whole(name, path):
    opened = open_dataset(name, [path], options=OPTIONS.get(name, {}))
    return opened if isinstance(opened, TrialSet) else list(opened)


@pytest.fixture(params=cases(RECORDINGS | TRIALS))
def opened(request, tmp_path):
    return opened_from(request.param, tmp_path)


@pytest.fixture(params=cases(RECORDINGS))
def recording(request, tmp_path):
    return opened_from(request.param, tmp_path)[2][0]


@pytest.fixture(params=cases(TRIALS))
def trials(request, tmp_path):
    return opened_from(request.param, tmp_path)[2]


def parts(opened):
    return opened[2] if isinstance(opened[2], list) else [opened[2]]


def test_data_are_finite_and_read_only_in_float32_or_as_the_file_has_them(opened):
    for part in parts(opened):
        assert part.data.dtype == np.float32 if isinstance(part, Recording) else part.data.dtype.kind == "f"
        assert not part.data.flags.writeable
        assert np.isfinite(part.data).all()
        assert part.data.size


def test_channels_have_a_label_each_and_voltages_are_microvolts(opened):
    for part in parts(opened):
        assert all(part.labels)
        assert len(set(part.labels)) == len(part.labels) == part.data.shape[1]
        assert all(channel.unit == "microvolts" for channel in part.channels if channel.kind == "eeg")
        assert any(channel.kind == "eeg" for channel in part.channels)


def test_provenance_says_the_file_and_nothing_of_this_computer(opened):
    for part in parts(opened):
        assert part.provenance["source"]
        assert str(opened[0].parent) not in repr(dict(part.provenance))


def test_segments_begin_at_0_and_go_on(recording):
    found = segments_of(recording)
    assert found[0].first == 0
    assert sum(segment.stop - segment.first for segment in found) == len(recording.data)
    assert all(segment.gap_before > 0 for segment in found[1:])


def test_markers_are_text_in_order_and_in_range(recording):
    samples = [sample for sample, _ in recording.markers]
    assert samples == sorted(samples)
    assert all(0 <= sample < len(recording.data) for sample in samples)
    assert all(isinstance(sample, int) and isinstance(value, str) for sample, value in recording.markers)
    assert len(samples) >= 2


def test_trials_have_labels_groups_and_nothing_outside_their_names(trials):
    assert trials.concepts.dtype == trials.images.dtype == np.int64
    assert set(trials.groups) - {"event"} == {"subject", "session", "recording", "repetition"}
    assert all(len(column) == len(trials) for column in (trials.data, trials.images, *trials.groups.values()))
    assert 0 <= trials.concepts.min() <= trials.concepts.max() < len(trials.concept_names)


def test_opening_again_gives_the_same(opened):
    path, name, _ = opened
    second = whole(name, path)
    for one, other in zip(parts(opened), second if isinstance(second, list) else [second], strict=True):
        assert one.data.tobytes() == other.data.tobytes()
        assert one.channels == other.channels
        assert one.provenance == other.provenance


def test_a_file_by_itself_is_opened_by_the_same_reader(tmp_path):
    for name, write in ((name, write) for name, writers in RECORDINGS.items() for write in writers):
        path, _, (recording,) = opened_from((name, write), tmp_path)
        assert open_recording(path).data.tobytes() == recording.data.tobytes()
        assert open_recording(path).markers == recording.markers
