import gzip
import struct

import numpy as np
import pytest
from mnist_files import write_idx

from bci.errors import FormatError
from replay.digits.idx import MOST_BYTES, read_idx


def test_an_array_comes_back_as_it_was(tmp_path):
    array = np.arange(24).reshape(2, 3, 4)
    found = read_idx(write_idx(tmp_path / "a.gz", array), 3)
    assert found.dtype == np.uint8
    assert (found == array).all()
    assert not found.flags.writeable


def packed(kind, *shape, body=b""):
    header = struct.pack(">HBB", 0, kind, len(shape)) + struct.pack(f">{len(shape)}I", *shape)
    return gzip.compress(header + body, mtime=0)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        pytest.param(b"plain text", "gzip", id="no gzip"),
        pytest.param(gzip.compress(b"", mtime=0), "IDX", id="empty"),
        pytest.param(packed(8, 3, body=b"abc")[:-9], "gzip", id="cut short"),
        pytest.param(packed(13, 3, body=b"abc"), "unsigned bytes on 1 axes", id="floats"),
        pytest.param(packed(8, 1, 3, body=b"abc"), "unsigned bytes on 1 axes", id="two axes"),
        pytest.param(packed(8, 4, body=b"abc"), "expected 4 bytes after the header, got 3", id="too few"),
        pytest.param(packed(8, 2, body=b"abc"), "expected 2 bytes after the header, got more", id="too many"),
        pytest.param(packed(8, MOST_BYTES + 1), f"more than {MOST_BYTES} bytes", id="a bomb"),
    ],
)
def test_damaged_files_are_refused_in_one_line(tmp_path, content, said):
    (tmp_path / "a.gz").write_bytes(content)
    with pytest.raises(FormatError, match=said) as refused:
        read_idx(tmp_path / "a.gz", 1)
    assert "\n" not in str(refused.value)


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(FormatError, match="fetch it again"):
        read_idx(tmp_path / "a.gz", 1)
