import threading
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QFileDialog
from staged_session import StagedSession, about

from bci.errors import FormatError, MismatchError
from bci.ranking import rank, unit
from bci.what_if import Gallery
from gui.theme import LIGHT
from gui.what_if_pane import WhatIfPane

LABEL = "what if: not what was decided"


def of_file(n_concepts=10, **facts):
    """A session on a file whose decoder's prototypes are at hand."""
    vectors = unit(np.random.default_rng(0).normal(size=(n_concepts, 32)).astype(np.float32))
    session = StagedSession(about(n_concepts, **({"prototypes": vectors, "temperature": 0.0731} | facts)))
    session.prototypes, session.player = vectors, object()
    return session


def play(session, pane=None, n=40, noise=0.2):
    """Decide on evidence with noise, for each concept in turn; the pane sees all of it."""
    rng = np.random.default_rng(1)
    for i in range(n):
        truth = i % len(session.prototypes)
        evidence = np.float32(session.prototypes[truth] + rng.normal(size=32) * noise)
        decision = session.decide(truth=truth, best=truth)
        ranking = rank(evidence, session.prototypes, truth, 5, session.about.temperature)
        session.recent[-1] = replace(decision, ranking=ranking)
        if pane is not None:
            pane.refresh(session.snapshot())


@pytest.fixture
def shown(show_pane):
    return partial(show_pane, WhatIfPane)


def curve(pane, k):
    x, y = pane._curves[0 if k == 1 else 1]._line.getData()
    return {} if x is None else {round(10**at): share for at, share in zip(x, y, strict=True)}


def tick(pane, *names):
    """Tick these categories and no others."""
    pane.candidates._all.setCheckState(Qt.CheckState.Unchecked)
    for line in pane.candidates._lines:
        if line.data(Qt.ItemDataRole.UserRole) in names:
            line.setCheckState(Qt.CheckState.Checked)


def test_b11_it_always_says_that_nothing_of_it_was_decided(shown, theme):
    session = of_file()
    play(session)
    pane = shown(session, theme)
    assert pane.words.text.startswith(LABEL)
    tick(pane, "aaaa")
    pane.temperature.setValue(1.0)
    assert pane.words.text.startswith(LABEL)


def test_b11_as_decided_its_figures_are_those_of_the_session(shown):
    session = of_file()
    play(session)
    pane, decided = shown(session), session.snapshot().decided
    assert pane.temperature.value() == 0.0731
    assert f"top-1 {decided.hits(1).mean() * 100:.1f} %" in pane.words.text
    assert curve(pane, 1)[10] == pytest.approx(decided.hits(1).mean() * 100)
    found = pane._what_if
    assert found.reranked.rank.tolist() == found.decided.rank.tolist()
    np.testing.assert_allclose(found.reranked.confidence, found.decided.confidence, rtol=1e-5)


def test_b11_a_temperature_changes_trust_and_no_accuracy(shown):
    session = of_file()
    play(session, noise=0.35)
    pane = shown(session)
    before = curve(pane, 1)
    pane.temperature.setValue(0.005)
    assert "overconfident" in pane.words.text
    pane.temperature.setValue(20.0)
    assert "says 10 %" in pane.words.text
    assert "underconfident" in pane.words.text
    assert curve(pane, 1) == before


def test_b11_candidates_are_those_of_the_categories_that_are_ticked(shown):
    session = of_file()
    play(session)
    pane = shown(session)
    tick(pane, "aaaa")  # concepts 0, 3, 6 and 9
    assert pane.candidates.text() == "4 of 10"
    assert "of 4" in pane.words.text
    assert "n 16" in pane.words.text
    assert "24 show other concepts" in pane.words.text
    assert list(curve(pane, 1)) == [2, 4]


def test_b11_fewer_than_two_candidates_are_asked_for_more(shown):
    session = of_file()
    play(session)
    pane = shown(session)
    tick(pane)
    assert pane.words.text == f"{LABEL} · choose categories of two concepts at least"
    assert curve(pane, 1) == {}


def test_b11_reset_goes_back_to_what_was_decided(shown):
    session = of_file(temperature=0.07312345)
    play(session)
    pane = shown(session)
    before = pane.words.text
    tick(pane, "bbbb")
    pane.temperature.setValue(2.0)
    assert pane.words.text != before
    pane.reset.click()
    assert pane.words.text == before
    assert pane._what_if._temperature == session.about.temperature


def test_b11_the_curve_falls_to_that_of_all_candidates_beside_chance(shown):
    session = of_file(200)
    pane = shown(session)
    play(session, pane, 200, noise=0.5)
    assert list(curve(pane, 1)) == [2, 10, 50, 200]
    assert list(curve(pane, 5)) == [10, 50, 200]
    for k in (1, 5):
        shares = list(curve(pane, k).values())
        assert shares == sorted(shares, reverse=True)
    x, luck = pane._curves[1]._chance.getData()
    np.testing.assert_allclose(luck, 100 * 5 / 10**x)
    assert "chance" in pane.words.text


def test_b11_decisions_made_out_of_sight_are_taken_in(shown):
    session = of_file()
    pane = shown(session)
    for _ in range(2):
        play(session, n=40)
        pane.follow(session.snapshot())
    pane.refresh(session.snapshot())
    assert "not seen" not in pane.words.text
    assert "n 80" in pane.words.text


