import numpy as np
import pytest
from staged_session import StagedSession, about

from bci.types import Status
from gui.ranks_pane import RanksPane
from gui.root_scale import round_counts
from gui.theme import DARK, LIGHT


@pytest.fixture
def shown(qtbot, theme):
    def show(session, size=(320, 200)):
        pane = RanksPane(session, theme)
        qtbot.addWidget(pane)
        pane.resize(*size)
        pane.show()
        pane.refresh(session.snapshot())
        pane.grab()
        return pane

    return show


def decided(n_concepts, n=40, **facts):
    session = StagedSession(about(n_concepts, **facts))
    for i in range(n):
        session.decide(truth=i % n_concepts, best=i % n_concepts if i % 4 == 0 else 0)
    return session


@pytest.mark.parametrize("n_concepts", [2, 10, 200, 1854])
def test_b4_every_trial_is_in_a_bar(shown, n_concepts):
    pane = shown(decided(n_concepts))
    heights = pane._bars.opts["height"]
    assert (heights**2).sum() == pytest.approx(40)
    assert "band: chance, 95 %, pointwise" in pane.words.text
    assert f"of {n_concepts:,}" in pane.words.text


def test_b4_median_and_two_way_identification_are_told(shown):
    session = StagedSession(about(11))
    for _ in range(3):
        session.decide(truth=4, best=4)
    pane = shown(session)
    assert "median 1 of 11 · 2-way 100.0 % (chance 50 %) · n 3" in pane.words.text


def test_b4_missing_rankings_are_counted_in_words(shown):
    session = decided(10)
    session.decide(truth=1, best=None, status=Status.GAP)
    assert "1 not ranked" in shown(session).words.text


def test_b4_what_is_missing_is_said(shown):
    untold, lost = StagedSession(), StagedSession()
    untold.decide()
    lost.decide(truth=1, best=None, status=Status.DROPPED)
    for session, words in (
        (StagedSession(), "No decision yet"),
        (untold, "No truth in the markers"),
        (lost, "None of 1 events"),
        (StagedSession(about(1)), "one concept"),
        (decided(10, hide_truth=True), "Hidden from this screen"),
    ):
        pane = shown(session)
        assert pane.sentence.isVisible()
        assert words in pane.sentence.text()


def test_b4_a_hidden_truth_leaves_nothing_to_be_read(shown):
    pane = shown(decided(10, hide_truth=True))
    assert pane.words.text == ""
    assert len(pane._bars.opts["x"]) == 0


def test_b4_windows_have_no_band(shown):
    session = decided(10)
    snapshot = session.snapshot()
    pane = shown(session)
    window = np.ones(len(snapshot.decided), bool)
    object.__setattr__(snapshot.decided, "window", window)
    pane.refresh(snapshot)
    pane.redraw()
    assert "windows overlap: no band" in pane.words.text
    assert (pane._band.opts["height"] == 0).all()


def test_b4_nothing_is_counted_anew_without_a_new_decision(shown, monkeypatch):
    session = decided(10)
    pane = shown(session)
    drawn = []
    monkeypatch.setattr(pane, "draw", lambda *_: drawn.append(1))
    pane.refresh(session.snapshot())
    assert not drawn
    session.decide(truth=1, best=1)
    pane.refresh(session.snapshot())
    assert len(drawn) == 1


def test_b4_the_theme_can_change(qtbot):
    pane = RanksPane(decided(10), DARK)
    qtbot.addWidget(pane)
    pane.set_theme(LIGHT)
    pane.refresh(pane.viewed.snapshot())
    pane.set_theme(DARK)
    assert pane._bars.opts["brush"].name() == DARK.accent
    assert pane.words.theme is DARK


@pytest.mark.parametrize("most", [0, 1, 3.5, 40, 2500, 1e6])
def test_b4_ticks_are_round_and_apart(most):
    ticks = sorted(round_counts(most))
    assert ticks[-1] <= max(most, 0)
    assert len(ticks) <= 8
    assert np.diff(np.sqrt(ticks)).min(initial=np.inf) >= np.sqrt(most) / 7 - 1e-9
