import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bci.errors import FormatError, MismatchError
from bci.ranking import rank, rank_scores
from bci.types import Decision, DecoderSpec, Evidence, Flag, Marker, SourceState, Stamps, Status
from bci.verdict import STAGES, Passage, settle
from bci.wire import LONGEST, Header, decode, encode

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
        "truth": "concept 4", "rank": 0, "n": 8, "group": None, "n_avg": 1, "p_kind": "raw",
            "evidence": None, "latency_ms": 1.3,
        "stages_ms": {"arrive": 0.1, "epoch": 0.2, "queue": 0.1, "decode": 0.8, "publish": 0.1},
        "model": "1f3a9c02", "bank": "77ab01de", "preprocess": "0c1d2e3f", "calibration": None, "mask": [],
        "source_state": "flowing", "source_reason": "",
    }  # fmt: skip
    assert len(top) == 5
    assert top[0] == {"concept": "concept 4", "index": 4, "score": 1.0, "p": pytest.approx(np.e / (np.e + 7))}


def test_a_person_s_calibration_is_named():
    personal = replace(SPEC, calibration="5c0ffee5")
    assert json.loads(encode(decision(None), Header(personal)))["calibration"] == "5c0ffee5"


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


# -------------------------------------------------------------------------------------------- the way back

FINITE = st.floats(allow_nan=False, allow_infinity=False)
SECONDS = st.floats(0, 1e5)
TEXT = st.text(max_size=20)


@st.composite
def evidence(draw, n):
    """Whatever repeats may say about n concepts."""
    total = np.float32(draw(st.lists(st.floats(-9, 9, width=32), min_size=n, max_size=n)))
    ranking = rank_scores(total, np.ones(3, np.float32), None, 5, temperature=0.5)
    return Evidence(draw(st.integers(1, 80)), ranking, draw(st.booleans()), draw(st.booleans()))


@st.composite
def decisions(draw):
    """Whatever a session may decide about 1 to 9 concepts, and its concepts."""
    concepts = tuple(draw(st.lists(TEXT, min_size=1, max_size=9, unique=True)))
    truth = draw(st.none() | st.integers(0, len(concepts) - 1))
    ranking = None
    if draw(st.booleans()):
        n = len(concepts)
        scores = draw(st.lists(st.floats(-2, 2, width=32), min_size=n, max_size=n))
        ranking = rank_scores(np.float32(scores), np.ones(3, np.float32), truth, 5, temperature=0.1)
    onset, value = draw(FINITE), draw(st.none() | TEXT)
    made = Decision(
        seq=draw(st.integers(0, 2**40)),
        marker=None if value is None else Marker(onset, value, "source", onset),
        onset=onset,
        truth=truth,
        group=draw(st.none() | TEXT),
        status=draw(st.sampled_from(Status)),
        reason=draw(TEXT),
        ranking=ranking,
        stages={stage: draw(SECONDS) for stage in STAGES},
        latency=draw(SECONDS),
        source_state=draw(st.sampled_from(SourceState)),
        source_reason=draw(st.text(max_size=20)),
        mask=tuple(draw(st.lists(TEXT, max_size=3))),
        evidence=draw(st.none() | evidence(len(concepts))),
    )
    return made, concepts


@given(decisions(), st.booleans())
def test_what_was_read_is_written_as_it_was(drawn, hide_truth):
    made, concepts = drawn
    header = Header(DecoderSpec(("Cz",), 100.0, 10, "0" * 64, concepts, "1" * 8, "2" * 8), hide_truth=hide_truth)
    line = encode(made, header)
    read = decode(line, concepts)
    assert encode(read, header) == line
    assert (read.truth, read.status, read.seq) == (None if hide_truth else made.truth, made.status, made.seq)
    assert (read.ranking is None) == (made.ranking is None)
    assert (read.evidence is None) == (made.evidence is None)
    if read.evidence is not None:
        assert (read.evidence.n, read.evidence.stopped) == (made.evidence.n, made.evidence.stopped)
        np.testing.assert_array_equal(read.evidence.ranking.indices, made.evidence.ranking.indices)
    if read.ranking is not None:
        np.testing.assert_array_equal(read.ranking.indices, made.ranking.indices)
        np.testing.assert_array_equal(read.ranking.scores, made.ranking.scores)
        assert (read.ranking.embedding.shape, read.ranking.embedding.dtype) == ((0,), np.float32)


