"""Averages and single trials, side by side and never in one number."""

from dataclasses import replace

import pytest
from PyQt6.QtCore import QRectF
from staged_session import StagedSession, about

from bci.evidence import UNCALIBRATED
from bci.types import Evidence, Status
from gui.averaging_pane import AveragingPane
from gui.theme import DARK


@pytest.fixture
def shown(show_pane):
    def show(session, theme=DARK, size=(320, 200), prototypes=None):
        session.tell(prototypes=prototypes)
        return show_pane(AveragingPane, session, theme, size)

    return show


def say(pane):
    return pane.sheet.text


def repeat(session, group, truth, seen):
    """Decide once for each concept seen, in one presentation."""
    for best in seen:
        status = Status.GAP if best is None else Status.OK
        decision = session.decide(truth=truth, best=best, status=status)
        session.recent[-1] = replace(decision, group=group)


def test_b12_repeats_of_each_presentation_are_counted(shown, staged, theme):
    repeat(staged, "one", 3, [3, 4, 5])
    repeat(staged, "two", 2, [2, 2, 2, None])
    said = say(shown(staged, theme, prototypes=staged.prototypes))
    assert "two · 3 of 4 · 1 of 10 · 3 of 4" in said
    assert "one · 3 ·" in said
    assert said.index("two") < said.index("one"), "the latest does not come first"


def test_b12_single_trials_and_averages_have_figures_of_their_own(shown, staged):
    repeat(staged, "one", 3, [3, 3, 4])
    repeat(staged, "two", 2, [2, 2, 9])
    said = say(shown(staged, prototypes=staged.prototypes))
    assert "Single trials: 66.7 % of 6 repeats" in said
    assert "Averages: 100.0 % [34-100] of 2 presentations" in said
    assert "pointwise" in said


def test_b12_without_prototypes_only_counts_are_told(shown, staged):
    repeat(staged, "one", 3, [3, 3, 4])
    said = say(shown(staged))
    assert "Averages: not ranked" in said
    assert "not ranked · 2 of 3" in said


def test_b12_without_groups_it_says_that_nothing_is_averaged(shown, staged, theme):
    assert "Single trials: nothing is averaged" in say(shown(staged, theme))
    staged.decide(truth=1, best=1)
    assert "Single trials: nothing is averaged" in say(shown(staged, theme))


def test_b12_everything_is_hidden_from_a_participant(shown, theme):
    pictures = []
    for truth in (1, 7):
        session = StagedSession(about(hide_truth=True))
        repeat(session, f"thing-{truth}", truth, [truth] * truth)
        pane = shown(session, theme)
        assert "thing" not in say(pane)
        pictures.append(pane.grab().toImage())
    assert pictures[0] == pictures[1]


def test_b12_counts_go_on_beyond_what_a_snapshot_holds(shown, staged):
    pane = shown(staged)
    for _ in range(4):
        repeat(staged, "long", 1, [1] * 30)
        pane.refresh(staged.snapshot())
    pane.grab()
    assert "long · 120 ·" in say(pane)
    assert "not seen" not in say(pane)


def test_b12_decisions_made_out_of_sight_are_told(shown, staged):
    pane = shown(staged)
    repeat(staged, "long", 1, [1] * 70)
    pane.refresh(staged.snapshot())
    pane.grab()
    assert "20 decisions were not seen" in say(pane)
    assert "long · 50 ·" in say(pane)


def test_b12_what_repeats_say_together_is_shown_with_its_promise(shown, staged, theme):
    staged.tell(stopping="wrong with probability 0.1 at most, 80 repeats at most")
    for group, stopped in (("one", False), ("two", True)):
        repeat(staged, group, 3, [3, 3])
        told = Evidence(2, staged.recent[-1].ranking, sure=stopped, stopped=stopped)
        staged.recent[-1] = replace(staged.recent[-1], evidence=told)
    repeat(staged, "three", 3, [3])
    said = say(shown(staged, theme, prototypes=staged.prototypes))
    p = round(float(told.ranking.probabilities[0]) * 100)
    assert f"2 of 2 · ■ {p} % thing-3" in said
    assert said.count("% thing-3") == 2
    assert "1 of 1 · -" in said
    assert "Evidence: wrong with probability 0.1 at most, 80 repeats at most" in said


def test_b12_without_calibration_it_says_that_nothing_stops(shown, staged):
    staged.tell(stopping=UNCALIBRATED)
    repeat(staged, "one", 3, [3, 3])
    assert "Evidence: uncalibrated: no stopping" in say(shown(staged))


def test_b12_an_unknown_truth_says_so(shown, staged):
    repeat(staged, "one", None, [3, 3])
    said = say(shown(staged, prototypes=staged.prototypes))
    assert "Single trials: truth unknown" in said
    assert "thing-3 · unknown" in said


@pytest.mark.parametrize("n", [2, 1854])
@pytest.mark.parametrize("size", [(320, 200), (640, 400), (1200, 150)])
def test_a24_nothing_overlaps_and_nothing_is_outside(shown, n, size):
    session = StagedSession(about(n))
    for i in range(24):
        repeat(session, f"presentation-{i:04d}", 1, [1, 0])
    pane = shown(session, size=size, prototypes=session.prototypes)
    places = [place.adjusted(0.01, 0.01, -0.01, -0.01) for place, _ in pane.sheet._written]
    assert all(QRectF(pane.sheet.rect()).contains(place) for place in places)
    assert not any(one.intersects(other) for i, one in enumerate(places) for other in places[i + 1 :])
