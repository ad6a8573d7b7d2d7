import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import signal

from bci.spectrum import BANDS, BROAD, clean_stretch, decibels, line_frequency, thinned, welch

RATE = 250.0


def sine(frequency, amplitude=10.0, seconds=8.0, sfreq=RATE, phase=0.3):
    times = np.arange(round(seconds * sfreq)) / sfreq
    return (amplitude * np.sin(2 * np.pi * frequency * times + phase)).astype(np.float32)[:, None]


def noise(seed, n_times=2000, n_channels=3, scale=10.0):
    return (np.random.default_rng(seed).normal(size=(n_times, n_channels)) * scale).astype(np.float32)


@given(st.integers(0, 999), st.sampled_from([100.0, 250.0, 512.0]), st.sampled_from([0.5, 1.0, 2.0, 3.9]))
def test_a19_the_estimate_is_that_of_scipy(seed, sfreq, window):
    data = noise(seed) + 3000
    found = welch(data, sfreq, window)
    n_window = round(window * sfreq)
    # with an odd length scipy's windows overlap by half rounded down, and so do these
    frequencies, density = signal.welch(
        data.T.astype(np.float64), sfreq, nperseg=n_window, noverlap=n_window - n_window // 2
    )
    np.testing.assert_allclose(found.frequencies, frequencies)
    np.testing.assert_allclose(found.density, density, rtol=0.01, atol=1e-4)


@given(st.integers(0, 999), st.floats(0.01, 1000))
def test_a19_power_over_all_frequencies_is_the_mean_square_of_the_tapered_window(seed, scale):
    data = noise(seed, n_times=500, scale=scale)
    centred = data - data.mean(axis=0)
    hann = np.hanning(501)[:-1, None]
    expected = ((centred * hann) ** 2).sum(axis=0) / (hann**2).sum()
    spectrum = welch(data, RATE, 2.0)
    np.testing.assert_allclose(spectrum.power(0, RATE / 2 + spectrum.resolution), expected, rtol=1e-3)


@given(st.integers(2, 45), st.floats(1, 100), st.floats(0, 6))
def test_a19_a_sine_has_half_its_squared_amplitude_in_its_own_band(frequency, amplitude, phase):
    data = sine(frequency, amplitude, phase=phase)
    spectrum = welch(data, RATE, 4.0)
    assert spectrum.frequencies[spectrum.density[0].argmax()] == frequency
    power = spectrum.power(frequency - 1, frequency + 1)[0]
    assert power == pytest.approx(amplitude**2 / 2, rel=0.01)


@pytest.mark.parametrize("band", BANDS, ids=lambda band: band.name)
def test_a19_a_rhythm_is_found_in_the_band_that_holds_it(band):
    middle = (band.low + band.high) / 2
    spectrum = welch(sine(middle) + noise(0, n_channels=1, scale=0.1), RATE, 4.0)
    powers = {other: spectrum.power(other.low, other.high)[0] for other in BANDS}
    assert max(powers, key=powers.get) is band
    assert powers[band] == pytest.approx(50, rel=0.02)


@given(st.integers(0, 999))
def test_a19_bands_add_up(seed):
    spectrum = welch(noise(seed), RATE, 4.0)
    parts = sum(spectrum.power(band.low, band.high) for band in BANDS)
    np.testing.assert_allclose(parts, spectrum.power(BROAD.low, BROAD.high))


def test_a_band_that_the_rate_cannot_show_has_no_power():
    spectrum = welch(noise(0), 64.0, 4.0)
    assert np.isnan(spectrum.power(30, 45)).all()
    assert np.isfinite(spectrum.power(13, 30)).all()


def test_less_than_a_window_has_no_spectrum():
    assert welch(noise(0, n_times=999), RATE, 4.0) is None
    assert welch(noise(0, n_times=1000), RATE, 4.0) is not None
    assert welch(noise(0, n_times=3), 1.0, 1.0) is None


@pytest.mark.parametrize("line", [50.0, 60.0])
def test_a19_mains_are_told_by_their_frequency(line):
    spectrum = welch(sine(line, 5) + noise(1, n_channels=1), RATE, 4.0)
    found, excess = line_frequency(spectrum)
    assert found == line
    assert excess[0] > 4
    assert line_frequency(welch(noise(1), RATE, 4.0))[1].max() < 4


def test_mains_beyond_half_the_rate_are_not_looked_for():
    assert line_frequency(welch(noise(0), 90.0, 4.0)) is None
    assert line_frequency(welch(noise(0), 110.0, 4.0))[0] == 50.0


@given(hnp.arrays(np.bool_, st.integers(0, 60)))
def test_the_longest_clean_stretch_has_no_gap_and_none_is_longer(missing):
    data = np.arange(2 * len(missing), dtype=np.float32).reshape(-1, 2)
    data[missing, 1] = np.nan
    clean = clean_stretch(data)
    runs = "".join("x" if gone else "." for gone in missing).split("x")
    assert np.isfinite(clean).all()
    assert len(clean) == max(map(len, runs))
    assert (np.diff(clean[:, 0]) == 2).all()


def test_of_equal_stretches_the_latest_counts():
    data = np.array([[1], [2], [np.nan], [3], [4]], np.float32)
    np.testing.assert_array_equal(clean_stretch(data), [[3], [4]])


@pytest.mark.parametrize(("sfreq", "thin"), [(250.0, 250.0), (999.0, 999.0), (1000.0, 500.0), (10_000.0, 500.0)])
def test_fast_streams_are_thinned_out(sfreq, thin):
    data = sine(10, seconds=2, sfreq=sfreq)
    few, rate = thinned(data, sfreq)
    assert rate == thin
    assert welch(few, rate, 2.0).power(8, 13)[0] == pytest.approx(50, rel=0.01)


def test_decibels_of_nothing_are_minus_infinity():
    np.testing.assert_array_equal(decibels(np.array([0.0, 1.0, 100.0])), [-np.inf, 0.0, 20.0])
