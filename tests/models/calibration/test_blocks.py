"""What is left out is contiguous, and shares no sample with what is fitted to."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from bci.types import Channel, TrialSet
from models.calibration.blocks import contiguous_folds, last_block

SFREQ, N_TIMES = 10.0, 8


def trials(onsets):
    n = len(onsets)
    return TrialSet(
        data=np.zeros((n, 1, N_TIMES), np.float32),
        sfreq=SFREQ,
        tmin=0.0,
        channels=(Channel("Cz"),),
        concept_names=("a",),
        concepts=np.zeros(n, np.int64),
        images=np.full(n, -1),
        groups={"onset": np.array(onsets)},
        provenance={},
    )


onsets = st.lists(st.floats(0.05, 2.0), min_size=4, max_size=40).map(lambda steps: np.cumsum(steps).tolist())


@given(onsets, st.integers(2, 5))
def test_every_event_is_left_out_once_and_windows_do_not_overlap(onsets, folds):
    found = contiguous_folds(trials(onsets), folds)
    assert sorted(np.concatenate([left_out for _, left_out in found])) == list(range(len(onsets)))
    at = np.array(onsets)
    for fitted_to, left_out in found:
        assert (np.diff(left_out) == 1).all()
        apart = np.abs(at[fitted_to][:, None] - at[left_out])
        assert (apart > N_TIMES / SFREQ - 1e-9).all()


@given(onsets, st.floats(0.1, 0.5))
def test_the_last_block_is_the_last(onsets, share):
    before, block = last_block(trials(onsets), share)
    assert block[-1] == len(onsets) - 1
    assert len(block) == max(1, round(share * len(onsets)))
    assert all(row < block[0] for row in before)


def test_events_that_do_not_overlap_are_all_used():
    before, block = last_block(trials([float(at) for at in range(8)]), 0.25)
    assert list(before) == [0, 1, 2, 3, 4, 5]
    assert list(block) == [6, 7]
