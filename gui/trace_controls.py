"""The row of buttons and menus above the signals."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtGui import QAction, QKeySequence
from PyQt6.QtWidgets import QMenu, QToolBar, QToolButton

from bci.types import Channel
from gui.theme import Theme
from gui.trace_view import WINDOWS, View

__all__ = ["TABLE", "Command", "TraceControls"]

HIGHPASSES, LOWPASSES, NOTCHES = (0.1, 0.5, 1.0, 5.0), (15.0, 30.0, 40.0, 100.0), (50.0, 60.0)

TABLE = (
    ("channels", "Channels", "Alt+C", "Find, show, hide and mark channels."),
    ("smaller_traces", "Smaller signals", "-", "Draw signals smaller (wheel: of one kind)."),
    ("larger_traces", "Larger signals", "+", "Draw signals larger (wheel: of one kind)."),
    ("auto_range", "Auto", "A", "Choose a scale for each kind that fits its signals."),
    ("pause", "Pause", "P", "Hold the picture; decoding goes on."),
    ("live", "Live", "End", "Show the present moment again."),
    ("back", "Back", "PgUp", "Go half a window back in time."),
    ("forth", "Forth", "PgDown", "Go half a window forth in time."),
    ("longer_window", "More seconds", "]", "Show more seconds."),
    ("shorter_window", "Fewer seconds", "[", "Show fewer seconds."),
    ("scroll_mode", "Scroll", "M", "Let the picture move, rather than the present moment."),
    ("invert", "Negative up", "I", "Draw negative values upwards."),
    ("centre", "Remove offsets", "D", "Remove each channel's median."),
    ("show_all", "Show all channels", "Alt+A", "Show every channel."),
)
"""Identifier, text, shortcut and tip of all that can be done with signals."""

Command = tuple[str, str, str, str, Callable[[], None]]
"""A row of the table, and what does it."""


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
    """The new `DisplaySpec`."""

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
        self.windows: dict[float, QAction] = {}
        """The action of each number of seconds."""
        self.filters: list[tuple[QAction, dict[str, Any]]] = []
        """Each action with the fields of `DisplaySpec` that it sets."""
        self._seconds = _opener(self._windows_menu())
        view = _opener(self._view_menu(sfreq, [channel.label for channel in channels if channel.kind == "eeg"]))
        self._add("channels", "smaller_traces", "larger_traces", "auto_range")
        self.addWidget(self._seconds)
        self._add("pause", "live")
        self.addWidget(view)
        self._name_more()

    def show_view(self, view: View, *, live: bool) -> None:
        """Show what is chosen."""
        self._view = view
        for name, on in (("scroll_mode", view.rolling), ("invert", view.inverted), ("centre", view.centred)):
            self.buttons[name].setChecked(on)
        self.buttons["pause"].setChecked(not live)
        self.buttons["live"].setEnabled(not live)
        self.buttons["pause"].setVisible(live)  # either is of use, and there is little room
        self.buttons["live"].setVisible(not live)
        self._seconds.setText(f"{view.seconds:g} s")
        for seconds, action in self.windows.items():
            action.setChecked(seconds == view.seconds)
        for action, fields in self.filters:
            action.setChecked(replace(view.filters, **fields) == view.filters)

    def set_theme(self, theme: Theme) -> None:
        """Take on other colours."""
        self.setStyleSheet(
            f"QToolBar {{ background: {theme.panel}; }} QToolButton {{ padding: 3px 6px; }}"
            "QToolButton::menu-indicator { width: 0; } #qt_toolbar_ext_button { padding: 0; }"
        )

    def _action(self, name: str, text: str, shortcut: str, tip: str, call: Callable[[], None]) -> QAction:
        action = QAction(text, self)
        action.setObjectName(name)
        action.setToolTip(f"{tip} ({QKeySequence(shortcut).toString(QKeySequence.SequenceFormat.NativeText)})")
        action.triggered.connect(lambda _: call())
        return action

    def _add(self, *names: str) -> None:
        """Add buttons that can be reached by keyboard, which a tool bar takes away from them."""
        for name in names:
            self.addAction(self.buttons[name])
            button = self.widgetForAction(self.buttons[name])
            if button is not None:
                button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
                button.setAccessibleName(self._commands[name][3])

    def _name_more(self) -> None:
        """Name the button that opens what has no room."""
        more = self.findChild(QToolButton, "qt_toolbar_ext_button")
        if more is not None:
            more.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)
            more.setText("\N{RIGHT-POINTING DOUBLE ANGLE QUOTATION MARK}")
            more.setAccessibleName("More controls")
            more.setToolTip("More controls")

    def _windows_menu(self) -> QMenu:
        menu = self._menu("10 s", "Seconds that are shown")
        for seconds in WINDOWS:
            self.windows[seconds] = _checkable(menu, f"{seconds:g} s")
            self.windows[seconds].triggered.connect(lambda _, seconds=seconds: self.seconds_chosen.emit(seconds))
        return menu

    def _view_menu(self, sfreq: float, labels: Sequence[str]) -> QMenu:
        menu = self._menu("View", "How signals are shown: filters, reference, direction")
        menu.addActions([self.buttons[name] for name in ("scroll_mode", "invert", "centre", "show_all")])
        menu.addSeparator()
        self._fill_filters(_sub(menu, "Filters and reference for display only"), sfreq, labels)
        return menu

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
            kind = _sub(menu, title)
            self._add_filter(kind, "none", {name: None})
            for edge in edges:
                if edge < sfreq / 2:
                    self._add_filter(kind, f"{edge:g} Hz", {name: edge})
        reference = _sub(menu, "Reference")
        for text in ("none", "average", "median"):
            self._add_filter(reference, text, {"reference": text, "channel": ""})
        one = _sub(reference, "One channel")
        for label in labels:
            self._add_filter(one, label, {"reference": "channel", "channel": label})

    def _add_filter(self, menu: QMenu, text: str, fields: dict[str, Any]) -> None:
        action = _checkable(menu, text)
        action.triggered.connect(lambda _: self.filters_chosen.emit(replace(self._view.filters, **fields)))
        self.filters.append((action, fields))


def _checkable(menu: QMenu, text: str) -> QAction:
    action = QAction(text, menu)
    action.setCheckable(True)
    menu.addAction(action)
    return action


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
