"""Run a window until it is closed: what fails in it becomes a notice, signals close it."""

import sys
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

from PyQt6.QtCore import QTimer
from PyQt6.QtWidgets import QApplication

from bci.interrupt import ended_by_signals
from gui.base_window import BaseWindow
from gui.notices import Notice, notice_of
from gui.settings import Settings, load_settings

__all__ = ["run"]

AWAKE = 200  # ms after which Python gets to run at the latest: it sees Ctrl-C only then


def run(make: Callable[[Settings, Path], BaseWindow], settings_file: Path) -> None:
    """Show a window until it is closed.

    Parameters
    ----------
    make
        Makes the window of its settings and the file in which they are kept; an application is there by then.
    settings_file
        Where its settings are kept.
    """
    app = QApplication.instance() or QApplication(sys.argv[:1])
    app.setApplicationName("bci")
    settings, said = load_settings(settings_file)
    window = make(settings, settings_file)
    if said:
        window.notices.add(Notice(said))

    def report(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        """An exception in a slot would end the process, and a session with it."""
        sys.__excepthook__(kind, error, trace)
        window.notices.add(notice_of(error, "the window"))

    before, sys.excepthook = sys.excepthook, report
    awake = QTimer(window)
    awake.timeout.connect(lambda: None)
    awake.start(AWAKE)
    try:
        with ended_by_signals(lambda: QTimer.singleShot(0, window.close_at_once)):
            window.show()
            app.exec()
    finally:
        sys.excepthook = before
        window.let_go()
