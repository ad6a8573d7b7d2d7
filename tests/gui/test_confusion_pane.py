from functools import partial

import pytest
from PyQt6.QtCore import QPoint, Qt
from staged_session import StagedSession, decided

from bci.types import Status
from gui.confusion_pane import ConfusionPane

KINDS = tuple(f"category number {i}" for i in range(27))


@pytest.fixture
def shown(show_pane):
    return partial(show_pane, ConfusionPane)


def click(qtbot, pane, row, column):
    at = pane.map.cell_rect(row, column).center().toPoint()
    qtbot.mouseClick(pane.map, Qt.MouseButton.LeftButton, pos=at)


def test_b5_few_concepts_are_told_apart_and_many_by_category(shown):
    assert shown(decided(2)).map._labels == ("thing-0", "thing-1")
    assert shown(decided(200)).map._labels == ("aaaa", "bbbb", "cccc")
    many = shown(decided(1854, categories=tuple(KINDS[i % 27] for i in range(1854))))
    assert len(many.map._labels) == 27


def test_b5_rows_add_up_to_one(shown):
    pane = shown(decided(10))
    assert pane.map._shares.sum(axis=1) == pytest.approx(1)
    assert pane._counts.sum() == 60


def test_b5_counts_are_told_under_the_mouse(qtbot, shown):
    session = decided(2, n=0)
    for best in (0, 1, 1, 1):
        session.decide(truth=0, best=best)
    pane = shown(session)
    at = pane.map.cell_rect(0, 1).center().toPoint()
    qtbot.mouseMove(pane.map, at + QPoint(1, 0))
    qtbot.mouseMove(pane.map, at)
    assert pane.words.text == "shown thing-0 · named thing-1 · 3 of 4 = 75.0 %"
    pane.map._point(None)
    assert "right concept 25.0 %" in pane.words.text


def test_b5_a_click_lists_the_trials_of_a_cell(qtbot, shown):
    session = decided(2, n=0)
    for truth, best in ((0, 1), (1, 1), (0, 1), (0, 0)):
        session.decide(truth=truth, best=best)
    pane = shown(session)
    with qtbot.waitSignal(pane.trials_chosen) as told:
        click(qtbot, pane, 0, 1)
    assert told.args == [[0, 2]]
    assert pane.list.isVisible()
    assert [pane.list.item(i).text() for i in range(pane.list.count())] == ["trial 2", "trial 0"]
    with qtbot.waitSignal(pane.trials_chosen) as picked:
        pane.list.itemActivated.emit(pane.list.item(1))
    assert picked.args == [[0]]


def test_b5_trials_of_categories_are_listed_with_their_concepts(qtbot, shown):
    session = decided(200, n=0)
    session.decide(truth=3, best=4)
    pane = shown(session)
    click(qtbot, pane, 0, 1)
    assert pane.list.item(0).text() == "trial 0: thing-3 → thing-4"
    with qtbot.assertNotEmitted(pane.trials_chosen):
        click(qtbot, pane, 0, 1)
    assert not pane.list.isVisible()


def test_b5_an_empty_cell_chooses_nothing(qtbot, shown):
    pane = shown(decided(2, n=2))
    with qtbot.assertNotEmitted(pane.trials_chosen):
        click(qtbot, pane, 0, 1)
    assert pane.list.item(0).text() == "no trials"


def test_b5_cells_can_be_reached_by_keys(qtbot, shown):
    pane = shown(decided(2, n=60))
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Down, Qt.Key.Key_Down):
        qtbot.keyClick(pane.map, key)
    assert pane.map.cell == (1, 0)
    with qtbot.waitSignal(pane.trials_chosen):
        qtbot.keyClick(pane.map, Qt.Key.Key_Return)
    qtbot.keyClick(pane.list, Qt.Key.Key_Escape)
    assert not pane.list.isVisible()


def test_b5_a_long_list_tells_of_the_latest_trials(qtbot, shown):
    session = decided(2, n=0)
    for _ in range(250):
        session.decide(truth=0, best=0)
    pane = shown(session)
    click(qtbot, pane, 0, 0)
    assert pane.list.count() == 201
    assert pane.list.item(0).text() == "trial 249"
    assert pane.list.item(200).text() == "and 50 earlier"


def test_b5_what_is_missing_is_said(shown):
    untold, lost = StagedSession(), StagedSession()
    untold.decide()
    lost.decide(truth=1, best=None, status=Status.GAP)
    for session, words in (
        (StagedSession(), "No decision yet"),
        (untold, "No truth in the markers"),
        (lost, "None of 1 events"),
        (decided(200, categories=()), "no categories"),
        (decided(200, categories=tuple(f"kind {i}" for i in range(200))), "200 categories"),
        (decided(10, hide_truth=True), "Hidden from this screen"),
    ):
        pane = shown(session)
        assert pane.sentence.isVisible()
        assert words in pane.sentence.text()


@pytest.mark.parametrize("size", [(320, 200), (640, 400), (1280, 900)])
def test_b5_names_never_lie_on_cells_or_on_each_other(shown, size):
    pane = shown(decided(200, categories=tuple(KINDS[i % 27] for i in range(200))), size=size)
    area, line = pane.map._area(), pane.map._metrics().height()
    cell = pane.map.cell_rect(0, 0)
    assert area.right() <= pane.map.width()
    assert area.bottom() <= pane.map.height()
    if area.left() > 2:
        assert cell.height() >= line * 0.9 - 1
    if area.top() > 2:
        assert cell.width() >= line * 0.9 - 1
