import pytest

from gui.theme import DARK
from gui.words import Words

PIECES = [
    ("text", "median 12 of 200"),
    ("muted", "n 1,234"),
    ("warning", "7 not ranked"),
    ("chance", "chance 50 %"),
]


@pytest.fixture
def words(qtbot):
    made = Words(DARK)
    qtbot.addWidget(made)
    made.say(PIECES)
    return made


@pytest.mark.parametrize("width", [60, 150, 320, 900])
def test_a24_no_piece_is_cut_or_lies_on_another(words, width):
    metrics = words.metrics()
    ends = {}
    for line, x, _, text in words._flow(width):
        assert x >= ends.get(line, 0)
        ends[line] = x + metrics.horizontalAdvance(text)
        assert ends[line] <= width + 1
    assert set(ends) <= {0, 1}


def test_what_finds_no_room_is_told_all_the_same(words):
    assert words.toolTip() == words.accessibleName() == "median 12 of 200 · n 1,234 · 7 not ranked · chance 50 %"
    assert [text for _, _, _, text in words._flow(2000)] == [text for _, text in PIECES]


def test_more_lines_are_taken_where_it_is_narrow_and_none_without_words(words):
    assert words.heightForWidth(150) == pytest.approx(2 * words.heightForWidth(2000), abs=2)
    words.say([])
    assert words.heightForWidth(150) <= 1
