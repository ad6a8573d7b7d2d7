from pathlib import Path

import pytest

from bci.errors import ConfigError
from models.sweep import runs_of, submit


def test_every_subject_and_seed_is_a_run_of_its_own(tiny, tmp_path):
    runs = runs_of(tiny.config, tmp_path, ["01", "02"], [0, 5])
    assert [run.folder.name for run in runs] == [
        "sub-01_seed-0",
        "sub-01_seed-5",
        "sub-02_seed-0",
        "sub-02_seed-5",
    ]
    assert [run.config.data.subjects for run in runs] == [("01",), ("01",), ("02",), ("02",)]
    assert [run.config.train.seed for run in runs] == [0, 5, 0, 5]


def test_one_run_goes_to_the_folder_itself_as_the_config_says(tiny, tmp_path):
    (run,) = runs_of(tiny.config, tmp_path / "bundle")
    assert (run.folder, run.config) == (tmp_path / "bundle", tiny.config)
    assert run.checkpoints == tmp_path / "bundle.checkpoint"


def test_the_same_seed_twice_is_refused(tiny):
    with pytest.raises(ConfigError, match="--seeds: expected each once, got 1, 1"):
        runs_of(tiny.config, Path(), seeds=[1, 1])


def test_a_parameter_that_is_none_is_refused(tiny, tmp_path):
    runs = runs_of(tiny.config, tmp_path / "out")
    with pytest.raises(ConfigError, match="expected KEY=VALUE, got 'gpu'"):
        next(submit(runs, "local", tmp_path / "out", ["gpu"]))
    with pytest.raises(ConfigError, match="gpuz"):
        next(submit(runs, "local", tmp_path / "out", ["gpuz=1"]))
