import numpy as np
import pytest

from bci.errors import FormatError
from replay.readers import open_recording


class Trap:
    """Creates a file when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (open, (str(self.path), "w"))


def test_a_bare_array_is_refused_with_what_is_missing(tmp_path):
    np.save(tmp_path / "features.npy", np.zeros((200, 1700), np.float32))
    with pytest.raises(FormatError) as refused:
        open_recording(tmp_path / "features.npy")
    assert "expected (images, 17 channels, 100 samples) with ch_names; got (200, 1700)" in str(refused.value)
    assert "\n" not in str(refused.value)


def test_pickled_objects_are_refused_and_never_opened(tmp_path):
    trap = np.empty(1, object)
    trap[0] = Trap(tmp_path / "sprung")
    np.save(tmp_path / "dict.npy", trap, allow_pickle=True)
    with pytest.raises(FormatError, match="pickled"):
        open_recording(tmp_path / "dict.npy")
    assert not (tmp_path / "sprung").exists()


def test_what_is_only_called_npy_is_refused(tmp_path):
    (tmp_path / "x.npy").write_bytes(b"hello")
    with pytest.raises(FormatError, match=r"no \.npy file"):
        open_recording(tmp_path / "x.npy")
