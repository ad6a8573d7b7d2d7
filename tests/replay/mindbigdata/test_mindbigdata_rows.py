import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from replay.mindbigdata.rows import CHANNELS, LONGEST, BrokenRowError, parse_row
from replay.mindbigdata.writer import event_lines

GOOD = b"67650\t67636\tEP\tF7\t7\t4\t4482.564102,4477.435897,-3.5,1e3\r\n"


def test_a_row_is_read():
    row = parse_row(GOOD)
    assert (row.event, CHANNELS[row.channel], row.code) == (67636, "F7", 7)
    assert row.values.tolist() == [4482.564102, 4477.435897, -3.5, 1000.0]


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        (b"\tEP", b"", "columns"),
        (b"7\t4\t", b"7\t4\t4\t", "columns"),
        (b"EP", b"MW", "device"),
        (b"F7", b"FP1", "channel"),
        (b"67636", b"six", "event"),
        (b"67636", b"-5", "event"),
        (b"67636", b"9" * 30, "event"),
        (b"\t7\t", b"\t10\t", "code"),
        (b"\t7\t", b"\t7.5\t", "code"),
        (b"\t4\t", b"\t5\t", "as many values"),
        (b"\t4\t", b"\t\t", "size"),
        (b"-3.5", b"", "numbers"),
        (b"-3.5", b"x", "numbers"),
        (b"-3.5", b"nan", "finite"),
        (b"-3.5", b"inf", "finite"),
        (b"-3.5", "é".encode(), "ASCII"),
        (GOOD, b"\n", "columns"),
        (b"1e3", b"1" * LONGEST, "bytes"),
    ],
)
def test_what_is_no_row_is_refused_with_its_reason(old, new, why):
    assert old in GOOD
    with pytest.raises(BrokenRowError, match=why):
        parse_row(GOOD.replace(old, new, 1))


@given(st.binary(max_size=200))
def test_any_bytes_are_a_row_or_a_broken_one(line):
    try:
        row = parse_row(line)
    except BrokenRowError:
        return
    assert len(row.values)


@given(st.integers(-1, 9), st.integers(1, 2**40), st.integers(1, 5), st.integers(0, 2**32))
def test_what_is_written_is_read_to_the_nearest_step(code, number, size, seed):
    signals = np.random.default_rng(seed).uniform(0, 8400, (14, size))
    rows = [parse_row(line.encode()) for line in event_lines(number, code, signals)]
    assert [(row.event, row.channel, row.code) for row in rows] == [(number, i, code) for i in range(14)]
    assert np.abs(np.stack([row.values for row in rows]) - signals).max() <= 0.513 / 2
