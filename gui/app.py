"""Open the dashboard and stay until it is closed."""

import sys
from pathlib import Path
from types import TracebackType

from PyQt6.QtWidgets import QApplication

from bci.conductor import Conductor
from bci.interrupt import ended_by_signals
from gui.notices import Notice, notice_of
from gui.settings import default_folder, load_settings
from gui.window import Window

__all__ = ["show"]


def show(conductor: Conductor, *, pick: bool, settings_file: Path | None = None) -> None:
    """Show a window until it is closed; then end what is on, in order.

    Parameters
    ----------
    conductor
        Takes sessions through their phases.
    pick
        Let the user choose a stream first.
    settings_file
        Where settings are kept; None: in the user's folder for such things.

    Raises
    ------
    BciError
        What ended the last session, if something failed.
    """
    app = QApplication.instance() or QApplication(sys.argv[:1])
    app.setApplicationName("bci")
    path = settings_file or default_folder() / "default.json"
    settings, said = load_settings(path)
    window = Window(conductor, settings, path, pick=pick)
    if said:
        window.notices.add(Notice(said))

    def report(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        """An exception in a slot would end the process, and the session with it."""
        sys.__excepthook__(kind, error, trace)
        window.notices.add(notice_of(error, "the window"))

    before, sys.excepthook = sys.excepthook, report
    try:
        with ended_by_signals(window.close_at_once):
            window.show()
            app.exec()
    finally:
        sys.excepthook = before
        window.close_at_once()
        conductor.close()
    conductor.raise_error()
