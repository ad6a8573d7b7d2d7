"""Commands that are typed, and lines however they come in."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bci.journal import plain
from bci.typed import obey, read_lines


class Steered:
    def __init__(self):
        self.asked = []

    def pause(self):
        self.asked.append("pause")

    def resume(self):
        self.asked.append("resume")

    def exclude(self, start, stop):
        self.asked.append((start, stop))

    def note(self, text):
        self.asked.append(plain(text))


@pytest.mark.parametrize(
    ("line", "asked"),
    [
        ("pause\n", "pause"),
        (" resume ", "resume"),
        ("exclude 30", (-30.0, 0.0)),
        ("exclude -12.5", (0.0, 12.5)),
        ("note somebody  coughs\r\n", "somebody coughs"),
    ],
)
def test_commands(line, asked):
    session = Steered()
    assert obey(line, session).endswith("written down")
    assert session.asked == [asked]


@pytest.mark.parametrize("line", ["stop", "pause now", "exclude", "exclude soon", "note", "note   ", "x" * 10_000])
def test_what_is_none_is_answered_with_what_there_is(line):
    session = Steered()
    assert obey(line, session).startswith("expected ")
    assert session.asked == []


@given(
    st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\n"), max_size=20), max_size=6),
    st.integers(1, 7),
)
def test_lines_come_whole_however_they_are_sent(lines, size):
    reading, writing = os.pipe()
    heard = []
    thread = read_lines(reading, heard.append)
    body = "".join(f"{line}\n" for line in lines).encode() + b"no end"
    for start in range(0, len(body), size):
        os.write(writing, body[start : start + size])
    os.close(writing)
    thread.join(30)
    os.close(reading)
    assert heard == [line for line in lines if line.encode().strip()]
