from functools import partial

import numpy as np
import pytest
from staged_session import StagedSession, about

from bci.types import Status
from gui.latency_pane import LatencyPane


@pytest.fixture
def shown(show_pane):
    return partial(show_pane, LatencyPane)


def decided(latencies, **facts):
    session = StagedSession(about(10, **facts))
    for latency in latencies:
        session.decide(truth=1, best=1, latency=latency)
    return session


def test_b7_percentiles_and_misses_are_told_with_their_unit(shown):
    pane = shown(decided([0.005] * 98 + [0.08, 0.2]))
    assert pane.words.text.startswith("p50 5 ms  p95 5 ms  p99 81.2 ms · | budget 50 ms")
    assert "2 of 100 over it (2.0 %)" in pane.words.text
    assert "one clock: LSL" in pane.words.text
    assert "one clock" in pane.toolTip()


def test_b7_a_session_in_time_says_so(shown):
    assert "none of 3 over it" in shown(decided([0.005] * 3)).words.text


def test_b7_stages_of_a_bar_add_up_to_the_latency_of_its_decisions(shown):
    pane = shown(decided(np.arange(1, 102) / 1e3))
    assert [(bar.name, sum(bar.stages)) for bar in pane.bars._bars] == [
        ("p50", pytest.approx(51)),
        ("p95", pytest.approx(96)),
        ("p99", pytest.approx(100)),
    ]


def test_b7_painting_is_told_beside_the_latency_of_the_decision(shown):
    session = decided([0.005] * 4)
    pane = shown(session)
    assert "painted: not known" in pane.bars.accessibleName()
    pane.painted(np.arange(101) / 1e3)
    pane.refresh(session.snapshot())
    assert [bar.painted for bar in pane.bars._bars] == pytest.approx([50, 95, 99])
    assert sum(pane.bars._bars[0].stages) == pytest.approx(5)
    assert "painted 50" in pane.bars.accessibleName()


def test_b7_what_painting_took_costs_nothing_until_the_next_refresh(shown, monkeypatch):
    session = decided([0.005] * 4)
    pane = shown(session)
    drawn, seconds = [], np.full(3, 0.02)
    monkeypatch.setattr(pane, "draw", lambda *_: drawn.append(1))
    for _ in range(60):
        pane.painted(seconds)
    assert not drawn
    for _ in range(3):
        pane.painted(seconds)
        pane.refresh(session.snapshot())
    assert len(drawn) == 1


def test_b7_every_decision_is_in_the_histogram(shown):
    pane = shown(decided(np.geomspace(1e-4, 5, 60)))
    assert (pane._histogram.opts["height"] ** 2).sum() == pytest.approx(60)
    assert pane._budget.value() == pytest.approx(np.log10(50))
    low, high = pane.plot.getViewBox().viewRange()[0]
    assert low < np.log10(0.1) < np.log10(50) < np.log10(5000) < high + 0.1


def test_b7_events_that_were_not_decoded_have_no_latency(shown):
    session = decided([0.005] * 3)
    session.decide(truth=1, best=None, status=Status.GAP, latency=3.0)
    assert "none of 3 over it" in shown(session).words.text
    lost = StagedSession()
    lost.decide(truth=1, best=None, status=Status.GAP)
    assert "None of 1 events was decoded" in shown(lost).sentence.text()
    assert "No decision yet" in shown(StagedSession()).sentence.text()


def test_b7_latency_may_be_seen_by_a_participant(shown):
    assert "p50 5" in shown(decided([0.005], hide_truth=True)).words.text


@pytest.mark.parametrize("width", [240, 304, 900])
def test_b7_entries_of_the_legend_find_room(shown, width):
    pane = shown(decided([0.005] * 3))
    pane.painted(np.full(3, 0.12))
    pane.redraw()
    metrics = pane.bars.metrics()
    ends = {}
    for line, x, _, text in pane.bars._legend(width):
        assert x >= ends.get(line, 0)
        ends[line] = x + metrics.horizontalAdvance(text)
        assert ends[line] <= width


def test_b7_a_distribution_too_flat_to_be_read_is_left_out(shown):
    pane = shown(decided([0.005] * 3), size=(320, 120))
    assert pane.bars.isVisible()
    assert not pane.plot.isVisible()
    pane.resize(320, 200)
    assert pane.plot.isVisible()
