"""The chunks of XDF files, whole and cut short, and headers that are to name nobody."""

import re

import numpy as np
import pytest
import pyxdf
from hypothesis import given
from hypothesis import strategies as st
from recorded_files import XdfStream, write_xdf

import bci.xdf_chunks
from bci.xdf_chunks import FOOTER, HEADER, blank_names, chunks

NAMING = "<hostname>lab-pc</hostname><session_id>anna</session_id><v4address>10.0.0.7</v4address><v6address />"
"""What LSL writes into a header; here it stands in `desc`, where the writer of files has room for it."""


def write(path, desc=NAMING):
    stamps = np.arange(600) / 100
    eeg = XdfStream("EEG", "EEG", 100, stamps, np.ones((600, 2)), desc=desc)
    return write_xdf(path, eeg, XdfStream("marks", "Markers", 0, stamps[:2], ["a", "lab-pc"], format="string"))


def tags(path):
    with path.open("rb") as file:
        return [chunk.tag for chunk in chunks(file)]


@given(st.integers(0, 3000))
def test_of_a_file_cut_short_only_whole_chunks_are_told(tmp_path_factory, missing):
    path = write(tmp_path_factory.mktemp("xdf") / "a.xdf")
    whole, body = tags(path), path.read_bytes()
    path.write_bytes(body[: max(0, len(body) - missing)])
    left = tags(path)
    assert left == whole[: len(left)]
    assert (len(left) == len(whole)) == (missing == 0)


@pytest.mark.parametrize("body", [b"", b"XDF:", b"no XDF", b"XDF:\x01\x00\x00", b"XDF:\x09\x01\x02\x03"])
def test_what_is_no_xdf_has_no_chunks(tmp_path, body):
    path = tmp_path / "a.xdf"
    path.write_bytes(body)
    assert tags(path) == []
    assert blank_names(path) == 0
    assert path.read_bytes() == body


def test_names_are_blanked_where_they_stand_and_nothing_else_changes(tmp_path):
    path = write(tmp_path / "a.xdf")
    before, loaded = path.read_bytes(), pyxdf.load_xdf(str(path))[0]
    assert blank_names(path) == 2
    after = path.read_bytes()
    assert len(after) == len(before)
    changed = {before[i] for i in range(len(before)) if before[i] != after[i]}
    assert changed == set(b"lab-pcanna10.0.0.7")
    for said in (b"lab-pc</", b"anna", b"10.0.0.7"):
        assert said not in after
    for one, other in zip(loaded, pyxdf.load_xdf(str(path))[0], strict=True):
        np.testing.assert_array_equal(one["time_stamps"], other["time_stamps"])
        assert np.array_equal(one["time_series"], other["time_series"])
    assert blank_names(path) == 2  # once more
    assert path.read_bytes() == after


def test_this_computer_and_its_user_are_blanked_wherever_a_header_has_them(tmp_path, monkeypatch):
    monkeypatch.setattr(bci.xdf_chunks, "names", lambda: re.compile(r"(?<!\w)räuberhöhle(?!\w)|/home/anna"))
    path = write(tmp_path / "a.xdf", "<made_by>python on räuberhöhle in /home/anna/lab, räuberhöhlen</made_by>")
    blank_names(path)
    (eeg, _) = pyxdf.load_xdf(str(path))[0]
    said = eeg["info"]["desc"][0]["made_by"][0]
    assert "python on" in said
    assert "räuberhöhlen" in said
    assert not re.search(r"räuberhöhle(?!n)|anna", said)


def test_a_header_that_is_not_yet_whole_is_left_for_later(tmp_path):
    path = write(tmp_path / "a.xdf")
    body = path.read_bytes()
    path.write_bytes(body[:200])
    assert blank_names(path) == 0
    assert path.read_bytes() == body[:200]
    assert {HEADER, FOOTER} == {2, 6}
