import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from bci.clipping import ClipDetector

SFREQ = 250.0


def sine(amplitude, n_times=500, frequency=5.3):
    noise = np.random.default_rng(0).normal(size=n_times) * 0.3
    return (amplitude * np.sin(2 * np.pi * frequency * np.arange(n_times) / SFREQ) + noise).astype(np.float32)


def judged(signal, sizes=()):
    data = np.atleast_2d(np.float32(signal)).T
    detector, flags, at = ClipDetector(data.shape[1], SFREQ), [], 0
    for size in (*sizes, len(data)):
        flags.append(detector.feed(at, data[at : at + size]))
        at = min(len(data), at + size)
    return np.concatenate(flags)[:, 0], detector.counts[0]


def test_a21_a_signal_cut_off_at_the_rail_is_clipped_and_counted():
    flags, count = judged(np.clip(sine(400), -200, 200))
    assert 17 <= count <= 22  # 10.6 periods, two tops each; the first ones teach it the step of the converter
    assert flags.any()
    assert (np.abs(np.clip(sine(400), -200, 200))[flags] == 200).all()


def test_a21_an_unclipped_signal_is_not():
    assert judged(sine(400))[1] == 0
    assert judged(np.random.default_rng(0).normal(size=2000) * 20)[1] == 0


def test_a21_smooth_tops_in_whole_microvolts_are_not_clipped():
    times = np.arange(500) / SFREQ
    flat_tops = np.round(8 * np.sin(2 * np.pi * 2.0 * times))
    assert (np.diff(flat_tops) == 0).sum() > 100
    assert judged(flat_tops)[1] == 0


def test_a21_a_slow_drift_into_the_rail_is_clipped():
    drift = np.round(np.minimum(np.arange(600) * 0.5, 100))
    assert judged(drift)[1] == 1


def test_a21_a_flat_channel_is_not_clipped():
    assert judged(np.zeros(500))[1] == 0


def test_a21_five_equal_samples_are_needed():
    signal = sine(50, 200, 3.1)
    signal[100:104] = 90
    assert judged(signal)[1] == 0
    signal[100:105] = 90
    assert judged(signal)[1] == 1


def test_a21_what_is_judged_again_is_not_counted_twice():
    data = np.clip(sine(400), -200, 200)[:, None]
    detector = ClipDetector(1, SFREQ)
    detector.feed(0, data)
    counted = detector.counts.copy()
    assert detector.feed(0, data).any()
    np.testing.assert_array_equal(detector.counts, counted)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 30), max_size=15), st.integers(0, 9))
def test_a21_clipping_does_not_depend_on_the_chunks(sizes, seed):
    rng = np.random.default_rng(seed)
    signal = np.clip(np.round(sine(120, 300) + rng.normal(size=300) * 10), -100, 100)
    signal[rng.integers(0, 280) :][:8] = np.nan
    flags, count = judged(signal, sizes)
    again, all_at_once = judged(signal)
    assert count == all_at_once
    np.testing.assert_array_equal(flags, again)
