"""The session folder."""

import pytest

from bci.errors import OutputError
from bci.folder import make_folder


def test_a_folder_that_cannot_be_made_is_refused_in_one_line(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OutputError, match="cannot make the folder"):
        make_folder(tmp_path / "file" / "session", "bundle")
