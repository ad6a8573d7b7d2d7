"""The table of commands, and what is made of it: menus, shortcuts, palette, overlay."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PyQt6.QtCore import Qt
from PyQt6.QtGui import QKeySequence
from PyQt6.QtWidgets import QLabel, QMainWindow

from gui.actions import TABLE, add_menus, make_actions
from gui.palette import CommandPalette, ShortcutOverlay, matches


@pytest.fixture
def window(qtbot):
    window = QMainWindow()
    qtbot.addWidget(window)
    return window


@pytest.fixture
def done():
    return []


@pytest.fixture
def made(window, done):
    handlers = {command.id: (lambda name=command.id: done.append(name)) for command in TABLE}
    return make_actions(window, TABLE, handlers)


def test_a25_every_command_has_a_shortcut_of_its_own_and_a_tip(made):
    keys = [QKeySequence(command.shortcut).toString() for command in TABLE]
    assert all(keys)
    assert len(set(keys)) == len(keys)
    assert len({command.id for command in TABLE}) == len(TABLE)
    for command in TABLE:
        assert made[command.id].toolTip() == f"{command.tip} ({command.shortcut})"


def test_a25_every_command_stands_in_a_menu(window, made):
    add_menus(window.menuBar(), TABLE, made)
    listed = [action for menu in window.menuBar().actions() for action in menu.menu().actions()]
    assert listed == [made[command.id] for command in TABLE]


def test_a_command_does_what_its_handler_does(made, done):
    made["palette"].trigger()
    assert done == ["palette"]


def test_a25_the_overlay_shows_every_shortcut(window, qtbot):
    overlay = ShortcutOverlay(window, TABLE)
    qtbot.addWidget(overlay)
    words = {label.text() for label in overlay.findChildren(QLabel)}
    assert {command.shortcut for command in TABLE} | {command.text for command in TABLE} <= words


def test_a25_the_palette_finds_a_command_by_some_of_its_letters(window, qtbot, made, done):
    palette = CommandPalette(window, TABLE, made)
    qtbot.addWidget(palette)
    palette.show()
    qtbot.keyClicks(palette.field, "cpydia")
    assert palette.list.count() == 1
    qtbot.keyClick(palette.field, Qt.Key.Key_Return)
    assert done == ["diagnostics"]


def test_a25_arrows_move_in_the_palette(window, qtbot, made, done):
    palette = CommandPalette(window, TABLE, made)
    qtbot.addWidget(palette)
    palette.show()
    qtbot.keyClicks(palette.field, "text")
    assert palette.list.count() >= 2
    second = palette.list.item(1).text()
    qtbot.keyClick(palette.field, Qt.Key.Key_Down)
    assert palette.list.currentItem().text() == second
    for _ in range(20):
        qtbot.keyClick(palette.field, Qt.Key.Key_Up)
    assert palette.list.currentRow() == 0


def test_what_cannot_be_done_now_is_not_offered(window, qtbot, made):
    made["start"].setEnabled(False)
    palette = CommandPalette(window, TABLE, made)
    qtbot.addWidget(palette)
    assert palette.list.count() == len(TABLE) - 1


@given(st.text("abc "), st.text("abc ", max_size=6))
def test_letters_must_come_in_their_order(text, wanted):
    rest = text
    expected = True
    for letter in wanted.replace(" ", ""):
        at = rest.find(letter)
        expected &= at >= 0
        rest = rest[at + 1 :]
    assert matches(wanted, text) == expected
