from functools import partial

import numpy as np
import pytest
from PyQt6.QtCore import QPointF
from staged_session import StagedSession, about

from bci.types import Status
from gui.map_pane import MapPane


def mapped(n_concepts=10, **facts):
    rng = np.random.default_rng(0)
    positions = rng.normal(size=(n_concepts, 2)).astype(np.float32)
    return StagedSession(about(n_concepts, **({"map": positions} | facts)))


@pytest.fixture
def shown(show_pane):
    return partial(show_pane, MapPane)


def at(item):
    return np.stack(item.getData(), axis=1)


@pytest.mark.parametrize("n_concepts", [2, 10, 1854])
def test_b6_every_concept_has_a_dot(shown, n_concepts):
    pane = shown(mapped(n_concepts))
    assert at(pane._dots) == pytest.approx(pane.viewed.about.map)
    assert "map is a projection" in pane.words.text


def test_b6_a_sure_decision_lies_on_its_concept(shown):
    session = mapped()
    session.prototypes = session.prototypes * 100  # one cosine far above all others
    session.decide(truth=3, best=7)
    pane = shown(session)
    assert at(pane._live)[0] == pytest.approx(session.about.map[7], abs=0.05)
    assert at(pane._truth)[0] == pytest.approx(session.about.map[3])
    assert "◆ thing-7" in pane.words.text
    assert "○ shown: thing-3" in pane.words.text


def test_b6_the_trail_is_of_ten_decisions(shown):
    session = mapped()
    for i in range(25):
        session.decide(truth=0, best=i % 10)
    pane = shown(session)
    assert len(at(pane._passed)) == 9
    assert len(pane._trail.getData()[0]) == 10
    assert at(pane._live)[0] == pytest.approx(np.array(pane._trail.getData())[:, -1])


def test_b6_a_decision_without_a_ranking_has_no_position(shown):
    session = mapped()
    session.decide(truth=0, best=1)
    session.decide(truth=0, best=None, status=Status.GAP)
    pane = shown(session)
    assert len(at(pane._live)) == 0
    assert len(at(pane._passed)) == 1
    assert "no position: gap" in pane.words.text


def test_b6_a_hidden_truth_is_neither_ringed_nor_named(shown):
    session = mapped(hide_truth=True)
    session.decide(truth=3, best=7)
    pane = shown(session)
    assert len(at(pane._truth)) == 0
    assert "thing-3" not in pane.words.text
    assert "truth hidden from this screen" in pane.words.text


def test_b6_without_a_map_it_is_said_how_one_gets_into_the_bank(shown):
    pane = shown(mapped(map=None))
    assert pane.sentence.isVisible()
    assert "fitted offline, once, and stored in the bank's file" in pane.sentence.text()
    assert pane.concept_at(QPointF(10, 10)) == ""


def test_b6_the_mouse_is_told_the_name_of_a_concept(shown):
    pane = shown(mapped())
    box = pane.plot.getViewBox()
    pixel = pane.plot.mapFromScene(box.mapViewToScene(QPointF(*pane.viewed.about.map[4].tolist())))
    assert pane.concept_at(QPointF(pixel)) == "thing-4 (bbbb)"
    assert pane.concept_at(QPointF(-500, -500)) == ""
