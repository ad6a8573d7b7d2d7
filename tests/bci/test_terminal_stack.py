import io
from dataclasses import replace

import pytest
from rich.console import Console
from staged_session import about

from bci.decided import DecisionTable
from bci.snapshot import Snapshot
from bci.terminal_stack import TerminalStack
from bci.types import Decision, Marker, SourceState, Status

ABOUT = about(2)


def snapshot(*reasons):
    table, flowing = DecisionTable(), SourceState.FLOWING
    decisions = [
        Decision(seq, Marker(0.0, "m"), 0.0, 0, None, Status.GAP, reason, None, {}, 0.001, flowing)
        for seq, reason in enumerate(reasons)
    ]
    for decision in decisions:
        table.add(decision)
    return Snapshot(flowing, 1, 0, 0, tuple(decisions), table.view())


def shown(*snapshots, terminal, other=ABOUT):
    out = io.StringIO()
    console = Console(file=out, force_terminal=terminal, width=100, height=60, color_system=None)
    with TerminalStack(console, {"A": ABOUT, "B": other}) as view:
        for each in snapshots:
            view.show(each)
    return out.getvalue()


def test_lines_say_whose_they_are_and_each_decision_is_told_once():
    first = {"A": snapshot("a0"), "B": snapshot("b0")}
    lines = shown(first, {"A": snapshot("a0", "a1")}, terminal=False).splitlines()
    assert [line.split()[0] for line in lines] == ["A", "B", "A"]
    assert [sum(reason in line for line in lines) for reason in ("a0", "b0", "a1")] == [1, 1, 1]


@pytest.mark.parametrize("later", ["A", "B"])
def test_tables_stand_one_above_the_other_and_stay_when_one_session_has_ended(later):
    said = shown({"A": snapshot("a0"), "B": snapshot("b0")}, {later: snapshot("x0")}, terminal=True)
    last = said[said.rindex("x0") - 400 :]
    assert "x0" in last
    assert ("b0" if later == "A" else "a0") in last


def test_a_decoder_that_does_not_go_with_its_stream_is_told_of_that_one_alone():
    told, other = {"A": snapshot("a0"), "B": snapshot("b0")}, replace(ABOUT, mismatch="another world")
    assert shown(told, terminal=False, other=other).startswith("B  MISMATCH: another world\nA")
    said = shown(told, terminal=True, other=other)
    last = said[said.rindex("a0") :]
    assert last.index("b0") < last.index("MISMATCH: another world")
    assert last.count("MISMATCH") == 1
