from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gui.sweep import Sweep
from gui.trace_lanes import Lanes, segments

SIZES = st.lists(st.integers(0, 60), max_size=12)


def noise(n_times, n_channels=2, seed=0, holes=()):
    data = np.random.default_rng(seed).normal(size=(n_times, n_channels)).astype(np.float32) * 10
    for start, length in holes:
        data[start : start + length] = np.nan
    return data


def clips(data):
    """What is taken for clipped: a property of a sample alone, so that it can be told from the data again."""
    return data > 10


def swept(data, width, n_samples, sizes=(), first=0):
    sweep, at = Sweep(data.shape[1], width, n_samples), 0
    sweep.restart(first)
    for size in (*sizes, len(data)):
        sweep.append(data[at : at + size], clips(data[at : at + size]))
        at += size
    return sweep


def by_hand(data, width, n_samples, first, column):
    """Extremes of a column's samples, found one by one, and whether any is clipped; None if it has none."""
    own = [row for i, row in enumerate(data, first) if i * width // n_samples == column]
    if not own:
        return None
    columns = np.array(own)
    there = np.isfinite(columns)
    low = np.where(there.any(axis=0), np.where(there, columns, np.inf).min(axis=0), np.nan)
    high = np.where(there.any(axis=0), np.where(there, columns, -np.inf).max(axis=0), np.nan)
    return low, high, clips(columns).any(axis=0)


@settings(max_examples=150, deadline=None)
@given(
    n_times=st.integers(1, 300),
    width=st.integers(1, 80),
    n_samples=st.integers(1, 400),
    sizes=SIZES,
    first=st.integers(0, 1000),
    holes=st.lists(st.tuples(st.integers(0, 299), st.integers(1, 40)), max_size=3),
)
def test_a18_every_column_spans_its_samples(n_times, width, n_samples, sizes, first, holes):
    data = noise(n_times, holes=holes)
    sweep = swept(data, width, n_samples, sizes, first)
    newest = (first + n_times - 1) * width // n_samples
    assert sweep.columns.stop == newest + 1
    assert len(sweep.columns) <= width
    for column in sweep.columns:
        expected = by_hand(data, width, n_samples, first, column)
        drawn = [values[column % width] for values in (sweep.low, sweep.high, sweep.clipped)]
        if expected is None:
            assert np.isnan(drawn[:2]).all()
            assert not drawn[2].any()
        elif column > sweep.columns.start:  # the oldest one may have begun before
            np.testing.assert_array_equal(drawn, expected)


@settings(max_examples=100, deadline=None)
@given(st.integers(1, 300), st.integers(1, 80), st.integers(1, 400), SIZES)
def test_a18_columns_do_not_depend_on_the_chunks(n_times, width, n_samples, sizes):
    data = noise(n_times, holes=[(40, 20)])
    one, other = swept(data, width, n_samples, sizes), swept(data, width, n_samples)
    assert one.columns == other.columns
    slots = [column % width for column in one.columns]
    for name in ("low", "high", "before", "missing", "clipped"):
        np.testing.assert_array_equal(getattr(one, name)[slots], getattr(other, name)[slots])


@settings(max_examples=80, deadline=None)
@given(st.integers(20, 300), st.integers(2, 40), st.integers(1, 8), SIZES)
def test_a15_the_lines_of_neighbouring_columns_meet(n_times, width, per_column, sizes):
    sweep = swept(noise(n_times), width, width * per_column, sizes)
    start = sweep.columns.start
    columns = range(max(start, sweep.columns.stop - sweep.columns.stop % width), sweep.columns.stop)
    lanes = Lanes(np.array([1]), np.float32([1.0]), 200)
    lines, _ = segments(sweep, lanes, columns, np.zeros(2, np.float32))
    assert [line[0] for line in lines] == [column % width for column in columns]
    for left, right in pairwise(lines):
        assert right[1] <= left[3]
        assert left[1] <= right[3]


def test_a15_a_spike_of_one_sample_stays():
    data = np.zeros((10_000, 1), np.float32)
    data[4321] = 100
    sweep = swept(data, 100, 10_000, [17] * 500)
    assert sweep.high[4321 * 100 // 10_000, 0] == 100
    assert (sweep.high[:, 0] == 100).sum() == 1


def test_a18_what_changed_is_told():
    sweep = Sweep(1, 10, 100)
    for n_times, changed in ((5, range(1)), (10, range(2)), (0, range(0)), (250, range(17, 27))):
        data = np.zeros((n_times, 1), np.float32)
        assert sweep.append(data, clips(data)) == changed


@pytest.mark.parametrize(
    ("sfreq", "window", "width"), [(1, 1, 1000), (1, 60, 3840), (10_000, 60, 300), (250, 10, 2500)]
)
def test_a18_any_rate_fits_any_width(sfreq, window, width):
    sweep = swept(noise(3 * sfreq * window, 1), width, sfreq * window, [sfreq // 60 + 1] * 7)
    empty = width / sweep.n_samples  # after the last of few samples
    assert width - empty - 1 <= len(sweep.columns) <= width
    lines, _ = segments(
        sweep, Lanes(np.array([0]), np.float32([1]), 50), last_page(sweep), np.zeros(1, np.float32)
    )
    assert len(lines)
    assert lines[:, 2].min() >= 0
    assert lines[:, 2].max() < width


def last_page(sweep):
    newest = sweep.columns.stop - 1
    return range(max(sweep.columns.start, newest - newest % sweep.width), newest + 1)


def test_a18_fewer_samples_than_columns_are_joined_by_lines():
    sweep = swept(np.float32([[0], [10], [20]]), 100, 10)
    lines, _ = segments(sweep, Lanes(np.array([0]), np.float32([1]), 100), range(21), np.zeros(1, np.float32))
    assert lines.tolist() == [[0, 50, 0, 50], [0, 50, 10, 40], [10, 40, 20, 30]]


def test_a18_part_of_a_line_needs_the_sample_behind_it():
    sweep = swept(np.float32([[0], [10], [20]]), 100, 10)
    lines, _ = segments(sweep, Lanes(np.array([0]), np.float32([1]), 100), range(12, 15), np.zeros(1, np.float32))
    assert [10, 40, 20, 30] in lines.tolist()


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        (range(20, 23), (range(3),)),
        (range(27, 30), (range(7, 10),)),
        (range(28, 33), (range(8, 10), range(3))),
        (range(27, 40), (range(7, 10), range(7))),  # more than there are
        (range(7, 7), (range(7, 7),)),
    ],
)
def test_a18_columns_are_one_stretch_of_the_ring_or_two(columns, expected):
    assert Sweep(1, 10, 100).stretches(columns) == expected


def test_a8_no_line_crosses_a_gap():
    data = noise(100, 1, holes=[(40, 20)])
    sweep = swept(data, 10, 100, [7] * 9)
    lanes = Lanes(np.array([0]), np.float32([1]), 100)
    lines, _ = segments(sweep, lanes, sweep.columns, np.zeros(1, np.float32))
    assert lines[:, 0].tolist() == [0, 1, 2, 3, 6, 7, 8, 9]
    low, high = data[60:70].min(), data[60:70].max()
    assert lines[4].tolist() == [6, round(50 - float(high)), 6, round(50 - float(low))]
    assert sweep.missing.tolist() == [4 <= column < 6 for column in range(10)]


def test_a13_inverted_lanes_are_mirrored_and_excursions_stay_near_their_lane():
    upright, inverted = (Lanes(np.array([0, 1]), np.float32([gain, gain]), 100) for gain in (2, -2))
    values = np.float32([[5, 5], [1000, -1000]])
    assert upright.y(values).tolist() == [[15, 65], [0, 99]]
    assert inverted.y(values).tolist() == [[35, 85], [99, 0]]


def test_a13_the_middle_is_the_median_of_what_is_there():
    data = np.full((100, 2), 7, np.float32)
    data[:40] = np.nan
    data[:, 1] = np.nan
    sweep = swept(data, 10, 100)
    assert sweep.middle().tolist() == [7, 0]
    assert sweep.spread(np.float32([5, 0])).tolist() == [2, 0]
