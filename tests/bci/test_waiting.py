import copy
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from bci.types import Epoch, Quality, Stamps
from bci.waiting import MOST, PATIENCE, Waiting

EPOCH = Epoch(None, 0.0, 100.0, None, None, None, Quality(), Stamps(0.0, 0.0, 0.0))
STEPS = st.lists(st.one_of(st.floats(0, 3), st.none()), max_size=40)
"""Seconds until the next epoch comes; None: the decoder takes one."""


def emptied(waiting):
    return list(iter(waiting.take, None))


def live_through(steps, capacity):
    """Put and take as told, then take what is left; onsets count epochs.

    Returns what was taken and, after each step, the time and the arrivals of those that wait to be decoded.
    """
    waiting, now, n_put, taken, looks = Waiting(capacity), 0.0, 0, [], []
    for step in steps:
        if step is None:
            taken += [] if (task := waiting.take()) is None else [task]
        else:
            now += step
            waiting.put(replace(EPOCH, onset=float(n_put), stamps=Stamps(now, now, now)), None, now)
            n_put += 1
        assert len(waiting) == n_put - len(taken)
        looks.append((now, [epoch.stamps.cut for epoch, _, why in emptied(copy.deepcopy(waiting)) if not why]))
    return taken + emptied(waiting), looks


@given(STEPS, st.integers(1, 5))
def test_every_epoch_is_taken_exactly_once(steps, capacity):
    taken, _ = live_through(steps, capacity)
    assert sorted(epoch.onset for epoch, _, _ in taken) == list(range(sum(step is not None for step in steps)))


@given(STEPS, st.integers(1, 5))
def test_they_are_taken_in_order_but_for_those_given_up_which_are_older_than_all_that_wait(steps, capacity):
    taken, _ = live_through(steps, capacity)
    for place, (epoch, _, _) in enumerate(taken):
        assert all(later.onset > epoch.onset for later, _, _ in taken[place + 1 :])


@given(STEPS, st.integers(2, 5))
def test_no_more_than_allowed_wait_for_longer_than_patience(steps, capacity):
    _, looks = live_through(steps, capacity)
    for (now, arrivals), step in zip(looks, steps, strict=True):
        if step is not None:
            assert len(arrivals) <= capacity or now - arrivals[0] < PATIENCE


@given(st.integers(1, 200), st.integers(2, 5))
def test_a_backlog_that_comes_at_once_is_worked_off(n, capacity):
    waiting = Waiting(capacity)
    for _ in range(n):
        waiting.put(EPOCH, None, 0.0)
    assert not any(why for _, _, why in emptied(waiting))


def test_a_backlog_without_end_is_bounded():
    waiting = Waiting(8)
    for _ in range(MOST + 10):
        waiting.put(EPOCH, None, 0.0)
    whys = [why for _, _, why in emptied(waiting)]
    assert whys == ["the decoder could not keep up"] * 10 + [""] * MOST


@given(STEPS)
def test_a_newer_window_supersedes_what_waits(steps):
    taken, looks = live_through(steps, 1)
    assert all(len(arrivals) <= 1 for _, arrivals in looks)
    assert {why for _, _, why in taken} <= {"", "superseded by a newer window"}
