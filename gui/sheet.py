"""A sheet to draw words and shapes on: what does not fit is elided, and told in full by a tooltip."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from PyQt6.QtCore import QEvent, QMargins, QPointF, QRectF, Qt
from PyQt6.QtGui import QColor, QFont, QFontMetricsF, QHelpEvent, QPainter, QPaintEvent
from PyQt6.QtWidgets import QSizePolicy, QToolTip, QWidget

from gui.theme import Theme

__all__ = ["MARGIN", "SMALLEST", "Item", "Sheet", "scaled", "square"]

MARGIN = 8
"""Around what a pane shows, logical pixels."""
SMALLEST = 0.5
"""Size of words, relative to the font of the application, below which they are rather elided."""

_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_WRAPPED = Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextWordWrap


class Item(NamedTuple):
    """Words that stay together, and their colour."""

    text: str
    colour: str
    bold: bool = False


class Sheet(QWidget):
    """Hands its owner a painter and the area within the margins, and keeps track of what was cut.

    Parameters
    ----------
    theme
        Its colours.
    draw
        Called with a painter and the area whenever it must be painted.
    margin
        Around the area, logical pixels.
    """

    def __init__(self, theme: Theme, draw: Callable[[QPainter, QRectF], None], margin: int = MARGIN) -> None:
        super().__init__()
        self._margin = margin
        self.theme = theme
        self._draw = draw
        self._tips: list[tuple[QRectF, str]] = []
        self._written: list[tuple[QRectF, str]] = []
        self.setMinimumSize(1, 1)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    @property
    def text(self) -> str:
        """All that it says, in full."""
        return " · ".join(text for _, text in self._written)

    def line_height(self, size: float = 1.0) -> float:
        """Height of a line of words at `size` times the font of the application, logical pixels."""
        return QFontMetricsF(scaled(self.font(), size)).height()

    def text_width(self, text: str, size: float = 1.0, *, bold: bool = False) -> float:
        """Width of words, logical pixels."""
        return QFontMetricsF(scaled(self.font(), size, bold=bold)).horizontalAdvance(text)

    def size_in(self, area: QRectF) -> float:
        """Size of words that suits an area: larger in a large one, smaller where thirty letters do not fit."""
        grown = max(1.0, min(area.height() / 320, area.width() / 480))
        return max(SMALLEST, min(grown, area.width() / self.text_width("n" * 30)))

    def write(
        self,
        painter: QPainter,
        area: QRectF,
        item: Item,
        size: float = 1.0,
        align: Qt.AlignmentFlag = _LEFT,
    ) -> None:
        """Write one line into an area, elided if it does not fit."""
        font = scaled(self.font(), size, bold=item.bold)
        fitting = QFontMetricsF(font).elidedText(item.text, Qt.TextElideMode.ElideRight, area.width() + 0.5)
        if fitting != item.text:
            self.tip(area, item.text)
        self._written.append((area, item.text))
        painter.setFont(font)
        painter.setPen(QColor(item.colour))
        painter.drawText(area, align | Qt.TextFlag.TextSingleLine, fitting)

    def flow(self, painter: QPainter, area: QRectF, items: Sequence[Item], size: float = 1.0) -> float:
        """Write items one after the other, in as many lines as they need; return the height of these."""
        for item, place in zip(items, self._places(area, items, size), strict=True):
            self.write(painter, place, item, size)
        return self.flow_height(area, items, size)

    def flow_height(self, area: QRectF, items: Sequence[Item], size: float = 1.0) -> float:
        """Height that items would take."""
        places = self._places(area, items, size)
        return places[-1].bottom() - area.top() if places else 0.0

    def _places(self, area: QRectF, items: Sequence[Item], size: float) -> list[QRectF]:
        height = self.line_height(size)
        places: list[QRectF] = []
        left, top = area.left(), area.top()
        for item in items:
            width = self.text_width(item.text, size, bold=item.bold) + 1
            if left > area.left() and left + width > area.right():
                left, top = area.left(), top + height
            places.append(QRectF(left, top, min(width, area.width()), height))
            left += width + height
        return places

    def notice(self, painter: QPainter, area: QRectF, headline: Item, detail: str, size: float = 1.0) -> None:
        """Say in the middle what is missing, and what to do."""
        large, small = scaled(self.font(), 1.25 * size, bold=True), scaled(self.font(), size)
        head = QFontMetricsF(large).boundingRect(area, _WRAPPED, headline.text).height()
        gap = self.line_height(size) * 0.4
        body = QFontMetricsF(small).boundingRect(area, _WRAPPED, detail).height()
        top = area.top() + max(0.0, (area.height() - head - gap - body) / 2)
        if head + gap + body > area.height():
            self.tip(area, f"{headline.text}: {detail}")
        painter.setFont(large)
        painter.setPen(QColor(headline.colour))
        place = QRectF(area.left(), top, area.width(), head)
        painter.drawText(place, _WRAPPED, headline.text)
        painter.setFont(small)
        painter.setPen(QColor(self.theme.muted))
        rest = QRectF(area.left(), top + head + gap, area.width(), area.bottom() - top - head - gap)
        painter.drawText(rest, _WRAPPED, detail)
        self._written += [(place, headline.text), (rest, detail)]

    def tip(self, area: QRectF, text: str) -> None:
        """Tell something when the mouse rests on an area; what is told last counts."""
        self._tips.append((area, text))

    def set_theme(self, theme: Theme) -> None:
        """Take on other colours."""
        self.theme = theme
        self.update()

    def paintEvent(self, event: QPaintEvent | None) -> None:  # noqa: ARG002, N802 (given by Qt)
        """Paint everything; a sheet is small."""
        self._tips, self._written = [], []
        painter = QPainter(self)
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
        painter.fillRect(self.rect(), QColor(self.theme.panel))
        try:
            self._draw(painter, QRectF(self.rect().marginsRemoved(QMargins(*[self._margin] * 4))))
        finally:
            painter.end()  # Qt aborts the program over one that is left open

    def tip_at(self, point: QPointF) -> str | None:
        """Return what is told of a point."""
        return next((text for area, text in reversed(self._tips) if area.contains(point)), None)

    def event(self, event: QEvent | None) -> bool:
        """Show the tooltip of what the mouse rests on, or else that of the pane."""
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            text = self.tip_at(QPointF(event.pos()))
            if text is not None:
                QToolTip.showText(event.globalPos(), text, self)
                return True
        return super().event(event)


def square(area: QRectF, side: float) -> QRectF:
    """Return a square at the left of an area, halfway down."""
    return QRectF(area.left(), area.center().y() - side / 2, side, side)


def scaled(font: QFont, size: float, *, bold: bool = False) -> QFont:
    """Return a font of `size` times the size, with digits of equal width."""
    changed = QFont(font)
    if font.pointSizeF() > 0:
        changed.setPointSizeF(font.pointSizeF() * size)
    else:
        changed.setPixelSize(max(1, round(font.pixelSize() * size)))
    changed.setBold(bold)
    changed.setFeature(QFont.Tag("tnum"), 1)
    return changed
