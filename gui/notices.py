"""One place for whatever went wrong: the latest in a line, all of them with their traces one click away."""

import time
import traceback
from dataclasses import dataclass

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QDialog, QHBoxLayout, QLabel, QPlainTextEdit, QPushButton, QVBoxLayout, QWidget

from bci.errors import BciError

__all__ = ["Notice", "NoticeBar", "notice_of"]

MOST = 200
"""Notices kept; older ones are counted."""


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that the user should know.

    Parameters
    ----------
    text
        Cause and next step, in a line.
    trace
        Where it came from, for a bug report; empty where it is no bug.
    sign
        What stands before it: whether something went wrong.
    """

    text: str
    trace: str = ""
    sign: str = "⚠"


def notice_of(error: BaseException, where: str) -> Notice:
    """Say what failed where: our own errors tell cause and next step, others have a trace."""
    if isinstance(error, BciError):
        return Notice(str(error))
    trace = "".join(traceback.format_exception(error))
    return Notice(f"{where} failed: {type(error).__name__}: {error}. All else goes on; please report it", trace)


class NoticeBar(QWidget):
    """Shows the latest notice until it is dismissed; counts repeated ones."""

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Notices")
        self.notices: list[tuple[str, Notice]] = []
        self.count = 0
        self._label = QLabel()
        self._label.setTextFormat(Qt.TextFormat.PlainText)
        self._label.setWordWrap(True)
        self._details = QPushButton("Details")
        self._details.clicked.connect(self.show_all)
        dismiss = QPushButton("Dismiss")
        dismiss.clicked.connect(self.hide)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(8, 4, 8, 4)
        layout.addWidget(self._label, 1)
        layout.addWidget(self._details)
        layout.addWidget(dismiss)
        self.hide()

    def add(self, notice: Notice) -> None:
        """Show a notice; one that is there already is only counted."""
        self.count += 1
        if not any(known == notice for _, known in self.notices):
            self.notices = [*self.notices, (time.strftime("%H:%M:%S"), notice)][-MOST:]
        more = f"  ({self.count} notices)" if self.count > 1 else ""
        self._label.setText(f"{notice.sign} {notice.text}{more}")
        self.show()

    def show_all(self) -> None:
        """Show all notices with their traces."""
        dialog = QDialog(self.window())
        dialog.setWindowTitle("Notices")
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        text = QPlainTextEdit("\n\n".join(f"{at}  {notice.text}\n{notice.trace}" for at, notice in self.notices))
        text.setReadOnly(True)
        text.setAccessibleName("All notices")
        layout = QVBoxLayout(dialog)
        layout.addWidget(text)
        dialog.resize(720, 420)
        dialog.open()
