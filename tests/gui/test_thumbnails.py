"""Pictures of concepts: read with a limit, kept within a limit, replaced by tiles."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PyQt6.QtCore import QRectF
from PyQt6.QtGui import QColor, QImage, QPainter, QPixmap
from staged_session import about

import gui.thumbnails
from gui.glyphs import Glyphs
from gui.theme import DARK
from gui.thumbnails import Thumbnails, initials


def picture(path, width=40, height=20, colour=DARK.good):
    image = QImage(width, height, QImage.Format.Format_RGB32)
    image.fill(QColor(colour))
    assert image.save(str(path)), f"Qt writes no {path.suffix}"


def drawn(qapp, thumbnails, concept=0, side=64, ratio=1.0):
    canvas = QPixmap(round(side * ratio), round(side * ratio))
    canvas.setDevicePixelRatio(ratio)
    canvas.fill(QColor(DARK.panel))
    painter = QPainter(canvas)
    thumbnails.draw(painter, QRectF(0, 0, side, side), concept, DARK, qapp.font())
    painter.end()
    return canvas.toImage()


@pytest.mark.parametrize("suffix", [".webp", ".png", ".jpg", ".jpeg"])
def test_b1_pictures_are_read_in_every_format(qapp, tmp_path, suffix):
    picture(tmp_path / f"3{suffix}")
    found = Thumbnails(about(thumbnails=tmp_path)).picture(3, 80)
    assert (found.width(), found.height()) == (80, 40)  # the longer side fits


@pytest.mark.parametrize("ratio", [1.0, 1.25, 2.0])
def test_a24_a_picture_fills_its_square_at_every_ratio(qapp, tmp_path, ratio):
    picture(tmp_path / "0.png", 30, 30)
    image = drawn(qapp, Thumbnails(about(thumbnails=tmp_path)), ratio=ratio)
    last = image.width() - 2
    assert {image.pixelColor(x, y).name() for x in (1, last) for y in (1, last)} == {DARK.good}


def test_b1_a_concept_without_a_picture_gets_a_tile_with_the_hue_of_its_category(qapp, tmp_path):
    thumbnails = Thumbnails(about(thumbnails=tmp_path))
    assert thumbnails.picture(0, 64) is None
    image = drawn(qapp, thumbnails)
    assert image.pixelColor(32, 4).name() == thumbnails.glyphs.hue(0, DARK)
    colours = {image.pixelColor(x, y).name() for x in range(64) for y in range(64)}
    assert DARK.panel in colours, "its initials are not written"


def test_b1_what_is_no_picture_gets_a_tile(qapp, tmp_path):
    (tmp_path / "0.webp").write_bytes(b"no picture at all")
    (tmp_path / "1.png").write_bytes(b"")
    thumbnails = Thumbnails(about(thumbnails=tmp_path))
    assert thumbnails.picture(0, 64) is thumbnails.picture(1, 64) is None


def test_b1_a_picture_that_would_fill_the_memory_is_not_read(qapp, tmp_path, monkeypatch):
    picture(tmp_path / "0.png", 100, 100)
    monkeypatch.setattr(gui.thumbnails, "LARGEST", 100 * 100 - 1)
    assert Thumbnails(about(thumbnails=tmp_path)).picture(0, 64) is None


def test_b1_pictures_are_read_once_and_kept_within_bounds(qapp, tmp_path, monkeypatch):
    for concept in range(6):
        picture(tmp_path / f"{concept}.png", 10, 10)
    monkeypatch.setattr(gui.thumbnails, "BYTES", 3 * 10 * 10 * 4)
    thumbnails = Thumbnails(about(thumbnails=tmp_path))
    first = thumbnails.picture(0, 10)
    assert thumbnails.picture(0, 10) is first
    for concept in range(6):
        thumbnails.picture(concept, 10)
        thumbnails.picture(0, 10)  # used all the time, so it stays
    assert thumbnails.picture(0, 10) is first
    assert len(thumbnails._kept) == 3
    assert thumbnails._bytes == 3 * 10 * 10 * 4


def test_b1_concepts_without_pictures_take_no_memory_either(qapp, monkeypatch):
    monkeypatch.setattr(gui.thumbnails, "ENTRIES", 10)
    thumbnails = Thumbnails(about(1854))
    for concept in range(1854):
        thumbnails.picture(concept, 32)
    assert len(thumbnails._kept) == 10


@pytest.mark.parametrize(
    ("name", "letters"),
    [
        ("banana", "Ba"),
        ("aircraft_carrier", "AC"),
        ("bench press (gym)", "BP"),
        ("x", "X"),
        ("", "?"),
        ("§§", "?"),
    ],
)
def test_b1_initials(name, letters):
    assert initials(name) == letters


@given(st.text(max_size=20))
def test_b1_initials_are_short_whatever_the_name(name):
    assert 1 <= len(initials(name)) <= 6  # "ß" becomes "SS"


@given(st.lists(st.text(min_size=1, max_size=3), min_size=1, max_size=56, unique=True))
def test_b1_categories_differ_by_shape_and_hue(names):
    glyphs = Glyphs(names)
    looks = [(glyphs.shape(i), glyphs.hue(i, DARK)) for i in range(len(names))]
    assert len(set(looks)) == len(names)


def test_b1_without_categories_there_are_no_shapes(qapp):
    glyphs = Glyphs(())
    assert (glyphs.category(3), glyphs.shape(3)) == ("", None)
    image = drawn(qapp, Thumbnails(about(categories=())))
    assert image.pixelColor(32, 4).name() == DARK.categories[-1]
