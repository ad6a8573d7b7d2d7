import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bci.ring import Ring, Window


def ramp(first, n):
    """Samples whose value is their index, so that any window can be located exactly."""
    return np.repeat(np.arange(first, first + n, dtype=np.float64)[:, None], 2, axis=1)


@given(st.integers(1, 40), st.lists(st.integers(0, 40), max_size=30), st.data())
def test_every_ready_window_holds_the_samples_of_its_indices(capacity, sizes, data):
    ring = Ring(capacity, 2)
    for size in sizes:
        n = min(size, capacity)
        ring.append(ramp(ring.end, n), ring.end)
    first = data.draw(st.integers(0, ring.end + 5))
    n = data.draw(st.integers(1, capacity))
    state = ring.look(first, n)
    if first < ring.end - capacity:
        assert state is Window.GONE
    elif first + n > ring.end:
        assert state is Window.WAITING
    else:
        assert state is Window.READY
        np.testing.assert_array_equal(ring.window(first, n), ramp(first, n))


@given(st.integers(1, 20), st.integers(0, 20), st.integers(0, 40), st.integers(1, 20))
def test_a_window_across_a_gap_is_broken_and_no_other(before, gap, first, n):
    ring = Ring(64, 2)
    ring.append(ramp(0, before), 0)
    ring.append(ramp(before + gap, 20), before + gap, broken=True)
    touches = first < before + gap and first + n > before
    if touches:
        assert ring.look(first, n) is Window.BROKEN
    else:
        assert ring.look(first, n) in (Window.READY, Window.WAITING)


def test_a_gap_that_has_left_the_ring_is_forgotten():
    ring = Ring(8, 2)
    ring.append(ramp(0, 4), 0)
    ring.append(ramp(6, 8), 6)
    ring.append(ramp(14, 8), 14)
    assert ring.look(14, 8) is Window.READY
    assert ring.look(5, 4) is Window.GONE


def test_a_stream_may_begin_at_any_index():
    ring = Ring(8, 2)
    ring.append(ramp(100, 4), 100)
    assert ring.look(100, 4) is Window.READY
    assert ring.look(99, 2) is Window.GONE


def test_windows_cannot_be_written():
    ring = Ring(8, 2)
    ring.append(ramp(0, 4), 0)
    with pytest.raises(ValueError, match="read-only"):
        ring.window(0, 2)[0, 0] = 1.0


def test_going_back_or_overflowing_is_refused():
    ring = Ring(8, 2)
    ring.append(ramp(0, 4), 0)
    with pytest.raises(ValueError, match="from index 4 on"):
        ring.append(ramp(2, 4), 2)
    with pytest.raises(ValueError, match="at most 8"):
        ring.append(ramp(4, 9), 4)
