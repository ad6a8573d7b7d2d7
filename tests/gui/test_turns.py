from hypothesis import given
from hypothesis import strategies as st

from gui.turns import Turns

RATES = {"signals": 60.0, "now": 10.0, "ranks": 5.0, "spectrum": 2.0}


def everything(name):
    return True


def test_signals_are_painted_in_every_frame_and_of_the_others_one_at_most():
    turns = Turns(RATES)
    for frame in range(600):
        turn = turns.due(frame / 60, everything)
        assert turn[0] == "signals"
        assert len(turn) <= 2


def test_everybody_gets_about_the_rate_that_they_want():
    turns, counts = Turns(RATES), dict.fromkeys(RATES, 0)
    for frame in range(600):
        for name in turns.due(frame / 60, everything):
            counts[name] += 1
    assert counts["signals"] == 600
    for name in ("now", "ranks", "spectrum"):
        assert 0.8 * 10 * RATES[name] <= counts[name] <= 10 * RATES[name] + 1


@given(st.lists(st.sampled_from(["now", "ranks", "spectrum"]), max_size=3))
def test_what_cannot_be_seen_gets_no_turn(hidden):
    turns = Turns(RATES)
    seen = {name for frame in range(120) for name in turns.due(frame / 60, lambda name: name not in hidden)}
    assert seen == RATES.keys() - set(hidden)


def test_a_pane_can_be_hurried():
    turns = Turns({"spectrum": 2.0})
    assert turns.due(0.0, everything) == ["spectrum"]
    assert turns.due(0.1, everything) == []
    turns.hurry(["spectrum"])
    assert turns.due(0.1, everything) == ["spectrum"]


def test_many_slow_panes_starve_nobody():
    turns = Turns({f"pane-{i}": 5.0 for i in range(20)})
    counts = {f"pane-{i}": 0 for i in range(20)}
    for frame in range(600):
        for name in turns.due(frame / 60, everything):
            counts[name] += 1
    assert min(counts.values()) >= 25
