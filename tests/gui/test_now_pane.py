"""The latest decision: cards, margin, age, and no decision as a state of its own."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PyQt6.QtCore import QRectF
from staged_session import StagedSession, about

from bci.clock import VirtualClock
from bci.types import SourceState, Status
from gui.now_pane import CARDS, CLEAR, NowPane, age, cards, margin, period
from gui.theme import DARK

SIZES = ((320, 200), (640, 400), (1900, 900), (180, 300))


@pytest.fixture
def shown(show_pane):
    """Make a pane that shows a session, at a time of our choice."""

    def show(session, theme=DARK, size=(320, 200), now=None):
        clock = VirtualClock(session.now if now is None else now)
        return show_pane(lambda viewed, theme: NowPane(viewed, theme, clock), session, theme, size)

    return show


def say(pane):
    return pane.sheet.text


def decide(session, probabilities, **given):
    """Make a decision with probabilities of our choice."""
    decision = session.decide(best=0, **given)
    ranking = replace(decision.ranking, probabilities=np.float32(probabilities))
    session.recent[-1] = replace(decision, ranking=ranking)


def test_b1_five_cards_with_names_and_numbers(shown, staged, theme):
    decide(staged, [0.42, 0.2, 0.1, 0.05, 0.0005])
    pane = shown(staged, theme)
    names = [staged.about.concepts[index] for index in staged.recent[-1].ranking.indices]
    assert all(name in say(pane) for name in names)
    for number in ("42.0 %", "20.0 %", "10.0 %", "5.0 %", "0.05 %"):
        assert number in say(pane)
        assert number in pane.accessibleDescription()
    assert "margin 22.0 pp" in say(pane)


def test_b1_probabilities_are_called_uncalibrated_unless_they_are(shown, staged):
    staged.decide()
    assert "uncalibrated" in say(shown(staged))
    staged.tell(calibration={"temperature": 0.03})
    assert "uncalibrated" not in say(shown(staged))
    assert "calibrated" in say(shown(staged))


def test_b1_a_margin_below_five_points_is_no_clear_winner(shown, staged):
    decide(staged, [0.30, 0.26, 0.1, 0.05, 0.01])
    assert "no clear winner: margin 4.0 pp" in say(shown(staged))
    decide(staged, [0.30, 0.24, 0.1, 0.05, 0.01])
    assert "no clear winner" not in say(shown(staged))


@pytest.mark.parametrize("status", [Status.GAP, Status.DROPPED])
def test_b1_no_decision_is_a_state_with_its_reason(shown, staged, status):
    staged.decide()
    staged.decide(best=None, status=status, reason="the cap fell off")
    pane = shown(staged)
    assert f"No decision: {status}" in say(pane)
    assert "the cap fell off" in say(pane)
    assert "thing-0" not in say(pane)
    assert pane.accessibleDescription() == f"no decision: {status}, the cap fell off"


def test_b1_an_artifact_is_no_decision_though_it_was_decoded(shown, staged):
    staged.decide(status=Status.ARTIFACT, reason="O1 spans 240 uV")
    said = say(shown(staged))
    assert "no decision: artifact" in said
    assert "O1 spans 240 uV" in said


def test_b1_a_late_decision_says_so(shown, staged):
    staged.decide(status=Status.LATE, reason="61 ms")
    assert "late" in say(shown(staged))
    assert "61 ms" in say(shown(staged))


def test_b1_before_the_first_decision_it_says_what_it_waits_for(shown, staged, theme):
    assert "No decision yet" in say(shown(staged, theme))


def test_b1_a_decision_fades_after_twice_the_period(shown, staged):
    for _ in range(3):
        staged.now += 1.0
        decision = staged.decide()
    made = decision.onset + staged.about.window[1] + decision.latency
    fresh, stale = shown(staged, now=made + 1.9), shown(staged, now=made + 2.1)
    assert "1.9 s ago" in say(fresh)
    assert "stale" not in say(fresh)
    assert "stale: 2.1 s ago" in say(stale)
    assert fresh.grab().toImage() != stale.grab().toImage()


def test_b1_only_time_passing_is_painted_again(shown, staged):
    staged.decide()
    pane = shown(staged)
    pane._clock.advance(0.3)
    pane.refresh(staged.snapshot())
    pane.grab()
    assert "0.3 s ago" in say(pane)


def test_b1_a_source_that_stalled_is_told(shown, staged):
    staged.decide()
    staged.state = SourceState.STALLED
    assert "source stalled" in say(shown(staged))


@pytest.mark.parametrize("n", [2, 3, 4, 5, 250, 1854])
def test_b1_no_more_cards_than_concepts(shown, n):
    session = StagedSession(about(n))
    session.decide(best=1)
    said = say(shown(session, size=(400, 320)))
    assert said.count("thing-") == min(n, CARDS)


def test_b1_truth_is_nowhere_to_be_seen(shown, staged):
    decide(staged, [0.42, 0.2, 0.1, 0.05, 0.0005], truth=9)
    hidden = shown(staged).grab().toImage()
    decide(staged, [0.42, 0.2, 0.1, 0.05, 0.0005], truth=8)
    staged.recent[-1] = replace(staged.recent[-1], ranking=replace(staged.recent[-2].ranking))
    assert shown(staged).grab().toImage() == hidden


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("status", [Status.OK, Status.ARTIFACT])
def test_a24_nothing_overlaps_and_nothing_is_outside(shown, staged, size, status):
    staged.state = SourceState.STALLED
    staged.decide(status=status, reason="O1 spans 240 uV, 2 over 150")
    pane = shown(staged, size=size, now=staged.now + 99)
    places = [place.adjusted(0.01, 0.01, -0.01, -0.01) for place, _ in pane.sheet._written]
    inside = QRectF(pane.sheet.rect())
    assert all(inside.contains(place) for place in places)
    assert not [1 for i, one in enumerate(places) for other in places[i + 1 :] if one.intersects(other)]


def test_b1_words_grow_with_the_pane(shown, staged):
    staged.decide()
    small, kiosk = shown(staged, size=(320, 200)), shown(staged, size=(1900, 1000))
    heights = [max(place.height() for place, _ in pane.sheet._written) for pane in (small, kiosk)]
    assert heights[1] > 3 * heights[0]


@given(st.floats(40, 2000), st.floats(40, 2000), st.integers(1, 5), st.floats(5, 60))
def test_b1_cards_lie_one_below_the_other_within_the_area(width, height, n, least):
    area = QRectF(8, 30, width, height)
    places = cards(area, n, least)
    assert 1 <= len(places) <= n
    for above, below in pairwise(places):
        assert above.bottom() <= below.top()
    assert places[-1].bottom() <= area.bottom() + 1e-6
    assert len(places) == 1 or min(place.height() for place in places) >= min(least, width * 0.25) - 1e-6


@given(st.lists(st.floats(0, 1), min_size=1, max_size=6))
def test_b1_margin_is_that_of_the_best_over_the_second(values):
    session = StagedSession(about(max(2, len(values))))
    ranking = session.decide().ranking
    ordered = np.float32(sorted(values, reverse=True))
    lead = margin(replace(ranking, probabilities=ordered))
    assert lead is None if len(values) == 1 else lead == pytest.approx(float(ordered[0]) - float(ordered[1]))
    assert 0 < CLEAR < 1


def test_b1_period_and_age_by_hand(staged):
    assert period([1.0, 2.0, 4.0, 5.0], 9.0) == 1.0
    assert period([1.0], 9.0) == 9.0
    decision = staged.decide(onset=10.0, latency=0.5)
    assert age(decision, 1.0, 12.0) == pytest.approx(0.5)
    assert age(decision, 1.0, 11.0) == 0.0
