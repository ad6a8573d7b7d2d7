"""The generated picture, what it was made of, and why there is none; truth is hidden where it must be."""

from functools import partial

import numpy as np
import pytest
from PyQt6.QtGui import QColor
from staged_session import Easel

from bci.painting import Painted
from gui.reconstruction_pane import CAPTION, ReconstructionPane
from gui.theme import DARK

ORANGE = (240, 120, 10)


@pytest.fixture
def shown(show_pane):
    return partial(show_pane, ReconstructionPane)


@pytest.fixture
def easel(staged):
    staged.painting = Easel()
    return staged.painting


def paint(staged, colour=ORANGE, **told):
    picture = np.empty((8, 8, 3), np.uint8)
    picture[:] = colour
    staged.painting.latest = Painted(staged.decide(**told), picture, 0.042)


def said(pane):
    return pane.sheet.text


def colours(pane):
    image = pane.grab().toImage()
    return {image.pixelColor(x, y).name() for x in range(0, image.width(), 3) for y in range(0, image.height(), 3)}


def test_it_says_how_pictures_are_had(shown, staged):
    assert "bci live BUNDLE --reconstruct FOLDER" in said(shown(staged))


def test_it_waits_for_the_first_event(shown, staged, easel):
    assert "No picture yet" in said(shown(staged))
    easel.trouble = "no pictures are made any more"
    assert easel.trouble in said(shown(staged))
    assert easel.looked == 2


def test_the_picture_stands_beside_what_was_shown(shown, staged, easel):
    paint(staged, truth=2, best=3)
    pane = shown(staged)
    assert {QColor(*ORANGE).name(), QColor(DARK.truth).name()} <= colours(pane)
    assert all(words in said(pane) for words in ("event 0", "thing-3", "42 ms", CAPTION))


def test_a_new_picture_replaces_the_last_one(shown, staged, easel):
    paint(staged, truth=2)
    pane = shown(staged)
    paint(staged, (10, 200, 30), truth=2)
    pane.refresh(staged.snapshot())
    assert QColor(10, 200, 30).name() in colours(pane)
    assert "event 1" in said(pane)


def test_without_a_truth_or_hidden_from_a_participant_the_generated_one_stands_alone(shown, staged, easel):
    paint(staged, best=1)
    assert QColor(DARK.truth).name() not in colours(shown(staged))
    staged.tell(hide_truth=True)
    paint(staged, truth=4, best=1)
    pane = shown(staged)
    assert QColor(DARK.truth).name() not in colours(pane)
    assert "thing-4" not in said(pane)


@pytest.mark.parametrize("size", [(320, 200), (640, 400), (1900, 900), (200, 120)])
def test_pictures_stay_above_the_words_at_any_size(shown, staged, easel, size):
    paint(staged, truth=2)
    pane = shown(staged, size=size)
    image = pane.grab().toImage()
    bottom = image.height() - 2
    assert all(image.pixelColor(x, bottom).name() != QColor(*ORANGE).name() for x in range(image.width()))
