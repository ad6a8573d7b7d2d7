"""What every source does; a new one joins by a line in `SOURCES`."""

import uuid
from contextlib import closing, contextmanager

import numpy as np
import pytest
from simulated_devices import ramp

from bci.array_source import ArraySource
from bci.clock import VirtualClock
from bci.lsl_source import LslSource
from bci.player import Player
from bci.types import SourceState
from replay.device import DeviceOptions, DeviceProcess

WHAT = {"n_times": 1000, "sfreq": 250.0, "n_channels": 4, "gap": (600, 0.4)}
N_MARKERS = 19


@contextmanager
def from_array():
    yield ArraySource(ramp(**WHAT), (1, 13, 64))


@contextmanager
def from_player():
    clock = VirtualClock(500.0)
    yield Player(ramp(**WHAT), clock, speed=3.0, wait=clock.advance)


@contextmanager
def from_lsl():
    options = DeviceOptions(name=uuid.uuid4().hex, speed=4.0, chunk=9)
    with DeviceProcess(ramp, *WHAT.values(), options=options), closing(LslSource(options.name, wait=20)) as source:
        yield source


SOURCES = {"ArraySource": from_array, "Player": from_player, "LslSource": from_lsl}


@pytest.fixture(
    scope="module",
    params=[pytest.param(name, marks=pytest.mark.lsl if name == "LslSource" else ()) for name in SOURCES],
)
def heard(request):
    """Everything that a source brings of the same recording."""
    with SOURCES[request.param]() as source:
        batches = []
        while count(batches) < WHAT["n_times"] or len(markers_of(batches)) < N_MARKERS:
            batches.append(source.pull(1.0))
            assert len(batches) < 2000
        source.close()
        after = source.pull(0.0)
    return source.spec, batches, after


def count(batches):
    return sum(len(batch.chunk.data) for batch in batches if batch.chunk)


def markers_of(batches):
    return [marker for batch in batches for marker in batch.markers if marker.value.isdigit()]


def chunks_of(heard):
    return [batch.chunk for batch in heard[1] if batch.chunk]


def test_spec_says_what_comes(heard):
    spec = heard[0]
    assert spec.labels == ("E0", "E1", "E2", "E3")
    assert (spec.sfreq, spec.reference, spec.type) == (250.0, "FCz", "EEG")
    assert all(chunk.data.shape == (len(chunk.times), len(spec.channels)) for chunk in chunks_of(heard))


def test_arrays_are_finished(heard):
    for chunk in chunks_of(heard):
        assert (chunk.data.dtype, chunk.times.dtype) == (np.float32, np.float64)
        assert not chunk.data.flags.writeable
        assert not chunk.times.flags.writeable


def test_nothing_is_lost_or_changed(heard):
    np.testing.assert_array_equal(np.concatenate([chunk.data for chunk in chunks_of(heard)]), ramp(**WHAT).data)


def test_seq_counts_what_is_missing(heard):
    expected = 0
    for chunk in chunks_of(heard):
        assert chunk.seq == expected + chunk.gap_before
        expected = chunk.seq + len(chunk.data)
    assert [(chunk.data[0, 0], chunk.gap_before) for chunk in chunks_of(heard) if chunk.gap_before] == [(600, 100)]


def test_times_follow_the_index(heard):
    chunks = chunks_of(heard)
    index = np.concatenate([chunk.seq + np.arange(len(chunk.data)) for chunk in chunks])
    times = np.concatenate([chunk.times for chunk in chunks])
    assert np.all(np.diff(times) >= 0)
    np.testing.assert_allclose(times - times[0], (index - index[0]) / 250, atol=2e-3)


def test_markers_stand_on_their_samples(heard):
    _, batches, _ = heard
    data, times = (np.concatenate([getattr(c, part) for c in chunks_of(heard)]) for part in ("data", "times"))
    markers = markers_of(batches)
    assert [marker.value for marker in markers] == [str(sample) for sample in range(50, 1000, 50)]
    assert [str(round(data[np.argmin(np.abs(times - m.time)), 0])) for m in markers] == [m.value for m in markers]
    assert all(marker.source for marker in markers)


def test_states_are_of_a_source_that_flows(heard):
    states = {batch.state for batch in heard[1] if batch.chunk}
    assert states <= {SourceState.FLOWING, SourceState.RECOVERED}
    assert SourceState.FLOWING in states


def test_closed_source_has_ended(heard):
    assert heard[2] is None
