"""Names that servers and archives may not give to files here."""

from pathlib import Path, PurePosixPath, PureWindowsPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bci.errors import FormatError
from replay.fetch.names import safe_path

ODD = [
    "", "/", "/etc/passwd", "..", "../x", "a/../x", "a/./x", "a//x", "a/", "C:/x", "C:x", "a\\b", "\\\\host\\x",
    "a:b", "x\0y", "x\ny", "a|b", 'a"b', "a?", "a*", "<a>", "nul", "CON.txt", "sub/aux", "lpt1", "dot.", "space ",
    "x" * 300,
]  # fmt: skip


@pytest.mark.parametrize("name", ODD)
def test_odd_names_are_refused(name):
    with pytest.raises(FormatError, match="expected a plain relative path"):
        safe_path(name)


@pytest.mark.parametrize(
    "name", ["a", "images/training_images/00001_aardvark/aardvark_01b.jpg", ".x/ü-1 2.csv", "console"]
)
def test_plain_names_are_kept(name):
    assert safe_path(name) == PurePosixPath(name)


@given(st.text(st.sampled_from("ab./\\:~ \0CON"), max_size=12) | st.text(max_size=30))
def test_what_is_let_through_stays_below_its_folder_everywhere(name):
    try:
        path = safe_path(name)
    except FormatError:
        return
    folder = Path.cwd() / "data"
    assert folder in (folder / path).resolve().parents
    windows = PureWindowsPath(name)
    assert windows.anchor == ""
    assert ".." not in windows.parts
    assert windows.parts == path.parts
