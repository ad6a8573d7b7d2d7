from functools import partial

import numpy as np
import pytest
from staged_session import StagedSession, about, decided

from gui.calibration_pane import CalibrationPane

FITTED = {"temperature": 0.0731, "date": "2026-11-02", "source": "run-1.xdf", "bank": "1" * 8, "n": 10, "k": 1}


@pytest.fixture
def shown(show_pane):
    return partial(show_pane, CalibrationPane)


def test_b9_uncalibrated_is_said_in_words(shown):
    assert shown(decided()).words.text.startswith("uncalibrated: raw softmax")
    assert "Uncalibrated: raw softmax" in shown(StagedSession()).sentence.text()


def test_b9_a_temperature_is_told_with_its_date_and_file(shown):
    text = shown(decided(calibration=FITTED)).words.text
    assert text.startswith("calibrated · temperature 0.0731 · 2026-11-02, run-1.xdf")


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"bank": "7" * 8}, "bank 77777777"),
        ({"n": 200}, "200 concepts"),
        ({"k": 4}, "4 presentations averaged"),
    ],
)
def test_b9_a_temperature_of_something_else_calibrates_nothing(shown, changed, said):
    text = shown(decided(calibration=FITTED | changed)).words.text
    assert text.startswith(f"uncalibrated here: fitted to {said}")


def test_b9_the_calibration_error_is_told_from_500_trials_on(shown):
    session = StagedSession(about(2))
    for _ in range(499):
        session.decide(truth=0, best=0)
    pane = shown(session)
    assert "ECE from 500 trials on" in pane.words.text
    session.decide(truth=0, best=0)
    pane.refresh(session.snapshot())
    unsure = 100 * (1 - session.snapshot().decided.probability.mean())  # it is always right
    assert f"ECE {unsure:.1f} %" in pane.words.text


@pytest.mark.parametrize("n_concepts", [2, 10, 200, 1854])
def test_b9_points_and_bars_lie_in_the_plot(shown, n_concepts):
    pane = shown(decided(n_concepts))
    x = pane._points.getData()[0]
    (left, right), (low, high) = pane.plot.getViewBox().viewRange()
    bars = pane._bars.opts
    assert ((x >= left) & (x <= right)).all()
    assert (bars["y"] - bars["bottom"] >= low - 1e-9).all()
    assert (bars["y"] + bars["top"] <= high + 1e-9).all()
    assert (bars["top"] >= -1e-9).all()
    assert (bars["bottom"] >= -1e-9).all()
    assert "bars 95 %, pointwise" in pane.words.text


def test_b9_points_are_the_shares_that_were_right(shown):
    session = StagedSession(about(2))
    for i in range(40):
        session.decide(truth=0, best=0 if i % 4 else 1)
    pane = shown(session)
    assert np.mean(pane._points.getData()[1]) == pytest.approx(75, abs=1)
    assert "n 40" in pane.words.text
