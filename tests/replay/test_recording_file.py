from dataclasses import replace

import mne
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bci.errors import FormatError, OutputError
from bci.types import Channel, Recording
from replay.readers import open_recording
from replay.recording_file import save_recording

SFREQ = 250.0
N_TIMES = 3000


def recording(**changes):
    """Noise of every size that float32 microvolts can have, in 63 channels, with a gap."""
    rng = np.random.default_rng(5)
    data = (rng.normal(size=(N_TIMES, 63)) * 10.0 ** rng.uniform(-6, 6, (N_TIMES, 63))).astype(np.float32)
    whole = Recording(
        data=data,
        sfreq=SFREQ,
        segments=((0, 812345.678901), (1000, 812349.9)),
        markers=((3, "banana"), (999, "bci:end"), (1000, "42"), (2999, "banana")),
        channels=(*(Channel(f"E{i}") for i in range(61)), Channel("HEOG", "eog"), Channel("light", "aux", "lux")),
        reference="Fz",
        provenance={
            "source": "synthetic world",
            "seed": 7,
            "snr": 0.25,
            "names": ["a", "b"],
            "caveats": ["made up"],
        },
        sources=("screen", "", "amp/Markers", "screen"),
    )
    return replace(whole, **changes)


def there_and_back(tmp_path, written):
    path = tmp_path / "demo_raw.fif"
    path.unlink(missing_ok=True)
    save_recording(path, written)
    return open_recording(path)


def test_everything_comes_back_and_the_samples_bit_by_bit(tmp_path):
    written = recording()
    read = there_and_back(tmp_path, written)
    assert read.data.tobytes() == written.data.tobytes()
    assert read.data.dtype == np.float32
    for name in ("sfreq", "segments", "markers", "channels", "reference", "provenance", "sources"):
        assert getattr(read, name) == getattr(written, name), name


def test_reading_twice_gives_the_same_bits(tmp_path):
    first = there_and_back(tmp_path, recording())
    assert first.data.tobytes() == open_recording(tmp_path / "demo_raw.fif").data.tobytes()


# tmp_path is overwritten by each example, as the function means it to be
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sets(st.tuples(st.integers(0, N_TIMES - 1), st.text(st.characters(codec="utf-8"), max_size=12)), max_size=8)
)
def test_any_text_can_be_a_marker(tmp_path, markers):
    small = recording(
        data=np.zeros((N_TIMES, 1), np.float32), channels=(Channel("Cz"),), markers=tuple(sorted(markers))
    )
    assert there_and_back(tmp_path, small).markers == small.markers


@pytest.mark.parametrize(
    "value", ["BAD_x", "boundary", "New Segment/", "Stimulus/S  1", "a:b", "{COLON}", "&#00000a;", ""]
)
def test_markers_that_mean_something_to_mne_are_markers_still(tmp_path, value):
    written = recording(markers=((500, value),), provenance={})
    read = there_and_back(tmp_path, written)
    assert read.markers == ((500, value),)
    assert len(read.data) == N_TIMES


def test_markers_keep_their_sample_late_in_a_long_recording(tmp_path):
    n_times = 1_000_000
    samples = np.random.default_rng(0).choice(n_times, 500, replace=False)
    long = Recording(
        data=np.zeros((n_times, 1), np.float32),
        sfreq=1000.0,
        segments=((0, 0.0),),
        markers=tuple((int(sample), "x") for sample in np.sort(samples)),
        channels=(Channel("Cz"),),
    )
    assert there_and_back(tmp_path, long).markers == long.markers


def test_other_tools_see_volts_and_annotations(tmp_path):
    written = recording()
    save_recording(tmp_path / "demo_raw.fif", written)
    raw = mne.io.read_raw_fif(tmp_path / "demo_raw.fif", verbose="error")
    np.testing.assert_allclose(raw.get_data()[:61].T, written.data[:, :61] * 1e-6, rtol=1e-7)
    assert raw.get_channel_types() == [*["eeg"] * 61, "eog", "misc"]
    assert sorted((round(note["onset"], 3), note["description"]) for note in raw.annotations) == [
        (0.012, "banana"),
        (3.996, "bci:end"),
        (4.0, "42"),
        (4.0, "BAD boundary"),
        (11.996, "banana"),
    ]


def test_what_mne_cut_out_of_it_keeps_markers_gaps_and_reference(tmp_path):
    save_recording(tmp_path / "demo_raw.fif", recording())
    raw = mne.io.read_raw_fif(tmp_path / "demo_raw.fif", verbose="error")
    raw.crop(2.0, 10.0).save(tmp_path / "part_raw.fif", verbose="error")
    part = open_recording(tmp_path / "part_raw.fif")
    assert part.data.tobytes() == recording().data[500:2501].tobytes()
    assert part.markers == ((499, "bci:end"), (500, "42"))
    assert [first for first, _ in part.segments] == [0, 500]
    assert (part.reference, part.channels[-1]) == ("Fz", Channel("light", "aux", "lux"))


def test_nothing_is_overwritten(tmp_path):
    path = tmp_path / "demo_raw.fif"
    path.write_text("precious")
    with pytest.raises(OutputError, match="exists already"):
        save_recording(path, recording())
    assert path.read_text() == "precious"


def test_a_name_that_mne_would_not_take_is_refused(tmp_path):
    with pytest.raises(OutputError, match=r"_raw\.fif, got demo\.fif"):
        save_recording(tmp_path / "demo.fif", recording())


def test_more_samples_than_fif_can_mark_are_refused(tmp_path):
    huge = np.broadcast_to(np.float32(0), (2**23 + 1, 1))
    with pytest.raises(OutputError, match="8388608 samples"):
        save_recording(tmp_path / "demo_raw.fif", recording(data=huge))


def test_segments_that_contradict_each_other_are_refused(tmp_path):
    with pytest.raises(FormatError, match="begins before"):
        save_recording(tmp_path / "demo_raw.fif", recording(segments=((0, 0.0), (1000, 3.0))))


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda text: text.replace('"schema": 1', '"schema": 9'), "schema 9"),
        (lambda text: text.replace("n_times", "n"), "damaged"),
    ],
)
def test_a_newer_or_damaged_description_is_refused(tmp_path, spoil, said):
    save_recording(tmp_path / "demo_raw.fif", recording())
    raw = mne.io.read_raw_fif(tmp_path / "demo_raw.fif", preload=True, verbose="error")
    raw.info["description"] = spoil(raw.info["description"])
    raw.save(tmp_path / "spoilt_raw.fif", verbose="error")
    with pytest.raises(FormatError, match=said):
        open_recording(tmp_path / "spoilt_raw.fif")
