"""What is written names neither the user nor the computer."""

import logging
import platform
from pathlib import Path

import pytest

from bci.nameless import NamelessFormatter, nameless, names


@pytest.fixture(autouse=True)
def _somebody(monkeypatch):
    monkeypatch.setattr(Path, "home", lambda: Path("/home/anna"))
    monkeypatch.setattr(platform, "node", lambda: "lab-pc.uni.example")
    names.cache_clear()
    yield
    names.cache_clear()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("cannot write /home/anna/sessions/x.xdf: no room", "cannot write ~/sessions/x.xdf: no room"),
        ("/home/anna", "~"),
        ("/home/annabel/x", "/home/annabel/x"),
        ("/media/anna/stick", "/media/~/stick"),
        (r"D:\anna\data", r"D:\~\data"),
        ("banana, anna, hannah", "banana, anna, hannah"),
        ("EEG on lab-pc.uni.example is lost", "EEG on ~ is lost"),
        ("lab-pc.uni.examples", "lab-pc.uni.examples"),
    ],
)
def test_names_in_texts(text, said):
    assert nameless(text) == said


def test_who_has_no_home_has_no_name(monkeypatch):
    monkeypatch.setattr(Path, "home", lambda: Path("/"))
    monkeypatch.setattr(platform, "node", lambda: "localhost")
    names.cache_clear()
    assert nameless("/data on localhost") == "/data on localhost"


def test_the_log_has_none_either_and_no_traceback_does():
    error = OSError("/home/anna/x: no room")
    record = logging.makeLogRecord({"msg": "at %s", "args": ("/home/anna",)})
    record.exc_info = (type(error), error, None)
    text = NamelessFormatter("%(message)s").format(record)
    assert text.startswith("at ~\n")
    assert text.endswith("OSError: ~/x: no room")
    assert "anna" not in text
