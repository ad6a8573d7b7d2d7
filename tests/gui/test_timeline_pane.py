import math
from functools import partial
from itertools import pairwise

import numpy as np
import pytest
from PyQt6.QtCore import QPointF, Qt
from staged_session import StagedSession, about

from bci.types import Status
from gui.session_plan import Bar, Lane, Scene
from gui.theme import DARK, LIGHT
from gui.timeline_pane import TimelinePane


@pytest.fixture
def shown(show_pane, theme):
    return partial(show_pane, TimelinePane, theme=theme)


def staged(n_concepts=10, **facts):
    """One decision of each kind, two seconds apart."""
    session = StagedSession(about(n_concepts, **facts))
    for i, (best, status) in enumerate(
        [
            (1, Status.OK),
            (1, Status.LATE),
            (0, Status.ARTIFACT),
            (None, Status.DROPPED),
            (None, Status.GAP),
            (1, Status.OK),
        ]
    ):
        session.decide(truth=1, best=best, status=status, onset=100.0 + 2 * i)
    return session


def lanes(pane):
    return {lane.name: np.flatnonzero(lane.flags).tolist() for lane in pane.chart.scene.lanes}


def test_b8_every_decision_has_a_lane_and_every_lane_a_shape(shown):
    pane = shown(staged())
    found = lanes(pane)
    assert found["top-1"] == [0, 1, 5]
    assert sorted([*found["top-5"], *found["miss"]]) == [2]
    assert (found["late"], found["artefact"], found["dropped"], found["gap"]) == ([1], [2], [3], [4])
    shapes = [lane.shape for lane in pane.chart.scene.lanes]
    assert len(set(shapes)) == len(shapes)


def test_b8_what_was_lost_is_counted_by_reason(shown):
    assert "late 1 · artefact 1 · dropped 1 · gap 1 · 6 decisions" in shown(staged()).words.text


def test_b8_running_accuracy_counts_missing_rankings_as_misses(shown):
    pane = shown(staged())
    assert "top-1 — 50 %" in pane.words.text
    assert "last 6" in pane.words.text
    assert [course.dashed for course in pane.chart.scene.courses] == [False, True]


def test_b8_naming_five_of_five_is_no_feat(shown):
    pane = shown(staged(2))
    assert "top-5" not in lanes(pane)
    assert len(pane.chart.scene.courses) == 1


def test_b8_pauses_are_shaded_and_counted(shown):
    session = staged()
    session.decide(truth=1, best=1, onset=200.0)
    pane = shown(session)
    assert pane.chart.scene.pauses == [(110.0, 200.0)]
    assert "1 pause, shaded" in pane.words.text


def test_b8_what_was_recorded_is_drawn_where_it_is_told(shown):
    pane = shown(staged())
    assert pane.chart.scene.bars == []
    without = pane.chart.plan.lane(0).top()
    pane.recording([(101.0, 105.0)])
    pane.grab()
    assert pane.chart.scene.bars == [Bar("recorded", "bad", ((101.0, 105.0),))]
    assert pane.chart.plan.lane(0).top() < without


def test_b8_what_the_operator_paused_and_excluded_is_drawn_before_the_next_decision(shown):
    session = staged()
    pane = shown(session)
    session.pauses = ((101.0, 103.0), (105.0, math.inf))
    session._table.exclude((103.5, 104.5))
    session.excluded = ((103.5, 104.5),)
    pane.refresh(session.snapshot())
    pane.grab()
    assert [(bar.name, bar.spans) for bar in pane.chart.scene.bars] == [
        ("paused", session.pauses),
        ("excluded", session.excluded),
    ]
    assert "‖ paused" in pane.words.text
    assert "1 decisions excluded" in pane.words.text


def test_b8_a_click_chooses_the_nearest_decision_of_the_lane(qtbot, shown):
    pane = shown(staged())
    chart = pane.chart
    names = [lane.name for lane in chart.scene.lanes]
    gap = chart.plan.lane(names.index("gap"))
    with qtbot.waitSignal(pane.trial_chosen) as told:
        qtbot.mouseClick(chart, Qt.MouseButton.LeftButton, pos=QPointF(gap.left() + 3, gap.center().y()).toPoint())
    assert told.args == [4]
    with qtbot.waitSignal(pane.trial_chosen) as told:
        qtbot.mouseClick(chart, Qt.MouseButton.LeftButton, pos=QPointF(gap.left() + 1, 12).toPoint())
    assert told.args == [0]
    assert pane.words.text == "trial 0 · at 0:00 · top-1"


def test_b8_decisions_can_be_reached_by_keys(qtbot, shown):
    pane = shown(staged())
    for key in (Qt.Key.Key_Home, Qt.Key.Key_Right, Qt.Key.Key_End, Qt.Key.Key_Left):
        qtbot.keyClick(pane.chart, key)
    assert "trial 4 · at 0:08 · gap" in pane.words.text
    with qtbot.waitSignal(pane.trial_chosen) as told:
        qtbot.keyClick(pane.chart, Qt.Key.Key_Return)
    assert told.args == [4]


def test_b8_a_hidden_truth_leaves_statuses_alone(qtbot, shown):
    pane = shown(staged(hide_truth=True))
    found = lanes(pane)
    assert set(found) == {"decided", "late", "artefact", "dropped", "gap"}
    assert not pane.chart.scene.courses
    assert pane.chart.scene.instead == "outcomes are hidden from this screen"
    qtbot.keyClick(pane.chart, Qt.Key.Key_Home)
    assert pane.words.text == "trial 0 · at 0:00 · decided"
    assert "top" not in pane.words.text.replace("stop", "")


def test_b8_without_truth_it_is_said(shown):
    session = StagedSession()
    session.decide()
    pane = shown(session)
    assert pane.chart.scene.instead == "no truth in the markers: accuracy cannot be known"
    assert lanes(pane) == {"decided": [0]}
    assert "No decision yet" in shown(StagedSession()).sentence.text()


def test_b8_a_hundred_thousand_decisions_are_drawn_as_few_shapes(shown):
    session = StagedSession()
    pane = shown(session, size=(640, 400))
    n = 100_000
    onset = np.arange(n) * 0.2
    flags = np.arange(n) % 3 == 0
    pane.chart.set_scene(Scene(onset, [Lane("top-1", "disc", "good", flags)]))
    counts = pane.chart.plan.counts(flags)
    assert counts.sum() == flags.sum()
    assert len(counts) <= pane.chart.width() / 4
    pane.grab()


def test_b8_lanes_and_ribbon_do_not_overlap(shown):
    pane = shown(staged())
    pane.recording([])
    chart = pane.chart
    rects = [chart.plan.ribbon, *(chart.plan.lane(i) for i in range(len(chart.scene.lanes) + 1))]
    for above, below in pairwise(rects):
        assert above.bottom() <= below.top() + 1e-6
    assert rects[-1].bottom() <= chart.plan.area.bottom() + 1e-6
    assert rects[0].height() > 20


def test_b8_lanes_of_a_flat_pane_find_room(shown):
    pane = shown(staged(), size=(640, 90))
    chart = pane.chart
    rects = [chart.plan.lane(i) for i in range(len(chart.scene.lanes))]
    assert rects[0].top() >= 0
    assert rects[-1].bottom() <= chart.height()
    assert "top-1" in chart.toolTip()


def test_b8_the_theme_can_change(qtbot):
    pane = TimelinePane(staged(), DARK)
    qtbot.addWidget(pane)
    pane.refresh(pane.viewed.snapshot())
    pane.set_theme(LIGHT)
    assert pane.chart.theme is LIGHT
