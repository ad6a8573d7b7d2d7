"""What a source sends becomes the recording that it was."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bci.array_source import ArraySource
from bci.gathering import Gathering
from bci.types import Batch, Channel, Marker, Recording, SampleChunk, SourceState, StreamSpec, read_only

SFREQ = 100.0
STREAM = StreamSpec("made up", "EEG", "id", SFREQ, (Channel("Cz"), Channel("Pz")), "FCz")


def gathered(recording, chunk, most=1e6):
    source = ArraySource(recording, chunk=chunk)
    gathering = Gathering(source.spec, most)
    while (batch := source.pull(0.0)) is not None:
        gathering.feed(batch)
    return gathering


@st.composite
def recordings(draw):
    lengths = draw(st.lists(st.integers(1, 60), min_size=1, max_size=4))
    gaps = [0, *(draw(st.integers(1, 50)) for _ in lengths[1:])]
    firsts = np.cumsum([0, *lengths[:-1]])
    starts = 7.0 + (firsts + np.cumsum(gaps)) / SFREQ
    n = sum(lengths)
    data = np.random.default_rng(0).normal(size=(n, 2)).astype(np.float32)
    samples = draw(st.lists(st.integers(0, n - 1), max_size=8))
    return Recording(
        data=read_only(data),
        sfreq=SFREQ,
        segments=tuple((int(first), float(start)) for first, start in zip(firsts, starts, strict=True)),
        markers=tuple((sample, str(number)) for number, sample in enumerate(sorted(samples))),
        channels=STREAM.channels,
        reference="FCz",
        sources=tuple(f"stream {number}" for number in range(len(samples))),
    )


@settings(deadline=None)
@given(recording=recordings(), chunk=st.integers(1, 40))
def test_a_recording_that_is_played_is_gathered_as_it_was(recording, chunk):
    found = gathered(recording, chunk).recording()
    np.testing.assert_array_equal(found.data, recording.data)
    assert [first for first, _ in found.segments] == [first for first, _ in recording.segments]
    np.testing.assert_allclose([at for _, at in found.segments], [at for _, at in recording.segments], atol=1e-9)
    assert (found.markers, found.sources) == (recording.markers, recording.sources)
    assert (found.sfreq, found.channels, found.reference) == (SFREQ, recording.channels, "FCz")


def chunk_of(first, n, gap=0, jitter=0.0):
    times = (first + np.arange(n)) / SFREQ + jitter
    return SampleChunk(np.full((n, 2), first, np.float32), times, float(times[-1]), first, gap)


def batch_of(chunk=None, *markers):
    return Batch(chunk, tuple(Marker(time, value) for time, value in markers), SourceState.FLOWING)


def test_it_stops_at_what_was_asked_for():
    gathering = Gathering(STREAM, 1.0)
    for first in range(0, 300, 50):
        gathering.feed(batch_of(chunk_of(first, 50)))
    assert gathering.full
    assert gathering.seconds == 1.0
    assert len(gathering.recording().data) == 100


def test_a_marker_that_comes_before_or_long_after_its_sample_is_placed_there():
    gathering = Gathering(STREAM, 10.0)
    gathering.feed(batch_of(chunk_of(0, 50), (0.72, "early")))
    gathering.feed(batch_of(chunk_of(50, 50)))
    gathering.feed(batch_of(None, (0.104, "late")))
    assert set(gathering.recording().markers) == {(72, "early"), (10, "late")}


def test_markers_without_a_sample_are_left_out():
    gathering = Gathering(STREAM, 10.0)
    gathering.feed(batch_of(chunk_of(0, 50), (-0.3, "before")))
    gathering.feed(batch_of(chunk_of(80, 50, gap=30), (0.6, "in the gap"), (1.0, "after it"), (5.0, "not yet")))
    assert gathering.recording().markers == ((70, "after it"),)


@pytest.mark.parametrize(("seconds", "expected"), [(0.3, 30), (0.7, 70), (5.0, 100)])
def test_what_is_recent(seconds, expected):
    gathering = Gathering(STREAM, 10.0)
    assert gathering.recent(1.0).shape == (0, 2)
    gathering.feed(batch_of(chunk_of(0, 50)))
    gathering.feed(batch_of(chunk_of(50, 50)))
    recent = gathering.recent(seconds)
    assert len(recent) == expected
    assert (recent[-50:] == 50).all()[()] if expected >= 50 else (recent == 50).all()


def test_nothing_is_an_empty_recording():
    assert len(Gathering(STREAM, 1.0).recording().data) == 0
