"""Choosing another bank: a file dialog, and a thread that reads the file while the window goes on painting."""

from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from threading import Thread

from PyQt6.QtCore import QObject, Qt, pyqtSignal
from PyQt6.QtWidgets import QFileDialog, QMenu, QWidget

from bci.errors import BciError
from bci.what_if import Gallery

__all__ = ["BankMenu"]


class BankMenu(QObject):
    """Two entries of a menu: a bank of a file, and back to the decoder's own.

    Parameters
    ----------
    menu
        Gets the entries.
    read
        Reads a bank for the decoder; it may take seconds.
    parent
        Whose window the dialog belongs to.
    """

    own_chosen = pyqtSignal()

    def __init__(self, menu: QMenu, read: Callable[[Path], Gallery], parent: QWidget) -> None:
        super().__init__(parent)
        self._read, self._widget = read, parent
        self._reading: Future[Gallery] | None = None
        self.refused = ""
        """Why the file that was chosen last is no bank for this decoder."""
        for text, handler in (("Another bank …", self._ask), ("The decoder's own bank", self.own_chosen.emit)):
            action = menu.addAction(text)
            assert action is not None  # noqa: S101 (for the type checker)
            action.triggered.connect(handler)

    @property
    def reading(self) -> bool:
        """Whether a file is being read."""
        return self._reading is not None

    def open(self, path: Path) -> None:
        """Begin to read a file."""
        self.forget()
        self._reading = Future()
        Thread(target=_read, args=(self._read, path, self._reading), name="bank", daemon=True).start()

    def forget(self) -> None:
        """Want no other bank any more."""
        self._reading, self.refused = None, ""

    def poll(self, take: Callable[[Gallery], object]) -> None:
        """Hand on the bank that was chosen, once, when it has been read; `refused` says why it is of no use."""
        if self._reading is None or not self._reading.done():
            return
        done, self._reading = self._reading, None
        try:
            take(done.result())
        except BciError as error:
            self.refused = str(error)

    def _ask(self) -> None:
        dialog = QFileDialog(self._widget, "Bank to rank against", filter="Banks (*.safetensors)")
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(lambda path: self.open(Path(path)))
        dialog.open()


def _read(read: Callable[[Path], Gallery], path: Path, told: "Future[Gallery]") -> None:
    try:
        told.set_result(read(path))
    except BaseException as error:  # noqa: BLE001 (raised where the result is asked for)
        told.set_exception(error)
