import datetime as dt

import pytest
from known_signal import known_config, known_pairs

from bci.errors import ConfigError, FormatError, OutputError
from bci.storage import load_json
from models.alignment.run import CONFIG, MODEL, board, config_of, keep, new_run
from models.alignment.train import train
from models.alignment.trained import load_trained

NOW = dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=dt.UTC)


def test_a_run_has_a_folder_with_its_config_figures_and_result(tmp_path):
    config = known_config(train={"epochs": 1})
    folder = new_run(config, tmp_path, NOW)
    assert folder.name == "known_20260102-030405"
    assert config_of(folder) == config
    with board(folder) as shown:
        trained = train(known_pairs().pairs, config, board=shown)
    keep(folder, trained)
    assert load_trained(folder / MODEL).history == trained.history
    assert load_json(folder / "history.json")["chosen"] == 1
    assert list((folder / "tensorboard").iterdir())
    with pytest.raises(OutputError, match="new or empty folder"):
        new_run(config, tmp_path, NOW)


def test_what_is_no_run_or_of_a_higher_schema_is_refused(tmp_path):
    with pytest.raises(FormatError, match="expected the folder of a run"):
        config_of(tmp_path)
    folder = new_run(known_config(), tmp_path, NOW)
    text = (folder / CONFIG).read_text("utf-8")
    (folder / CONFIG).write_text(text.replace("schema = 1", "schema = 2"), "utf-8")
    with pytest.raises(FormatError, match="expected schema = 1"):
        config_of(folder)
    (folder / CONFIG).write_text(text.replace("epochs = ", "epochen = "), "utf-8")
    with pytest.raises(ConfigError, match="unknown key 'train.epochen'"):
        config_of(folder)
