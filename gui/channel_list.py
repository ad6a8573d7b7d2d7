"""The channels by kind and region: which are shown, which alone, and which are marked bad for display.

Regions follow the letters of the 10-10 system (Jurcak, Tsuzuki & Dan 2007, doi:10.1016/j.neuroimage.2006.09.024).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from PyQt6.QtCore import QSignalBlocker, Qt, pyqtSignal
from PyQt6.QtGui import QKeyEvent
from PyQt6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QLineEdit,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from bci.montage import canonical
from bci.types import Channel
from gui.theme import Theme

__all__ = ["ChannelList", "Choice", "region"]

REGIONS = {
    "frontal": r"FPZ?|AF|F",
    "central": r"FC|FCC|C|CCP|CP",
    "temporal": r"FT|FTT|T|TTP|TP",
    "parietal": r"P|PPO?|CPP|TPP",
    "occipital": r"PO|POO|O|I",
}
_LABEL = re.compile(r"([A-Z]+?)(?:\d+H?|Z)")

_SHOWN, _SOLO, _BAD = range(3)
_FIELDS = {_SHOWN: "hidden", _SOLO: "solo", _BAD: "bad"}
_KEYS = {Qt.Key.Key_Space: _SHOWN, Qt.Key.Key_S: _SOLO, Qt.Key.Key_B: _BAD}


def region(label: str) -> str:
    """Return the part of the head that an electrode is over; `other` if its label does not say."""
    found = _LABEL.fullmatch(canonical(label))
    letters = found.group(1) if found else ""
    return next((name for name, pattern in REGIONS.items() if re.fullmatch(pattern, letters)), "other")


@dataclass(frozen=True, slots=True)
class Choice:
    """Labels of channels that are hidden, that alone are shown if there are any, and that are marked bad."""

    hidden: frozenset[str] = frozenset()
    solo: frozenset[str] = frozenset()
    bad: frozenset[str] = frozenset()

    def shown(self, channels: Sequence[Channel]) -> tuple[int, ...]:
        """Return the indices of the channels that are shown."""
        return tuple(
            index
            for index, channel in enumerate(channels)
            if (channel.label in self.solo if self.solo else channel.label not in self.hidden)
        )


class ChannelList(QWidget):
    """A tree of channels with a search field: Space shows or hides, S shows alone, B marks bad.

    Parameters
    ----------
    channels
        Of the stream.
    """

    changed = pyqtSignal(object)
    """The new `Choice`."""

    def __init__(self, channels: Sequence[Channel]) -> None:
        super().__init__()
        self._channels = tuple(channels)
        self.choice = Choice()
        self.setAccessibleName("Channels")
        self.search = QLineEdit()
        self.search.setPlaceholderText("find a channel")
        self.search.setAccessibleName("Find a channel")
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._find)
        self.tree = _Tree()
        self._items = self._fill()
        self.tree.itemChanged.connect(self._item_changed)
        self.tree.pressed_key.connect(self._key)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 8, 8, 8)
        layout.addWidget(self.search)
        layout.addWidget(self.tree)
        self.setFocusProxy(self.search)

    def show_choice(self, choice: Choice) -> None:
        """Show what was chosen elsewhere."""
        self.choice = choice
        with QSignalBlocker(self.tree):
            for label, item in self._items.items():
                item.setCheckState(_SHOWN, _checked(label not in choice.hidden))
                item.setCheckState(_SOLO, _checked(label in choice.solo))
                item.setCheckState(_BAD, _checked(label in choice.bad))
                item.setText(_BAD, "bad" if label in choice.bad else "")
            for group in self._groups():
                group.setCheckState(_SHOWN, _of_all(group))

    def set_theme(self, theme: Theme) -> None:
        """Draw boxes that can be told apart: empty ones are outlined, ticked ones full."""
        side = round(self.fontMetrics().height() * 0.65)
        box = f"width: {side}px; height: {side}px; border: 1px solid {theme.muted}; border-radius: 2px;"
        self.tree.setStyleSheet(
            f"QTreeView::indicator {{ {box} background: {theme.panel}; }}"
            f"QTreeView::indicator:checked {{ background: {theme.accent}; border-color: {theme.accent}; }}"
            f"QTreeView::indicator:indeterminate {{ border: 2px dashed {theme.accent}; }}"
        )

    def _fill(self) -> dict[str, QTreeWidgetItem]:
        groups: dict[str, QTreeWidgetItem] = {}
        items = {}
        for channel in self._channels:
            name = channel.kind.upper()
            if channel.kind == "eeg":
                name = f"{name}, {region(channel.label)}"
            group = groups.get(name)
            if group is None:
                group = groups[name] = QTreeWidgetItem(self.tree, [name, "", ""])
                group.setCheckState(_SHOWN, Qt.CheckState.Checked)
                group.setExpanded(True)
            item = QTreeWidgetItem(group, [channel.label, "", ""])
            item.setToolTip(_SHOWN, f"{channel.label}, {channel.kind}, {channel.unit}")
            for column in (_SHOWN, _SOLO, _BAD):
                item.setCheckState(column, _checked(column == _SHOWN))
            items[channel.label] = item
        return items

    def _groups(self) -> list[QTreeWidgetItem]:
        tops = (self.tree.topLevelItem(i) for i in range(self.tree.topLevelItemCount()))
        return [group for group in tops if group is not None]

    def _find(self, text: str) -> None:
        for group in self._groups():
            inside = text.lower() in group.text(0).lower()
            rows = _rows(group)
            for row in rows:
                row.setHidden(not inside and text.lower() not in row.text(0).lower())
            group.setHidden(all(row.isHidden() for row in rows))

    def _item_changed(self, item: QTreeWidgetItem, column: int) -> None:
        on = item.checkState(column) == Qt.CheckState.Checked
        rows = _rows(item) if item.parent() is None else [item]
        self._choose(column, frozenset(row.text(0) for row in rows), on=on)

    def _choose(self, column: int, labels: frozenset[str], *, on: bool) -> None:
        name = _FIELDS[column]
        there: frozenset[str] = getattr(self.choice, name)
        add = on if column != _SHOWN else not on
        self.show_choice(replace(self.choice, **{name: there | labels if add else there - labels}))
        self.changed.emit(self.choice)

    def _key(self, key: int) -> None:
        item, column = self.tree.currentItem(), _KEYS[Qt.Key(key)]
        if item is not None and (column == _SHOWN or item.parent() is not None):
            item.setCheckState(column, _checked(item.checkState(column) != Qt.CheckState.Checked))


class _Tree(QTreeWidget):
    """Hands on the keys that mean something here."""

    pressed_key = pyqtSignal(int)

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Channels by kind and region")
        self.setToolTip("Space shows or hides, S shows a channel alone, B marks it bad for display.")
        self.setHeaderLabels(["Shown", "Alone", "Bad"])
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setUniformRowHeights(True)
        header = self.header()
        if header is not None:
            header.setStretchLastSection(False)
            header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
            for column in (_SOLO, _BAD):
                header.setSectionResizeMode(column, QHeaderView.ResizeMode.ResizeToContents)

    def keyPressEvent(self, event: QKeyEvent | None) -> None:  # noqa: N802 (Qt's name)
        """Space, S and B; all others do what they do in any tree."""
        if event is not None and event.key() in _KEYS:
            self.pressed_key.emit(event.key())
        else:
            super().keyPressEvent(event)


def _rows(group: QTreeWidgetItem) -> list[QTreeWidgetItem]:
    return [row for i in range(group.childCount()) if (row := group.child(i)) is not None]


def _checked(on: bool) -> Qt.CheckState:
    return Qt.CheckState.Checked if on else Qt.CheckState.Unchecked


def _of_all(group: QTreeWidgetItem) -> Qt.CheckState:
    states = {row.checkState(_SHOWN) for row in _rows(group)}
    return states.pop() if len(states) == 1 else Qt.CheckState.PartiallyChecked
