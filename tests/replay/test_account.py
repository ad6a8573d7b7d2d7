import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from replay.account import Alive, account, lives
from replay.device import DeviceOptions, script
from replay.dialects.speech import EEG, MARKERS, Push, Turn
from replay.faults import read_faults
from replay.load import noise_recording

RESTART = 10.0  # s

a_life = st.tuples(st.integers(0, 5), st.integers(1, 30), st.integers(0, 5))
"""Markers before the first that is heard, those that are, and those after the last one."""


def lived(counts):
    """Lives, and how often each marker was heard: at the very beginning and at the very end all are."""
    alive, heard, number = [], [], 0
    for i, (first, during, last) in enumerate(counts):
        before, after = first * (i > 0), last * (i < len(counts) - 1)
        n = before + during + after
        born = alive[-1].times[-1] + RESTART if alive else 0.0
        alive.append(Alive(born, np.arange(number, number + n), born + 0.2 * np.arange(n)))
        heard += [0] * before + [1] * during + [0] * after
        number += n
    return alive, np.array(heard)


@given(st.lists(a_life, min_size=1, max_size=6))
def test_what_is_sent_round_a_restart_is_away_and_nothing_is_lost(counts):
    alive, heard = lived(counts)
    became = account(alive, heard, heard)
    assert became.sent == len(heard)
    assert became.away == (heard == 0).sum()
    assert (became.astray, became.undecided) == (0, 0)
    assert became.longest_away == pytest.approx(max((0.2 * before for before, *_ in counts[1:]), default=0.0))


@given(st.lists(a_life, min_size=1, max_size=6), st.data())
def test_what_does_not_come_while_others_do_is_astray(counts, data):
    alive, heard = lived(counts)
    inner = [number for each in alive for number in each.numbers[1:-1]]  # the first and the last could be away
    amid = [number for number in inner if heard[number - 1 : number + 2].all()]
    assume(amid)
    lost = data.draw(st.sampled_from(amid))
    missing = heard.copy()
    missing[lost] = 0
    became = account(alive, missing, missing)
    assert became.astray == 1
    assert became.away == (heard == 0).sum()


@given(st.lists(a_life, min_size=1, max_size=6), st.data())
def test_what_comes_and_is_not_decided_is_told(counts, data):
    alive, heard = lived(counts)
    decided = heard.copy()
    forgotten = data.draw(st.sets(st.sampled_from(np.flatnonzero(heard).tolist())))
    decided[list(forgotten)] = 0
    assert account(alive, heard, decided).undecided == len(forgotten)


def test_what_is_told_twice_must_be_heard_twice_and_decided_twice():
    alive = [Alive(0.0, np.array([0, 1, 1, 2]), np.array([0.0, 0.2, 0.21, 0.4]))]
    assert account(alive, np.array([1, 2, 1]), np.array([1, 2, 1])).astray == 0
    became = account(alive, np.array([1, 1, 1]), np.array([1, 1, 1]))
    assert (became.astray, became.undecided) == (1, 0)
    assert account(alive, np.array([1, 2, 1]), np.array([1, 1, 1])).undecided == 1


def test_a_life_that_nobody_heard_is_away_from_its_beginning_to_its_end():
    alive, heard = lived([(0, 5, 0), (0, 5, 0), (0, 5, 0)])
    heard[5:10] = 0
    became = account(alive, heard, heard)
    assert (became.away, became.astray) == (5, 0)
    assert became.longest_away == pytest.approx(0.8)


def test_markers_are_sorted_by_lives():
    told = [
        Push(MARKERS, 1.0, 1.0, "0/cat"),
        Turn(2.0, (EEG, MARKERS), dies=True),
        Turn(3.0, (EEG, MARKERS), dies=False),
        Push(MARKERS, 3.5, 3.5, "stray"),
        Push(2, 3.6, 3.6, "17"),
        Push(MARKERS, 4.0, 3.9, "3/dog"),
    ]
    first, second = lives(told)
    assert (first.born, first.numbers.tolist(), first.times.tolist()) == (0.0, [0], [1.0])
    assert (second.born, second.numbers.tolist(), second.times.tolist()) == (3.0, [3], [4.0])


def test_a_device_lives_as_its_faults_say():
    values = tuple(f"{i}/cat" for i in range(1495))
    recording = noise_recording(("Oz",), 100.0, 300.0, values, 0.2)
    faults = read_faults("restarts.per_minute = 2; markers.lost = 0.1; markers.duplicated = 0.1")
    alive = lives(script(recording, DeviceOptions(faults=faults, seed=1)))
    sent = np.concatenate([each.numbers for each in alive])
    assert 3 < len(alive) < 20
    assert 0.7 * len(values) < len(np.unique(sent)) < 0.95 * len(values)
    assert set(np.bincount(sent)) == {0, 1, 2}