def test_b11_more_decisions_than_are_kept_for_a_look_are_told(shown):
    session = of_file()
    pane = shown(session)
    play(session, n=70)
    pane.refresh(session.snapshot())
    assert "20 decisions were not seen" in pane.words.text
    assert "n 50" in pane.words.text


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"player": None}, "For files only"),
        ({"prototypes": None}, "no prototypes to rank against"),
        ({}, "No decision yet"),
        ({"truth": None}, "No truth in the markers"),
        ({"hide_truth": True}, "Hidden from this screen"),
        ({"best": None}, "No decision of an event with a truth was seen here"),
    ],
)
def test_b11_what_is_missing_is_said_in_words(shown, theme, change, said):
    facts = {name: value for name, value in change.items() if name in ("prototypes", "hide_truth")}
    session = of_file(**facts)
    session.player = change.get("player", session.player)
    if "truth" in change or "best" in change:
        session.decide(**({"truth": 1, "best": 1} | change))
    pane = shown(session, theme)
    assert said in pane.sentence.text()
    assert pane._pages.currentIndex() == 1


def test_b11_a_participant_sees_nothing_of_it(shown, theme):
    pictures = []
    for n in (10, 40):
        session = of_file(hide_truth=True)
        play(session, n=n)
        pictures.append(shown(session, theme).grab().toImage())
    assert pictures[0] == pictures[1]


def test_b11_a_bank_without_categories_offers_none(shown):
    session = of_file(categories=())
    play(session)
    pane = shown(session)
    assert not pane.candidates.isEnabled()
    assert "names no categories" in pane.candidates.toolTip()
    assert pane.candidates.text() == "all 10"


def finish_reading(pane, session):
    """Wait for the thread that reads, then let the pane look."""
    for thread in threading.enumerate():
        if thread.name == "bank":
            thread.join()
    pane.refresh(session.snapshot())


def test_b11_another_bank_is_read_beside_the_window_and_ranked(shown):
    session, there = of_file(), threading.Event()
    vectors = np.concatenate([session.prototypes[:3], unit(np.random.default_rng(9).normal(size=(5, 32)))])
    names = (*session.about.concepts[:3], *"vwxyz")
    bank = Gallery(names, vectors.astype(np.float32), ("old",) * 3 + ("new",) * 5, "other.safetensors")

    def read(path):
        assert path == Path("other.safetensors")
        there.wait(10)
        return bank

    session.read_gallery = read
    play(session)
    pane = shown(session)
    pane.banks.open(Path("other.safetensors"))
    pane.refresh(session.snapshot())
    assert "reading a bank" in pane.words.text
    assert "of 10" in pane.words.text
    there.set()
    finish_reading(pane, session)
    assert "bank other.safetensors" in pane.words.text
    assert "28 show other concepts" in pane.words.text  # of 40 trials 12 showed one of the three
    assert list(curve(pane, 1)) == [2, 8]
    tick(pane, "old")
    assert pane.candidates.text() == "3 of 8"
    pane.reset.click()
    assert pane.candidates.text() == "all 10"
    assert "bank other" not in pane.words.text


@pytest.mark.parametrize("error", [FormatError("x.safetensors is no bank"), MismatchError("does not fit")])
def test_b11_a_bank_that_is_refused_is_said_and_changes_nothing(shown, error):
    session = of_file()

    def read(path):
        raise error

    session.read_gallery = read
    play(session)
    pane = shown(session)
    before = curve(pane, 1)
    pane.banks.open(Path("x.safetensors"))
    finish_reading(pane, session)
    assert f"▲ {error}" in pane.words.text
    assert curve(pane, 1) == before


def test_b11_a_file_is_chosen_in_a_dialog(shown):
    session = of_file()
    session.read_gallery = lambda path: Gallery(session.about.concepts, session.prototypes, (), path.name)
    play(session)
    pane = shown(session)
    pane.candidates.menu().actions()[1].trigger()
    dialog = pane.findChild(QFileDialog)
    dialog.fileSelected.emit("same.safetensors")
    dialog.close()
    finish_reading(pane, session)
    assert "bank same.safetensors" in pane.words.text


@pytest.mark.parametrize("n_concepts", [2, 6, 200, 1854])
def test_b11_any_number_of_concepts_can_be_ranked(shown, theme, n_concepts):
    session = of_file(n_concepts)
    play(session)
    pane = shown(session, theme)
    assert max(curve(pane, 1)) == n_concepts
    assert bool(curve(pane, 5)) == (n_concepts > 5)


def test_b11_all_categories_can_be_ticked_at_once(shown):
    session = of_file()
    play(session)
    pane = shown(session)
    tick(pane, "aaaa", "cccc")
    assert pane.candidates._all.checkState() == Qt.CheckState.PartiallyChecked
    tick(pane, "aaaa", "bbbb", "cccc")
    assert pane.candidates._all.checkState() == Qt.CheckState.Checked
    assert pane.candidates.chosen == {"aaaa", "bbbb", "cccc"}


@pytest.mark.parametrize("size", [(320, 200), (640, 400)])
def test_a24_it_fits_its_dock(shown, theme, size):
    session = of_file(1854)
    play(session)
    pane = shown(session, theme, size)
    assert (pane.width(), pane.height()) == size
    for widget in (pane.temperature, pane.candidates, pane.reset, pane.plot):
        assert pane.rect().contains(widget.geometry().translated(widget.parentWidget().pos()))


def test_a22_it_takes_on_other_colours(shown):
    session = of_file()
    play(session)
    pane = shown(session)
    pane.set_theme(LIGHT)
    assert pane.grab().toImage().pixelColor(2, 2).name() == LIGHT.panel


def test_a25_controls_have_names_and_take_the_keyboard(shown):
    pane = shown(of_file())
    for widget in (pane.temperature, pane.candidates, pane.reset):
        assert widget.accessibleName()
        assert widget.toolTip()
        assert widget.focusPolicy() & Qt.FocusPolicy.TabFocus
