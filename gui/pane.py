"""A pane: one panel of the dashboard, handed snapshots and painting them."""

from typing import ClassVar

from PyQt6.QtGui import QColor, QPalette
from PyQt6.QtWidgets import QWidget

from bci.snapshot import Snapshot
from bci.viewing import Viewed
from gui.theme import Theme

__all__ = ["HIDDEN", "Pane", "tint"]

HIDDEN = "Hidden from this screen: a participant may see it."


class Pane(QWidget):
    """What every panel has in common.

    A pane reads snapshots and the history of its session and changes nothing. It is refreshed `rate` times a
    second while it can be seen, and must be done in a few milliseconds: the decoder waits for the interpreter
    meanwhile.

    Parameters
    ----------
    viewed
        The session.
    theme
        Its colours.
    """

    title: ClassVar[str]
    """What it is called, in its dock, in menus and for screen readers."""
    help: ClassVar[str]
    """What it shows, in a sentence."""
    rate: ClassVar[float] = 5.0
    """Refreshes a second."""
    always: ClassVar[bool] = False
    """Whether it has its turns while it cannot be seen, too: `follow` is called then instead of `refresh`."""

    def __init__(self, viewed: Viewed, theme: Theme) -> None:
        super().__init__()
        self.viewed = viewed
        self.theme = theme
        self.setObjectName(type(self).__name__)
        self.setAccessibleName(self.title)
        self.setToolTip(self.help)
        self.setAutoFillBackground(True)
        self._fill()

    def refresh(self, snapshot: Snapshot) -> None:
        """Show how the session stands."""
        raise NotImplementedError  # and no abstract class: the metaclass of Qt's widgets forbids one

    def follow(self, snapshot: Snapshot) -> None:
        """Take in what would be gone before anybody looks."""

    def set_theme(self, theme: Theme) -> None:
        """Take on other colours."""
        self.theme = theme
        self._fill()
        self.update()

    def _fill(self) -> None:
        tint(self, QPalette.ColorRole.Window, self.theme.panel)


def tint(widget: QWidget, role: QPalette.ColorRole, colour: str) -> None:
    """Change one colour of a widget."""
    palette = widget.palette()
    palette.setColor(role, QColor(colour))
    widget.setPalette(palette)
