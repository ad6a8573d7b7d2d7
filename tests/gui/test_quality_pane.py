from functools import partial

import numpy as np
import pytest
from PyQt6.QtCore import QPoint, QPointF, QRectF, Qt
from staged_session import StagedSession, about

from bci.channel_quality import Condition
from bci.roles import layout
from bci.types import SourceState, StreamSpec
from gui.quality_pane import MARKS, ROLES, QualityPane
from gui.theme import DARK, LIGHT


@pytest.fixture
def shown(show_pane):
    return partial(show_pane, QualityPane)


def faulty(session, flat=3, noisy=5):
    n_times = round(2 * session.about.stream.sfreq)
    data = session.rng.normal(size=(n_times, len(session.about.stream.channels))) * 10
    data[:, flat] = 4
    data[:, noisy] *= 40
    session.stream(0, data)
    return session


def test_a20_every_channel_has_a_condition(staged, shown):
    pane = shown(faulty(staged))
    assert [assessment.condition for assessment in pane.assessments] == [
        Condition.FLAT if i == 3 else Condition.NOISY if i == 5 else Condition.GOOD for i in range(8)
    ]
    assert pane.words.text == "● 6 good · ▬ 1 flat · ▲ 1 noisy"
    assert "▬ P7" in pane.reason.text
    assert "▲ Fp1" in pane.reason.text


def test_a20_no_condition_is_told_by_colour_alone():
    assert len(set(MARKS.values())) == len(Condition) == len(ROLES)


def test_a20_the_reason_is_in_the_tooltip_and_in_words_when_chosen(qtbot, staged, shown):
    pane = shown(faulty(staged))
    cell = pane.grid._cells[3]
    assert pane.grid.tip_at(cell.center()).startswith("P7 flat: spans 0.00 µV in 2 s, less than 0.5")
    qtbot.mouseClick(pane.grid, Qt.MouseButton.LeftButton, pos=cell.center().toPoint())
    assert "▬ P7 flat · spans 0.00 µV in 2 s · less than 0.5" in pane.reason.text
    assert pane.grid.accessibleDescription() == pane.reason.text
    qtbot.mouseClick(pane.grid, Qt.MouseButton.LeftButton, pos=cell.center().toPoint())
    assert pane.chosen is None


def test_a20_channels_are_reached_by_keyboard(qtbot, staged, shown):
    pane = shown(faulty(staged))
    for key, chosen in (
        (Qt.Key.Key_Right, 0),
        (Qt.Key.Key_Right, 1),
        (Qt.Key.Key_Left, 0),
        (Qt.Key.Key_Left, 0),
        (Qt.Key.Key_Down, pane.grid._columns),
        (Qt.Key.Key_Up, 0),
        (Qt.Key.Key_Escape, None),
    ):
        qtbot.keyClick(pane.grid, key)
        assert pane.chosen == chosen


def test_a20_a_click_beside_the_channels_chooses_none(qtbot, staged, shown):
    pane = shown(faulty(staged), size=(640, 400))
    pane.choose(2)
    qtbot.mouseClick(pane.grid, Qt.MouseButton.LeftButton, pos=QPoint(600, 300))
    assert pane.chosen is None


def test_a20_what_is_past_counts_no_more(staged, shown):
    pane = shown(faulty(staged))
    staged.stream(2.1)
    pane.refresh(staged.snapshot())
    assert {assessment.condition for assessment in pane.assessments} == {Condition.GOOD}
    assert "nothing to complain of" in pane.reason.text


def test_a20_impedances_are_shown_with_their_unit(shown):
    channels = layout(["Oz", "Pz", "Oz imp"], ["EEG", "EEG", "impedance"], ["mV", "mV", "kohm"]).channels
    facts = about(2)
    session = StagedSession(
        about(2, stream=StreamSpec("staged", "EEG", "1", 250.0, channels), decoder=facts.decoder)
    )
    session.stream(0, np.c_[session.rng.normal(size=(500, 2)) * 10, np.full(500, 12.5)])
    pane = shown(session)
    assert pane.labels == ("Oz", "Pz")
    assert "12.5 kohm" in pane.in_words(0)
    assert "kohm" not in pane.in_words(1)
    pane.choose(0)
    assert "12.5 kohm" in pane.reason.text


@pytest.mark.parametrize("state", [SourceState.STALLED, SourceState.LOST])
def test_a20_a_stream_that_is_gone_has_no_good_channel(staged, shown, state):
    staged.stream(2)
    pane = shown(staged)
    staged.state = state
    pane.refresh(staged.snapshot())
    assert pane.words.text == "○ 8 no data"
    assert f"the stream is {state}" in pane.reason.text


def test_a20_an_empty_session_says_so(staged, shown):
    assert "No samples yet" in shown(staged).sentence.text()


def test_a20_nothing_is_judged_in_the_first_second(staged, shown):
    staged.stream(0.5)
    pane = shown(staged)
    assert pane.words.text == "○ 8 no data"
    assert "0.5 s so far" in pane.reason.text


@pytest.mark.parametrize("n_channels", [1, 4, 14, 64, 256])
@pytest.mark.parametrize("size", [(320, 200), (640, 400), (200, 300)])
def test_a20_all_channels_fit_and_none_overlap(shown, n_channels, size):
    session = StagedSession(about(2, [f"Ch{i}" for i in range(n_channels)]))
    session.stream(2)
    pane = shown(session, size=size)
    cells, room = pane.grid._cells, QRectF(pane.grid.rect())
    assert len(cells) == n_channels
    assert all(room.contains(cell) for cell in cells)
    centres = np.array([(cell.center().x(), cell.center().y()) for cell in cells])
    apart = np.abs(centres[:, None] - centres)
    sides = np.array([cells[0].width(), cells[0].height()])
    overlapping = (apart < sides).all(axis=2)
    assert overlapping.sum() == n_channels


def test_a20_a_chosen_channel_stays_chosen_in_other_colours(staged, shown):
    pane = shown(faulty(staged))
    pane.choose(5)
    for theme in (DARK, LIGHT):
        pane.set_theme(theme)
        pane.grab()
    assert pane.chosen == 5
    assert pane.grid.tip_at(QPointF(-1, -1)) is None
