import gc
import tempfile
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from bci.errors import OutputError
from replay import spill
from replay.spill import gather, zeros

DATA = np.random.default_rng(0).normal(size=(1000, 3)).astype(np.float32)


def blocks(data=DATA, size=300):
    return (data[first : first + size] for first in range(0, len(data), size))


@pytest.mark.parametrize("in_memory", [0, 2**20])
@pytest.mark.parametrize("dtype", [np.float32, np.float16])
def test_blocks_are_joined_wherever_they_lie(in_memory, dtype):
    whole = gather(blocks(), DATA.shape, dtype, in_memory)
    np.testing.assert_array_equal(whole, DATA.astype(dtype))
    assert whole.dtype == dtype
    assert not whole.flags.writeable
    assert isinstance(whole, np.memmap) is (in_memory == 0)


def test_no_file_is_left_while_it_is_used_or_after(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    whole = gather(blocks(), DATA.shape, in_memory=0)
    view = whole[500:]
    del whole
    gc.collect()
    np.testing.assert_array_equal(view, DATA[500:])
    assert list(Path(tmp_path).iterdir()) == []


def test_blocks_that_are_refused_leave_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    def broken():
        yield DATA[:300]
        raise RuntimeError

    with pytest.raises(RuntimeError):
        gather(broken(), DATA.shape, in_memory=0)
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_told_before_it_is_written(monkeypatch):
    monkeypatch.setattr(spill.shutil, "disk_usage", lambda folder: SimpleNamespace(free=100))
    with pytest.raises(OutputError, match=r"folder for temporary files, got: 0\.0 GB are free; name another"):
        gather(blocks(), DATA.shape, in_memory=0)


@pytest.mark.parametrize("in_memory", [0, 2**20])
def test_zeros_are_written_to_wherever_they_lie(in_memory):
    whole = zeros((5, 3), in_memory)
    whole[[1, 4]] += 2
    assert whole.sum() == 12
    assert isinstance(whole, np.memmap) is (in_memory == 0)
