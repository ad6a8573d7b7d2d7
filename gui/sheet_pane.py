"""A pane that is one sheet: it paints what it has to show by itself."""

from PyQt6.QtCore import QRectF
from PyQt6.QtGui import QPainter
from PyQt6.QtWidgets import QVBoxLayout

from bci.viewing import Viewed
from gui.pane import Pane
from gui.sheet import Item, Sheet
from gui.theme import Theme

__all__ = ["SheetPane"]


class SheetPane(Pane):
    """Paints only if there is something new to show."""

    def __init__(self, viewed: Viewed, theme: Theme) -> None:
        super().__init__(viewed, theme)
        self.sheet = Sheet(theme, self.draw)
        self._shown: tuple[object, ...] = ()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.sheet)

    def draw(self, painter: QPainter, area: QRectF) -> None:
        """Paint everything."""
        raise NotImplementedError

    def show_anew(self, *shown: object) -> bool:
        """Have the sheet painted unless it is of the same things as before; return whether it will be."""
        if shown == self._shown:
            return False
        self._shown = shown
        self.sheet.update()
        return True

    def notice(self, painter: QPainter, area: QRectF, headline: str, detail: str) -> None:
        """Say in the middle what is missing, and what to do."""
        size = self.sheet.size_in(area)
        self.sheet.notice(painter, area, Item(headline, self.theme.text, bold=True), detail, size)

    def set_theme(self, theme: Theme) -> None:
        """Take on other colours."""
        super().set_theme(theme)
        self.sheet.set_theme(theme)
