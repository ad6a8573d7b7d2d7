import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gui.scales import percent_end, round_counts, round_up


@given(st.floats(1e-6, 1e6))
def test_a13_scales_are_round_and_the_next_above(value):
    found = round_up(value)
    assert f"{found:.0e}"[0] in "125"
    assert found == pytest.approx(float(f"{found:.0e}"))
    assert value * (1 - 1e-6) <= found < 2.5 * value * (1 + 1e-6)


@given(st.floats(0, 100))
def test_b3_an_axis_of_percent_holds_them_and_is_filled_by_four_tenths_at_least(most):
    end = percent_end(most)
    assert most <= end + 1e-6
    assert end <= max(1, 2.5 * most)


@pytest.mark.parametrize(("most", "end"), [(0, 1), (5, 5), (33, 40), (80.0000000001, 80), (81, 100), (101, 100)])
def test_b3_ends_of_axes_of_percent(most, end):
    assert percent_end(most) == end


@pytest.mark.parametrize("most", [0, 1, 3.5, 40, 2500, 1e6])
def test_b4_ticks_are_round_and_apart(most):
    ticks = sorted(round_counts(most))
    assert ticks[-1] <= max(most, 0)
    assert len(ticks) <= 8
    assert np.diff(np.sqrt(ticks)).min(initial=np.inf) >= np.sqrt(most) / 7 - 1e-9
