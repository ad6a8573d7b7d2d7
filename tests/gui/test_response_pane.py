from functools import partial

import numpy as np
import pytest
from staged_session import StagedSession, about

from bci.response_verdict import Kind
from bci.types import SourceState
from gui.line_legend import spread
from gui.response_pane import AT_ONCE, ResponsePane
from gui.theme import LIGHT

BEGINS, PEAK = 0.09, 0.12
"""Seconds after the onset at which the planted response begins and has its peak."""


@pytest.fixture
def shown(show_pane):
    return partial(show_pane, ResponsePane)


def planted(times, scale=1.0):
    """A wave of 8 microvolts at the back of the head; it has left noise behind two widths before its peak."""
    return 8 * scale * np.exp(-0.5 * ((times - PEAK) / 0.015) ** 2)


def present(session, n, late=0.0, pane=None, response=True):
    """Show pictures about every 1.5 s, with markers that come `late` seconds after them."""
    stream, rng = session.about.stream, session.rng
    for i in range(n):
        before, after = 0.5, 1.0 + rng.uniform(0, 0.3)
        times = np.arange(round((before + after) * stream.sfreq)) / stream.sfreq - before
        truth = i % len(session.about.concepts)
        data = rng.normal(size=(len(times), len(stream.channels))) * 5
        if response:
            data[:, :5] += planted(times, 1 + 0.5 * (truth == 1))[:, None]
        onset = session.now + before
        session.stream(0, data)
        session.decide(truth=truth, best=0, onset=onset + late)
        if pane is not None:
            pane.refresh(session.snapshot())
    session.stream(1)
    if pane is not None:
        pane.refresh(session.snapshot())


def test_b13_a_response_is_found_when_it_begins(staged, shown):
    pane = shown(staged)
    present(staged, 65, pane=pane)
    verdict = pane._view.verdict
    assert verdict.kind is Kind.FOUND
    assert verdict.onset == pytest.approx(BEGINS, abs=0.02)
    assert pane._begins.value() == pytest.approx(1e3 * verdict.onset)
    assert "visual response found" in pane.verdict.text()
    assert "65 of 65 events averaged" in pane.words.text


@pytest.mark.parametrize(("late", "kind", "told"), [(0.1, Kind.EARLY, "late"), (-0.1, Kind.LATE, "early")])
def test_b13_markers_shifted_by_100_ms_are_told(staged, shown, late, kind, told):
    pane = shown(staged)
    present(staged, 65, late, pane)
    assert pane._view.verdict.kind is kind
    assert "check trigger offset" in pane.verdict.text()
    assert f"ms {told}" in pane.verdict.text().replace("\N{NO-BREAK SPACE}", " ")
    assert "▲" in pane.verdict.text()


def test_b13_noise_is_no_response(staged, shown):
    pane = shown(staged)
    present(staged, 60, pane=pane, response=False)
    assert pane._view.verdict.kind is Kind.FEW
    assert "not yet found in 60 events" in pane.verdict.text()
    assert "check trigger offset, cap, filter" in pane.verdict.text()
    assert "▲" not in pane.verdict.text()
    assert not pane._begins.isVisible()


def test_b13_forty_events_come_first(staged, shown):
    pane = shown(staged)
    present(staged, 12, pane=pane)
    assert pane._view.verdict.kind is Kind.FEW
    assert "40" in pane.verdict.text()
    assert "12 of 12 events averaged" in pane.words.text


def test_b13_classes_have_lines_of_their_own(shown):
    session = StagedSession(about(2))
    pane = shown(session)
    present(session, 50, pane=pane)
    view, peak = pane._view, np.abs(pane._view.times - PEAK).argmin()
    assert view.mean[:, peak] == pytest.approx([8.7, 6.9, 10.4], rel=0.15)  # the Gaussian takes a sixth away
    assert [(line.label, line.n) for line in pane.legend.lines] == [
        ("all", "n 50"),
        ("thing-0", "n 25"),
        ("thing-1", "n 25"),
        ("field power", ""),
    ]
    assert len({(line.colour, line.dash) for line in pane.legend.lines}) == 4
    curve = pane._averages[2]._line.getData()
    np.testing.assert_allclose(curve, [1e3 * view.times, view.mean[2]])
    band = pane._averages[2]._band.path().boundingRect()
    assert band.top() == pytest.approx((view.mean[2] - view.error[2]).min())


