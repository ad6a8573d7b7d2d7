import io

import pytest
from rich.console import Console

from bci.decided import DecisionTable
from bci.snapshot import Snapshot
from bci.terminal_stack import TerminalStack
from bci.types import Decision, DecoderSpec, Marker, SourceState, Status

SPEC = DecoderSpec(("Cz",), 100.0, 10, "0" * 64, ("left", "right"), "0" * 8, "1" * 8)


def snapshot(*reasons):
    table, flowing = DecisionTable(), SourceState.FLOWING
    decisions = [
        Decision(seq, Marker(0.0, "m"), 0.0, 0, None, Status.GAP, reason, None, {}, 0.001, flowing)
        for seq, reason in enumerate(reasons)
    ]
    for decision in decisions:
        table.add(decision)
    return Snapshot(flowing, 1, 0, 0, tuple(decisions), table.view())


def shown(*snapshots, terminal):
    out = io.StringIO()
    console = Console(file=out, force_terminal=terminal, width=100, height=60, color_system=None)
    with TerminalStack(console, {"A": SPEC, "B": SPEC}) as view:
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
