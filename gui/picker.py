"""Choose a stream: what is in sight, whether it flows, and how fast."""

from collections.abc import Sequence

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtGui import QHideEvent, QShowEvent
from PyQt6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QLineEdit,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from bci.discovery import FoundStream
from bci.stream_monitor import Observed
from bci.stream_watch import StreamWatch
from bci.types import SourceState

__all__ = ["Picker"]

NUMBERS = (3, 4, 5)
COLUMNS = ("stream", "type", "host", "channels", "rate, Hz", "measured, Hz", "state", "source id", "uid")
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


class Picker(QWidget):
    """A live list of the streams in sight.

    Parameters
    ----------
    watch
        Who looks for streams; it looks while the list can be seen.
    last
        Name or source id of the stream that was chosen last: it is selected when it appears.
    """

    chosen = pyqtSignal(str)
    """Name, or source id where names are not unique, of the stream that is to be decoded."""

    def __init__(self, watch: StreamWatch, last: str = "") -> None:
        super().__init__()
        self._watch = watch
        self._last = last
        self._shown: tuple[Observed, ...] = ()
        self._filter = QLineEdit()
        self._filter.setPlaceholderText("filter by name, type or host")
        self._filter.setAccessibleName("Filter streams")
        self._filter.textChanged.connect(lambda _: self._fill(self._watch.seen))
        self.table = QTableWidget(0, len(COLUMNS))
        self.table.setAccessibleName("Streams in sight")
        self.table.setHorizontalHeaderLabels(COLUMNS)
        for column in NUMBERS:
            header = self.table.horizontalHeaderItem(column)
            if header is not None:
                header.setTextAlignment(_RIGHT)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setShowGrid(False)
        rows, columns = self.table.verticalHeader(), self.table.horizontalHeader()
        assert rows is not None  # noqa: S101 (for the type checker)
        assert columns is not None  # noqa: S101 (for the type checker)
        rows.hide()
        columns.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        columns.setStretchLastSection(True)
        columns.setDefaultAlignment(_LEFT)
        self.table.itemSelectionChanged.connect(self._enable)
        self.table.itemActivated.connect(lambda _: self._choose())
        self.button = QPushButton("Open stream")
        self.button.setProperty("primary", "true")
        self.button.setEnabled(False)
        self.button.clicked.connect(self._choose)
        self._lay_out()

    def refresh(self) -> None:
        """Show what is in sight now."""
        if self._watch.seen != self._shown:
            self._fill(self._watch.seen)

    def showEvent(self, event: QShowEvent | None) -> None:  # noqa: N802 (Qt's name)
        """Begin to look."""
        self._watch.start()
        super().showEvent(event)

    def hideEvent(self, event: QHideEvent | None) -> None:  # noqa: N802 (Qt's name)
        """Stop looking: nobody else may listen to a stream that is to be opened."""
        self._watch.stop()
        super().hideEvent(event)

    def _lay_out(self) -> None:
        self._hint = QLabel()
        self._hint.setWordWrap(True)
        foot = QHBoxLayout()
        foot.addWidget(self._hint, 1)
        foot.addWidget(self.button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 24, 24, 24)
        heading = QLabel("<h3>Which stream is to be decoded?</h3>")
        for widget in (heading, self._filter, self.table):
            layout.addWidget(widget)
        layout.addLayout(foot)
        self._fill(())

    def _fill(self, seen: Sequence[Observed]) -> None:
        self._shown = tuple(seen)
        wanted = self._filter.text().lower()
        rows = [each for each in seen if wanted in " ".join(_cells(each)).lower()]
        rows.sort(key=lambda each: not each.stream.sfreq)  # what can be decoded comes first
        before = self._selected()
        self.table.clearSelection()  # or another stream would be where the selected one has been
        self.table.setRowCount(len(rows))
        for row, each in enumerate(rows):
            for column, text in enumerate(_cells(each)):
                item = _item(text, right=column in NUMBERS)
                item.setData(Qt.ItemDataRole.UserRole, each.stream)
                if each.state is SourceState.LOST:
                    item.setFlags(Qt.ItemFlag.NoItemFlags)  # there is nothing to be opened
                self.table.setItem(row, column, item)
            if self._is_meant(each.stream, before):
                self.table.selectRow(row)
        self._hint.setText(_hint(rows, seen))
        self._enable()

    def _is_meant(self, stream: FoundStream, before: FoundStream | None) -> bool:
        """Whether it was selected before; its outlet may be another one since. Without one, that of last time."""
        if before is None:
            return bool(self._last) and self._last in (stream.name, stream.source_id)
        return (stream.name, stream.source_id) == (before.name, before.source_id)

    def _enable(self) -> None:
        self.button.setEnabled(self._selected() is not None)

    def _choose(self) -> None:
        stream = self._selected()
        if stream is not None:
            same = sum(each.stream.name == stream.name for each in self._shown)
            self._last = stream.name if same == 1 or not stream.source_id else stream.source_id
            self.chosen.emit(self._last)

    def _selected(self) -> FoundStream | None:
        items = self.table.selectedItems()
        return items[0].data(Qt.ItemDataRole.UserRole) if items else None


def _cells(each: Observed) -> tuple[str, ...]:
    stream = each.stream
    rate = f"{stream.sfreq:g}" if stream.sfreq else "irregular"
    measured = "" if each.rate is None else f"{each.rate:.1f}"
    state = f"{each.state}: {each.reason}" if each.reason else str(each.state)
    return (
        stream.name, stream.type, stream.host, str(stream.n_channels), rate, measured, state,
        stream.source_id, stream.uid,
    )  # fmt: skip


def _item(text: str, *, right: bool) -> QTableWidgetItem:
    item = QTableWidgetItem(text)
    if right:
        item.setTextAlignment(_RIGHT)
    return item


def _hint(rows: Sequence[Observed], seen: Sequence[Observed]) -> str:
    if rows:
        return "Samples are shown as soon as the stream is open; events count from Start on."
    if seen:
        return f"None of the {len(seen)} streams in sight fits the filter."
    return "No stream is in sight. Start the amplifier's LSL sender, or try one:  bci replay FILE"
