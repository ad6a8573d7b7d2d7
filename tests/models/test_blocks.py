"""Blocks in the order of presentation, and windows that overlap, against all pairs looked at one by one."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bci.errors import ConfigError
from bci.types import Channel, TrialSet
from models.blocks import block_codes, overlapping

SFREQ = 10.0


def make_trials(onset, recording=None, n_times=8):
    n = len(onset)
    groups = {"subject": ["1"] * n, "session": ["1"] * n, "recording": recording or ["1"] * n, "onset": onset}
    return TrialSet(
        data=np.zeros((n, 1, n_times), np.float32), sfreq=SFREQ, tmin=0.0, channels=(Channel("Oz"),),
        concept_names=("a",), concepts=np.zeros(n, np.int64), images=np.full(n, -1),
        groups={name: np.array(column) for name, column in groups.items()},
    )  # fmt: skip


events = st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 60)), min_size=2, max_size=40)


@given(events, st.integers(2, 5))
def test_blocks_of_a_recording_follow_each_other_and_are_as_equal_as_can_be(events, n_blocks):
    trials = make_trials([tenth / 10 for _, tenth in events], [name for name, _ in events])
    codes = block_codes(trials, n_blocks)
    for name in set(trials.groups["recording"]):
        own = trials.groups["recording"] == name
        onset, code = trials.groups["onset"][own], codes[own]
        for block in range(n_blocks - 1):
            earlier, later = onset[code <= block], onset[code > block]
            assert not len(earlier) or not len(later) or earlier.max() <= later.min()
        assert np.ptp(np.bincount(code, minlength=n_blocks)) <= 1


@given(events, st.integers(1, 12), st.integers(0, 99))
def test_what_overlaps_is_found_as_if_all_pairs_were_compared(events, n_times, seed):
    trials = make_trials([tenth / 10 for _, tenth in events], [name for name, _ in events], n_times)
    side = np.random.default_rng(seed).integers(2, size=len(events))
    rows, others = np.flatnonzero(side == 0), np.flatnonzero(side == 1)
    expected = [
        any(events[i][0] == events[j][0] and abs(events[i][1] - events[j][1]) < n_times for j in others)
        for i in rows
    ]
    assert overlapping(trials, rows, others).tolist() == expected


def test_windows_that_touch_do_not_overlap():
    trials = make_trials([0.0, 0.8, 1.5])
    assert overlapping(trials, np.array([0, 2]), np.array([1])).tolist() == [False, True]


def test_the_rows_asked_for_are_numbered_alone():
    trials = make_trials([5.0, 1.0, 3.0, 2.0, 4.0])
    assert block_codes(trials, 2).tolist() == [1, 0, 0, 0, 1]
    assert block_codes(trials, 2, np.array([0, 2, 4, 1])).tolist() == [1, 0, 1, 0]


def test_trials_without_an_order_are_refused():
    trials = make_trials([0.0, 1.0])
    lost = replace(trials, groups={name: trials.groups[name] for name in ("subject", "session", "recording")})
    with pytest.raises(ConfigError, match="needs the order of presentation"):
        block_codes(lost, 2)


def test_events_of_which_only_the_order_is_known_have_blocks_and_no_overlap():
    trials = make_trials([0.0, 0.1, 0.2, 0.3])
    groups = {name: trials.groups[name] for name in ("subject", "session", "recording")}
    numbered = replace(trials, groups=groups | {"event": np.array([7, 3, 9, 8])})
    assert block_codes(numbered, 2).tolist() == [0, 0, 1, 1]
    assert not overlapping(numbered, np.array([0, 1]), np.array([2, 3])).any()
