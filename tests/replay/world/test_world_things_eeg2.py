"""Sessions of a world in files of THINGS-EEG2, read by the reader of that data set."""

import numpy as np
import pytest

from bci.errors import ConfigError
from replay.readers import open_dataset
from replay.world import Schedule
from replay.world.pictures import CATEGORIES
from replay.world.things_eeg2 import by_picture, file_of, write_things_eeg2

CAP = ("O1", "Oz", "P4", "P3")


@pytest.fixture(scope="module")
def world(make_tiny):
    return make_tiny(
        channels=CAP,
        sfreq=100,
        pictures={"pictures": 3, "test_pictures": 1},
        presentation={"soa": 0.2},
        noise={"line_hz": 40, "line_uv": 0},
    )


@pytest.fixture(scope="module")
def sessions(world):
    return world.record("train", 9 * 3 * 8, seed=1), world.record("test", 6 * 20, seed=2)


@pytest.fixture(scope="module")
def folder(world, sessions, tmp_path_factory):
    made = tmp_path_factory.mktemp("things")
    write_things_eeg2(made, world, *sessions)
    return made


def test_the_reader_of_the_data_set_opens_both_partitions(world, folder):
    training, test = (open_dataset("things-eeg2", [file_of(folder, split)]) for split in ("train", "test"))
    assert training.data.shape == (27 * 8, 4, 100)
    assert test.data.shape == (6 * 20, 4, 100)
    for trials, bank in ((training, world.train_bank), (test, world.test_bank)):
        assert trials.labels == CAP
        assert (trials.sfreq, trials.tmin) == (100.0, -0.2)
        assert trials.concept_names == bank.names
        np.testing.assert_array_equal(trials.concepts, bank.owner[trials.images])
    assert {name.split("-")[0] for name in test.concept_names} <= set(CATEGORIES)


@pytest.mark.parametrize("at", [0, 57, 119])
def test_a_trial_is_the_presentation_that_the_schedule_names(world, sessions, folder, at):
    """Undone: the epoch times a matrix that is the same for all of them."""
    (_, (recording, schedule)) = sessions
    trials = open_dataset("things-eeg2", [file_of(folder, "test")])
    ordered = by_picture(schedule)
    assert ordered.images[at] == trials.images[at]

    def raw(trial):
        onset = ordered.samples[trial]
        window = recording.data[onset - 20 : onset + 80].T.astype(float)
        return window - window[:, :20].mean(axis=1, keepdims=True)

    others = [trial for trial in range(120) if trial != at]
    known = np.hstack([raw(trial) for trial in others])
    written = np.hstack([trials.data[trial] for trial in others])
    matrix = written @ np.linalg.pinv(known)
    np.testing.assert_allclose(matrix @ raw(at), trials.data[at], atol=1e-3)


def test_noise_has_unit_covariance_over_the_repetitions_of_a_picture(folder):
    data = np.asarray(open_dataset("things-eeg2", [file_of(folder, "train")]).data, float).reshape(27, 8, 4, 100)
    residuals = data - data.mean(axis=1, keepdims=True)
    covariance = np.einsum("prct,prdt->cd", residuals, residuals) / (27 * 7 * 100)
    np.testing.assert_allclose(covariance, np.eye(4), atol=1e-3)


def test_test_sessions_are_normalised_by_the_training_session_alone(world, sessions, folder, tmp_path):
    other = world.record("test", 6 * 20, seed=9)
    write_things_eeg2(tmp_path, world, sessions[0], other)
    before, after = (file_of(where, "train").read_bytes() for where in (folder, tmp_path))
    assert before == after


def test_schedules_keep_the_order_of_repetitions():
    schedule = Schedule(np.array([1, 2, 3, 4]), np.array([1, 0, 1, 0]), np.array([1, 0, 1, 0]))
    ordered = by_picture(schedule)
    assert ordered.samples.tolist() == [2, 4, 1, 3]
    assert ordered.images.tolist() == [0, 0, 1, 1]


def test_sessions_that_show_pictures_unequally_often_are_refused(world, sessions, tmp_path):
    with pytest.raises(ConfigError, match="show every picture equally often, got 0 to 1 times"):
        write_things_eeg2(tmp_path, world, world.record("train", 20, seed=1), sessions[1])


def test_worlds_of_another_rate_are_refused(make_tiny, sessions, tmp_path):
    with pytest.raises(ConfigError, match="expected a world at 100 Hz, got 128 Hz"):
        write_things_eeg2(tmp_path, make_tiny(), *sessions)
