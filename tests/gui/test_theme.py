import re
from dataclasses import fields
from pathlib import Path

import pytest

import gui.theme
from gui.theme import PAIRS, THEMES


def luminance(colour):
    """Relative luminance, WCAG 2.2."""
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one, other):
    bright, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def test_contrast_is_that_of_the_standard():
    assert contrast("#ffffff", "#000000") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("theme", THEMES.values(), ids=lambda theme: theme.name)
@pytest.mark.parametrize(("role", "under", "least"), PAIRS)
def test_a23_everything_stands_out_from_what_is_under_it(theme, role, under, least):
    drawn = getattr(theme, role)
    for colour in drawn if isinstance(drawn, tuple) else (drawn,):
        assert contrast(colour, getattr(theme, under)) >= least, f"{role} {colour} on {under}"


def test_every_colour_is_part_of_a_pair():
    named = {role for pair in PAIRS for role in pair[:2]}
    assert {field.name for field in fields(gui.theme.Theme)} - named == {"name", "map", "diverging"}


def test_a22_no_other_file_names_a_colour():
    literal = re.compile(
        r"#[0-9a-fA-F]{3,8}\b|Qt\.GlobalColor|GlobalColor\.|QColor\(\s*\d|rgba?\(|mkColor\(['\"]|QColor\(['\"]"
    )
    for path in Path(gui.__file__).parent.rglob("*.py"):
        if path.name != "theme.py":
            found = [line for line in path.read_text(encoding="utf-8").splitlines() if literal.search(line)]
            assert not found, f"{path.name}: {found}"
