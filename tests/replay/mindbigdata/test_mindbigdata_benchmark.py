import sys

import pytest

from replay.mindbigdata.benchmark import BROKEN_EVERY, measure


def test_both_ways_read_the_same_lines(tmp_path):
    speed = measure(tmp_path, 400)
    assert speed.rows == 400 * 14
    assert speed.broken == 5600 // BROKEN_EVERY
    assert speed.complete == 400 - speed.broken
    assert speed.megabytes == pytest.approx((tmp_path / "EP1.01.txt").stat().st_size / 1e6, abs=0.05)
    assert speed.ratio == pytest.approx(speed.rows_per_s / speed.bare_rows_per_s, rel=0.01)
    assert (speed.anon_mb is not None) == (sys.platform == "linux")
