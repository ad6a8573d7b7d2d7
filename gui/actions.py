"""Everything that can be done, in one table: menus, shortcuts, tool tips, overlay and palette come from it."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from PyQt6.QtGui import QAction, QKeySequence
from PyQt6.QtWidgets import QMenu, QMenuBar, QWidget

__all__ = ["TABLE", "Command", "add_menus", "make_actions"]


@dataclass(frozen=True, slots=True)
class Command:
    """Something that can be done.

    Parameters
    ----------
    id
        Its name in the program.
    menu
        Where it stands in the menu bar.
    text
        What it is called.
    shortcut
        Keys, as Qt writes them.
    tip
        What it does, in a sentence.
    """

    id: str
    menu: str
    text: str
    shortcut: str
    tip: str


TABLE: tuple[Command, ...] = (
    Command("start", "Session", "Start", "F5", "Let events count from now on."),
    Command("stop", "Session", "Stop", "Shift+F5", "End the session in order, after a question."),
    Command("pause", "Session", "Pause decoding", "F6", "Decide on nothing that is shown, until it goes on."),
    Command("exclude", "Session", "Exclude a stretch", "Ctrl+E", "Say that something was or will be wrong."),
    Command("note", "Session", "Note", "Ctrl+J", "Write a remark into the session's journal."),
    Command("record", "Session", "Record", "Ctrl+R", "Record EEG, markers and decisions to an XDF file."),
    Command(
        "leave_out",
        "Session",
        "Leave out bad channels",
        "Ctrl+B",
        "Decode without the channels that are marked bad, and with all others, after a question.",
    ),
    Command(
        "switch",
        "Session",
        "Switch decoder …",
        "Ctrl+D",
        "Decode with another bundle, or rank another bank, from now on; no event is lost.",
    ),
    Command("new", "Session", "New session", "Ctrl+N", "Choose a stream for another session."),
    Command("quit", "Session", "Quit", "Ctrl+Q", "End the session in order and close the window."),
    Command("preset_experiment", "View", "Experiment", "Ctrl+1", "Signals, what is seen now, accuracy, timeline."),
    Command("preset_monitor", "View", "Monitor", "Ctrl+2", "Signals, channel quality, spectrum, scalp, response."),
    Command("preset_debug", "View", "Debug", "Ctrl+3", "Latency, ranks, confusion, calibration, timeline."),
    Command("preset_kiosk", "View", "Kiosk", "Ctrl+4", "What is seen now, large, for an audience."),
    Command(
        "reset_layout", "View", "Reset layout", "Ctrl+0", "Put the panes of this preset back in their places."
    ),
    Command("full_screen", "View", "Full screen", "F11", "Fill the screen, or leave it again."),
    Command("larger", "View", "Larger text", "Ctrl++", "Make all text one point larger."),
    Command("smaller", "View", "Smaller text", "Ctrl+-", "Make all text one point smaller."),
    Command("theme", "View", "Next theme", "Ctrl+T", "Dark, light, or as the desktop asks for."),
    Command(
        "screenshot", "Tools", "Screenshot", "Ctrl+Shift+S", "Save the window as PNG, its state beside it as JSON."
    ),
    Command(
        "diagnostics", "Tools", "Copy diagnostics", "Ctrl+Shift+D", "Copy versions, session and speed as text."
    ),
    Command("notices", "Tools", "Notices", "Ctrl+Shift+N", "Show everything that went wrong, with its cause."),
    Command("palette", "Help", "Command palette", "Ctrl+K", "Find anything that can be done by its name."),
    Command("shortcuts", "Help", "Shortcuts", "?", "Show all shortcuts."),
)


def make_actions(
    parent: QWidget, commands: Iterable[Command], handlers: Mapping[str, Callable[[], object]]
) -> dict[str, QAction]:
    """Make an action of each command, with its shortcut and tip; its handler has the same id."""
    actions = {}
    for command in commands:
        action = QAction(command.text, parent)
        action.setObjectName(command.id)
        action.setShortcut(QKeySequence(command.shortcut))
        action.setToolTip(f"{command.tip} ({command.shortcut})")
        action.setStatusTip(command.tip)
        action.triggered.connect(_calls(handlers[command.id]))
        parent.addAction(action)
        actions[command.id] = action
    return actions


def add_menus(bar: QMenuBar, commands: Iterable[Command], actions: Mapping[str, QAction]) -> dict[str, QMenu]:
    """Put the actions into new menus, in the order of the table; return the menus by name."""
    menus: dict[str, QMenu] = {}
    for command in commands:
        if command.menu not in menus:
            menu = QMenu(f"&{command.menu}", bar)
            menu.setToolTipsVisible(True)
            bar.addMenu(menu)
            menus[command.menu] = menu
        menus[command.menu].addAction(actions[command.id])
    return menus


def _calls(handler: Callable[[], object]) -> Callable[[bool], None]:
    """Qt hands over whether an action is checked, which no handler wants to know."""

    def call(checked: bool = False) -> None:  # noqa: ARG001 (the shape of a slot)
        handler()

    return call
