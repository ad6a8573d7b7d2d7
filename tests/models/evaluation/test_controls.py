"""Controls: what is shuffled, what is not, and p-values that are uniform under the null."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bci.errors import MismatchError
from models.config import ExperimentConfig
from models.evaluation.controls import before_stimulus, narrowed, p_value, shuffled
from models.groups import unit_codes


def test_recordings_of_the_same_name_in_two_subjects_are_two(trial_set):
    trials = trial_set(np.zeros((4, 1, 5)), [0, 1, 0, 1], ["r", "r", "r", "r"], subjects=["p", "p", "q", "q"])
    assert unit_codes(trials, "recording").tolist() == [0, 0, 1, 1]
    assert unit_codes(trials, "subject").tolist() == [0, 0, 1, 1]


@given(seed=st.integers(0, 1000))
def test_shuffling_keeps_every_recording_its_labels_and_every_picture_its_concept(seed, trial_set):
    concepts = np.array([0, 0, 1, 1, 2, 2, 0, 1, 1])
    recordings = np.array([0, 0, 0, 0, 1, 1, 1, 1, 1])
    trials = trial_set(np.arange(45.0).reshape(9, 1, 5), concepts, recordings, images=concepts * 10 + 1)
    mixed = shuffled(trials, (seed,))
    for recording in (0, 1):
        rows = recordings == recording
        assert sorted(mixed.concepts[rows]) == sorted(concepts[rows])
    assert (mixed.images == mixed.concepts * 10 + 1).all()
    assert mixed.data is trials.data
    assert np.array_equal(trials.concepts, concepts)


@given(seed=st.integers(0, 1000))
def test_shuffling_within_folds_keeps_every_fold_of_a_recording_its_labels(seed, trial_set):
    concepts, recordings, fold = np.arange(48) % 3, np.arange(48) // 24, np.arange(48) // 6 % 4
    fold[0] = -1  # of no fold
    trials = trial_set(np.zeros((48, 1, 5)), concepts, recordings)
    mixed = shuffled(trials, (seed,), fold).concepts
    for recording in (0, 1):
        for number in range(-1, 4):
            rows = (recordings == recording) & (fold == number)
            assert sorted(mixed[rows]) == sorted(concepts[rows])
    assert (mixed != concepts).any()


def test_shuffling_depends_on_the_seed_alone(trial_set):
    trials = trial_set(np.zeros((40, 1, 5)), np.arange(40) % 3, np.zeros(40, int))
    assert np.array_equal(shuffled(trials, (1, 2)).concepts, shuffled(trials, (1, 2)).concepts)
    assert not np.array_equal(shuffled(trials, (1, 2)).concepts, shuffled(trials, (1, 3)).concepts)


def test_blocks_of_one_concept_cannot_be_shuffled(trial_set):
    trials = trial_set(np.zeros((4, 1, 5)), [0, 0, 1, 1], ["r1", "r1", "r2", "r2"])
    with pytest.raises(MismatchError, match="one concept only"):
        shuffled(trials, (0,))


def test_p_values_by_hand():
    null = np.array([0.5, 0.6, 0.7, 0.4])
    assert p_value(0.9, null) == pytest.approx(1 / 5)
    assert p_value(0.6, null) == pytest.approx(3 / 5)
    assert p_value(0.1, null) == 1.0


def test_p_values_are_uniform_under_the_null():
    rng = np.random.default_rng(0)
    draws = rng.normal(size=(4000, 20))  # an observed figure and 19 permutations, all alike
    p = np.array([p_value(row[0], row[1:]) for row in draws])
    for level in (0.05, 0.1, 0.25, 0.5):
        assert np.mean(p <= level) == pytest.approx(level, abs=0.025)


def test_the_window_before_the_stimulus_is_another_preprocessing():
    config = ExperimentConfig.model_validate(
        {
            "name": "t",
            "data": {"reader": "muse"},
            "preprocess": {"channels": ["A"], "sfreq": 100.0, "tmax": 0.8},
            "targets": {"kind": "text"},
            "decoder": {"name": "nice"},
            "train": {"epochs": 1},
            "evaluation": {"protocol": "closed-set"},
        }
    )
    digest = config.preprocess.digest
    before = before_stimulus(config, (-0.2, 0.0))
    assert (before.preprocess.tmin, before.preprocess.tmax, before.preprocess.n_times) == (-0.2, 0.0, 20)
    assert before.preprocess.digest != digest
    assert before.train == config.train


def test_a_narrower_decoder_is_another_preprocessing():
    config = ExperimentConfig.model_validate(
        {
            "name": "t",
            "data": {"reader": "muse"},
            "preprocess": {"channels": ["A", "B", "C"], "sfreq": 100.0, "tmax": 0.8},
            "targets": {"kind": "text"},
            "decoder": {"name": "nice"},
            "train": {"epochs": 1},
            "evaluation": {"protocol": "closed-set"},
        }
    )
    assert narrowed(config, (0, 2)).preprocess.channels == ("A", "C")
    assert narrowed(config, tmax=0.4).preprocess.n_times == 40
    assert narrowed(config) == config