def test_b13_a_participant_sees_no_classes(shown):
    session = StagedSession(about(2))
    session.tell(hide_truth=True)
    pane = shown(session)
    present(session, 45, pane=pane)
    assert [line.label for line in pane.legend.lines] == ["all", "field power"]
    assert pane._view.labels == ("all events",)
    assert pane._view.verdict.kind is Kind.FOUND


def test_b13_truth_can_be_hidden_while_it_runs(shown):
    session = StagedSession(about(2))
    pane = shown(session)
    present(session, 6, pane=pane)
    session.tell(hide_truth=True)
    for _ in range(6):
        pane.refresh(session.snapshot())
    assert [line.label for line in pane.legend.lines] == ["all", "field power"]
    assert not any(average._line.isVisible() for average in pane._averages[1:])


def test_b13_what_passed_while_it_was_hidden_is_caught_up_on(staged, shown):
    present(staged, 70)  # more than the snapshot's 50 latest decisions
    pane = shown(staged)
    for _ in range(70 // AT_ONCE + 1):
        pane.refresh(staged.snapshot())
    assert "70 of 70 events averaged" in pane.words.text


def test_b13_what_is_drawn_once_more_is_not_averaged_once_more(staged, shown):
    present(staged, 5)
    pane = shown(staged)
    present(staged, 5)
    for _ in range(10 // AT_ONCE + 1):
        pane.follow(staged.snapshot())
    pane.set_theme(LIGHT)
    pane.refresh(staged.snapshot())
    assert "10 of 10 events averaged" in pane.words.text


def test_b13_one_refresh_takes_in_few_events(staged, shown):
    present(staged, 10)
    pane = shown(staged)
    assert pane._view.used == AT_ONCE
    pane.refresh(staged.snapshot())
    assert pane._view.used == 2 * AT_ONCE


def test_b13_an_event_waits_for_its_samples(staged, shown):
    staged.stream(2)
    staged.decide(truth=0, onset=staged.now)
    pane = shown(staged)
    assert "have not come yet" in pane.sentence.text()
    staged.stream(1)
    pane.refresh(staged.snapshot())
    assert pane._view.used == 1


def test_b13_events_before_the_first_sample_hold_nobody_up(staged, shown):
    staged.stream(1)
    staged.decide(truth=0, onset=staged.now - 5)
    staged.stream(10)
    staged.decide(truth=0, onset=staged.now - 2)
    pane = shown(staged)
    assert pane._view.used == 1
    assert not pane._waiting


def test_b13_gaps_are_rejected_and_counted(staged, shown):
    present(staged, 3)
    staged.stream(0.5)
    staged.decide(truth=0, onset=staged.now)
    staged.stream(2, gap=50)
    pane = shown(staged)
    for _ in range(3):
        pane.refresh(staged.snapshot())
    assert "3 of 4 events averaged · 1 rejected" in pane.words.text


def test_b13_what_is_missing_is_said(staged, shown):
    assert "No event yet" in shown(staged).sentence.text()
    sliding = StagedSession()
    sliding.decide(window=True)
    assert "slides over the signal" in shown(sliding).sentence.text()


@pytest.mark.parametrize("n_concepts", [2, 10, 200, 1854])
def test_b13_any_number_of_concepts(shown, n_concepts):
    session = StagedSession(about(n_concepts))
    pane = shown(session)
    present(session, 20, pane=pane)
    for size in ((320, 200), (640, 400)):
        pane.resize(*size)
        pane.grab()
    assert len(pane.legend.lines) == (n_concepts + 2 if n_concepts <= 10 else 2)


def test_b13_a_lost_stream_keeps_its_average(staged, shown):
    present(staged, 2)
    staged.state = SourceState.LOST
    assert shown(staged)._view.used == 2


@pytest.mark.parametrize("ends", [[], [50.0], [10.0, 11.0, 12.0], [99.0, 98.0, 99.0, 0.0], [50.0] * 10])
def test_names_at_the_ends_of_lines_do_not_overlap(ends):
    places = spread(ends, 10, 100)
    assert len(places) == len(ends)
    assert all(b - a >= 10 - 1e-9 for a, b in zip(sorted(places), sorted(places)[1:], strict=False))
    assert all(5 <= place <= 95 for place in places)
    order = np.argsort(ends, kind="stable")
    assert list(np.argsort(places, kind="stable")) == list(order)
