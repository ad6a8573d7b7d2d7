"""Pictures of concepts, and tiles with their initials for those that have none."""

import re
from collections import OrderedDict
from pathlib import Path

from PyQt6.QtCore import QRectF, QSize, Qt
from PyQt6.QtGui import QColor, QFont, QImageReader, QPainter, QPainterPath, QPixmap

from bci.viewing import About
from gui.glyphs import Glyphs
from gui.sheet import scaled
from gui.theme import Theme

__all__ = ["Thumbnails", "initials"]

SUFFIXES = (".webp", ".png", ".jpg", ".jpeg")
"""Formats that are looked for, in this order."""
LARGEST = 2**24
"""Pixels of a picture that is read; a larger one would fill the memory before it is seen to be no thumbnail."""
BYTES = 16 * 2**20
"""Memory that pictures ready to be drawn take at most."""
ENTRIES = 4096
"""Concepts that are remembered at most, those without a picture among them."""


class Thumbnails:
    """Draws concepts; keeps the pictures that were drawn last, at the size at which they were drawn.

    Parameters
    ----------
    about
        Names and categories of the concepts, and where their pictures lie.
    """

    def __init__(self, about: About) -> None:
        self.glyphs = Glyphs(about.categories)
        self._names = about.concepts
        self._folder = about.thumbnails
        self._kept: OrderedDict[tuple[int, int], QPixmap | None] = OrderedDict()
        self._bytes = 0

    def draw(self, painter: QPainter, area: QRectF, concept: int, theme: Theme, font: QFont) -> None:
        """Draw a concept into a square."""
        device = painter.device()
        ratio = 1.0 if device is None else device.devicePixelRatioF()
        picture = self.picture(concept, round(area.width() * ratio))
        if picture is None:
            self._tile(painter, area, concept, theme, font)
        else:
            size = QSize(picture.width(), picture.height()).toSizeF() / ratio
            place = QRectF(area.center().x() - size.width() / 2, area.center().y() - size.height() / 2, 0, 0)
            place.setSize(size)
            painter.drawPixmap(place, picture, QRectF(picture.rect()))

    def picture(self, concept: int, side: int) -> QPixmap | None:
        """Return a concept's picture with its longer side at `side` device pixels, None if it cannot be had."""
        key = (concept, side)
        if key not in self._kept:
            self._keep(key, None if self._folder is None or side < 1 else _read(self._folder, concept, side))
        self._kept.move_to_end(key)
        return self._kept[key]

    def _keep(self, key: tuple[int, int], picture: QPixmap | None) -> None:
        self._kept[key] = picture
        self._bytes += _bytes(picture)
        while len(self._kept) > 1 and (self._bytes > BYTES or len(self._kept) > ENTRIES):
            self._bytes -= _bytes(self._kept.popitem(last=False)[1])

    def _tile(self, painter: QPainter, area: QRectF, concept: int, theme: Theme, font: QFont) -> None:
        """Initials on the hue of the category, with its shape in a corner."""
        rounded = QPainterPath()
        rounded.addRoundedRect(area, area.width() * 0.08, area.width() * 0.08)
        painter.fillPath(rounded, QColor(self.glyphs.hue(concept, theme)))
        painter.setPen(QColor(theme.panel))
        large = scaled(font, 1.0, bold=True)
        large.setPixelSize(max(1, round(area.width() * 0.4)))
        painter.setFont(large)
        painter.drawText(area, Qt.AlignmentFlag.AlignCenter, initials(self._names[concept]))
        side = area.width() * 0.17
        corner = QRectF(area.right() - side * 1.4, area.bottom() - side * 1.4, side, side)
        self.glyphs.draw(painter, corner, concept, theme.panel)


def initials(name: str) -> str:
    """First letters of the first two words of a name, or the first two of its only word."""
    words = re.findall(r"[^\W_]+", name)
    if not words:
        return "?"
    return "".join(word[0] for word in words[:2]).upper() if len(words) > 1 else words[0][:2].capitalize()


def _read(folder: Path, concept: int, side: int) -> QPixmap | None:
    paths = (folder / f"{concept}{suffix}" for suffix in SUFFIXES)
    path = next((path for path in paths if path.is_file()), None)
    if path is None:
        return None
    reader = QImageReader(str(path))
    reader.setAutoTransform(True)
    size = reader.size()
    if size.isEmpty() or size.width() * size.height() > LARGEST:
        return None
    image = reader.read()
    if image.isNull():
        return None
    smooth = Qt.TransformationMode.SmoothTransformation
    return QPixmap.fromImage(image.scaled(side, side, Qt.AspectRatioMode.KeepAspectRatio, smooth))


def _bytes(picture: QPixmap | None) -> int:
    return 0 if picture is None else picture.width() * picture.height() * 4
