import numpy as np
import pytest
from scipy.linalg import inv
from scipy.signal import welch

from replay.world.forward import electrode_positions

QUIET = {"alpha_uv": 0, "line_uv": 0, "drift_uv": 0, "blink_uv": 0, "white_uv": 1e-3}


def draw(world, seconds, seed=0):
    data = np.empty((round(seconds * world.spec.sfreq), len(world.spec.channels)), np.float32)
    world.noise.fill(data, np.random.default_rng(seed))
    return data


def spectrum(data, world, seconds=4):
    return welch(data.astype(float), world.spec.sfreq, nperseg=round(seconds * world.spec.sfreq), axis=0)


@pytest.mark.parametrize("slope", [0.0, 1.0, 1.7])
def test_the_background_has_the_slope_that_was_asked_for(make_tiny, slope):
    world = make_tiny(noise={**QUIET, "slope": slope})
    f, power = spectrum(draw(world, 1000), world)
    band = (f >= 1) & (f <= 50)
    slopes = np.polyfit(np.log(f[band]), np.log(power[band]), 1)[0]
    np.testing.assert_allclose(slopes, -slope, atol=0.05)


def test_the_background_has_the_level_that_was_asked_for(make_tiny):
    world = make_tiny(noise=QUIET)
    assert np.sqrt((draw(world, 2000) ** 2).mean()) == pytest.approx(10, rel=0.05)


def test_alpha_peaks_at_its_frequency_and_at_the_back_of_the_head(preset):
    world = preset("things")
    f, power = spectrum(draw(world, 300), world)
    back = power[:, [world.spec.channels.index(label) for label in ("O1", "Oz", "O2")]].mean(1)
    band = (f >= 7) & (f <= 14)
    assert f[band][back[band].argmax()] == pytest.approx(10, abs=0.5)
    neighbours = (np.abs(f - 6) < 0.6) | (np.abs(f - 15) < 0.6)
    excess = power[np.abs(f - 10) < 0.6].mean(0) / power[neighbours].mean(0)
    assert excess[world.spec.channels.index("Oz")] > 3
    assert world.spec.channels[excess.argmax()].startswith(("O", "P"))


@pytest.mark.parametrize(("name", "hz"), [("things", 50), ("muse", 60)])
def test_the_line_stands_out_at_its_frequency(preset, name, hz):
    world = preset(name)
    f, power = spectrum(draw(world, 300), world)
    high = (f > 20) & (f < 0.45 * world.spec.sfreq)
    assert (
        np.mean(f[high][power[high].argmax(0)] == hz) >= 0.75
    )  # of the channels; leads pick up more or less of it


def test_blinks_are_positive_and_largest_at_the_forehead(preset):
    world = preset("things")
    data = draw(world, 60)
    peaks = np.quantile(data - np.median(data, axis=0), 0.999, axis=0)
    assert world.spec.channels[peaks.argmax()] in {"Fp1", "Fp2"}
    assert peaks.max() > 100


def test_there_are_as_many_blinks_as_said(make_tiny):
    world = make_tiny(noise={**QUIET, "background_uv": 1e-3, "blink_uv": 100, "blinks_per_minute": 12})
    forehead = draw(world, 3000)[:, 3]
    starts = np.count_nonzero((forehead[1:] > 1) & (forehead[:-1] <= 1))
    # 600 are expected; a few run into each other
    assert 500 < starts < 650


def test_near_electrodes_are_more_alike_than_distant_ones(preset):
    world = preset("things")
    correlation = np.corrcoef(draw(world, 60).T)
    at = electrode_positions(world.spec.montage, world.spec.channels)
    distance = np.linalg.norm(at[:, None] - at, axis=2)
    near, far = (distance > 0) & (distance < 0.5), distance > 1.5
    assert correlation[near].mean() > correlation[far].mean() + 0.2


@pytest.mark.parametrize("column", range(4))
def test_sources_have_the_autocovariance_that_is_claimed(make_tiny, column):
    world = make_tiny(noise={"drift_uv": 2})
    sources = draw(world, 8000) - world.noise.mean
    sources = (sources @ inv(world.noise.mixing).T)[:, column]
    claimed = world.noise.autocovariance(world.noise.sources[column], 40)
    measured = [np.mean(sources[: len(sources) - lag] * sources[lag:]) for lag in range(40)]
    np.testing.assert_allclose(measured, claimed, atol=0.05 * claimed[0])


def test_sources_are_independent(make_tiny):
    world = make_tiny(noise={"drift_uv": 0})
    sources = draw(world, 2000) @ inv(world.noise.mixing).T
    off_diagonal = np.corrcoef(sources.T)[~np.eye(4, dtype=bool)]
    assert np.abs(off_diagonal).max() < 0.05


def test_the_mean_is_as_claimed(make_tiny):
    world = make_tiny(noise={"drift_uv": 0, "offset_uv": 4200, "blinks_per_minute": 30})
    np.testing.assert_allclose(draw(world, 4000).mean(0, dtype=float), world.noise.mean, atol=0.5)
    assert world.noise.mean[3] > 4205  # the forehead sees the blinks


def test_short_and_long_noise_alike_have_drifts(make_tiny):
    world = make_tiny(noise={**QUIET, "drift_uv": 100})
    short = np.stack([draw(world, 2, seed).mean(0) for seed in range(40)])
    assert 50 < np.sqrt((short**2).mean()) < 150
