"""The decoder was trained on something else than what comes in: said across the window while it is so."""

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QLabel

from gui.theme import Theme

__all__ = ["MismatchBanner"]


class MismatchBanner(QLabel):
    """A line that nobody can dismiss; hidden while there is nothing to say.

    Parameters
    ----------
    theme
        Its colours.
    """

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setWordWrap(True)
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.set_theme(theme)
        self.say(None)

    def say(self, mismatch: str | None) -> None:
        """Say what is wrong, or nothing."""
        self.setText(f"✕ MISMATCH: {mismatch}" if mismatch else "")
        self.setAccessibleName(self.text())
        self.setVisible(mismatch is not None)

    def set_theme(self, theme: Theme) -> None:
        """Take on other colours."""
        self.setStyleSheet(
            f"background: {theme.panel}; color: {theme.bad}; border: 2px solid {theme.bad};"
            "padding: 4px 10px; font-weight: 600;"
        )
