import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gui import settings
from gui.settings import SCHEMA, Settings, load_settings, save_settings


@given(
    st.builds(
        Settings,
        theme=st.sampled_from(["system", "dark", "light"]),
        font_points=st.integers(8, 20),
        stream=st.text(max_size=20),
        layouts=st.dictionaries(st.sampled_from(["Experiment", "Debug"]), st.text(max_size=20)),
    )
)
def test_a27_settings_come_back_as_they_were_left(tmp_path_factory, kept):
    path = tmp_path_factory.mktemp("settings") / "deep" / "default.json"
    save_settings(path, kept)
    assert load_settings(path) == (kept, "")


def test_a27_without_a_file_there_are_defaults_and_nothing_to_say(tmp_path):
    assert load_settings(tmp_path / "none.json") == (Settings(), "")


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "null", '{"theme": "dark"}', '{"schema": "x"}', '{"schema": 1, "font_points": 99}', "\x00"],
)
def test_a27_a_file_that_cannot_be_read_is_put_aside_and_said(tmp_path, text):
    path = tmp_path / "default.json"
    path.write_text(text)
    found, notice = load_settings(path)
    assert found == Settings()
    assert "could not be read" in notice
    assert (tmp_path / "default.unreadable.json").read_text() == text
    assert not path.exists()


def test_a27_a_file_of_a_newer_version_is_not_overwritten(tmp_path):
    path = tmp_path / "default.json"
    path.write_text(json.dumps({"schema": SCHEMA + 1, "theme": "dark"}))
    found, notice = load_settings(path)
    assert found == Settings()
    assert f"schema {SCHEMA + 1}" in notice


def test_a27_an_older_file_is_migrated_step_by_step(tmp_path, monkeypatch):
    monkeypatch.setattr(settings, "SCHEMA", 3)
    monkeypatch.setattr(
        settings,
        "MIGRATIONS",
        {1: lambda raw: {"font_points": raw["size"]}, 2: lambda raw: raw | {"theme": "light"}},
    )
    path = tmp_path / "default.json"
    path.write_text(json.dumps({"schema": 1, "size": 14}))
    assert load_settings(path) == (Settings(theme="light", font_points=14), "")


def test_settings_that_cannot_be_written_stop_nothing(tmp_path, caplog):
    (tmp_path / "file").write_text("")
    save_settings(tmp_path / "file" / "default.json", Settings())
    assert "could not be written" in caplog.text
