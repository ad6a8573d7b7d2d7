import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from bci.timeline import Timeline
from bci.types import SampleChunk

RATE = 100.0


def chunk(seq, n, start=0.0, gap_before=0):
    return SampleChunk(np.zeros((n, 1), np.float32), start + (seq + np.arange(n)) / RATE, 0.0, seq, gap_before)


@given(st.lists(st.integers(1, 9), min_size=1, max_size=20), st.integers(0, 180), st.floats(-0.0049, 0.0049))
def test_the_nearest_sample_is_found_whatever_the_chunking(sizes, index, jitter):
    line = Timeline(RATE, memory=100.0)
    seq = 0
    for n in sizes:
        line.append(chunk(seq, n))
        seq += n
    found = line.locate(index / RATE + jitter)
    assert found == (index if index < seq else None)


@given(st.lists(st.integers(1, 9), min_size=2, max_size=20), st.floats(0.95, 1.05), st.floats(0.0, 1.0))
def test_between_two_samples_chunks_that_meet_there_make_no_difference(sizes, pace, share):
    """Samples are not as far apart as the nominal rate says: the fit follows the device."""
    times = np.arange(sum(sizes)) / RATE * pace
    whole, line = Timeline(RATE, memory=100.0), Timeline(RATE, memory=100.0)
    pieces = np.split(np.arange(len(times)), np.cumsum(sizes)[:-1])
    for timeline, parts in ((whole, [np.arange(len(times))]), (line, pieces)):
        for part in parts:
            timeline.append(SampleChunk(np.zeros((len(part), 1), np.float32), times[part], 0.0, int(part[0]), 0))
    time = float(share * times[-1])
    assert line.locate(time) == whole.locate(time)


def test_a_time_inside_a_gap_is_counted_as_missing_samples_are():
    line = Timeline(RATE, memory=100.0)
    line.append(chunk(0, 10))
    line.append(chunk(60, 10, gap_before=50))
    assert line.locate(0.30) == 30
    assert line.locate(0.60) == 60
    assert line.locate(0.65) == 65


def test_a_time_before_the_oldest_sample_is_counted_back():
    line = Timeline(RATE, memory=0.2)
    for seq in range(0, 200, 10):
        line.append(chunk(seq, 10))
    assert line.locate(0.05) == 5
    assert line.locate(-0.5) == -50


def test_nothing_is_found_before_anything_has_come():
    assert Timeline(RATE, memory=1.0).locate(0.0) is None
