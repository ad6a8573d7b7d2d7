"""Some of the faults of `tests/bci/test_fault_table.py` over real LSL, from a device in a process of its own."""

import time
from contextlib import closing

import numpy as np
import pytest
from faulty_sessions import (
    Decoding,
    everything_is_accounted_for,
    labels_and_samples_are_right,
    samples_are_in_place,
    shown,
)

from bci.clock import lsl_clock
from bci.errors import StreamError
from bci.events import END_MARKER
from bci.lsl_source import LslSource
from bci.types import SourceState, Status
from replay.faults import read_faults

pytestmark = pytest.mark.lsl

SECONDS, RATE, SPEED = 24.0, 250.0, 2.0
LONG = 90.0  # s after which a test gives up


def live_through(device, faults, seed, **options):
    """Decode a device with faults until it says that it has ended, and all of its samples have come."""
    recording = (SECONDS, RATE, 0.7, seed)
    options = {"faults": read_faults(faults), "seed": seed, "speed": SPEED, "linger": 5.0} | options
    name = device(shown, *recording, **options).options.name
    with closing(LslSource(name, wait=20)) as source:
        session = Decoding(shown(*recording), source, lsl_clock)
        end = time.monotonic() + LONG
        while not any(marker.value == END_MARKER for marker in session.out.heard):
            session.step()
            assert time.monotonic() < end, f"the device has not ended in {LONG:g} s"
        while session.step():
            pass
    return session.finish()


def start_of(out):
    """When the device began, by the first sample that came."""
    first = out.chunks[0]
    return first.times[0] - first.data[0, 0] / RATE


@pytest.mark.parametrize(
    ("faults", "seed"),
    [
        ("gaps.per_minute = 10; gaps.seconds = [0.1, 1.0]", 1),
        pytest.param("bursts.per_minute = 40; chunk = [1, 64]", 2, marks=pytest.mark.slow),
        pytest.param(
            'stamps.jitter = 0.02; stamps.jitter_of = "sample"; stamps.drift_ppm = 100; chunk = [1, 64]',
            3,
            marks=pytest.mark.slow,
        ),
        ("markers.duplicated = 0.2; markers.late = 0.3; markers.early = 0.3; markers.strays_per_minute = 6", 4),
        pytest.param('not_numbers.per_minute = 10; not_numbers.labels = ["O1"]', 5, marks=pytest.mark.slow),
    ],
    ids=["gaps", "bursts", "jitter", "markers", "no numbers"],
)
def test_whatever_happens(device, faults, seed):
    out = live_through(device, faults, seed)
    assert len(out.decisions) > 20
    everything_is_accounted_for(out)
    labels_and_samples_are_right(out)
    samples_are_in_place(out, start_of(out), exact="jitter" not in faults)


def test_a_sender_that_hangs_is_stalled_loses_nothing_and_its_backlog_is_late(device):
    out = live_through(device, "hangs.per_minute = 5; hangs.seconds = [4, 4]", 2)
    everything_is_accounted_for(out)
    labels_and_samples_are_right(out)
    taken = np.concatenate([chunk.data[:, 0] for chunk in out.chunks]).astype(int)
    np.testing.assert_array_equal(taken, np.arange(SECONDS * RATE))
    states = [state for _, state, *_ in out.states]
    assert SourceState.STALLED in states
    assert SourceState.RECOVERED in states
    late = [decision for decision in out.decisions if decision.status is Status.LATE]
    assert late
    assert all("the sender hung" in decision.reason for decision in late)


def test_a_sender_that_is_killed_and_starts_again_is_decoded_on(device):
    out = live_through(device, "restarts.per_minute = 4; restarts.seconds = [2, 2]", 5, speed=1.0)
    everything_is_accounted_for(out)
    labels_and_samples_are_right(out)
    samples_are_in_place(out, start_of(out), exact=True)
    back = [chunk for chunk in out.chunks if chunk.gap_before > RATE]
    assert back
    states = [state for _, state, *_ in out.states]
    assert SourceState.STALLED in states
    assert SourceState.RECOVERED in states
    for chunk in back:
        first = next(d for d in out.decisions if d.onset >= chunk.times[0] and d.status is not Status.GAP)
        assert first.published <= chunk.arrived + 3.0  # events come every 0.35 to 1.05 s, their windows last 0.5


def test_a_second_stream_of_the_same_name_is_refused_with_both_ids(device):
    name = device(shown, SECONDS, RATE, faults=read_faults("twin = true"), wait=20.0).options.name
    with pytest.raises(StreamError, match="-twin"):
        LslSource(name, wait=20)


def test_a_wrong_nominal_rate_is_refused_with_both_numbers(device):
    with pytest.raises(StreamError, match=r"expected 500 Hz.*sends 250 Hz"):
        live_through(device, "stamps.declared_rate = 500", 1)
