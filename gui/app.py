"""Open the dashboard and stay until it is closed."""

from pathlib import Path

from bci.conductor import Conductor
from gui.event_loop import run
from gui.settings import default_folder
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
    try:
        run(
            lambda settings, kept_in: Window(conductor, settings, kept_in, pick=pick),
            settings_file or default_folder() / "default.json",
        )
    finally:
        conductor.close()
    conductor.raise_error()
