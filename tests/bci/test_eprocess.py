"""The sequential test: valid under watching, whatever the null, and quick where something is decoded.

All sessions here are simulated: what is tested is the test, not a decoder.
"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bci.eprocess import ALARM, EProcess
from bci.randomisation import Independent, WithoutReplacement

SESSIONS, TRIALS = 1000, 200


def alarm_after(bets):
    """Return after how many bets (chance, hit) the alarm comes, None if it never does."""
    process = EProcess()
    for number, (chance, hit) in enumerate(bets, start=1):
        process.bet(chance, hit=hit)
        if process.above_chance:
            return number
    return None


def session(paradigm, truths, named):
    """Yield the bets of a session: what was named is fixed before the truth of each trial is drawn."""
    for truth, guess in zip(truths, named, strict=True):
        yield paradigm.chance([guess]), guess == truth
        paradigm.show(truth)


def balanced(rng):
    return Independent(np.full(10, 0.1)), rng.integers(10, size=TRIALS), rng.integers(10, size=TRIALS)


def majority(rng):
    return Independent(np.array([0.84, 0.16])), (rng.random(TRIALS) < 0.16).astype(int), np.zeros(TRIALS, int)


def blocks(rng):
    """A decoder that remembers what was shown and names what is left most often."""
    counts = np.full(5, 8)
    truths = np.concatenate([rng.permutation(np.repeat(np.arange(5), 8)) for _ in range(TRIALS // 40)])
    named = []
    for at in range(TRIALS):
        shown = truths[at - at % 40 : at]
        named.append(int(np.argmax(counts - np.bincount(shown, minlength=5))))
    return WithoutReplacement(counts), truths, np.array(named)


def runs(rng):
    starts = rng.random(TRIALS) < 0.05
    starts[0] = True
    outputs = rng.integers(4, size=TRIALS)[np.maximum.accumulate(np.where(starts, np.arange(TRIALS), 0))]
    return Independent(np.full(4, 0.25)), rng.integers(4, size=TRIALS), outputs


def drifting(rng):
    bias = np.linspace(0, 1, TRIALS)
    return Independent(np.array([0.5, 0.5])), rng.integers(2, size=TRIALS), (rng.random(TRIALS) < bias).astype(int)


@pytest.mark.parametrize("null", [balanced, majority, blocks, runs, drifting])
def test_at_most_one_session_in_twenty_without_anything_to_decode_ever_alarms(null):
    alarms = 0
    for seed in range(SESSIONS):
        paradigm, truths, named = null(np.random.default_rng(seed))
        alarms += alarm_after(session(paradigm, truths, named)) is not None
    assert alarms <= SESSIONS / ALARM


def test_a_top_5_of_15_percent_among_200_is_called_within_30_trials():
    rng = np.random.default_rng(0)
    needed = [alarm_after((0.025, hit) for hit in rng.random(400) < 0.15) or 999 for _ in range(SESSIONS)]
    assert np.median(needed) <= 30


def test_the_naive_chance_of_one_in_two_would_alarm_on_a_majority():
    """Why the declared randomisation is needed: naming the frequent concept is no feat."""
    hits = np.random.default_rng(0).random(400) < 0.84
    assert alarm_after((0.5, hit) for hit in hits) is not None


@given(st.floats(0.001, 0.999), st.lists(st.booleans(), max_size=20))
def test_on_average_a_bet_leaves_the_stake_as_it_was(chance, before):
    def stake(hits):
        process = EProcess()
        for hit in hits:
            process.bet(chance, hit=hit)
        return process.value

    after = chance * stake([*before, True]) + (1 - chance) * stake([*before, False])
    assert after == pytest.approx(stake(before), rel=1e-9)


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), max_size=50))
def test_the_e_value_is_finite_and_what_was_said_stands(bets):
    process, said = EProcess(), False
    for chance, hit in bets:
        process.bet(chance, hit=hit)
        assert 0 < process.value < np.inf
        assert process.above_chance or not said
        said = process.above_chance


def test_nothing_is_bet_where_the_outcome_is_certain():
    process = EProcess()
    process.bet(0.0, hit=False)
    process.bet(1.0, hit=True)
    assert process.value == pytest.approx(1.0)
