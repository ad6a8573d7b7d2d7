"""Words on a sheet: elided where there is no room, and told in full all the same."""

import pytest
from PyQt6.QtCore import QPoint, QPointF, QRectF
from PyQt6.QtGui import QHelpEvent
from PyQt6.QtWidgets import QApplication, QToolTip

from gui.sheet import SMALLEST, Item, Sheet, scaled
from gui.theme import DARK, LIGHT


@pytest.fixture
def painted(qtbot):
    """Paints with what it is given, at a width, and returns the sheet."""

    def paint(draw, width=200, height=100):
        sheet = Sheet(DARK, lambda painter, area: draw(sheet, painter, area))
        qtbot.addWidget(sheet)
        sheet.resize(width, height)
        sheet.grab()
        return sheet

    return paint


def test_a24_what_is_cut_is_told_by_a_tooltip(painted, qtbot):
    long = "a name that is much too long for so narrow a sheet"
    sheet = painted(lambda sheet, painter, area: sheet.write(painter, area, Item(long, DARK.text)))
    assert sheet.tip_at(QPointF(50, 50)) == long
    assert sheet.text == long
    at = QPoint(50, 50)
    QApplication.sendEvent(sheet, QHelpEvent(QHelpEvent.Type.ToolTip, at, sheet.mapToGlobal(at)))
    assert QToolTip.text() == long
    QToolTip.hideText()


def test_a24_what_fits_needs_no_tooltip(painted):
    sheet = painted(lambda sheet, painter, area: sheet.write(painter, area, Item("short", DARK.text)))
    assert sheet.tip_at(QPointF(50, 50)) is None


@pytest.mark.parametrize("width", [60, 120, 200, 400])
def test_a24_items_flow_into_as_many_lines_as_they_need(painted, width):
    items = [Item(f"item {i}", DARK.text) for i in range(7)]
    heights = []

    def draw(sheet, painter, area):
        heights.append((sheet.flow(painter, area, items), sheet.flow_height(area, items), sheet.line_height()))

    sheet = painted(draw, width, 300)
    used, planned, line = heights[-1]
    assert used == planned
    assert used / line == pytest.approx(round(used / line))
    places = [place for place, _ in sheet._written]
    assert not any(one.intersects(other) for i, one in enumerate(places) for other in places[i + 1 :])
    assert all(place.right() <= width for place in places)


def test_no_items_take_no_room(painted):
    used = []
    painted(lambda sheet, painter, area: used.append(sheet.flow(painter, area, [])))
    assert used[-1] == 0


def test_a_notice_that_does_not_fit_is_told_in_full(painted):
    def draw(sheet, painter, area):
        sheet.notice(painter, area, Item("Nothing here", DARK.text, bold=True), "because of much " * 20)

    sheet = painted(draw, 120, 60)
    assert sheet.tip_at(QPointF(60, 30)).startswith("Nothing here: because")


def test_a_painter_is_closed_even_if_drawing_fails(painted, qtbot):
    def fail(sheet, painter, area):
        raise ValueError("of the owner")

    with qtbot.captureExceptions() as caught:
        painted(fail)
    assert [str(value) for _, value, _ in caught] == ["of the owner"] * len(caught)
    assert caught


def test_fonts_are_scaled_from_that_of_the_application(painted):
    sheet = painted(lambda sheet, painter, area: None)
    assert sheet.line_height(2.0) == pytest.approx(2 * sheet.line_height(), rel=0.15)
    font = sheet.font()
    font.setPointSizeF(20)
    assert scaled(font, 1.5).pointSizeF() == pytest.approx(30)
    font.setPixelSize(10)
    assert scaled(font, 1.5, bold=True).pixelSize() == 15


def test_a22_the_ground_is_that_of_the_theme(painted):
    sheet = painted(lambda sheet, painter, area: None)
    sheet.set_theme(LIGHT)
    assert sheet.grab().toImage().pixelColor(3, 3).name() == LIGHT.panel
    assert QRectF(sheet.rect()).contains(3, 3)


@pytest.mark.parametrize("points", [8, 9, 14, 20])
def test_a24_words_follow_the_font_and_still_fit_a_small_dock(painted, points):
    sizes = {}

    def draw(sheet, painter, area):
        font = sheet.font()
        font.setPointSizeF(points)
        sheet.setFont(font)
        sizes[area.width()] = sheet.size_in(area), sheet.text_width("n" * 30)

    for width, height in ((320, 200), (1900, 1000)):
        painted(draw, width, height)
    (small, thirty), (kiosk, _) = sizes[320 - 16], sizes[1900 - 16]
    assert small * thirty <= 320 - 16 + 1 or small == SMALLEST
    assert kiosk > 1.5 * small
