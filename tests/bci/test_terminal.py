import io
from dataclasses import replace

import numpy as np
import pytest
from rich.console import Console
from staged_session import about

from bci.decided import DecisionTable
from bci.ranking import rank
from bci.snapshot import Snapshot
from bci.tally import totals
from bci.terminal import TerminalView, print_summary
from bci.types import Decision, Evidence, Marker, SourceState, Status

NAMES = tuple(f"thing-{i}" for i in range(8))
ABOUT = about(len(NAMES))
PROTOTYPES = np.eye(8, dtype=np.float32)


def decision(seq, truth=1, seen=2, status=Status.OK, reason=""):
    ranking = None if seen is None else rank(PROTOTYPES[seen], PROTOTYPES, truth, 5)
    return Decision(
        seq, Marker(0.0, "shown"), 0.0, truth, None, status, reason, ranking, {}, 0.00123, SourceState.FLOWING
    )


def snapshot(decisions):
    return Snapshot(SourceState.FLOWING, 100, 0, 3, tuple(decisions), decided(decisions))


def decided(decisions):
    table = DecisionTable()
    for entry in decisions:
        table.add(entry)
    return table.view()


def shown(snapshots, *, terminal, facts=ABOUT, color=None, **options):
    out = io.StringIO()
    console = Console(file=out, force_terminal=terminal, width=120, color_system=color)
    with TerminalView(console, facts, **options) as view:
        for entry in snapshots:
            view.show(entry)
    return out.getvalue()


def test_lines_tell_each_decision_once():
    first, second = decision(0), decision(1, seen=None, status=Status.GAP, reason="samples are missing")
    lines = shown([snapshot([first]), snapshot([first, second])], terminal=False).splitlines()
    assert len(lines) == 2
    assert "thing-1 -> thing-2  ok  1.23 ms" in lines[0]
    assert "gap (samples are missing)" in lines[1]


@pytest.mark.parametrize("terminal", [False, True])
def test_what_repeats_say_together_stands_beside_what_one_says(terminal):
    told = Evidence(7, rank(PROTOTYPES[3] * 9, PROTOTYPES, None, 5, temperature=0.2), sure=True, stopped=True)
    first = shown([snapshot([replace(decision(0), evidence=replace(told, stopped=False))])], terminal=terminal)
    second = shown([snapshot([replace(decision(0), evidence=told)])], terminal=terminal)
    assert "[7 repeats: thing-3 95%]" in first
    assert "[7 repeats: thing-3 95%, stopped]" in second
    assert "repeats" not in shown([snapshot([decision(0)])], terminal=terminal)


def test_names_are_those_of_what_decided():
    other = replace(ABOUT.decoder, concepts=NAMES[::-1])
    out = shown([snapshot([replace(decision(0), decoder=other)])], terminal=False)
    assert "thing-6 -> thing-5" in out


@pytest.mark.parametrize("terminal", [False, True])
def test_names_are_shown_as_they_are_whatever_they_mean_to_rich(terminal):
    names = ("[red]", "[/]", *NAMES[2:])
    out = io.StringIO()
    console = Console(file=out, force_terminal=terminal, width=120, color_system=None)
    with TerminalView(console, replace(ABOUT, decoder=replace(ABOUT.decoder, concepts=names))) as view:
        view.show(snapshot([decision(0, truth=0, seen=1)]))
    assert "[red]" in out.getvalue()
    assert "[/]" in out.getvalue()


def test_the_table_shows_the_latest_and_how_the_session_stands():
    text = shown([snapshot([decision(i) for i in range(12)])], terminal=True)
    assert "source flowing · 12 events · top-1 0.0%" in text
    assert "chance 62.5%" in text
    assert "3 markers ignored" in text
    assert "thing-2, " in text


@pytest.mark.parametrize(
    ("said", "words"), [(True, "above chance (valid"), (False, "not yet above chance, e-value 3.5")]
)
def test_evidence_against_chance_is_shown_where_an_order_is_declared(said, words):
    entry = replace(snapshot([decision(0)]), e_value=3.5, above_chance=said)
    assert words in shown([entry], terminal=True)
    assert "chance, e-value" not in shown([entry], terminal=True, hide_truth=True)
    assert "e-value" not in shown([snapshot([decision(0)])], terminal=True)


def test_a_participant_sees_no_truth():
    for terminal in (True, False):
        assert (
            "thing-1"
            not in shown([snapshot([decision(0)])], terminal=terminal, hide_truth=True).split("thing-2")[0]
        )


def test_the_summary_is_readable():
    decisions = (decision(0), decision(1, truth=2), decision(2, seen=None, status=Status.DROPPED))
    summary = totals(decided(decisions), 8) | {
        "ended": "bci:end",
        "latency_ms": {"p50": 1.0, "p95": 2.0, "p99": 3.0, "max": 4.0},
        "parity": {"compared": 2, "same_ranking": 2, "max_abs_score_diff": 0.0},
        "oracle": {"top1": 0.5, "top5": 0.9},
    }
    out = io.StringIO()
    print_summary(Console(file=out, width=120), summary)
    for text in (
        "bci:end",
        "3 (2 ok, 1 dropped)",
        "33.3% [6.1%, 79.2%], chance 66.7%",
        "p99 3.00 ms",
        "2 of 2 rankings",
        "90.0%",
    ):
        assert text in out.getvalue()


def test_windows_have_no_interval_in_the_summary():
    windows = [replace(entry, marker=None) for entry in (decision(0), decision(1, truth=2))]
    out = io.StringIO()
    print_summary(Console(file=out, width=120), totals(decided(windows), 8) | {"ended": "stopped"})
    assert "50.0%, chance 50.0%" in out.getvalue()


def test_a_decoder_that_does_not_go_with_its_stream_is_told_of_in_red_under_every_table():
    facts = replace(ABOUT, mismatch="another world")
    later = [snapshot([decision(i) for i in range(n)]) for n in (1, 2)]
    red = "\x1b[1;31mMISMATCH: another world\x1b[0m"
    assert shown(later, terminal=True, facts=facts, color="standard").count(red) >= len(later)
    assert "MISMATCH" not in shown(later, terminal=True)
    assert shown(later, terminal=False, facts=facts).startswith("MISMATCH: another world\n")
    out = io.StringIO()
    ended = totals(decided([decision(0)]), 8) | {"ended": "stopped", "mismatch": "another world"}
    print_summary(Console(file=out, width=120, force_terminal=True, color_system="standard"), ended)
    assert "\x1b[1;31manother world" in out.getvalue()
