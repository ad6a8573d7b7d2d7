"""What all panes have in common, whatever they show."""

from types import SimpleNamespace
from typing import ClassVar

import numpy as np
import pytest
from PyQt6.QtWidgets import QApplication
from staged_session import StagedSession, about, decided

from bci.clock import VirtualClock
from bci.painting import Painted
from bci.types import Status
from gui.figure_pane import FigurePane
from gui.now_pane import NowPane
from gui.pane import HIDDEN, Pane
from gui.panes import PANES
from gui.sheet_pane import SheetPane
from gui.theme import DARK, LIGHT
from replay.electrodes import flat_positions

FIGURES = {name: pane for name, pane in PANES.items() if issubclass(pane, FigurePane)}
SHEETS = {name: pane for name, pane in PANES.items() if issubclass(pane, SheetPane)}
ALL = FIGURES | SHEETS | {"ProvenancePane": PANES["ProvenancePane"]}
OF_TRUTH = ("AccuracyPane", "CalibrationPane", "ConfusionPane", "RanksPane")
SIZES = ((320, 200), (640, 400), (200, 120))


class Empty(Pane):
    title: ClassVar = "Empty"
    help: ClassVar = "Shows nothing."


@pytest.fixture
def shown(show_pane):
    """Make a pane by the name of its class; one with a clock sees the time of its session."""

    def show(name, session, theme=DARK, size=SIZES[0]):
        def make(session, theme):
            clock = {"clock": VirtualClock(session.now)} if name == NowPane.__name__ else {}
            return ALL[name](session, theme, **clock)

        pane = show_pane(make, session, theme, size)
        for _ in range(10):  # some take in what there is in steps
            pane.refresh(session.snapshot())
        return pane

    return show


class Easel:
    """A painter's latest picture, always of the latest decision."""

    trouble = ""

    def __init__(self, session):
        self._session = session

    def look(self):
        pass

    @property
    def latest(self):
        return Painted(self._session.recent[-1], np.full((4, 4, 3), 90, np.uint8), 0.04)


def full(**facts):
    """Stage a session in which every pane has something to show."""
    places = np.random.default_rng(0).normal(size=(10, 2)).astype(np.float32)
    session = StagedSession(about(map=places, prototypes=np.eye(10, dtype=np.float32), **facts))
    session.tell(positions=flat_positions(session.about.stream.labels))
    session.player = SimpleNamespace(repeated=True)
    session.painting = Easel(session)
    session.stream(10)
    for i in range(20):
        session.decide(truth=i % 10, best=i % 10 if i % 3 else 0, onset=session.now - 8 + i / 4)
    return session


def picture(pane):
    for _ in range(3):  # what is said in more lines leaves less room to what is drawn
        QApplication.processEvents()
        if pane.focusWidget() is not None:
            pane.focusWidget().clearFocus()  # whose frame and cursor only the active window has
        image = pane.grab().toImage()
    return image


def test_a_pane_tells_screen_readers_its_name(qtbot, staged):
    pane = Empty(staged, DARK)
    qtbot.addWidget(pane)
    assert (pane.accessibleName(), pane.toolTip(), pane.objectName()) == ("Empty", "Shows nothing.", "Empty")


def test_a_pane_must_paint_something(qtbot, staged):
    pane = Empty(staged, DARK)
    qtbot.addWidget(pane)
    with pytest.raises(NotImplementedError):
        pane.refresh(staged.snapshot())


@pytest.mark.parametrize("name", ALL)
def test_a22_other_colours_are_taken_on_everywhere(shown, name):
    pane = shown(name, full())
    dark = picture(pane)
    pane.set_theme(LIGHT)
    assert picture(pane) == picture(shown(name, full(), LIGHT)) != dark
    assert picture(pane).pixelColor(2, 2).name() == LIGHT.panel


@pytest.mark.parametrize("name", sorted(ALL.keys() - {"AccuracyPane"}))  # whose axes pyqtgraph narrows late
def test_a24_a_pane_looks_the_same_however_it_got_its_size(shown, name):
    pane = shown(name, full(), size=SIZES[-1])
    for size in SIZES:
        pane.resize(*size)
        assert picture(pane) == picture(shown(name, full(), size=size)), size


@pytest.mark.parametrize("name", ALL)
def test_a24_the_size_of_the_font_is_followed(shown, name):
    pane, larger = shown(name, full()), shown(name, full(), size=SIZES[1])
    font = pane.font()
    font.setPointSizeF(font.pointSizeF() * 1.5)
    for each in (larger, pane):
        each.setFont(font)
    larger.resize(*SIZES[0])
    assert picture(pane) == picture(larger)


@pytest.mark.parametrize("name", FIGURES)
def test_nothing_is_drawn_anew_without_news(shown, name, monkeypatch):
    session = full()
    pane = shown(name, session)
    drawn, draw = [], pane.draw
    monkeypatch.setattr(pane, "draw", lambda *given: (drawn.append(1), draw(*given)))
    pane.refresh(session.snapshot())
    assert not drawn
    session.stream(1)
    session.decide(truth=1, best=1)
    pane.refresh(session.snapshot())
    assert len(drawn) == 1


@pytest.mark.parametrize("name", SHEETS)
def test_no_sheet_is_painted_anew_without_news(shown, name, monkeypatch):
    session = full()
    pane = shown(name, session)
    painted = []
    monkeypatch.setattr(pane.sheet, "update", lambda: painted.append(1))
    pane.refresh(session.snapshot())
    assert not painted
    session.decide(truth=1, best=1)
    pane.refresh(session.snapshot())
    assert len(painted) == 1


@pytest.mark.parametrize("name", [*OF_TRUTH, "WhatIfPane", "TruthPane", "ReconstructionPane"])
def test_a_participant_sees_nothing_of_what_was_shown(shown, name):
    def looks(truth, *, hide_truth):
        session = full(hide_truth=hide_truth)
        for _ in range(5):
            session.decide(truth=truth, best=1)
        return picture(shown(name, session))

    assert looks(0, hide_truth=True) == looks(1, hide_truth=True)
    assert looks(0, hide_truth=False) != looks(1, hide_truth=False)


@pytest.mark.parametrize("name", [*OF_TRUTH, "WhatIfPane"])
def test_it_is_said_that_truth_is_hidden(shown, name):
    session = full()
    pane = shown(name, session)
    session.tell(hide_truth=True)
    pane.refresh(session.snapshot())
    assert pane.sentence.isVisible()
    assert pane.sentence.text() == HIDDEN
    assert pane.accessibleDescription() == ""


@pytest.mark.parametrize("name", OF_TRUTH)
def test_it_is_said_why_there_is_no_figure_of_truth(shown, name):
    session = StagedSession()
    pane = shown(name, session)
    assert pane.sentence.isVisible()
    assert "No decision yet" in pane.sentence.text()
    session.decide(best=1)
    pane.refresh(session.snapshot())
    assert "No truth in the markers" in pane.sentence.text()
    session.decide(truth=1, best=1)
    pane.refresh(session.snapshot())
    assert not pane.sentence.isVisible()


@pytest.mark.parametrize("name", [name for name in OF_TRUTH if name != "AccuracyPane"])
def test_events_that_were_not_decoded_are_counted_in_words(shown, name):
    lost = StagedSession()
    lost.decide(truth=1, best=None, status=Status.GAP)
    assert "None of 1 events" in shown(name, lost).sentence.text()
    session = decided()
    session.decide(truth=1, best=None, status=Status.GAP)
    assert "1 not ranked" in shown(name, session).words.text
