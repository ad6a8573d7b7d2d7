import pytest
from hypothesis import given
from hypothesis import strategies as st

from gui.numbers import clock, duration, percent, within


@given(st.floats(0, 1))
def test_b1_a_share_is_written_with_its_unit_and_never_as_none_if_there_is_some(share):
    written = percent(share)
    assert written.endswith(" %")
    if share > 0:
        assert written.removeprefix("< ").removesuffix(" %") not in ("0", "0.0", "0.00")


def test_b3_an_interval_is_written_behind_its_number():
    assert within((0.123, 0.456)) == " [12-46]"
    assert within(None) == ""


def test_b8_times_are_written_as_on_a_clock():
    assert [clock(s) for s in (0, 59.6, 61, 3600, 36_061)] == ["0:00", "1:00", "1:01", "1:00:00", "10:01:01"]


@pytest.mark.parametrize(
    ("seconds", "written"),
    [(-0.2, "0.0 s"), (3.21, "3.2 s"), (59.94, "59.9 s"), (59.97, "1 min 00 s"), (75, "1 min 15 s")],
)
def test_a_length_of_time_is_written_with_its_unit(seconds, written):
    assert duration(seconds) == written
