"""Rows of EEG: means of a picture's repetitions, or single trials, of one person."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bci.errors import ConfigError
from bci.types import Channel, TrialSet
from models.alignment import eeg_rows as module
from models.alignment.eeg_rows import eeg_rows, expand_pairs

RNG = np.random.default_rng(0)


def trials(images, subjects=None):
    n = len(images)
    return TrialSet(
        data=RNG.normal(size=(n, 2, 5)).astype(np.float32),
        sfreq=200.0,
        tmin=0.0,
        channels=(Channel("O1"), Channel("O2")),
        concept_names=("a",),
        concepts=np.zeros(n, np.int64),
        images=np.array(images, np.int64),
        groups={"subject": np.array(subjects or ["01"] * n)},
        provenance={},
    )


@pytest.mark.parametrize("at_once", [1, 2, 256])
def test_repetitions_of_wanted_pictures_are_averaged(monkeypatch, at_once):
    monkeypatch.setattr(module, "_AT_ONCE", at_once)
    shown = trials([3, 1, 3, 2, 1, 3])
    rows = eeg_rows(shown, np.array([1, 3]), average=True)
    (means,) = [np.concatenate(list(rows.blocks()))]
    assert rows.pictures.tolist() == [1, 3]
    assert rows.shape == means.shape == (2, 2, 5)
    np.testing.assert_allclose(means[0], shown.data[[1, 4]].mean(axis=0), atol=1e-6)
    np.testing.assert_allclose(means[1], shown.data[[0, 2, 5]].mean(axis=0), atol=1e-6)


def test_single_trials_stay_as_they_are():
    shown = trials([3, 1, 3, 2])
    rows = eeg_rows(shown, np.array([3, 2]), average=False)
    assert rows.pictures.tolist() == [3, 3, 2]
    np.testing.assert_array_equal(np.concatenate(list(rows.blocks())), shown.data[[0, 2, 3]])


def test_two_people_and_unknown_pictures_are_refused():
    with pytest.raises(ConfigError, match=r"the EEG of one person, got 2 \(01, 02\)"):
        eeg_rows(trials([1, 2], ["01", "02"]), np.array([1]), average=True)
    with pytest.raises(ConfigError, match=r"set events\.pictures_from"):
        eeg_rows(trials([1, -1]), np.array([1]), average=True)


@given(st.lists(st.integers(0, 9), max_size=30), st.lists(st.integers(0, 9), max_size=30))
@settings(deadline=None)
def test_every_pair_meets_every_row_of_its_picture_once(first, row_pictures):
    pair, row = expand_pairs(np.array(first, np.int64), np.array(row_pictures, np.int64))
    expected = [(p, r) for p, a in enumerate(first) for r, b in enumerate(row_pictures) if a == b]
    assert list(zip(pair.tolist(), row.tolist(), strict=True)) == expected
