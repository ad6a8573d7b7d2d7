import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bci.channel_quality import Condition, assess_channels, impedances, measure
from bci.types import Channel

RATE = 250.0
SEEDS = st.integers(0, 9999)
TIMES = np.arange(500) / RATE


def cap(seed, n_channels=8, sfreq=RATE, level=10.0):
    """Two seconds of white noise on offsets of hundreds of microvolts, which no one should mind."""
    rng = np.random.default_rng(seed)
    n_times = round(2 * sfreq)
    return (rng.normal(size=(n_times, n_channels)) * level + rng.normal(size=n_channels) * 300).astype(np.float32)


def judged(data, sfreq=RATE):
    return [assessment.condition for assessment in assess_channels(measure(data, sfreq))]


def reasons(data, sfreq=RATE):
    return [assessment.reason for assessment in assess_channels(measure(data, sfreq))]


@given(SEEDS, st.floats(1, 200), st.sampled_from([1, 4, 8, 64]))
def test_a20_a_sound_cap_is_good_whatever_its_level(seed, level, n_channels):
    assert judged(cap(seed, n_channels, level=level)) == [Condition.GOOD] * n_channels


def planted(kind, data):
    faulty = data.copy()
    if kind is Condition.FLAT:
        faulty[:, 2] = 20 + 0.1 * np.sin(TIMES)
    if kind is Condition.SATURATED:
        wave = 300 * np.sin(2 * np.pi * 0.7 * TIMES) + data[:, 2] - data[:, 2].mean()
        faulty[:, 2] = np.clip(wave, -180, 180)
    if kind is Condition.LINE:
        faulty[:, 2] += 40 * np.sin(2 * np.pi * 50 * TIMES)
    if kind is Condition.NOISY:
        faulty[:, 2] = data[:, 2] * 20
    if kind is Condition.MISSING:
        faulty[:300, 2] = np.nan
    return faulty


@given(SEEDS, st.sampled_from([kind for kind in Condition if kind is not Condition.GOOD]))
def test_a20_a_planted_fault_is_found_in_its_channel_alone(seed, kind):
    found = judged(planted(kind, cap(seed)))
    assert found[2] is kind
    assert [condition for i, condition in enumerate(found) if i != 2] == [Condition.GOOD] * 7


@given(SEEDS, st.permutations(range(6)))
def test_a20_the_order_of_channels_does_not_matter(seed, order):
    data = planted(Condition.LINE, planted(Condition.NOISY, cap(seed, 6)))
    assert judged(data[:, order]) == [judged(data)[i] for i in order]


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        (Condition.FLAT, r"spans 0\.\d\d µV in 2 s, less than 0\.5"),
        (Condition.SATURATED, r"at its extreme for \d{3} ms"),
        (Condition.LINE, r"50 Hz has \d+(\.\d)? x the power of 1-45 Hz"),
        (Condition.NOISY, r"\d+ µV RMS \(1-45 Hz\), z \d+\.\d across channels"),
        (Condition.MISSING, r"60% of the samples are missing"),
    ],
)
def test_a20_the_reason_has_numbers_and_units(kind, said):
    reason = reasons(planted(kind, cap(0)))[2]
    assert re.search(said, reason), reason


def test_a20_a_good_channel_has_its_numbers_too():
    said = r"\d\.\d µV RMS \(1-45 Hz\), z [+-]0\.\d across channels, [56]0 Hz has 0\.0\d x its power"
    assert re.fullmatch(said, reasons(cap(0))[0])


def test_a20_mains_at_60_hz_are_called_so():
    data = cap(0)
    data[:, 2] += 40 * np.sin(2 * np.pi * 60 * TIMES)
    assert "60 Hz" in reasons(data)[2]


def test_a20_the_time_at_the_rail_is_measured():
    data = cap(0)
    data[100:200, 2] = data[:, 2].max() + 100
    assert measure(data, RATE).clipped[2] == pytest.approx(100 / RATE)
    assert measure(data, RATE).clipped[[0, 1]].max() <= 2 / RATE


@given(SEEDS, st.floats(1, 100), st.floats(0, 6))
def test_a20_coarse_converters_are_not_saturated(seed, amplitude, phase):
    data = cap(seed, 4, level=2) + (amplitude * np.sin(2 * np.pi * 2 * TIMES + phase))[:, None]
    assert Condition.SATURATED not in judged((np.round(data / 0.49) * 0.49).astype(np.float32))


def test_a20_a_gap_of_the_stream_costs_nothing_but_its_samples():
    data = cap(0)
    data[200:300] = np.nan
    assert judged(data) == [Condition.GOOD] * 8
    assert measure(data, RATE).missing == pytest.approx(0.2)


@pytest.mark.parametrize("n_times", [0, 1, 2, 200])
def test_a20_nothing_is_said_before_a_second_has_come(n_times):
    assert judged(cap(0)[:n_times]) == [Condition.MISSING] * 8


@pytest.mark.parametrize("sfreq", [8.0, 64.0, 128.0, 1000.0, 10_000.0])
def test_a20_any_rate_is_judged(sfreq):
    data = cap(0, sfreq=sfreq)
    data[:, 1] = 5
    assert judged(data, sfreq) == [Condition.GOOD, Condition.FLAT, *[Condition.GOOD] * 6]
    assert (measure(data, sfreq).line is None) == (sfreq < 100)


def test_a20_few_channels_are_not_compared_with_each_other():
    data = cap(0, 3)
    data[:, 0] *= 30
    assert judged(data) == [Condition.GOOD] * 3


def test_a20_the_robust_z_score_is_not_fooled_by_the_worst():
    data = cap(0, 9)
    data[:, :3] *= [30, 60, 1000]
    assert judged(data)[:4] == [Condition.NOISY] * 3 + [Condition.GOOD]


def test_a20_impedances_belong_to_the_electrodes_that_they_name():
    channels = [Channel("Fp1"), Channel("T3"), Channel("Oz"), *(
        Channel(label, "impedance", "kohm") for label in ("fp1 imp", "Z_T7", "Cz imp", "Oz-impedance")
    )]  # fmt: skip
    assert impedances(channels) == {0: 3, 1: 4, 2: 6}
    assert impedances(channels[:3]) == {}
