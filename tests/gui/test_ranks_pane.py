from functools import partial

import pytest
from staged_session import StagedSession, about, decided

from gui.ranks_pane import RanksPane


@pytest.fixture
def shown(show_pane):
    return partial(show_pane, RanksPane)


@pytest.mark.parametrize("n_concepts", [2, 10, 200, 1854])
def test_b4_every_trial_is_in_a_bar(shown, n_concepts):
    pane = shown(decided(n_concepts))
    heights = pane._bars.opts["height"]
    assert (heights**2).sum() == pytest.approx(60)
    assert "band: chance, 95 %, pointwise" in pane.words.text
    assert f"of {n_concepts:,}" in pane.words.text


def test_b4_median_and_two_way_identification_are_told(shown):
    session = StagedSession(about(11))
    for _ in range(3):
        session.decide(truth=4, best=4)
    pane = shown(session)
    assert "median 1 of 11 · 2-way 100.0 % (chance 50 %) · n 3" in pane.words.text


def test_b4_windows_have_no_band(shown):
    session = StagedSession()
    for truth in range(10):
        session.decide(truth=truth, window=True)
    pane = shown(session)
    assert "windows overlap: no band" in pane.words.text
    assert (pane._band.opts["height"] == 0).all()
