"""Powers in bands against signals whose spectrum is known, against SciPy and against MNE's wavelets."""

import mne
import numpy as np
import pytest
from scipy.signal import welch

from bci.errors import ConfigError
from bci.specs import PreprocessSpec
from models.bands import BANDS
from models.spectra import Spectra, SpectralOptions, morlet_powers, morlets, welch_powers

SFREQ, N_TIMES = 128.0, 128
CHANNELS = ("O1", "Oz", "O2")
SPEC = PreprocessSpec(channels=CHANNELS, sfreq=SFREQ, tmax=N_TIMES / SFREQ)
SECONDS = np.arange(N_TIMES) / SFREQ
INSIDE = {"delta": 2.0, "theta": 6.0, "alpha": 10.0, "beta": 20.0, "gamma": 36.0}


def noise(n=3, seed=0):
    return np.random.default_rng(seed).normal(size=(n, len(CHANNELS), N_TIMES))


def table(epochs, **options):
    """Features as (n, parts, channels, bins), of one kind alone."""
    rows = Spectra(SpectralOptions(**options), SPEC)(epochs.astype(np.float32))
    n_bins = max(1, options.get("times", 1))
    return rows.reshape(len(epochs), -1, len(CHANNELS), n_bins)


@pytest.mark.parametrize(("band", "frequency"), INSIDE.items())
@pytest.mark.parametrize(
    "kind", [{"segments": (1.0,), "times": 0}, {"segments": (), "times": 1}], ids=["Welch", "Morlet"]
)
def test_a_wave_is_loudest_in_its_band_and_its_channel(band, frequency, kind):
    epoch = 1e-3 * noise(1)
    epoch[0, 1] += np.sin(2 * np.pi * frequency * SECONDS)
    loudest = np.unravel_index(np.argmax(table(epoch, **kind)[0]), (len(BANDS), len(CHANNELS), 1))
    assert (list(BANDS)[loudest[0]], loudest[1]) == (band, 1)


def test_welch_is_scipys_mean_density_in_the_band():
    signals = noise()
    frequencies, density = welch(signals, SFREQ, nperseg=64, detrend="linear")
    found = list(welch_powers(signals, SFREQ, {"alpha": (8.0, 13.0)}, 64))
    expected = density[..., (frequencies >= 8) & (frequencies < 13)].mean(axis=-1)
    assert np.allclose(found[0], expected)


def test_wavelets_away_from_the_edges_are_those_of_mne():
    real, imaginary = morlets(10.0, 5.0, 512, SFREQ)
    ours = (real + 1j * imaginary)[:, 256]
    theirs = mne.time_frequency.morlet(SFREQ, [10.0], n_cycles=5.0, zero_mean=True)[0]
    middle = ours[256 - len(theirs) // 2 :][: len(theirs)]
    overlap = abs(np.vdot(middle, theirs)) / np.linalg.norm(middle) / np.linalg.norm(theirs)
    assert overlap > 0.9999
    assert np.linalg.norm(ours) == pytest.approx(1)


def test_a_burst_is_loudest_when_it_is():
    epoch = 1e-3 * noise(1)
    late = SECONDS >= 0.5
    epoch[0, 0, late] += np.sin(2 * np.pi * 20 * SECONDS[late])
    beta = table(epoch, bands={"beta": (13, 30)}, segments=(), times=4)[0, 0, 0]
    assert beta[2:].min() > beta[:1].max() + 3


@pytest.mark.parametrize("added", [4200.0, 1e4 * SECONDS], ids=["offset", "slope"])
def test_offset_and_slope_leak_into_no_band(added):
    signals = noise()
    for powers in (
        lambda x: [*welch_powers(x, SFREQ, BANDS, 64)],
        lambda x: [*morlet_powers(x, SFREQ, BANDS, 3.0, 4)],
    ):
        for with_it, without in zip(powers(signals + added), powers(signals), strict=True):
            assert np.allclose(with_it, without, rtol=1e-5)


def test_wavelets_sum_to_zero_at_the_edges_too():
    assert np.allclose([part.sum(axis=0) for part in morlets(2.0, 3.0, N_TIMES, SFREQ)], 0, atol=1e-12)


def test_twice_the_amplitude_is_the_same_distance_in_every_feature():
    quiet, loud = (Spectra(SpectralOptions(), SPEC)((gain * noise()).astype(np.float32)) for gain in (1, 2))
    assert np.allclose(loud - quiet, np.log(4), atol=1e-4)


def test_flat_channels_are_finite():
    assert np.isfinite(Spectra(SpectralOptions(), SPEC)(np.zeros((2, 3, N_TIMES), np.float32))).all()


def test_every_band_is_described_at_every_scale_that_fits():
    rows = Spectra(SpectralOptions(), SPEC)(noise().astype(np.float32))
    # 1 s holds all bands, segments of 0.5 s too (2 Hz), of 0.25 s (4 Hz) all but delta; wavelets in four bins
    assert rows.shape == (3, len(CHANNELS) * (5 + 5 + 4 + 5 * 4))


def test_segments_longer_than_the_epoch_are_as_long():
    epochs = noise().astype(np.float32)
    long, whole = (Spectra(SpectralOptions(segments=(seconds,), times=0), SPEC)(epochs) for seconds in (9.0, 1.0))
    assert np.array_equal(long, whole)


def test_channels_and_window_are_chosen_before():
    part = Spectra(SpectralOptions(channels=("O?",), window=(0.25, 0.75)), SPEC)
    epochs = noise().astype(np.float32)
    outside = epochs.copy()
    outside[..., :32], outside[..., 96:] = 9, 9
    assert np.array_equal(part(outside), part(epochs))
    outside[:, 0, 40] = 9
    assert not np.array_equal(part(outside), part(epochs))


def test_bands_that_do_not_fit_are_refused():
    with pytest.raises(ConfigError, match=r"bands: none of ripple fits into 1 s at 128 Hz"):
        Spectra(SpectralOptions(bands={"ripple": (80, 120)}), SPEC)(noise().astype(np.float32))


@pytest.mark.parametrize("bands", [{}, {"alpha": (13, 8)}, {"alpha": (0, 8)}])
def test_bands_that_make_no_sense_are_refused(bands):
    with pytest.raises(ValueError, match="bands"):
        SpectralOptions(bands=bands)
