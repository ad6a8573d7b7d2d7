"""What the summary says of presentations that stopped."""

import numpy as np
import pytest

from bci import stopping
from bci.evidence import UNCALIBRATED, StoppingRule
from bci.stopping import Stops
from bci.types import Decision, Evidence, Marker, Ranking, SourceState, Status

RULE = StoppingRule(np.eye(3, dtype=np.float32), 1.0, 0.0, alpha=0.1, at_most=4)


def told(n, best, p, *, stopped):
    values = np.float32([p])
    return Evidence(n, Ranking(np.array([best]), values, values, values, None, 3), p >= 0.9, stopped)


def decision(group, truth, evidence=None):
    marker, state = Marker(0.0, "m"), SourceState.FLOWING
    return Decision(0, marker, 0.0, truth, group, Status.OK, "", None, {}, 0.0, state, evidence=evidence)


def figures(rule, *decisions):
    stops = Stops(rule)
    for each in decisions:
        stops.add(each)
    return stops.figures()


def test_without_presentations_nothing_is_said():
    assert figures(RULE, decision(None, 0)) is None


def test_without_calibration_it_says_so_in_words():
    assert figures(None, decision("a", 0), decision("a", 0), decision("b", 1)) == {
        "n": 2,
        "stopping": UNCALIBRATED,
    }


def test_each_presentation_ends_once():
    summary = figures(
        RULE,
        decision("right", 0, told(1, 0, 0.5, stopped=False)),
        decision("right", 0, told(2, 0, 0.95, stopped=True)),
        decision("right", 0, told(2, 0, 0.95, stopped=True)),
        decision("wrong", 1, told(1, 2, 0.92, stopped=True)),
        decision("never sure", 1, told(4, 1, 0.6, stopped=True)),
        decision("unknown", None, told(3, 1, 0.99, stopped=True)),
        decision("open", 1, told(1, 1, 0.6, stopped=False)),
    )
    assert (summary["n"], summary["stopped"], summary["given_up"]) == (5, 3, 1)
    assert summary["top1_at_stop"] == pytest.approx(2 / 3)
    assert (summary["promised_error"], summary["realised_error"]) == (0.1, 0.5)
    assert summary["realised_error_interval"][0] < 0.5 < summary["realised_error_interval"][1]
    assert summary["mean_repetitions"] == pytest.approx((2 + 1 + 4 + 3) / 4)


def test_a_presentation_whose_repeats_disagree_is_of_unknown_truth():
    summary = figures(RULE, decision("a", 0), decision("a", 1, told(1, 1, 0.95, stopped=True)))
    assert (summary["stopped"], summary["realised_error"], summary["top1_at_stop"]) == (1, None, None)


def test_memory_is_bounded(monkeypatch):
    monkeypatch.setattr(stopping, "KEPT", 10)
    stops = Stops(RULE)
    for group in range(100):
        stops.add(decision(str(group), 0))
    assert stops.figures()["n"] == 100
    assert len(stops._open) == 10
