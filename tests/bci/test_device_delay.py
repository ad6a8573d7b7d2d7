"""The known delay of a synthetic photodiode or loopback is found again; what shows none is refused."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bci.device_delay import measure_delay
from bci.errors import StreamError
from bci.steps import step_times


def markers_at(n, rng, shortest=0.7, longest=1.3):
    return 2.0 + np.cumsum(rng.uniform(shortest, longest, n))


def seen(markers, delay, sfreq, rng, *, noise=0.0, width=0.2, jitter=0.0, levels=(0.0, 1.0), flicker=None):
    """A channel that sees each marker `delay` seconds later, give or take `jitter`, for `width` seconds."""
    times = np.arange(0, markers[-1] + 2, 1 / sfreq)
    values = np.zeros(len(times))
    for onset in markers + delay + rng.uniform(-jitter, jitter, len(markers)):
        since = times - onset
        lit = (since >= 0) & (since < width)
        values[lit] = 1.0 if flicker is None else (since[lit] * flicker % 1) < 0.5
    values = levels[0] + (levels[1] - levels[0]) * values
    return values + abs(levels[1] - levels[0]) * noise * rng.standard_normal(len(times)), times


def measured(markers, values, times, sfreq, **options):
    return measure_delay(markers, step_times(values, times, len(markers), **options), sfreq)


@given(
    delay=st.floats(-0.08, 0.45),
    sfreq=st.sampled_from([128.0, 250.0, 256.0, 500.0, 1000.0]),
    jitter=st.floats(0.0, 0.002),
    noise=st.floats(0.0, 0.05),
    levels=st.sampled_from([(0.0, 1.0), (5000.0, -3e5), (4200.0, 4300.0)]),
    seed=st.integers(0, 2**32 - 1),
)
@settings(max_examples=60)
def test_known_delay_is_recovered_within_half_a_sample(delay, sfreq, jitter, noise, levels, seed):
    rng = np.random.default_rng(seed)
    markers = markers_at(60, rng)
    values, times = seen(markers, delay, sfreq, rng, noise=noise, jitter=jitter, levels=levels)
    found = measured(markers, values, times, sfreq)
    assert found.seconds == pytest.approx(delay, abs=0.5 / sfreq + jitter)
    assert found.low <= found.seconds <= found.high
    assert (found.events, found.unmatched_markers, found.unmatched_steps) == (60, 0, 0)


def test_interval_covers_the_delay_as_often_as_it_says():
    inside = 0
    for seed in range(200):
        rng = np.random.default_rng(seed)
        markers = markers_at(60, rng)
        found = measure_delay(markers, markers + 0.05 + rng.normal(0, 0.002, 60), 1000.0)
        inside += found.low <= 0.05 <= found.high
    assert 0.93 * 200 <= inside <= 200


@pytest.mark.parametrize("width", [0.002, 0.01, 0.5])
def test_pulses_of_any_length(width):
    rng = np.random.default_rng(0)
    markers = markers_at(60, rng)
    values, times = seen(markers, 0.0516, 1000.0, rng, width=width, noise=0.02)
    assert measured(markers, values, times, 1000.0).seconds == pytest.approx(0.0516, abs=5e-4)


def test_screen_that_flickers_while_it_is_bright():
    rng = np.random.default_rng(0)
    markers = markers_at(60, rng)
    values, times = seen(markers, 0.03, 1000.0, rng, flicker=60.0)
    found = measured(markers, values, times, 1000.0)
    assert found.seconds == pytest.approx(0.03, abs=5e-4)
    assert found.unmatched_steps == 0


def test_direction_can_be_said():
    rng = np.random.default_rng(0)
    markers = markers_at(60, rng)
    values, times = seen(markers, 0.03, 1000.0, rng, width=0.1)
    assert measured(markers, values, times, 1000.0, direction="down").seconds == pytest.approx(0.13, abs=5e-4)


def test_lost_and_additional_events_are_counted():
    rng = np.random.default_rng(0)
    markers = markers_at(60, rng)
    steps = np.sort(np.r_[np.delete(markers, [3, 20, 41]) + 0.05, markers[7] + 0.4, markers[30] + 0.3])
    found = measure_delay(markers, steps, 1000.0)
    assert (found.events, found.unmatched_markers, found.unmatched_steps) == (57, 3, 2)


def test_spikes_make_no_level():
    rng = np.random.default_rng(0)
    markers = markers_at(60, rng)
    values, times = seen(markers, 0.05, 1000.0, rng)
    values[[100, 5000, 9000]] = 40.0
    assert measured(markers, values, times, 1000.0).seconds == pytest.approx(0.05, abs=5e-4)


def test_samples_that_are_not_finite_are_rest():
    rng = np.random.default_rng(0)
    markers = markers_at(60, rng)
    values, times = seen(markers, 0.05, 1000.0, rng)
    values[10:20] = np.nan
    assert measured(markers, values, times, 1000.0).events == 60


@pytest.mark.parametrize("seed", range(20))
def test_channel_of_noise_is_refused(seed):
    rng = np.random.default_rng(seed)
    markers = markers_at(60, rng)
    times = np.arange(0, markers[-1] + 2, 1 / 250)
    with pytest.raises(StreamError, match="expected"):
        measured(markers, rng.normal(0, 10, len(times)), times, 250.0)


def test_flat_channel_is_refused():
    rng = np.random.default_rng(0)
    markers = markers_at(60, rng)
    times = np.arange(0, markers[-1] + 2, 1 / 250)
    with pytest.raises(StreamError, match=r"got 60 and 0: name the channel"):
        measured(markers, np.zeros(len(times)), times, 250.0)


def test_too_few_events_are_refused():
    markers = np.arange(19.0)
    with pytest.raises(StreamError, match="at least 20 markers"):
        measure_delay(markers, markers + 0.05, 250.0)


def test_two_delays_are_refused():
    rng = np.random.default_rng(0)
    markers = markers_at(60, rng)
    with pytest.raises(StreamError, match=r"one delay, got .* and "):
        measure_delay(markers, markers + np.where(np.arange(60) % 2, 0.05, 0.15), 1000.0)


def test_delay_that_cannot_be_told_from_the_next_event_is_refused():
    markers = 2 + 0.4 * np.arange(60)
    with pytest.raises(StreamError, match="irregular intervals"):
        measure_delay(markers, markers + 0.05, 1000.0)


def test_range_can_be_narrowed():
    markers = 2 + 0.4 * np.arange(60)
    assert measure_delay(markers, markers + 0.05, 1000.0, (0.0, 0.3)).seconds == pytest.approx(0.05)


def test_delay_that_varies_is_refused():
    rng = np.random.default_rng(0)
    markers = markers_at(60, rng)
    with pytest.raises(StreamError, match="quartiles"):
        measure_delay(markers, markers + 0.05 + rng.uniform(-0.02, 0.02, 60), 1000.0)
