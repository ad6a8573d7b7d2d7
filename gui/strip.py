"""A strip of a pane whose height follows from its width, as that of words which flow does."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import ClassVar

from PyQt6.QtCore import QSize
from PyQt6.QtGui import QFont, QFontMetricsF
from PyQt6.QtWidgets import QSizePolicy, QWidget

from gui.sheet import scaled
from gui.theme import Theme

__all__ = ["Strip"]


class Strip(QWidget):
    """As wide as its pane, and as high as `heightForWidth` says.

    Parameters
    ----------
    theme
        Its colours.
    """

    scale: ClassVar[float] = 1.0
    """Size of its words, of the pane's font."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.theme = theme
        policy = QSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Paint what is changed meanwhile, and lay the pane out anew if that takes another height."""
        before = self.heightForWidth(self.width())
        yield
        if self.heightForWidth(self.width()) != before:
            self.updateGeometry()
        self.update()

    def set_theme(self, theme: Theme) -> None:
        """Take on other colours."""
        self.theme = theme
        self.update()

    def sizeHint(self) -> QSize:  # noqa: N802 (Qt's name)
        """As high as its contents."""
        return QSize(0, self.heightForWidth(self.width()))

    def text_font(self) -> QFont:
        """Return the font of its words."""
        return scaled(self.font(), self.scale)

    def metrics(self) -> QFontMetricsF:
        """Return the measures of that font."""
        return QFontMetricsF(self.text_font())
