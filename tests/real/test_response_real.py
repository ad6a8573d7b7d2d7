"""What the response panel says of real recordings, as they are and with their markers shifted.

In all of them the EEG comes about 50 ms after the markers: P1 is at about 165 ms, the faces' N170 at 215 ms.
"""

import numpy as np
import pytest

from bci.config import real_data
from bci.response import Response
from bci.response_verdict import Kind
from replay.readers import open_dataset

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(not real_data().is_dir(), reason="BCI_REAL_DATA names no folder of real recordings"),
]

REST = 1000.0  # between recordings, seconds


def recordings(name):
    return list(open_dataset("muse", [real_data() / name]))


def verdict_of(pooled, shift=0.0):
    """Return the verdict on recordings of one montage one after the other, markers moved by `shift` seconds."""
    averager = Response(pooled[0].channels, pooled[0].sfreq, ("1", "2"))
    for number, recording in enumerate(pooled):
        onsets = [(sample + round(shift * recording.sfreq), int(value) - 1) for sample, value in recording.markers]
        feed(averager, recording, onsets, number * REST)
    return averager.view().verdict


def feed(averager, recording, onsets, start=0.0):
    for onset, truth in onsets:
        first, n = averager.block(onset)
        if first >= 0 and first + n <= len(recording.data):
            averager.add(recording.data[first : first + n], start + onset / recording.sfreq, truth)


@pytest.mark.parametrize("name", ["muse-n170", "muse-p300/session1", "muse-p300/session2"])
def test_shifts_of_100_ms_are_told_in_sessions(name):
    pooled = recordings(name)
    as_it_is, late, early = (verdict_of(pooled, shift) for shift in (0.0, 0.1, -0.1))
    assert (as_it_is.kind, late.kind, early.kind) == (Kind.FOUND, Kind.EARLY, Kind.LATE)
    assert as_it_is.onset == pytest.approx(0.13, abs=0.015)
    assert as_it_is.peak == pytest.approx(0.265, abs=0.015)
    assert late.onset == pytest.approx(as_it_is.onset - 0.1, abs=0.01)
    assert early.onset == pytest.approx(as_it_is.onset + 0.1, abs=0.01)
    assert early.offset - late.offset == pytest.approx(0.2, abs=0.02)


def test_recordings_of_two_minutes_suffice_to_find_a_response():
    verdicts = [verdict_of([recording]) for recording in recordings("muse-n170") + recordings("muse-p300")]
    assert all(verdict.e_value >= 20 for verdict in verdicts)
    assert Kind.EARLY not in {verdict.kind for verdict in verdicts}
    assert sum(verdict.kind is Kind.LATE for verdict in verdicts) <= 2  # their P1 is too weak to be seen


@pytest.mark.parametrize(("shift", "kind", "least"), [(0.1, Kind.EARLY, 11), (-0.1, Kind.LATE, 14)])
def test_recordings_of_two_minutes_mostly_suffice_to_tell_a_shift(shift, kind, least):
    verdicts = [verdict_of([recording], shift) for recording in recordings("muse-n170") + recordings("muse-p300")]
    wrong = {Kind.EARLY: Kind.LATE, Kind.LATE: Kind.EARLY}[kind]
    assert sum(verdict.kind is kind for verdict in verdicts) >= least
    assert wrong not in {verdict.kind for verdict in verdicts}


def test_random_markers_rarely_find_a_response():
    rng = np.random.default_rng(0)
    found, n_sessions = 0, 100
    pooled = recordings("muse-n170")
    for number in range(n_sessions):
        recording = pooled[number % len(pooled)]
        averager = Response(recording.channels, recording.sfreq, ("1", "2"))
        onsets = np.sort(rng.choice(np.arange(200, len(recording.data) - 200), 190, replace=False))
        feed(averager, recording, [(int(onset), None) for onset in onsets])
        found += averager.view().verdict.kind not in (Kind.FEW, Kind.NONE)  # what was found stands
    assert found <= 0.05 * n_sessions
