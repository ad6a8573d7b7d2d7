import numpy as np
import pytest
from PyQt6.QtCore import Qt

from bci.clock import VirtualClock
from bci.player import Player
from bci.types import Channel, Recording
from gui.replay_bar import RATES, STEPS, ReplayBar

RATE = 100.0


@pytest.fixture
def player():
    markers = tuple((int(at * RATE), "shown") for at in (2, 4, 6, 8))
    recording = Recording(np.zeros((1000, 1), np.float32), RATE, ((0, 0.0),), markers, (Channel("Oz"),))
    clock = VirtualClock(100.0)
    player = Player(recording, clock, hold=True, wait=clock.advance)
    player.clock = clock
    return player


@pytest.fixture
def bar(qtbot, player, theme):
    bar = ReplayBar(player, theme)
    qtbot.addWidget(bar)
    bar.resize(900, 40)
    bar.show()
    return bar


def play(player, seconds):
    end = player.position + seconds
    while player.position < end - 1e-9:
        player.pull(0.1)


def test_a11_it_shows_where_the_file_is(bar, player):
    play(player, 5.0)
    bar.refresh()
    assert bar.slider.value() == pytest.approx(STEPS / 2, rel=0.02)
    assert bar._clock.text() == "0:05 of 0:10"


def test_a11_play_and_pause(bar, player, qtbot):
    qtbot.mouseClick(bar.play, Qt.MouseButton.LeftButton)
    assert not player.playing
    assert bar.play.text() == bar.play.accessibleName() == "Play"
    qtbot.mouseClick(bar.play, Qt.MouseButton.LeftButton)
    assert player.playing


def test_a11_at_the_end_play_goes_back_to_the_beginning(bar, player, qtbot):
    play(player, 10.0)
    assert player.at_end
    bar.refresh()
    qtbot.mouseClick(bar.play, Qt.MouseButton.LeftButton)
    assert player.playing
    assert player.position == 0


def test_a11_the_slider_is_a_scrub_bar(bar, player):
    bar.slider.setSliderDown(True)
    bar.slider.setSliderPosition(STEPS * 7 // 10)
    bar.slider.setSliderDown(False)
    assert player.position == pytest.approx(7.0, abs=0.01)


def test_a11_keys_move_the_slider_too(bar, player, qtbot):
    qtbot.keyClick(bar.slider, Qt.Key.Key_PageUp)
    assert player.position == pytest.approx(0.5, abs=0.02)


def test_a11_steps_go_from_event_to_event(bar, player, qtbot):
    player.pause()
    for expected in (2.0, 4.0):
        qtbot.mouseClick(bar.ahead, Qt.MouseButton.LeftButton)
        assert player.position == expected
    qtbot.mouseClick(bar.back, Qt.MouseButton.LeftButton)
    assert player.position == 2.0


@pytest.mark.parametrize("rate", RATES)
def test_a11_speeds(bar, player, rate):
    bar.speed.setCurrentIndex(RATES.index(rate))
    assert player.speed == rate
