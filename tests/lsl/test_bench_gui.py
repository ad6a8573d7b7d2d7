"""`bci bench gui` from the command line to its figures; how fast this computer is, is not tested."""

import json
import os
import subprocess
import sys

import pytest

pytestmark = [pytest.mark.lsl, pytest.mark.slow]


def test_a2_the_dashboard_is_measured_beside_a_session_without_it():
    command = [sys.executable, "-m", "bci", "bench", "gui", "--minutes", "0.2", "--json"]
    place = os.environ | {"QT_QPA_PLATFORM": "offscreen"}
    done = subprocess.run(command, env=place, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stderr
    cost = json.loads(done.stdout)
    assert {"fps", "trace_paint_ms", "slot_ms", "latency_ms", "anon_growth_mb", "cold_start_s"} <= cost.keys()
    assert cost["latency_ms"]["difference"]["p99"] == pytest.approx(
        cost["latency_ms"]["gui"]["p99"] - cost["latency_ms"]["headless"]["p99"], abs=0.002
    )
    assert cost["decisions"] > 60
    assert cost["dropped"] == 0
    assert cost["trace_paint_ms"]["p95"] > 0


@pytest.mark.parametrize("bench", ["gui", "painting"])
def test_without_a_screen_it_says_what_to_do(bench):
    place = {name: value for name, value in os.environ.items() if name not in ("DISPLAY", "QT_QPA_PLATFORM")}
    command = [sys.executable, "-m", "bci", "bench", bench]
    done = subprocess.run(command, env=place, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2
    assert "QT_QPA_PLATFORM=offscreen" in done.stderr


def test_no_minutes_are_refused():
    command = [sys.executable, "-m", "bci", "bench", "gui", "--minutes", "0"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2
    assert "more than 0" in done.stderr
