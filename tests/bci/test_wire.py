import json

import numpy as np
import pytest

from bci.ranking import rank
from bci.types import Decision, DecoderSpec, Flag, Marker, SourceState, Stamps, Status
from bci.verdict import Passage, settle
from bci.wire import Header, encode

NAMES = tuple(f"concept {i}" for i in range(8))
SPEC = DecoderSpec(("Cz",), 100.0, 10, "0c1d2e3f" + "0" * 56, NAMES, "1f3a9c02", "77ab01de")


def decision(ranking, truth=4, status=Status.OK, reason=""):
    stages = {"arrive": 1e-4, "epoch": 2e-4, "queue": 1e-4, "decode": 8e-4, "publish": 1e-4}
    return Decision(
        17,
        Marker(1234.5, "banana"),
        1234.5,
        truth,
        None,
        status,
        reason,
        ranking,
        stages,
        1.3e-3,
        SourceState.FLOWING,
    )


def test_the_line_is_the_one_that_is_documented():
    prototypes = np.eye(8, dtype=np.float32)
    line = encode(decision(rank(prototypes[4], prototypes, 4, 5)), Header(SPEC))
    assert "\n" not in line
    body = json.loads(line)
    top = body.pop("top")
    assert body == {
        "schema": 1, "seq": 17, "marker": "banana", "onset": 1234.5, "status": "ok", "reason": "",
        "truth": "concept 4", "rank": 0, "n": 8, "group": None, "n_avg": 1, "p_kind": "raw", "latency_ms": 1.3,
        "stages_ms": {"arrive": 0.1, "epoch": 0.2, "queue": 0.1, "decode": 0.8, "publish": 0.1},
        "model": "1f3a9c02", "bank": "77ab01de", "preprocess": "0c1d2e3f", "calibration": None, "mask": [],
        "source_state": "flowing",
    }  # fmt: skip
    assert len(top) == 5
    assert top[0] == {"concept": "concept 4", "index": 4, "score": 1.0, "p": pytest.approx(np.e / (np.e + 7))}


def test_without_a_ranking_there_is_no_top_and_no_rank():
    body = json.loads(encode(decision(None, status=Status.GAP, reason="why"), Header(SPEC)))
    assert (body["top"], body["rank"], body["truth"]) == ([], None, "concept 4")
    assert (body["status"], body["reason"]) == ("gap", "why")


def test_the_truth_can_be_hidden():
    body = json.loads(encode(decision(None), Header(SPEC, hide_truth=True)))
    assert "truth" not in body
    assert "rank" not in body


def test_the_gravest_status_counts_and_every_reason_is_told():
    flags = [Flag(Status.LATE, "slow"), Flag(Status.GAP, "hole"), Flag(Status.ARTIFACT, "blink")]
    assert settle(flags) == (Status.GAP, "hole; blink; slow")
    assert settle([]) == (Status.OK, "")
    assert settle([Flag(Status.OK, "no label")]) == (Status.OK, "no label")


def test_stages_add_up():
    passage = Passage(Stamps(1.0, 1.1, 1.3), 1.35, 1.75, 1.8)
    assert passage.latency == pytest.approx(0.8)
    assert sum(passage.stages.values()) == pytest.approx(0.8)
