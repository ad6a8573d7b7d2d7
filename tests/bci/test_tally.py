import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bci.decided import DecisionTable
from bci.ranking import rank
from bci.tally import chance, totals
from bci.types import Decision, Marker, SourceState, Status
from bci.verdict import STAGES

PROTOTYPES = np.eye(3, dtype=np.float32)
MARKER = Marker(0.0, "shown")


def decision(truth, seen=None, status=Status.OK, prototypes=PROTOTYPES, latency=0.002, marker=MARKER):
    ranking = None if seen is None else rank(np.float32(seen), prototypes, truth, 5)
    stages = dict.fromkeys(STAGES, latency / 5)
    return Decision(0, marker, 0.0, truth, None, status, "", ranking, stages, latency, SourceState.FLOWING)


def tally(decisions, n=3):
    table = DecisionTable()
    for entry in decisions:
        table.add(entry)
    return totals(table.view(), n)


def test_a_missing_ranking_is_a_miss_and_an_unknown_truth_counts_nowhere():
    summary = tally(
        [
            decision(0, [1, 0, 0]),
            decision(0, [0, 1, 0]),
            decision(1, None, Status.GAP),
            decision(None, [0, 1, 0]),
            decision(2, [0, 0, 1], Status.ARTIFACT),
        ]
    )
    assert summary["top1"] == pytest.approx(2 / 4)
    assert summary["top1_accepted"] == pytest.approx(1 / 2)
    assert summary["chance_top1"] == pytest.approx(2 / 4)
    assert summary["coverage"] == pytest.approx(4 / 5)
    assert (summary["events"], summary["ok"], summary["gap"], summary["artifact"]) == (5, 3, 1, 1)


def test_shares_have_intervals():
    summary = tally([decision(0, [1, 0, 0]), decision(0, [0, 1, 0])])
    assert summary["top1_interval"] == pytest.approx((0.0945, 0.9055), abs=1e-4)
    assert summary["top5_interval"] is None
    assert tally([decision(None, [0, 1, 0])])["top1_interval"] is None


def test_windows_overlap_and_so_have_no_intervals():
    two = np.eye(2, dtype=np.float32)
    summary = tally([decision(i, two[i], prototypes=two, marker=None) for i in (0, 1)], 2)
    assert (summary["top1"], summary["top1_interval"]) == (1.0, None)
    assert summary["auc"] == {"value": 1.0, "low": None, "high": None}


def test_naming_five_of_five_is_no_feat():
    assert tally([decision(0, [1, 0, 0])])["top5"] is None
    assert tally([decision(0, [1, 0, 0])])["chance_top5"] is None
    wide = np.eye(10, dtype=np.float32)
    summary = tally([decision(7, wide[7], prototypes=wide), decision(9, wide[0], prototypes=wide)], 10)
    assert summary["top5"] == pytest.approx(0.5)
    assert summary["chance_top5"] == pytest.approx(0.5)


def shown(truths, n):
    table, vectors = DecisionTable(), np.eye(n, dtype=np.float32)
    for truth in truths:
        table.add(decision(truth, vectors[truth], prototypes=vectors))
    return table.view()


def test_luck_is_the_most_frequent_of_few_concepts():
    assert chance(shown([0, 1, 1, 1], 2), 1, 2) == pytest.approx(3 / 4)
    assert chance(shown([0] * 40 + [1] * 20, 6), 1, 6) == pytest.approx(2 / 3)


def test_luck_is_the_same_for_all_of_many_concepts_that_few_were_shown_of():
    assert chance(shown([3], 10), 1, 10) == pytest.approx(1 / 10)
    assert chance(shown([3, 3, 4], 10), 5, 10) == pytest.approx(5 / 10)
    assert chance(shown([], 2), 1, 2) == pytest.approx(1 / 2)


def test_nothing_seen_gives_nulls_and_not_zeros():
    summary = tally([])
    assert summary["events"] == 0
    assert all(summary[key] is None for key in ("top1", "coverage", "chance_top1", "latency_ms"))


@given(st.lists(st.sampled_from(list(Status)), max_size=40))
def test_every_event_is_in_exactly_one_status(statuses):
    summary = tally([decision(0, None, status) for status in statuses])
    assert summary["events"] == sum(summary[str(status)] for status in Status) == len(statuses)


def test_latency_is_in_milliseconds_and_of_decoded_events_alone():
    summary = tally(
        [decision(0, [1, 0, 0], latency=0.001 * i) for i in range(1, 101)] + [decision(0, latency=9.0)]
    )
    assert summary["latency_ms"] == {"p50": 50.5, "p95": 95.05, "p99": 99.01, "max": 100.0}


def test_two_concepts_have_an_area_from_the_difference_of_cosines():
    two = np.eye(2, dtype=np.float32)
    summary = tally([decision(i % 2, two[i % 2], prototypes=two) for i in range(20)], 2)
    assert summary["auc"]["value"] == 1.0
    assert "auc" not in tally([])
    assert tally([decision(0, two[0], prototypes=two)], 2)["auc"] is None
