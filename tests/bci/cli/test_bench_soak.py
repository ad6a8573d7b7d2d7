"""What `bci bench soak` makes of what it saw; the run itself is in `tests/lsl`."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bci.cli.bench import main
from bci.cli.bench_soak import Soak, say, tenths
from bci.errors import ConfigError
from bci.trend import Trend


def test_of_a_run_remains_what_lasts():
    assert tenths([100.0] * 50 + [500.0] + [100.0] * 49) == (100,) * 10
    assert tenths([float(i) for i in range(100)]) == tuple(10 * i + 4.5 for i in range(10))


@given(st.lists(st.floats(0, 1e9), min_size=1, max_size=100))
def test_however_short_a_run_is_it_has_ten_tenths(looks):
    found = tenths(looks)
    assert len(found) == 10
    assert min(looks) <= min(found) <= max(found) <= max(looks)
    if len(looks) <= 10:
        assert (found[0], found[-1]) == (looks[0], looks[-1])


SOAK = Soak(
    minutes=60.0, speed=10.0, reached_speed=9.99, faults="bad-day", seed=7, restarts=4, sent=18_000, away=120,
    back_s=1.5, astray=1, undecided=2, unwritten=3, lost=6,
    decisions={"ok": 17_000, "late": 4, "artifact": 0, "dropped": 300, "gap": 600}, given_up=0, ended="bci:end",
    missing_s=70.0, latency_ms={"p50": 1.1, "p95": 2.2, "p99": 3.3, "max": 44.4},
    latency_trend=Trend(0.1, 0.05, 0.15, 0.09, 0.2), anon_growth_mb=2.34, anon_mb=(450.1,), threads=(14, 15),
    files=(60, 61), cpu=0.2,
)  # fmt: skip


def test_it_is_said_plainly(capsys):
    say(SOAK)
    said = capsys.readouterr().out
    assert "18000 events sent, 6 lost; 120 sent while nobody could hear them, in 4 restarts" in said
    assert "memory grew by 2.3 MB (at most 20), from 450 MB" in said
    assert "a trend of +0.100 [+0.050, +0.150] ms an hour" in said
    assert "threads 14 -> 15, open files 60 -> 61" in said


def test_what_is_not_known_is_not_said(capsys):
    steady = Trend(0.1, -0.05, 0.15, 0.09, 0.2)
    say(replace(SOAK, latency_trend=steady, anon_growth_mb=None, anon_mb=()))
    said = capsys.readouterr().out
    assert "no trend: +0.100" in said
    assert "memory" not in said


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--speed", "0"], "--speed above 0"),
        (["--speed", "nan"], "--speed above 0"),
        (["--minutes", "1"], "at least 1.7 at 10 times speed, got 1"),
        (["--minutes", "inf"], "--minutes"),
        (["--faults", "no-such"], "no-such"),
    ],
)
def test_what_cannot_be_measured_is_refused(options, told):
    with pytest.raises(ConfigError, match=told):
        main(["soak", *options])