def test_a_line_says_who_made_it():
    """After a switch it is another decoder than the session began with, perhaps of other concepts."""
    other = DecoderSpec(SPEC.channels, 100.0, 10, "d" * 64, ("x", "y"), "m" * 8, "b" * 8, "c" * 8, "calibrated")
    prototypes = np.eye(2, dtype=np.float32)
    made = replace(decision(rank(prototypes[1], prototypes, 1, 5)), truth=1, decoder=other)
    body = json.loads(encode(made, Header(SPEC)))
    told = [body[key] for key in ("model", "bank", "preprocess", "calibration", "p_kind", "n", "truth")]
    assert told == ["m" * 8, "b" * 8, "d" * 8, "c" * 8, "calibrated", 2, "y"]
    assert [named["concept"] for named in body["top"]] == ["y", "x"]
    assert decode(json.dumps(body), other.concepts, "b" * 8).truth == 1
    with pytest.raises(MismatchError, match=f"ranks bank {'b' * 8} now, and its stream describes {SPEC.bank}"):
        decode(json.dumps(body), other.concepts, SPEC.bank)


def told(**changes):
    """A good line with some of its fields changed; None of them if the change is `...`."""
    prototypes = np.eye(8, dtype=np.float32)
    body = json.loads(encode(decision(rank(prototypes[4], prototypes, 4, 5)), Header(SPEC))) | changes
    return json.dumps({key: value for key, value in body.items() if value is not ...})


def test_a_good_line_is_read():
    assert decode(told(), NAMES).ranking.indices[0] == 4
    assert decode(told(unheard_of=1), NAMES).seq == 17


FIRST = {"concept": "concept 4", "index": 4, "score": 1.0, "p": 0.2}


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (told(schema=2), "schema 2, this version reads up to 1: update"),
        (told(schema=...), "schema number, got None"),
        (told(schema=True), "schema number, got True"),
        ("[1]", "schema number"),
        ("", "as JSON"),
        ("[" * 50_000, "as JSON"),
        ('{"schema": 1' + "0" * 5000 + "}", "as JSON"),
        ("x" * (LONGEST + 1), "at most 65536 characters"),
        (told(seq=-1), "seq"),
        (told(seq="17"), "seq"),
        (told(onset=...), "onset"),
        (told(onset=float("nan")), "onset"),
        (told(latency_ms=float("inf")), "latency_ms"),
        (told(status="fine"), "'fine' is none of ok, late"),
        (told(source_state="odd"), "'odd' is none of"),
        (told(n=7), "ranks 7 concepts, and 8"),
        (told(truth="nothing"), "'nothing' is none of the concepts"),
        (told(rank=8), "rank 8"),
        (told(truth=None), "rank 0 of the truth None"),
        (told(top=[]), "nothing was ranked"),
        (told(top=[FIRST]), "names 1 of 8"),
        (told(top=[FIRST | {"index": 5}] * 5), "'concept 4' is not concept 5"),
        (told(top=[FIRST | {"index": -4}] * 5), "is not concept -4"),
        (told(top=[FIRST | {"index": 10**30}] * 5), "is not concept 1000"),
        (told(top=[FIRST | {"score": 1e39}] * 5), "top: "),
        (told(top=[FIRST | {"p": 2}] * 5), "top: "),
        (told(stages_ms={"a\n": "b"}), "stages_ms: "),
        (told(stages_ms={"decode": 1.0}), "1 stages that are not arrive"),
    ],
)
def test_other_lines_are_refused_in_one_line(line, why):
    with pytest.raises(FormatError, match=why) as refused:
        decode(line, NAMES)
    assert "\n" not in str(refused.value)


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | TEXT, st.lists))
def test_whatever_a_field_holds_it_is_read_or_refused(value):
    for field in json.loads(told()):
        refused = ""
        try:
            read = decode(told(**{field: value}), NAMES)
        except FormatError as error:
            refused = str(error)
        else:
            line = encode(read, Header(SPEC))
            assert encode(decode(line, NAMES), Header(SPEC)) == line
        assert "\n" not in refused
