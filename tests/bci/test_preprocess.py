import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import butter, iirnotch, sosfilt, sosfilt_zi, tf2sos

from bci.errors import MismatchError, StreamError
from bci.preprocess import Preprocessor, decimation, scale_epochs
from bci.specs import PreprocessSpec
from bci.types import Channel, SampleChunk, StreamSpec

SFREQ = 250.0
LABELS = ("Fp1", "Cz", "Oz", "AUX")


def stream(labels=LABELS, sfreq=SFREQ, reference="Fz"):
    return StreamSpec("test", "EEG", "id", sfreq, tuple(Channel(label) for label in labels), reference)


def spec(**changes):
    body = {
        "channels": ("Oz", "Cz"),
        "highpass": 1.0,
        "lowpass": 40.0,
        "notch": 50.0,
        "sfreq": 125.0,
        "tmax": 0.4,
        "baseline": (-0.1, 0.0),
    }
    return PreprocessSpec(**(body | changes))


def chunk(data, seq=0, gap_before=0):
    times = (seq + np.arange(len(data))) / SFREQ
    return SampleChunk(data.astype(np.float32), times, 0.0, seq, gap_before)


def run(preprocessor, data, sizes):
    """All stretches of `data`, fed in chunks of the given sizes."""
    stretches, at = [], 0
    for size in [*sizes, len(data)]:
        if at < len(data):
            stretches += preprocessor.feed(chunk(data[at : at + size], at))
            at += size
    return stretches


def noise(n, seed=0, n_channels=4):
    return np.random.default_rng(seed).normal(4200, 30, (n, n_channels)).astype(np.float32)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(1, 70), max_size=12), st.sampled_from(["recorded", "average"]))
def test_the_result_does_not_depend_on_the_chunking_bit_for_bit(sizes, reference):
    data = noise(300)
    whole = run(Preprocessor(spec(reference=reference), stream()), data, [300])
    parts = run(Preprocessor(spec(reference=reference), stream()), data, sizes)
    np.testing.assert_array_equal(np.concatenate([s.data for s in whole]), np.concatenate([s.data for s in parts]))


def test_filters_are_scipys_started_at_the_first_sample():
    data = noise(500)
    (stretch,) = Preprocessor(spec(), stream()).feed(chunk(data))
    sos = np.concatenate(
        [
            tf2sos(*iirnotch(50, 30, fs=SFREQ)),
            butter(2, 1, "highpass", fs=SFREQ, output="sos"),
            butter(4, 40, "lowpass", fs=SFREQ, output="sos"),
        ]
    )
    picked = data[:, [2, 1]].astype(np.float64)
    expected, _ = sosfilt(sos, picked, axis=0, zi=sosfilt_zi(sos)[:, :, None] * picked[0])
    np.testing.assert_allclose(stretch.data, expected[::2], atol=1e-9)


def test_a_constant_offset_leaves_no_transient():
    (stretch,) = Preprocessor(spec(), stream()).feed(chunk(np.full((500, 4), 4200.0)))
    assert np.abs(stretch.data).max() < 1e-6


