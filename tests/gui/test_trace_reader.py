import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bci.display_filter import DisplaySpec
from bci.history import History
from bci.types import Channel, SampleChunk
from gui import trace_reader
from gui.trace_reader import TraceReader

SFREQ = 100.0


def history_of(data, seconds=60.0):
    history = History(SFREQ, data.shape[1], seconds=seconds)
    feed(history, data)
    return history


def feed(history, data):
    """Append samples; where all are missing they are a gap between two chunks."""
    times = (history.end + np.arange(len(data))) / SFREQ
    there = np.isfinite(data).any(axis=1)
    edges = np.flatnonzero(np.diff(there, prepend=False, append=False))
    offset = history.end
    for start, stop in edges.reshape(-1, 2):
        history.append(
            SampleChunk(np.float32(data[start:stop]), times[start:stop], times[stop - 1], offset + start)
        )


def reader_of(history):
    return TraceReader(history, [Channel(f"E{i}") for i in range(history.since(0).data.shape[1])])


def noise(n_times, n_channels=2):
    return np.random.default_rng(0).normal(size=(n_times, n_channels)).astype(np.float32)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 400), max_size=8), st.integers(1, 500))
def test_a16_everything_is_read_once_and_in_order(ends, at_once):
    data = noise(1000)
    reader = reader_of(history_of(data))
    reader._at_once = at_once
    pieces = [piece.data for end in (*np.cumsum(ends), 1000) for piece in reader.read(min(end, 1000))]
    assert max(map(len, pieces)) <= at_once
    np.testing.assert_array_equal(np.concatenate(pieces), data)


def test_a16_filters_have_settled_where_the_picture_begins():
    data = noise(2000) + 500
    history = history_of(data)
    shown = []
    for first in (0, 1500):
        reader = reader_of(history)
        reader.set_filter(DisplaySpec(highpass=1.0), frozenset())
        assert reader.seek(first) == first
        shown.append(np.concatenate([piece.data for piece in reader.read(2000)])[-500:])
    assert np.abs(shown[0] - shown[1]).max() < 0.05  # and 3 and more without those before
    assert len(shown[1]) == 500


def test_a8_each_gap_is_told_once_at_its_first_missing_sample(monkeypatch):
    monkeypatch.setattr(trace_reader, "AT_ONCE", 2 * 7)
    data = noise(300)
    for start, stop in ((20, 50), (60, 61), (140, 147)):
        data[start:stop] = np.nan
    reader = reader_of(history_of(data))
    assert [gap for piece in reader.read(300) for gap in piece.gaps] == [20, 60, 140]


def test_a16_what_was_overtaken_is_left_behind():
    history = history_of(noise(1000), seconds=10)
    reader = reader_of(history)
    assert not reader.left_behind(1000, 1000)
    feed(history, noise(200))
    assert reader.left_behind(1200, 1000)
    assert list(reader.read(1200)) == []
    assert reader.seek(0) == 200
    assert not reader.left_behind(1200, 1000)
    (piece,) = reader.read(1200)
    assert len(piece.data) == 1000


@pytest.mark.parametrize(("n_samples", "left_behind"), [(1000, False), (100, True)])
def test_a3_what_is_far_behind_is_not_read_in_vain(monkeypatch, n_samples, left_behind):
    monkeypatch.setattr(trace_reader, "AT_ONCE", 1000)
    assert reader_of(history_of(noise(2000))).left_behind(2000, n_samples) is left_behind


def test_a21_tops_that_are_read_again_are_not_counted_again():
    times = np.arange(1000) / SFREQ
    wave = 200 * np.sin(2 * np.pi * 1.3 * times)[:, None] + noise(1000, 1)
    reader = reader_of(history_of(np.clip(wave, -150, 150)))
    counts = []
    for first in (0, 500, 0):
        reader.seek(first)
        clipped = np.concatenate([piece.clipped for piece in reader.read(1000)])
        assert clipped.any()
        counts.append(reader.clips)
    assert counts[0] > 15
    assert len(set(counts)) == 1
