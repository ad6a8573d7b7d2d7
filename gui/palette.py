"""Find anything that can be done: the command palette, and the overlay of all shortcuts."""

from collections.abc import Iterable, Mapping

from PyQt6.QtCore import QEvent, QObject, Qt
from PyQt6.QtGui import QAction, QKeyEvent
from PyQt6.QtWidgets import (
    QDialog,
    QGridLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QVBoxLayout,
    QWidget,
)

from gui.actions import Command

__all__ = ["CommandPalette", "ShortcutOverlay", "matches"]


def matches(wanted: str, text: str) -> bool:
    """Whether the letters of `wanted` stand in `text` in this order: `cpy` finds `Copy diagnostics`."""
    rest = iter(text.lower())
    return all(letter in rest for letter in wanted.lower().replace(" ", ""))


class CommandPalette(QDialog):
    """Type some letters of a command, press Enter.

    Parameters
    ----------
    parent
        The window whose commands they are.
    commands, actions
        What can be done; what is disabled now is left out.
    """

    def __init__(self, parent: QWidget, commands: Iterable[Command], actions: Mapping[str, QAction]) -> None:
        super().__init__(parent)
        self.setWindowTitle("Command palette")
        self.setAccessibleName("Command palette")
        self.resize(520, 360)
        self._entries = [(command, actions[command.id]) for command in commands if actions[command.id].isEnabled()]
        self.field = QLineEdit()
        self.field.setPlaceholderText("what to do")
        self.field.setAccessibleName("Command")
        self.field.textChanged.connect(self._filter)
        self.field.returnPressed.connect(self._trigger)
        self.field.installEventFilter(self)
        self.list = QListWidget()
        self.list.setAccessibleName("Commands")
        self.list.itemActivated.connect(self._trigger)
        layout = QVBoxLayout(self)
        layout.addWidget(self.field)
        layout.addWidget(self.list)
        self._filter("")

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:  # noqa: N802 (Qt's name)
        """Arrows in the field move in the list."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            step = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1}.get(Qt.Key(event.key()), 0)
            if step:
                self.list.setCurrentRow(min(max(0, self.list.currentRow() + step), self.list.count() - 1))
                return True
        return super().eventFilter(watched, event)

    def _filter(self, wanted: str) -> None:
        self.list.clear()
        for command, action in self._entries:
            if matches(wanted, f"{command.menu} {command.text}"):
                item = QListWidgetItem(f"{command.text}    {command.shortcut}")
                item.setToolTip(command.tip)
                item.setData(Qt.ItemDataRole.UserRole, action)
                self.list.addItem(item)
        self.list.setCurrentRow(0)

    def _trigger(self) -> None:
        item = self.list.currentItem()
        if item is not None:
            self.accept()
            item.data(Qt.ItemDataRole.UserRole).trigger()


class ShortcutOverlay(QDialog):
    """All shortcuts at a glance, by menu."""

    def __init__(self, parent: QWidget, commands: Iterable[Command]) -> None:
        super().__init__(parent)
        self.setWindowTitle("Shortcuts")
        self.setAccessibleName("Shortcuts")
        grid = QGridLayout(self)
        grid.setHorizontalSpacing(24)
        rows: dict[str, int] = {}
        for command in commands:
            if command.menu not in rows:
                heading = QLabel(f"<b>{command.menu}</b>")
                grid.addWidget(heading, 0, 2 * len(rows), 1, 2)
                rows[command.menu] = 0
            rows[command.menu] += 1
            column = 2 * list(rows).index(command.menu)
            keys, what = QLabel(command.shortcut), QLabel(command.text)
            what.setToolTip(command.tip)
            grid.addWidget(keys, rows[command.menu], column, Qt.AlignmentFlag.AlignRight)
            grid.addWidget(what, rows[command.menu], column + 1)
