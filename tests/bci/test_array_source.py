"""A recording as a source: everything once, in order, at its own time, for any chunking."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from simulated_devices import ramp

from bci.array_source import ArraySource
from bci.clock import VirtualClock
from bci.errors import FormatError
from bci.segments import segments_of
from bci.types import Recording


def drain(source):
    return list(iter(lambda: source.pull(0.0), None))


@given(st.lists(st.integers(1, 70), min_size=1, max_size=6), st.integers(1, 299), st.integers(0, 100))
def test_any_chunking_gives_the_whole_recording(sizes, cut, missing):
    recording = ramp(300, 100.0, gap=(cut, missing / 100))
    batches = drain(ArraySource(recording, sizes))
    chunks = [batch.chunk for batch in batches]
    np.testing.assert_array_equal(np.concatenate([chunk.data for chunk in chunks]), recording.data)
    index = np.concatenate([chunk.seq + np.arange(len(chunk.data)) for chunk in chunks])
    np.testing.assert_array_equal(index, np.r_[0:cut, cut + missing : 300 + missing])
    np.testing.assert_allclose(np.concatenate([chunk.times for chunk in chunks]), index / 100, atol=1e-9)
    assert sum(chunk.gap_before for chunk in chunks) == missing
    markers = [marker for batch in batches for marker in batch.markers]
    assert [(marker.value, index[int(marker.value)] / 100) for marker in markers] == [
        (value, pytest.approx(marker.time)) for marker, (_, value) in zip(markers, recording.markers, strict=True)
    ]


def test_a_marker_comes_with_its_sample():
    for batch in drain(ArraySource(ramp(200), 7)):
        for marker in batch.markers:
            assert marker.time in batch.chunk.times


def test_arrivals_follow_the_clock_that_is_handed_in():
    clock = VirtualClock(5.0)
    source = ArraySource(ramp(100), 50, clock)
    first = source.pull(0.0)
    clock.advance(1.0)
    assert (first.chunk.arrived, source.pull(0.0).chunk.arrived) == (5.0, 6.0)


def test_without_a_clock_the_recording_is_the_clock():
    batch = ArraySource(ramp(100), 50).pull(0.0)
    assert batch.chunk.arrived == batch.chunk.times[-1]


def test_reference_can_be_overridden():
    assert ArraySource(ramp(10)).spec.reference == "FCz"
    assert ArraySource(ramp(10), reference="Cz").spec.reference == "Cz"


def test_markers_say_who_told_them_where_that_is_known():
    whole = ramp(100, 100.0, every=40)
    known = Recording(
        whole.data, 100.0, whole.segments, whole.markers, whole.channels, sources=("amp/Markers", "screen")
    )
    for recording, sources in ((known, ["amp/Markers", "screen"]), (whole, ["recording", "recording"])):
        assert [marker.source for marker in ArraySource(recording, 100).pull(0.0).markers] == sources


def with_segments(*segments):
    whole = ramp(100, 100.0)
    return Recording(whole.data, whole.sfreq, segments, (), whole.channels)


@pytest.mark.parametrize(
    "segments",
    [(), ((5, 0.0),), ((0, 0.0), (0, 1.0)), ((0, 0.0), (50, 1.0), (40, 2.0)), ((0, 0.0), (100, 1.0))],
)
def test_segments_out_of_order_are_refused(segments):
    with pytest.raises(FormatError, match="expected segments"):
        segments_of(with_segments(*segments))


def test_segments_that_overlap_in_time_are_refused():
    with pytest.raises(FormatError, match="begins before"):
        segments_of(with_segments((0, 0.0), (50, 0.3)))
