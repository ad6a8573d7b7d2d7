"""What the decoder's idea of the latest picture looks like, as a generator paints it."""

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QRectF, Qt
from PyQt6.QtGui import QImage, QPainter, QPen, QPixmap

from bci.painting import Painted, Painting
from bci.snapshot import Snapshot
from bci.viewing import Viewed
from gui.sheet import MARGIN, Item
from gui.sheet_pane import SheetPane
from gui.theme import Theme
from gui.thumbnails import Thumbnails

__all__ = ["ReconstructionPane"]

CAPTION = "generated, seen by nobody"
LACKING = "bci live BUNDLE --reconstruct FOLDER makes pictures."
WAITING = "One appears here once an event is decided."


class ReconstructionPane(SheetPane):
    """The latest generated picture, beside one of the concept that was shown."""

    title: ClassVar[str] = "Reconstruction"
    help: ClassVar[str] = (
        "A picture that a generator made of the latest embedding, while you look. "
        "It may lag behind; decisions never wait for it."
    )
    rate: ClassVar[float] = 5.0

    def __init__(self, viewed: Viewed, theme: Theme) -> None:
        super().__init__(viewed, theme)
        self._pictures = Thumbnails(viewed.about)
        self._painted: Painted | None = None
        self._pixmap: QPixmap | None = None

    def refresh(self, snapshot: Snapshot) -> None:  # noqa: ARG002 (pictures come in their own time)
        """Take on the latest picture."""
        painting = self.viewed.painting
        if painting is not None:
            painting.look()
        latest = None if painting is None else painting.latest
        if self.show_anew(None if latest is None else latest.decision.seq, _trouble(painting)):
            self._painted = latest
            self._pixmap = None if latest is None else _pixmap(latest.pixels)

    # -------------------------------------------------------------------------------- drawing

    def draw(self, painter: QPainter, area: QRectF) -> None:
        """Draw what was shown, what was generated, and which event it was."""
        painting, painted, pixmap = self.viewed.painting, self._painted, self._pixmap
        if painting is None:
            self.notice(painter, area, "Nothing is generated", LACKING)
            return
        if painted is None or pixmap is None:
            self.notice(painter, area, "No picture yet", painting.trouble or WAITING)
            return
        line = self.sheet.line_height()
        pictures = area.adjusted(0, 0, 0, -2.2 * line)
        truth = None if self.viewed.about.hide_truth else painted.decision.truth
        shown, generated = _places(pictures, truth is not None)
        if shown is not None and truth is not None:
            self._pictures.draw(painter, shown, truth, self.theme, self.sheet.font())
            _frame(painter, shown, self.theme.truth)
        painter.drawPixmap(generated, pixmap, QRectF(pixmap.rect()))
        below = QRectF(area.left(), area.bottom() - 2.2 * line, area.width(), line)
        self.sheet.write(painter, below, Item(_said(painted, self.viewed), self.theme.text))
        self.sheet.write(painter, below.translated(0, line), Item(painting.trouble or CAPTION, self.theme.muted))


def _trouble(painting: Painting | None) -> str:
    return "" if painting is None else painting.trouble


def _said(painted: Painted, viewed: Viewed) -> str:
    ranking, names = painted.decision.ranking, viewed.about.concepts
    best = "" if ranking is None else f", {names[ranking.indices[0]]} best"
    return f"event {painted.decision.seq}{best}; {painted.seconds * 1e3:.0f} ms"


def _places(area: QRectF, two: bool) -> tuple[QRectF | None, QRectF]:
    """Squares of the picture that was shown, if it is, and of the generated one."""
    side = min(area.height(), (area.width() - MARGIN) / 2 if two else area.width())
    first = QRectF(area.left(), area.top(), side, side)
    return (first, first.translated(side + MARGIN, 0)) if two else (None, first)


def _frame(painter: QPainter, area: QRectF, colour: str) -> None:
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(painter.pen().color().fromString(colour), 2))
    painter.drawRect(area)


def _pixmap(pixels: NDArray[np.uint8]) -> QPixmap:
    height, width, _ = pixels.shape
    image = QImage(pixels.tobytes(), width, height, 3 * width, QImage.Format.Format_RGB888)
    return QPixmap.fromImage(image)
