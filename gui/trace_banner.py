"""What is wrong with the signals, or where in time they are, in a frame over them."""

from PyQt6.QtCore import QPoint, Qt
from PyQt6.QtWidgets import QLabel, QWidget

from gui.theme import Theme

__all__ = ["Banner"]

TOP = 4
"""Pixels above it."""


class Banner(QLabel):
    """Words over the top of a sibling's middle; hidden while there is nothing to say.

    Parameters
    ----------
    parent
        Of both.
    under
        What it lies over.
    """

    def __init__(self, parent: QWidget, under: QWidget) -> None:
        super().__init__(parent)
        self._under = under
        self.setVisible(False)
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)

    def say(self, text: str) -> None:
        """Say something else, or nothing."""
        if text != self.text():
            self.setText(text)
            self.setAccessibleName(text)
            self.setVisible(bool(text))
            self.place()

    def place(self) -> None:
        """Follow what it lies over."""
        self.adjustSize()
        left = (self._under.width() - self.width()) // 2
        self.move(self._under.pos() + QPoint(max(0, left), TOP))

    def set_theme(self, theme: Theme) -> None:
        """Take on other colours."""
        self.setStyleSheet(
            f"background: {theme.raised}; color: {theme.text}; border: 2px solid {theme.warning};"
            "padding: 4px 10px; font-weight: 600;"
        )
