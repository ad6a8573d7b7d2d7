import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bci.trend import BLOCKS, trend

HOURS = np.linspace(0, 1, 4000)


def autoregressive(rng, n, rho):
    """Noise of which each value remembers the one before."""
    values = np.zeros(n)
    for i in range(1, n):
        values[i] = rho * values[i - 1] + rng.normal()
    return values


@given(st.floats(-5, 5), st.floats(-100, 100), st.integers(0, 2**32))
def test_a_line_is_found_exactly_in_any_order(slope, level, seed):
    order = np.random.default_rng(seed).permutation(len(HOURS))
    found = trend(HOURS[order], level + slope * HOURS[order])
    assert found.slope == pytest.approx(slope, abs=1e-9)
    assert found.change == pytest.approx(slope, abs=1e-9)
    assert found.low - 1e-9 <= slope <= found.high + 1e-9


def test_spikes_are_no_trend():
    rng = np.random.default_rng(1)
    values = 1 + rng.normal(0, 0.1, len(HOURS))
    late = rng.choice(np.arange(2000, 4000), 100, replace=False)
    values[late] += 50
    least_squares = np.polyfit(HOURS, values, 1)[0]
    assert least_squares > 1
    assert abs(trend(HOURS, values).change) < 0.05


def test_a_leak_is_found():
    rng = np.random.default_rng(2)
    found = trend(HOURS, 1 + 0.2 * HOURS + rng.normal(0, 0.5, len(HOURS)))
    assert found.found
    assert found.low < 0.2 < found.high


@pytest.mark.parametrize("rho", [0.0, 0.5])
def test_of_hundred_runs_without_a_trend_few_are_said_to_have_one(rho):
    """Also where blocks remember the one before, of which the bare interval of Theil and Sen says it 18 times."""
    alarms = 0
    for seed in range(100):
        blocks = autoregressive(np.random.default_rng(seed), BLOCKS, rho)
        alarms += trend(HOURS, np.repeat(blocks, len(HOURS) // BLOCKS)).found
    assert alarms <= 10


def test_nothing_varies():
    found = trend(HOURS, np.ones(len(HOURS)))
    assert (found.slope, found.low, found.high, found.autocorrelation) == (0, 0, 0, 0)
    assert not found.found


@pytest.mark.parametrize("n", [0, 1, 9])
def test_too_few_stretches_tell_no_trend(n):
    assert trend(HOURS[:n], HOURS[:n]) is None


def test_stretches_without_values_are_left_out():
    kept = (HOURS < 0.3) | (HOURS > 0.6)
    assert trend(HOURS[kept], 3 * HOURS[kept]).slope == pytest.approx(3, abs=1e-9)
