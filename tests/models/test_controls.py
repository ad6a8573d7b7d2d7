"""Controls: what is shuffled, what is not, and p-values that are uniform under the null."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bci.errors import MismatchError
from bci.types import Channel, TrialSet
from models.config import ExperimentConfig
from models.controls import (
    NoiseLevel,
    before_stimulus,
    high_frequency_level,
    p_value,
    shuffled,
    unit_codes,
)


def trial_set(data, concepts, recordings, *, subjects=None, names=("a", "b", "c")):
    n = len(concepts)
    return TrialSet(
        data=np.asarray(data, np.float32),
        sfreq=100.0,
        tmin=0.0,
        channels=tuple(Channel(f"C{i}") for i in range(np.shape(data)[1])),
        concept_names=names,
        concepts=np.asarray(concepts),
        images=np.asarray(concepts) * 10 + 1,
        groups={
            "subject": np.asarray(subjects if subjects is not None else ["s"] * n),
            "session": np.asarray(["1"] * n),
            "recording": np.asarray(recordings),
            "repetition": np.zeros(n, int),
        },
    )


def test_recordings_of_the_same_name_in_two_subjects_are_two():
    trials = trial_set(np.zeros((4, 1, 5)), [0, 1, 0, 1], ["r", "r", "r", "r"], subjects=["p", "p", "q", "q"])
    assert unit_codes(trials, "recording").tolist() == [0, 0, 1, 1]
    assert unit_codes(trials, "subject").tolist() == [0, 0, 1, 1]


@given(st.integers(0, 1000))
def test_shuffling_keeps_every_recording_its_labels_and_every_picture_its_concept(seed):
    concepts = np.array([0, 0, 1, 1, 2, 2, 0, 1, 1])
    recordings = np.array([0, 0, 0, 0, 1, 1, 1, 1, 1])
    trials = trial_set(np.arange(45.0).reshape(9, 1, 5), concepts, recordings)
    mixed = shuffled(trials, (seed,))
    for recording in (0, 1):
        rows = recordings == recording
        assert sorted(mixed.concepts[rows]) == sorted(concepts[rows])
    assert (mixed.images == mixed.concepts * 10 + 1).all()
    assert mixed.data is trials.data
    assert np.array_equal(trials.concepts, concepts)


def test_shuffling_depends_on_the_seed_alone():
    trials = trial_set(np.zeros((40, 1, 5)), np.arange(40) % 3, np.zeros(40, int))
    assert np.array_equal(shuffled(trials, (1, 2)).concepts, shuffled(trials, (1, 2)).concepts)
    assert not np.array_equal(shuffled(trials, (1, 2)).concepts, shuffled(trials, (1, 3)).concepts)


def test_blocks_of_one_concept_cannot_be_shuffled():
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


def test_high_frequency_level_follows_the_amplitude_and_ignores_slow_drifts():
    rng = np.random.default_rng(1)
    noise = rng.normal(size=(3, 2, 200))
    drift = 50 * np.linspace(0, 1, 200)
    level = high_frequency_level(noise)
    np.testing.assert_allclose(high_frequency_level(2 * noise), level + np.log(2))
    np.testing.assert_allclose(high_frequency_level(noise + drift), level, atol=1e-6)
    assert np.isfinite(high_frequency_level(np.zeros((1, 2, 9)))).all()


def noisy(concepts, rng, *, louder):
    level = 1 + louder * np.asarray(concepts)
    return rng.normal(size=(len(concepts), 2, 60)) * level[:, None, None]


def test_noise_level_alone_decodes_concepts_that_differ_in_noise_and_no_others():
    rng = np.random.default_rng(2)
    concepts = np.arange(120) % 3
    for louder, low, high in ((1.0, 0.95, 1.0), (0.0, 0.2, 0.48)):
        train = trial_set(noisy(concepts, rng, louder=louder), concepts, np.zeros(120, int))
        scores = NoiseLevel(("a", "b", "c"))(train, 0)(np.float32(noisy(concepts, rng, louder=louder)))
        assert scores.shape == (120, 3)
        assert low <= np.mean(scores.argmax(axis=1) == concepts) <= high


def test_concepts_that_noise_level_never_heard_of_come_last():
    rng = np.random.default_rng(3)
    concepts = np.arange(40) % 2
    train = trial_set(noisy(concepts, rng, louder=1), concepts, np.zeros(40, int))
    scores = NoiseLevel(("a", "b", "c"))(train, 0)(train.data)
    assert (scores[:, 2] < scores[:, :2].min(axis=1)).all()
    assert np.isfinite(scores).all()


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


def test_scores_of_noise_level_have_the_order_that_was_asked_for():
    rng = np.random.default_rng(4)
    concepts = np.arange(90) % 3
    train = trial_set(noisy(concepts, rng, louder=1), concepts, np.zeros(90, int))
    scores = NoiseLevel(("x", "c", "a", "b"))(train, 0)(train.data)
    assert np.mean(scores.argmax(axis=1) == np.array([2, 3, 1])[concepts]) > 0.9
