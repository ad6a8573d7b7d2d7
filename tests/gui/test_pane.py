from typing import ClassVar

import pytest

from gui.pane import Pane
from gui.theme import DARK, LIGHT


class Empty(Pane):
    title: ClassVar = "Empty"
    help: ClassVar = "Shows nothing."


def test_a_pane_tells_screen_readers_its_name(qtbot, staged):
    pane = Empty(staged, DARK)
    qtbot.addWidget(pane)
    assert (pane.accessibleName(), pane.toolTip(), pane.objectName()) == ("Empty", "Shows nothing.", "Empty")


def test_a_pane_takes_on_other_colours(qtbot, staged):
    pane = Empty(staged, DARK)
    qtbot.addWidget(pane)
    pane.set_theme(LIGHT)
    assert pane.theme is LIGHT


def test_a_pane_must_paint_something(qtbot, staged):
    pane = Empty(staged, DARK)
    qtbot.addWidget(pane)
    with pytest.raises(NotImplementedError):
        pane.refresh(staged.snapshot())
