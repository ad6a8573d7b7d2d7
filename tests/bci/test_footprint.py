import sys
import threading

import numpy as np
import pytest

from bci.footprint import footprint

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells: POSIX signals")


def test_memory_of_its_own_is_seen():
    before = footprint().anonymous
    kept = np.ones(2**23)  # 64 MiB
    assert footprint().anonymous - before > 0.9 * kept.nbytes


def test_an_open_file_is_seen(tmp_path):
    before = footprint().files
    with (tmp_path / "file").open("w"):
        assert footprint().files == before + 1
    assert footprint().files == before


def test_a_thread_is_seen():
    done = threading.Event()
    before = footprint().threads
    thread = threading.Thread(target=done.wait)
    thread.start()
    assert footprint().threads == before + 1
    done.set()
    thread.join()
