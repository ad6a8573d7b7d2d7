import numpy as np
import pytest

from bci.config import load_config
from bci.errors import ConfigError
from models.config import ExperimentConfig
from models.data import load_bank_of, load_trials


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


def test_a_world_is_one(config):
    two = config.model_copy(update={"data": config.data.model_copy(update={"paths": ("things", "epoc")})})
    with pytest.raises(ConfigError, match="takes one world"):
        load_trials(two)
