import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bci import history
from bci.history import History
from bci.types import SampleChunk

RATE = 100.0


def chunk(first, n, gap=0, n_channels=2):
    """Sample i of channel c is i + c / 10; its time is 50 + i / RATE."""
    index = np.arange(first, first + n)
    data = index[:, None] + np.arange(n_channels) / 10
    return SampleChunk(data.astype(np.float32), 50 + index / RATE, 0.0, first, gap)


def filled(*parts, seconds=1.0, first=0):
    """`parts` are (samples missing before, samples)."""
    kept = History(RATE, 2, seconds)
    for gap, n in parts:
        kept.append(chunk(first + gap, n, gap))
        first += gap + n
    return kept


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(1, 250)), min_size=1, max_size=12), st.integers(0, 999))
def test_what_is_kept_is_what_came_and_what_is_missing_is_said(parts, first):
    kept = filled(*parts, first=first)
    seen = kept.since(0)
    assert len(seen.times) == min(kept.capacity, kept.end - first - parts[0][0])
    assert seen.end == kept.end == first + sum(gap + n for gap, n in parts)
    index = np.arange(seen.first, seen.end)
    assert np.allclose(seen.times, 50 + index / RATE, atol=1e-9)
    came = ~np.isnan(seen.data[:, 0])
    assert np.array_equal(seen.data[came, 0], index[came].astype(np.float32))
    missing = np.zeros(kept.end, bool)
    at = first
    for gap, n in parts:
        missing[at : at + gap] = True
        at += gap + n
    assert np.array_equal(~came, missing[index])


@given(st.integers(0, 400), st.integers(0, 400))
def test_any_stretch_is_cut_to_what_is_kept(first, end):
    kept = filled((0, 130), (0, 130))
    seen = kept.between(first, end)
    expected = [i for i in range(first, end) if kept.start <= i < kept.end]
    assert seen.data[:, 0].tolist() == expected


def history_of(times, sfreq):
    kept = History(sfreq, 2, seconds=60)
    kept.append(SampleChunk(np.zeros((len(times), 2), np.float32), times, times[-1], 0))
    return kept


@given(
    st.sampled_from([1.0, 33.3, 250.0, 1000.0]),
    st.floats(-0.03, 0.03),
    st.integers(20, 2000),
    st.floats(0, 1),
)
def test_the_nearest_sample_is_found_though_the_clock_drifts(sfreq, drift, n_times, where):
    times = 1000 + np.arange(n_times) / (sfreq * (1 + drift))
    kept = history_of(times, sfreq)
    seen = kept.since(0)
    time = seen.times[0] + where * (seen.times[-1] - seen.times[0])
    found = kept.nearest(time)
    assert abs(times[found] - time) <= np.abs(times - time).min() + 1e-9


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(1, 250)), min_size=1, max_size=12), st.floats(-3, 40))
def test_the_nearest_sample_is_found_wherever_the_ring_begins(parts, time):
    kept = filled(*parts)
    times = kept.since(0).times
    found = kept.nearest(50 + time)
    if times[0] <= 50 + time <= times[-1]:
        assert abs(times[found - kept.start] - 50 - time) == pytest.approx(
            np.abs(times - 50 - time).min(), abs=1e-9
        )
    elif not times[0] - 1.5 / RATE < 50 + time < times[-1] + 1.5 / RATE:
        assert found is None


def test_a_time_that_is_not_kept_has_no_sample():
    kept = history_of(100 + np.arange(1000) / 250, 250.0)
    assert kept.nearest(99.0) is None
    assert kept.nearest(104.5) is None
    assert History(250.0, 2).nearest(100.0) is None


def test_an_epoch_is_cut_round_the_nearest_sample():
    kept = filled((0, 100))
    seen = kept.around(50.504, 0.1, 0.2)
    assert seen.data[:, 0].tolist() == list(range(40, 70))
    assert seen.times[10] == pytest.approx(50.5)


@pytest.mark.parametrize("time", [49.0, 50.05, 50.9, 51.5])
def test_an_epoch_that_is_not_all_there_is_none(time):
    assert filled((0, 100)).around(time, 0.1, 0.2) is None
    assert History(RATE, 2).around(time, 0.1, 0.2) is None


def test_an_epoch_is_found_behind_a_gap():
    kept = filled((0, 100), (50, 100), seconds=10)
    assert kept.around(52.0, 0.1, 0.2).data[:, 0].tolist() == list(range(190, 220))
    assert np.isnan(kept.around(51.1, 0.2, 0.2).data).any()


def test_a_gap_longer_than_what_is_kept_forgets_all_before_it():
    kept = filled((0, 50), (10**9, 30))
    seen = kept.since(0)
    assert seen.data[~np.isnan(seen.data[:, 0]), 1].size == 30
    assert len(seen.times) == kept.capacity


def test_samples_that_came_already_are_left_out():
    kept = filled((0, 50))
    kept.append(chunk(20, 30))
    assert kept.end == 50


def test_memory_is_bounded(monkeypatch):
    monkeypatch.setattr(history, "BYTES", 10_000)
    kept = History(10_000.0, 64)
    assert kept.capacity * (64 * 4 + 8) <= 10_000


def test_the_rate_is_that_of_the_times():
    assert filled((0, 90)).rate() == pytest.approx(RATE)
    assert History(RATE, 2).rate() == 0
    assert np.isnan(History(RATE, 2).last_time)


def test_what_a_reader_copies_is_whole_while_a_writer_writes():
    """Sample and time belong together, however far the writer has come meanwhile."""
    kept, stop = History(RATE, 8, seconds=3.0), threading.Event()

    def write():
        first = 0
        while not stop.is_set():
            kept.append(chunk(first, 17, n_channels=8))
            first += 17

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for _ in range(300):
            seen = kept.since(0)
            index = np.arange(seen.first, seen.end)
            assert np.array_equal(seen.data[:, 0], index.astype(np.float32))
            assert np.allclose(seen.times, 50 + index / RATE)
    finally:
        stop.set()
        writer.join()
