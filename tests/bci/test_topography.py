import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.interpolate import RBFInterpolator

from bci.topography import FEWEST, grid, spline_matrix

SEEDS = st.integers(0, 9999)


def electrodes(seed, n):
    """Places at least 0.1 apart on a head of radius 1."""
    rng, places = np.random.default_rng(seed), []
    while len(places) < n:
        place = rng.uniform(-1, 1, 2)
        if np.hypot(*place) < 1 and all(np.hypot(*(place - other)) > 0.1 for other in places):
            places.append(place)
    return np.array(places)


@given(SEEDS, st.integers(FEWEST, 40))
def test_a19_electrodes_keep_their_values(seed, n):
    places = electrodes(seed, n)
    values = np.random.default_rng(seed).normal(size=n)
    np.testing.assert_allclose(spline_matrix(places, places) @ values, values, atol=1e-3)


@given(SEEDS, st.tuples(*[st.floats(-5, 5)] * 3))
def test_a19_a_plane_stays_a_plane(seed, plane):
    places, cells = electrodes(seed, 12), grid(8, 1.0)
    level, right, front = plane
    found = spline_matrix(places, cells) @ (level + places @ [right, front])
    np.testing.assert_allclose(found, level + cells @ [right, front], atol=1e-3)


@given(SEEDS)
def test_a19_the_map_is_that_of_scipy(seed):
    places, cells = electrodes(seed, 20), grid(8, 1.0)
    values = np.random.default_rng(seed).normal(size=20)
    expected = RBFInterpolator(places, values, kernel="thin_plate_spline")(cells)
    np.testing.assert_allclose(spline_matrix(places, cells) @ values, expected, atol=5e-3)


def test_the_grid_runs_from_the_front_left_to_the_back_right():
    cells = grid(4, 2.0)
    np.testing.assert_allclose(cells[[0, 3, -1]], [[-1.5, 1.5], [1.5, 1.5], [1.5, -1.5]])


def test_the_matrix_is_finished():
    matrix = spline_matrix(electrodes(0, 8).astype(np.float32), grid(4, 1.0))
    assert (matrix.shape, matrix.dtype, matrix.flags.writeable) == ((16, 8), np.float32, False)


def test_electrodes_on_each_other_share_their_value():
    places = np.concatenate([electrodes(3, 8), electrodes(3, 1)])
    values = np.arange(9.0)
    found = spline_matrix(places, places[:1]) @ values
    assert found == pytest.approx((values[0] + values[8]) / 2, abs=1e-2)


@pytest.mark.parametrize("places", [electrodes(0, FEWEST - 1), np.stack([np.linspace(-1, 1, 6)] * 2, 1)])
def test_a19_too_few_electrodes_or_a_line_of_them_make_no_map(places):
    assert spline_matrix(places, grid(4, 1.0)) is None
