"""The row of buttons and menus above the signals."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtGui import QAction, QActionGroup, QKeySequence
from PyQt6.QtWidgets import QMenu, QToolBar, QToolButton

from bci.display_filter import DisplaySpec
from bci.types import Channel

__all__ = ["WINDOWS", "Command", "TraceControls", "View"]

WINDOWS = (1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0)
"""Seconds to choose from."""
HIGHPASSES, LOWPASSES, NOTCHES = (0.1, 0.5, 1.0, 5.0), (15.0, 30.0, 40.0, 100.0), (50.0, 60.0)

Command = tuple[str, str, str, str, Callable[[], None]]
"""Identifier, text, shortcut, tip, and what does it."""


@dataclass(frozen=True, slots=True)
class View:
    """How signals are shown.

    Parameters
    ----------
    seconds
        From the oldest to the newest sample that can be seen.
    rolling
        Whether the picture moves, rather than the present moment over it.
    inverted
        Whether negative values are drawn upwards.
    centred
        Whether each channel's median is removed.
    filters
        What is done to them for display.
    """

    seconds: float = 10.0
    rolling: bool = False
    inverted: bool = False
    centred: bool = True
    filters: DisplaySpec = DisplaySpec()  # noqa: RUF009 (frozen)


class TraceControls(QToolBar):
    """Buttons of commands, and menus of what can be chosen.

    Parameters
    ----------
    commands
        What can be done, by the pane.
    sfreq
        Rate of the stream, Hz: filters that do not fit it are not offered.
    channels
        Of the stream.
    """

    seconds_chosen = pyqtSignal(float)
    filters_chosen = pyqtSignal(object)

    def __init__(self, commands: Sequence[Command], sfreq: float, channels: Sequence[Channel]) -> None:
        super().__init__()
        self.setAccessibleName("Signals")
        self._view = View()
        self._commands = {command[0]: command for command in commands}
        self.buttons = {name: self._action(*command) for name, command in self._commands.items()}
        for name, sign in (("smaller_traces", "\N{MINUS SIGN}"), ("larger_traces", "+")):
            self.buttons[name].setIconText(sign)
        for name in ("scroll_mode", "invert", "centre", "pause"):
            self.buttons[name].setCheckable(True)
        self._choices: list[tuple[QAction, str, Any]] = []
        self._seconds = self._menu("10 s", "Seconds that are shown")
        self._fill(self._seconds, "seconds", [(f"{seconds:g} s", seconds) for seconds in WINDOWS])
        view = self._menu("View", "How signals are shown: filters, reference, direction")
        view.addActions([self.buttons[name] for name in ("scroll_mode", "invert", "centre", "show_all")])
        view.addSeparator()
        filters = _sub(view, "Filters and reference for display only")
        self._fill_filters(filters, sfreq, [channel.label for channel in channels if channel.kind == "eeg"])
        self.addActions(
            [self.buttons[name] for name in ("channels", "smaller_traces", "larger_traces", "auto_range")]
        )
        self.addWidget(_opener(self._seconds))
        self.addActions([self.buttons[name] for name in ("pause", "live")])
        self.addWidget(_opener(view))
        for name, action in self.buttons.items():
            button = self.widgetForAction(action)
            if button is not None:  # a tool bar takes the keyboard away from its buttons
                button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
                button.setAccessibleName(self._commands[name][3])
        more = self.findChild(QToolButton, "qt_toolbar_ext_button")
        if more is not None:
            more.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)
            more.setText("\N{RIGHT-POINTING DOUBLE ANGLE QUOTATION MARK}")
            more.setAccessibleName("More controls")
            more.setToolTip("More controls")

    def show_view(self, view: View, *, live: bool) -> None:
        """Show what is chosen."""
        self._view = view
        for name, on in (("scroll_mode", view.rolling), ("invert", view.inverted), ("centre", view.centred)):
            self.buttons[name].setChecked(on)
        self.buttons["pause"].setChecked(not live)
        self.buttons["live"].setEnabled(not live)
        self.buttons["pause"].setVisible(live)  # either is of use, and there is little room
        self.buttons["live"].setVisible(not live)
        opener = self._seconds.parent()
        self._seconds.setTitle(f"{view.seconds:g} s")
        if isinstance(opener, QToolButton):
            opener.setText(self._seconds.title())
        for action, name, value in self._choices:
            action.setChecked(value == (view.seconds if name == "seconds" else _chosen(view.filters, name)))

    def _action(self, name: str, text: str, shortcut: str, tip: str, call: Callable[[], None]) -> QAction:
        action = QAction(text, self)
        action.setObjectName(name)
        action.setToolTip(f"{tip} ({QKeySequence(shortcut).toString(QKeySequence.SequenceFormat.NativeText)})")
        action.triggered.connect(lambda _: call())
        return action

    def _menu(self, title: str, tip: str) -> QMenu:
        menu = QMenu(title, self)
        menu.setToolTip(tip)
        menu.setToolTipsVisible(True)
        return menu

    def _fill_filters(self, menu: QMenu, sfreq: float, labels: Sequence[str]) -> None:
        for title, name, edges in (
            ("High-pass", "highpass", HIGHPASSES),
            ("Low-pass", "lowpass", LOWPASSES),
            ("Notch", "notch", NOTCHES),
        ):
            fitting = [(f"{edge:g} Hz", edge) for edge in edges if edge < sfreq / 2]
            self._fill(_sub(menu, title), name, [("none", None), *fitting])
        reference = _sub(menu, "Reference")
        whole = [(text, (text, "")) for text in ("none", "average", "median")]
        self._fill(reference, "reference", whole)
        self._fill(_sub(reference, "One channel"), "reference", [(label, ("channel", label)) for label in labels])

    def _fill(self, menu: QMenu, name: str, choices: Sequence[tuple[str, Any]]) -> None:
        group = QActionGroup(menu)
        group.setExclusionPolicy(QActionGroup.ExclusionPolicy.None_)  # two menus may stand for one choice
        for text, value in choices:
            action = QAction(text, menu)
            action.setCheckable(True)
            action.triggered.connect(lambda _, name=name, value=value: self._choose(name, value))
            menu.addAction(group.addAction(action))
            self._choices.append((action, name, value))

    def _choose(self, name: str, value: Any) -> None:
        if name == "seconds":
            self.seconds_chosen.emit(value)
            return
        chosen = {"reference": value[0], "channel": value[1]} if name == "reference" else {name: value}
        self.filters_chosen.emit(replace(self._view.filters, **chosen))


def _chosen(spec: DisplaySpec, name: str) -> Any:
    return (spec.reference, spec.channel) if name == "reference" else getattr(spec, name)


def _sub(menu: QMenu, title: str) -> QMenu:
    below = QMenu(title, menu)
    menu.addMenu(below)
    return below


def _opener(menu: QMenu) -> QToolButton:
    button = QToolButton()
    button.setText(menu.title())
    button.setMenu(menu)
    menu.setParent(button, menu.windowFlags())
    button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
    button.setToolTip(menu.toolTip())
    button.setAccessibleName(menu.toolTip())
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    return button
