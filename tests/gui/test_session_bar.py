import math

import pytest
from PyQt6.QtGui import QAction, QTextDocumentFragment
from PyQt6.QtWidgets import QWidget

from bci.conductor import Phase, Status
from bci.types import SourceState
from gui.session_bar import BUTTONS, ENABLED, STEERS, SessionBar
from gui.theme import DARK


@pytest.fixture
def parts(qtbot):
    owner = QWidget()
    qtbot.addWidget(owner)
    actions = {name: QAction(name, owner) for name in STEERS}
    bar = SessionBar(actions, DARK)
    qtbot.addWidget(bar)
    yield bar, actions
    owner.close()


@pytest.mark.parametrize("phase", Phase)
def test_a9_buttons_are_enabled_by_the_phase(parts, phase):
    bar, actions = parts
    bar.show_status(Status(phase))
    assert {name for name, action in actions.items() if action.isEnabled()} == ENABLED[phase]
    assert {name for name, button in bar.buttons.items() if button.isEnabled()} == ENABLED[phase] & {*BUTTONS}
    assert f"● {str(phase).capitalize()}" in bar._phases.text()


def test_a9_nothing_can_be_done_while_something_takes_time(parts):
    bar, actions = parts
    bar.show_status(Status(Phase.RUNNING, busy="ending in order"))
    assert not any(action.isEnabled() for action in actions.values())
    assert "ending in order" in bar._busy.text()


def test_a_pause_is_seen_and_can_be_ended(parts, staged):
    bar, actions = parts
    bar.show_status(Status(Phase.RUNNING))
    for pauses, shown, text in (((), "● Running", "Pause"), (((1.0, math.inf),), "‖ Paused", "Resume")):
        staged.pauses = pauses
        bar.show_stream(staged.snapshot(), "EPOC", 250.0, 249.9, 2.0)
        assert shown in bar._phases.text()
        assert actions["pause"].text() == f"{text} decoding"


@pytest.mark.parametrize("state", SourceState)
def test_a7_every_state_has_a_word_and_a_sign(parts, staged, state):
    bar, _ = parts
    bar.resize(1280, 40)
    staged.state = state
    bar.show_stream(staged.snapshot(), "EPOC", 128.0, 127.9, 3725.0)
    assert str(state).split()[0] in bar._stream.text()
    assert "127.9 of 128 Hz" in bar._stream.text()
    assert bar._clock.text() == "1:02:05"


def test_a8_samples_that_never_came_are_counted(parts, staged):
    bar, _ = parts
    bar.resize(1280, 40)
    staged.stream(1.0)
    staged.stream(1.0, gap=25)
    bar.show_stream(staged.snapshot(), "EPOC", 250.0, 249.9, 2.0)
    assert "25 samples missing" in bar._stream.toolTip()


def test_markup_in_the_name_of_a_stream_is_text(parts, staged):
    bar, _ = parts
    bar.resize(1280, 40)
    bar.show_stream(staged.snapshot(), "<i>EPOC</i>", 250.0, 249.9, 2.0)
    shown = QTextDocumentFragment.fromHtml(bar._stream.text()).toPlainText()
    assert shown == "<i>EPOC</i> ● flowing · 249.9 of 250 Hz"
