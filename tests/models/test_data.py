import numpy as np
import pytest

from bci.config import load_config
from bci.errors import ConfigError
from models.config import ExperimentConfig
from models.data import load_bank_of, load_test_trials, load_trials


@pytest.fixture
def config():
    return load_config(ExperimentConfig, "things")


def test_a_worlds_trials_know_their_concept_and_their_picture(config):
    trials, bank = load_trials(config), load_bank_of(config)
    assert trials.data.shape == (12_000, 63, 100)
    assert trials.concept_names == bank.names
    np.testing.assert_array_equal(bank.owner[trials.images], trials.concepts)
    assert trials.provenance["reference"] == "Fz"
    assert trials.provenance["recordings"][0]["kind"] == "SYNTHETIC"


def test_a_world_has_no_files_to_hold_out(config):
    with pytest.raises(ConfigError, match="no files to hold out"):
        load_trials(config, hold_out=["x"])


def with_data(config, **changes):
    return config.model_copy(update={"data": config.data.model_copy(update=changes)})


def test_people_of_a_world_are_subjects(config):
    trials = load_trials(with_data(config, subjects=("2", "5"), options={"events": 30}))
    assert list(trials.groups["subject"]) == ["2"] * 30 + ["5"] * 30
    np.testing.assert_array_equal(load_bank_of(config).owner[trials.images], trials.concepts)


def test_without_people_it_is_the_world_s_own(config):
    one = load_trials(with_data(config, options={"events": 30}))
    own = load_trials(with_data(config, subjects=("0",), options={"events": 30}))
    np.testing.assert_array_equal(one.data, own.data)


@pytest.mark.parametrize(
    ("changes", "match"),
    [({"subjects": ("sub-01",)}, "numbers of people"), ({"options": {"evnts": 3}}, "no option 'evnts'")],
)
def test_what_a_world_does_not_know_is_refused(config, changes, match):
    with pytest.raises(ConfigError, match=match):
        load_trials(with_data(config, **changes))


def test_a_test_partition_is_one_person_s(config):
    with pytest.raises(ConfigError, match="one person's, got data.subjects = 1, 2"):
        load_test_trials(with_data(config, subjects=("1", "2")))


def test_a_world_is_one(config):
    two = config.model_copy(update={"data": config.data.model_copy(update={"paths": ("things", "epoc")})})
    with pytest.raises(ConfigError, match="takes one world"):
        load_trials(two)
