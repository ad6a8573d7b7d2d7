"""What was shown, its rank, and the marks of hits; all of it hidden where a participant may see the screen."""

from dataclasses import replace
from functools import partial

import pytest
from PyQt6.QtCore import QRectF
from PyQt6.QtGui import QColor, QPainter, QPixmap
from staged_session import StagedSession, about

from bci.types import Status
from gui.hit_marks import Mark, draw_mark, mark
from gui.theme import DARK
from gui.truth_pane import TruthPane


@pytest.fixture
def shown(show_pane):
    return partial(show_pane, TruthPane)


def say(pane):
    return pane.sheet.text


def ranked(session, truth, rank):
    """Make a decision that ranks the truth where we want it."""
    decision = session.decide(truth=truth, best=truth)
    session.recent[-1] = replace(decision, ranking=replace(decision.ranking, truth_rank=rank))


@pytest.mark.parametrize(
    ("n", "rank", "words"),
    [
        (200, 0, ("top-1 hit", "rank 1 of 200", "percentile 100.0 %")),
        (200, 4, ("top-5 hit", "rank 5 of 200", "percentile 98.0 %")),
        (200, 199, ("miss", "rank 200 of 200", "percentile 0.0 %")),
        (2, 1, ("miss", "rank 2 of 2", "percentile 0.0 %")),
        (1854, 5, ("miss", "rank 6 of 1854", "percentile 99.7 %")),
    ],
)
def test_b2_rank_percentile_and_hit_are_told(shown, theme, n, rank, words):
    session = StagedSession(about(n))
    ranked(session, 1, rank)
    said = say(shown(session, theme))
    assert all(word in said for word in ("thing-1", *words))


def test_b2_hiding_takes_effect_without_a_further_decision(shown, staged):
    ranked(staged, 1, 0)
    pane = shown(staged)
    staged.tell(hide_truth=True)
    pane.refresh(staged.snapshot())
    pane.grab()
    assert "thing-1" not in say(pane)


def test_b2_an_unknown_truth_says_so(shown, staged):
    staged.decide(best=2)
    assert "The marker 'unknown' names none of the 10 concepts" in say(shown(staged))
    staged.recent[-1] = replace(staged.recent[-1], marker=None)
    assert "No marker tells what was shown in this window" in say(shown(staged))


def test_b2_before_the_first_event_it_says_what_it_waits_for(shown, staged, theme):
    assert "No event yet" in say(shown(staged, theme))


def test_b2_a_missing_ranking_is_a_miss_with_its_reason(shown, staged):
    staged.decide(truth=3, best=None, status=Status.GAP, reason="12 samples are missing")
    said = say(shown(staged))
    assert all(words in said for words in ("thing-3", "miss", "not ranked: gap", "12 samples are missing"))


@pytest.mark.parametrize("size", [(320, 200), (640, 400), (1900, 900), (300, 120)])
def test_a24_nothing_overlaps_and_nothing_is_outside(shown, size):
    session = StagedSession(about(1854))
    for _ in range(60):
        ranked(session, 1700, 1699)
    pane = shown(session, size=size)
    places = [place.adjusted(0.01, 0.01, -0.01, -0.01) for place, _ in pane.sheet._written]
    assert all(QRectF(pane.sheet.rect()).contains(place) for place in places)
    assert not any(one.intersects(other) for i, one in enumerate(places) for other in places[i + 1 :])


@pytest.mark.parametrize(
    ("rank", "n", "expected"),
    [
        (0, 10, Mark.BEST),
        (4, 10, Mark.FIVE),
        (5, 10, Mark.MISS),
        (1, 5, Mark.MISS),  # among five, being one of the best five is no feat
        (0, 2, Mark.BEST),
        (None, 10, Mark.MISS),
        (-1, 10, Mark.MISS),
    ],
)
def test_b2_marks(rank, n, expected):
    assert mark(rank, n) is expected


def test_a23_marks_differ_by_shape_alone(qapp):
    """Left and right half: full and full, full and empty, empty and empty."""
    filled = {}
    for what in Mark:
        canvas = QPixmap(40, 40)
        canvas.fill(QColor(DARK.panel))
        painter = QPainter(canvas)
        draw_mark(painter, QRectF(0, 0, 40, 40), what, DARK)
        painter.end()
        image = canvas.toImage()
        filled[what] = tuple(image.pixelColor(x, 20).name() != DARK.panel for x in (12, 28))
    assert filled == {Mark.BEST: (True, True), Mark.FIVE: (True, False), Mark.MISS: (False, False)}
