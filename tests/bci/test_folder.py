"""The session folder."""

import pytest

from bci.errors import FormatError, OutputError
from bci.folder import make_folder, recording_in, write_session


def test_a_folder_that_cannot_be_made_is_refused_in_one_line(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OutputError, match="cannot make the folder"):
        make_folder(tmp_path / "file" / "session", "bundle")


def test_a_folder_is_named_by_day_person_and_bundle(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert make_folder(None, "faces", "P07").name.endswith("-P07-faces")
    assert make_folder(None, "faces").name.count("-") == 2


def test_the_recording_of_a_session_is_found(tmp_path):
    with pytest.raises(FormatError, match="a session's folder"):
        recording_in(tmp_path)
    write_session(tmp_path, {})
    with pytest.raises(FormatError, match="none: sessions are recorded with bci live --record"):
        recording_in(tmp_path)
    (tmp_path / "recording.xdf").write_bytes(b"XDF:")
    assert recording_in(tmp_path) == tmp_path / "recording.xdf"
    (tmp_path / "recording-2.xdf").write_bytes(b"XDF:")
    with pytest.raises(FormatError, match="recording-2.xdf, recording.xdf"):
        recording_in(tmp_path)


def test_one_that_was_killed_loses_its_computers_name(tmp_path):
    header = b"0000<info><hostname>lab-pc</hostname></info>"
    body = b"XDF:" + bytes([1, len(header) + 2, 2, 0]) + header
    for whole in (True, False):
        folder = tmp_path / str(whole)
        folder.mkdir()
        write_session(folder, {})
        (folder / "recording.xdf").write_bytes(body)
        if whole:
            (folder / "summary.json").touch()
        assert (b"lab-pc" in recording_in(folder).read_bytes()) is whole
