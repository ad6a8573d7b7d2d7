import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bci.display_filter import DisplayFilter, DisplaySpec
from bci.errors import MismatchError
from bci.types import Channel

CHANNELS = (Channel("Fp1"), Channel("Cz"), Channel("O1"), Channel("acc", "aux", "g"))


def noise(n_times, seed=0, n_channels=4):
    return (np.random.default_rng(seed).normal(size=(n_times, n_channels)) * 20 + 4000).astype(np.float32)


def fed(spec, data, sizes=(), sfreq=250.0, bad=frozenset()):
    shown, at = [], 0
    shower = DisplayFilter(spec, sfreq, CHANNELS, bad)
    for size in (*sizes, len(data)):
        shown.append(shower.feed(data[at : at + size]))
        at += size
    return np.concatenate(shown)


def power(signal, frequency, sfreq):
    spectrum = np.abs(np.fft.rfft(signal - signal.mean())) ** 2
    return spectrum[np.abs(np.fft.rfftfreq(len(signal), 1 / sfreq) - frequency).argmin()]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(0, 40), max_size=12),
    st.sampled_from(["none", "average", "median", "channel"]),
    st.lists(st.tuples(st.integers(0, 299), st.integers(1, 30), st.integers(-1, 3)), max_size=4),
)
def test_a14_what_is_shown_does_not_depend_on_the_chunks(sizes, reference, holes):
    data = noise(300)
    for start, length, channel in holes:
        data[start : start + length, slice(None) if channel < 0 else channel] = np.nan
    spec = DisplaySpec(0.5, 40.0, 50.0, reference, "Cz")
    np.testing.assert_array_equal(fed(spec, data, sizes), fed(spec, data))


def test_a14_missing_samples_stay_missing_and_the_filter_starts_anew_after_them():
    data = noise(400)
    data[150:200] = np.nan
    spec = DisplaySpec(highpass=1.0)
    shown = fed(spec, data)
    assert np.isnan(shown[150:200]).all()
    np.testing.assert_array_equal(shown[200:], fed(spec, data[200:]))


def test_a14_a_channel_that_is_missing_alone_leaves_the_others_as_they_are():
    data = noise(400)
    spec = DisplaySpec(1.0, 40.0)
    whole = fed(spec, data)
    data[100:150, 1] = np.nan
    np.testing.assert_allclose(fed(spec, data)[:, [0, 2, 3]], whole[:, [0, 2, 3]], rtol=0, atol=1e-3)


def test_a14_an_offset_leaves_no_transient():
    shown = fed(DisplaySpec(highpass=0.5), np.full((500, 4), 4000, np.float32))
    assert np.abs(shown[:, :3]).max() < 1e-3


def test_a14_the_band_passes_and_the_line_does_not():
    sfreq, times = 250.0, np.arange(2500) / 250.0
    mixed = sum(np.sin(2 * np.pi * frequency * times) for frequency in (0.1, 10.0, 50.0, 100.0))
    data = np.repeat(mixed[:, None], 4, axis=1).astype(np.float32)
    shown = fed(DisplaySpec(1.0, 40.0, 50.0), data)[500:, 0]
    passed = power(shown, 10.0, sfreq) / power(data[500:, 0], 10.0, sfreq)
    assert 0.9 < passed < 1.1
    for gone in (50.0, 100.0):
        assert power(shown, gone, sfreq) / power(data[500:, 0], gone, sfreq) < 1e-2


def test_a14_references_are_those_of_the_eeg_alone():
    data = noise(50)
    eeg = data[:, :3].astype(np.float64)
    expected = {"average": eeg.mean(axis=1), "median": np.median(eeg, axis=1), "channel": eeg[:, 2]}
    for reference, value in expected.items():
        shown = fed(DisplaySpec(reference=reference, channel="O1"), data)
        np.testing.assert_allclose(shown[:, :3], eeg - value[:, None], atol=2e-3)
        np.testing.assert_array_equal(shown[:, 3], data[:, 3])


def test_a14_bad_channels_take_no_part_in_the_average():
    data = noise(50)
    shown = fed(DisplaySpec(reference="average"), data, bad=frozenset({"O1"}))
    np.testing.assert_allclose(shown[:, 0], (data[:, 0] - data[:, 1]) / 2, atol=2e-3)


def test_a14_what_is_no_voltage_is_not_filtered():
    data = noise(300)
    np.testing.assert_array_equal(fed(DisplaySpec(1.0, 40.0), data)[:, 3], data[:, 3])


def test_an_edge_beyond_half_the_rate_is_refused():
    with pytest.raises(MismatchError, match="above 100 Hz, got 100 Hz"):
        DisplayFilter(DisplaySpec(notch=50.0), 100.0, CHANNELS)


def test_a_reference_that_is_not_there_is_refused():
    with pytest.raises(MismatchError, match="'Pz'.*Fp1, Cz, O1"):
        DisplayFilter(DisplaySpec(reference="channel", channel="Pz"), 250.0, CHANNELS)


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        (DisplaySpec(), "as recorded"),
        (DisplaySpec(1.0, 40.0, 50.0, "average"), "1-40 Hz, 50 Hz notch, average reference"),
        (DisplaySpec(highpass=0.5, reference="channel", channel="Cz"), "above 0.5 Hz, minus Cz"),
        (DisplaySpec(lowpass=30.0), "below 30 Hz"),
    ],
)
def test_a14_it_says_what_it_does(spec, words):
    assert spec.words == words


def test_the_slowest_edge_says_how_long_it_takes_to_settle():
    assert DisplaySpec(0.5, 40.0).settling == 6.0
    assert DisplaySpec().settling == 0.0
