import pytest

from bci.config import expand, find_config, load_config, parse
from bci.errors import ConfigError
from bci.specs import EventSpec
from models.config import ExperimentConfig


def test_an_unknown_key_names_the_nearest_known_one():
    with pytest.raises(ConfigError, match="here: unknown key 'hodl'; the nearest known one is 'hold'"):
        parse(EventSpec, {"hodl": 1.0}, "here")


def test_an_unknown_key_deep_inside_names_the_nearest_in_its_table(tmp_path):
    text = find_config("n170").read_text("utf-8").replace("epochs = 40", "epoch = 40")
    (tmp_path / "c.toml").write_text(text)
    with pytest.raises(ConfigError, match="unknown key 'train.epoch'; the nearest known one is 'epochs'"):
        load_config(ExperimentConfig, str(tmp_path / "c.toml"))


def test_every_error_is_one_line_that_says_where():
    with pytest.raises(ConfigError, match="here: hold: Input should be greater than 0") as caught:
        parse(EventSpec, {"hold": -1}, "here")
    assert "\n" not in str(caught.value)


def test_a_name_that_is_nothing_lists_those_that_exist():
    with pytest.raises(ConfigError, match="n170"):
        find_config("n171")


@pytest.mark.parametrize("content", [b"a = ", b"\xff\xfe"])
def test_what_is_no_toml_is_refused(tmp_path, content):
    (tmp_path / "c.toml").write_bytes(content)
    with pytest.raises(ConfigError, match="c.toml"):
        load_config(EventSpec, str(tmp_path / "c.toml"))


def test_environment_variables_are_filled_in(monkeypatch):
    monkeypatch.setenv("BCI_REAL_DATA", "/data")
    assert expand("${BCI_REAL_DATA}/x") == "/data/x"
    monkeypatch.delenv("BCI_REAL_DATA")
    assert expand("${BCI_REAL_DATA}/x").replace("\\", "/") == "../shared/data/x"
    monkeypatch.delenv("BCI_NOWHERE", raising=False)
    with pytest.raises(ConfigError, match="BCI_NOWHERE"):
        expand("${BCI_NOWHERE}")
