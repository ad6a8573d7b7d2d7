"""Sample counters of devices: what they miss, where they wrap."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bci.counter import CounterGaps


def count(values, sizes=(50,)):
    counter, lost, first, turn = CounterGaps(), [], 0, 0
    while first < len(values):
        stop = first + sizes[turn % len(sizes)]
        lost += counter.feed(values[first:stop]).tolist()
        first, turn = stop, turn + 1
    return counter, {i: n for i, n in enumerate(lost) if n}


def test_counter_that_counts_on():
    _, lost = count(np.r_[17:300, 310:400].astype(np.float32))
    assert lost == {283: 10}


@pytest.mark.parametrize("modulus", [128, 129, 256])
def test_wrap_is_learnt_and_then_counted_across(modulus):
    index = np.r_[40 : 5 * modulus - 3, 5 * modulus + 9 : 7 * modulus]
    counter, lost = count((index % modulus).astype(np.float32))
    assert counter.modulus == modulus
    assert lost == {5 * modulus - 43: 12}


def test_first_wrap_is_no_loss_and_no_proof():
    counter, lost = count(np.r_[0:128, 0:100])
    assert counter.modulus is None
    assert lost == {}


def test_counter_beyond_what_float32_counts_is_not_believed():
    top = 2**24
    values = np.arange(top - 50, top + 50).astype(np.float32)
    _, lost = count(values)
    assert lost == {}


def test_what_is_not_finite_is_skipped():
    _, lost = count(np.array([1, 2, np.nan, 4, 5.0]))
    assert lost == {3: 1}


@given(st.lists(st.integers(1, 60), min_size=1, max_size=8), st.sets(st.integers(300, 999), max_size=40))
def test_chunking_changes_nothing(sizes, missing):
    index = np.array([i for i in range(1000) if i not in missing])
    _, lost = count(index % 128, sizes)
    assert lost == count(index % 128, (1,))[1]
    assert sum(lost.values()) + len(index) == index[-1] + 1


def test_known_modulus_counts_across_the_first_wrap():
    lost = CounterGaps(128).feed(np.r_[100:120, 5:20])
    assert {i: n for i, n in enumerate(lost.tolist()) if n} == {20: 13}


def test_known_modulus_that_is_wrong_makes_up_no_loss():
    counter, index = CounterGaps(128), np.arange(50, 900) % 256
    assert not counter.feed(index).any()
    assert counter.modulus == 256
