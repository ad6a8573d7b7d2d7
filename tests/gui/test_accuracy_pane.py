"""Accuracy with intervals and chance, and only those words about chance that hold while one watches."""

from functools import partial
from types import SimpleNamespace

import numpy as np
import pytest
from staged_session import StagedSession, about

from bci.decided import DecisionTable
from bci.tally import totals
from bci.types import Status
from gui.accuracy_pane import AccuracyPane


@pytest.fixture
def shown(show_pane):
    return partial(show_pane, AccuracyPane)


def say(pane):
    return f"{pane.words.text} · {pane._table.text} · {pane._notes.text}"


def session(n=10, hits=0.5, events=80, seed=0, **facts):
    staged = StagedSession(about(n, **facts), seed)
    for _ in range(events):
        truth = int(staged.rng.integers(n))
        best = truth if staged.rng.random() < hits else int(staged.rng.integers(n))
        staged.now += 1.0
        staged.decide(truth=truth, best=best)
    return staged


def test_b3_what_is_said_is_what_the_summary_says(shown, theme):
    staged = session(200)
    staged.decide(truth=3, best=None, status=Status.GAP)
    staged.decide(truth=3, best=3, status=Status.ARTIFACT)
    summary = totals(staged.snapshot().decided, 200)
    said = say(shown(staged, theme))
    for k in (1, 5):
        low, high = summary[f"top{k}_interval"]
        assert f"{summary[f'top{k}'] * 100:.1f} % [{low * 100:.0f}-{high * 100:.0f}]" in said
    assert "0.5 % = 1 / 200" in said
    assert "2.5 % = 5 / 200" in said
    assert f"{summary['top1_accepted'] * 100:.1f} %" in said
    assert "2.4 % not accepted" in said  # 2 of 82
    assert "95 %, pointwise" in said
    assert "all 82" in said
    assert "latest 50" in said


def test_b3_events_that_were_played_again_are_said_to_count_again(shown):
    staged = session(10)
    staged.player = SimpleNamespace(repeated=False)
    assert "played again" not in say(shown(staged))
    staged.player.repeated = True
    assert "▲ events played again count again" in say(shown(staged))


def test_b3_the_latest_events_are_told_apart_from_all(shown, staged):
    for truth in (0,) * 60:
        staged.decide(truth=truth, best=1)
    for truth in (0,) * 50:
        staged.decide(truth=truth, best=0)
    said = say(shown(staged))
    assert "45.5 %" in said
    assert "100.0 % [93-100]" in said


def test_b3_the_curve_ends_where_the_figure_stands(shown):
    staged = session(events=333)
    pane = shown(staged)
    trials, shares = pane._lines[0]._curve.getData()
    assert trials[-1] == 333
    assert shares[-1] == pytest.approx(100 * totals(staged.snapshot().decided, 10)["top1"])
    most = totals(staged.snapshot().decided, 10)["chance_top1"]
    assert pane._lines[0]._chance.value() == pytest.approx(100 * most)
    assert f"{100 * most:.1f} % majority" in say(pane)


@pytest.mark.parametrize("n", [2, 5])
def test_b3_top_5_is_hidden_where_it_says_nothing(shown, n):
    pane = shown(session(n))
    assert "top-5" not in say(pane)
    assert not pane._lines[1]._curve.isVisible()
    assert not pane._lines[1]._chance.isVisible()


def test_b3_two_concepts_have_an_area_under_the_curve(shown):
    staged = session(2)
    value = totals(staged.snapshot().decided, 2)["auc"]["value"]
    assert f"AUC {value:.3f}" in say(shown(staged))
    assert "AUC" not in say(shown(session(3)))


def test_b3_without_a_declared_order_nothing_is_said_about_chance(shown):
    assert "no declared order: nothing is said about chance" in say(shown(session()))


def test_b3_above_chance_is_said_from_the_alarm_on(shown):
    staged = session(paradigm="blocks of all concepts")
    staged.e_value = 19.9
    said = say(shown(staged, size=(640, 400)))
    assert "not yet above chance" in said
    assert "e-value 19.9 of 20" in said
    assert "blocks of all concepts" in said
    staged.e_value, staged.above_chance = 12.0, True  # once said, it stands
    said = say(shown(staged))
    assert "above chance (valid under watching)" in said
    assert "e-value 12" in said


def test_b3_an_order_that_was_not_the_declared_one_is_told(shown):
    said = say(shown(session(paradigm="blocks of all concepts")))
    assert "not in the declared order" in said
    assert "nothing is said about chance" in said


def test_b3_windows_have_no_intervals_and_it_says_why(shown, staged):
    for truth in (1, 2, 1, 1):
        staged.decide(truth=truth, best=1, window=True)
    said = say(shown(staged))
    assert "windows overlap: no intervals" in said
    assert "[" not in said


def test_b3_a_known_accuracy_lies_within_the_drawn_interval():
    """Of 200 sessions with an accuracy of 0.3, at least 90 % of the intervals must hold it."""
    held = 0
    rng = np.random.default_rng(0)
    staged = StagedSession(about(4))
    template = staged.decide(truth=0, best=0)
    wrong = staged.decide(truth=0, best=1)
    for _ in range(200):
        table = DecisionTable()
        for hit in rng.random(60) < 0.3:
            table.add(template if hit else wrong)
        low, high = totals(table.view(), 4)["top1_interval"]
        held += low <= 0.3 <= high
    assert held >= 180


@pytest.mark.parametrize("n", [2, 6, 250, 1854])
@pytest.mark.parametrize("size", [(320, 200), (640, 400)])
def test_a24_nothing_is_cut_at_the_smallest_size(shown, n, size):
    pane = shown(session(n, events=120), size=size)
    table = pane._table
    assert all(place.bottom() <= table.height() + 1 for place, _ in table._written)
    assert not table._tips, "something is elided"
    assert table.geometry().bottom() <= pane._notes.geometry().top()
    assert pane._notes.geometry().bottom() <= pane._plot.geometry().top()
    assert pane._plot.height() >= 50


def test_b3_figures_are_told_to_screen_readers(shown):
    assert "all 80, top-1: " in shown(session()).accessibleDescription()
