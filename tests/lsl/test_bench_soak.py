"""`bci bench soak` from the command line to its figures; how fast this computer is, is not tested."""

import json
import subprocess
import sys

import pytest

pytestmark = [pytest.mark.lsl, pytest.mark.slow]

FAULTS = "gaps.per_minute = 4; markers.duplicated = 0.1; markers.late = 0.1; restarts.per_minute = 0.5"


def test_every_event_of_a_device_that_restarts_is_accounted_for():
    command = [sys.executable, "-m", "bci", "bench", "soak", "--minutes", "4", "--faults", FAULTS, "--seed", "1"]
    done = subprocess.run([*command, "--json"], capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    soak = json.loads(done.stdout)
    assert soak["sent"] > 1000
    assert soak["restarts"] > 0
    assert soak["ended"] == "bci:end"
    assert (soak["astray"], soak["undecided"], soak["unwritten"], soak["lost"]) == (0, 0, 0, 0)
    assert sum(soak["decisions"].values()) == soak["sent"] - soak["away"]
    assert soak["decisions"]["ok"] > 0.5 * soak["sent"]
    assert soak["decisions"]["gap"] > 0
    assert soak["decisions"]["dropped"] > 0
    assert soak["latency_trend"]["low"] <= soak["latency_trend"]["slope"] <= soak["latency_trend"]["high"]