@given(st.integers(0, 9))
def test_decimation_keeps_the_samples_whose_index_is_a_multiple(first):
    preprocessor = Preprocessor(spec(), stream())
    data = noise(20)
    stretches = list(preprocessor.feed(chunk(data, seq=first)))
    assert stretches[0].first == -(-first // 2)
    assert len(stretches[0].data) == len([i for i in range(first, first + 20) if i % 2 == 0])


def test_samples_that_are_not_finite_are_a_gap_and_poison_nothing():
    data = noise(400)
    data[200:203, 2] = np.nan
    preprocessor = Preprocessor(spec(), stream())
    before, after = preprocessor.feed(chunk(data))
    assert not before.broken
    assert after.broken
    assert after.first == 102  # 203 is odd: the next kept sample is 204
    assert np.isfinite(after.data).all()


def test_not_finite_in_a_channel_that_is_not_used_does_not_matter():
    data = noise(100)
    data[:, 3] = np.nan
    (stretch,) = Preprocessor(spec(), stream()).feed(chunk(data))
    assert np.isfinite(stretch.data).all()


@pytest.mark.parametrize("bad", [slice(-3, None), slice(None)])
def test_a_chunk_that_ends_badly_breaks_the_next_one(bad):
    preprocessor = Preprocessor(spec(), stream())
    data = noise(50)
    data[bad] = np.inf
    list(preprocessor.feed(chunk(data)))
    (after,) = preprocessor.feed(chunk(noise(50, 1), seq=50))
    assert after.broken


def test_filters_restart_after_a_gap():
    data = noise(200, 3)
    preprocessor = Preprocessor(spec(), stream())
    list(preprocessor.feed(chunk(noise(200, 2))))
    (after,) = preprocessor.feed(chunk(data, seq=220, gap_before=20))
    (alone,) = Preprocessor(spec(), stream()).feed(chunk(data, seq=220))
    assert after.broken
    np.testing.assert_array_equal(after.data, alone.data)


def test_an_average_reference_counts_the_recording_reference_as_a_zero_channel():
    data = noise(10, n_channels=4)
    average = spec(highpass=None, lowpass=None, notch=None, sfreq=SFREQ, reference="average")
    (stretch,) = Preprocessor(average, stream(reference="Fz")).feed(chunk(data))
    picked = data[:, [2, 1]].astype(np.float64)
    np.testing.assert_allclose(stretch.data, picked - picked.sum(axis=1, keepdims=True) / 3)


def test_an_unknown_reference_is_asked_for():
    with pytest.raises(StreamError, match="--stream-reference"):
        Preprocessor(spec(reference="average"), stream(reference=None))


def test_missing_channels_are_refused_with_both_lists():
    with pytest.raises(MismatchError, match="lacks Oz and has Fp1, Cz"):
        Preprocessor(spec(), stream(labels=("Fp1", "Cz")))


def test_missing_channels_are_made_up_if_the_spec_says_so():
    weights = np.array([[0.5, 0.5], [0.0, 1.0]])
    plain = spec(highpass=None, lowpass=None, notch=None, sfreq=SFREQ, missing="interpolate")
    preprocessor = Preprocessor(plain, stream(labels=("Fp1", "Cz")), lambda have, want: weights)
    data = noise(10, n_channels=2)
    (stretch,) = preprocessor.feed(chunk(data))
    assert preprocessor.interpolated == ("Oz",)
    np.testing.assert_allclose(stretch.data, data.astype(np.float64) @ weights.T)


def rest_of(have, want):
    """Make every channel up from the first one at hand."""
    return np.eye(1, len(have)).repeat(len(want), axis=0)


def test_channels_are_left_out_for_good_however_the_stream_spells_them():
    preprocessor = Preprocessor(spec(), stream(labels=("Fp1", "CZ", "Oz")), rest_of)
    preprocessor.leave_out(["Cz", "P7"])
    assert preprocessor.interpolated == ("Cz",)
    assert preprocessor.without(["Oz"]).made_up == ("Oz", "Cz")
    assert preprocessor.without(()).made_up == ("Cz",)


def test_leaving_nothing_out_changes_nothing():
    preprocessor = Preprocessor(spec(), stream())
    before = preprocessor.picking
    preprocessor.leave_out(())
    assert preprocessor.picking is before


@pytest.mark.parametrize(("rate", "match"), [(256.0, "whole multiple"), (100.0, "whole multiple")])
def test_other_ratios_are_refused(rate, match):
    with pytest.raises(MismatchError, match=match):
        decimation(spec(), rate)


def test_decimation_without_a_low_pass_is_refused():
    with pytest.raises(MismatchError, match="low-pass"):
        decimation(spec(lowpass=None), 250.0)
    with pytest.raises(MismatchError, match="low-pass"):
        decimation(spec(lowpass=60.0), 250.0)


def test_the_block_of_an_epoch_becomes_the_window_less_its_baseline():
    preprocessor = Preprocessor(spec(notch=None, highpass=None), stream())
    first, n = preprocessor.block(1000)
    assert (first, n) == (500 - 12, 12 + 50)
    block = np.repeat(np.arange(n, dtype=np.float64)[:, None], 2, axis=1)
    epoch = preprocessor.finish(block)
    assert epoch.shape == (2, 50)
    assert epoch.dtype == np.float32
    np.testing.assert_allclose(epoch[0], np.arange(12, 62) - np.arange(12).mean())


def test_in_epoch_mode_the_filter_starts_at_every_epoch():
    epoch_mode = spec(mode="epoch")
    preprocessor = Preprocessor(epoch_mode, stream())
    data = noise(2000)
    (stretch,) = preprocessor.feed(chunk(data))
    first, n = preprocessor.block(1000)
    assert (first, n) == (975, 124)
    epoch = preprocessor.finish(stretch.data[first : first + n])
    alone = Preprocessor(spec(baseline=None), stream())
    (filtered,) = alone.feed(chunk(data[first : first + n]))
    expected = filtered.data[12:62] - filtered.data[:12].mean(axis=0)
    np.testing.assert_allclose(epoch, expected.T, atol=1e-3)


def test_root_mean_square_whitening_and_clipping():
    epochs = noise(60, n_channels=2).reshape(3, 2, 20) - 4200
    rms = scale_epochs(epochs, spec(scale="rms"), None)
    np.testing.assert_allclose(np.sqrt((rms**2).mean(axis=(1, 2))), 1, rtol=1e-5)
    matrix = np.array([[2.0, 1.0], [0.0, 3.0]])
    white = scale_epochs(epochs, spec(scale="whiten", whitening="channel", clip=50.0), matrix)
    np.testing.assert_allclose(white, np.clip(np.einsum("ij,njt->nit", matrix, epochs), -50, 50), rtol=1e-4)
    with pytest.raises(MismatchError, match="whitening matrix is missing"):
        scale_epochs(epochs, spec(scale="whiten", whitening="channel"), None)


@pytest.mark.parametrize("scale", ["none", "rms"])
def test_a_person_s_alignment_comes_before_the_scale(scale):
    epochs = noise(60, n_channels=2).reshape(3, 2, 20)
    matrix = np.array([[2.0, 1.0], [0.0, 3.0]])
    aligned = np.einsum("ij,njt->nit", matrix, epochs).astype(np.float32)
    expected = scale_epochs(aligned, spec(scale=scale), None)
    np.testing.assert_allclose(scale_epochs(epochs, spec(scale=scale), matrix), expected, rtol=1e-4, atol=1e-5)


def test_the_digest_follows_every_field():
    base = spec()
    assert spec().digest == base.digest
    changed = {spec(**{name: value}).digest for name, value in (("gain", 2.0), ("tmin", 0.1), ("clip", 3.0))}
    assert len(changed | {base.digest}) == 4


@pytest.mark.parametrize(
    "changes",
    [{"tmax": -0.1}, {"baseline": (0.0, -0.1)}, {"scale": "whiten"}, {"channels": ("Cz", "Cz")}, {"sfreq": 0}],
)
def test_specs_that_make_no_sense_are_refused(changes):
    with pytest.raises(ValueError, match="expected|together|greater"):
        spec(**changes)


def test_a_changed_copy_has_another_digest():
    base = spec()
    before = base.digest
    assert base.model_copy(update={"tmin": 0.1}).digest != before


def test_a_chunk_without_samples_is_no_gap():
    preprocessor = Preprocessor(spec(), stream())
    list(preprocessor.feed(chunk(noise(20))))
    assert list(preprocessor.feed(chunk(noise(0), seq=20))) == []
    (after,) = preprocessor.feed(chunk(noise(20), seq=20))
    assert not after.broken
