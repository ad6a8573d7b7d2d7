import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bci.errors import ConfigError
from models.pairing.deal import deal

DIGITS = st.lists(st.integers(0, 9), min_size=1, max_size=60).map(lambda digits: np.array(digits, np.int64))
PICTURES = np.random.default_rng(0).permutation(np.repeat(np.arange(10), 12))


@given(DIGITS, DIGITS, st.integers(2, 12), st.integers(0, 5))
def test_pictures_show_the_digit_are_dealt_evenly_and_lie_on_one_side(train, test, per_digit, seed):
    try:
        dealt = deal(train, test, PICTURES, per_digit, seed)
    except ConfigError:
        assert max(1, round(per_digit * len(test) / (len(train) + len(test)))) >= per_digit
        return
    again = deal(train, test, PICTURES, per_digit, seed)
    assert not np.intersect1d(dealt.train, dealt.test).size
    for own, pictures, same in ((train, dealt.train, again.train), (test, dealt.test, again.test)):
        assert (PICTURES[pictures] == own).all()
        assert (pictures == same).all()
        for digit in np.unique(own):
            _, times = np.unique(pictures[own == digit], return_counts=True)
            assert np.ptp(times) <= 1
    used = np.unique(np.concatenate([dealt.train, dealt.test]))
    assert np.bincount(PICTURES[used]).max() <= per_digit


def test_all_pictures_are_dealt_where_there_are_events_enough():
    train, test = np.repeat(np.arange(10), 40), np.repeat(np.arange(10), 10)
    dealt = deal(train, test, PICTURES, 10, 0)
    assert np.bincount(dealt.train).max() == 5
    assert (len(np.unique(dealt.train)), len(np.unique(dealt.test))) == (80, 20)


def test_another_seed_deals_otherwise():
    train = np.repeat(np.arange(10), 40)
    first, second = (deal(train, train, PICTURES, 10, seed).train for seed in (0, 1))
    assert (first != second).any()


@pytest.mark.parametrize(("per_digit", "said"), [(13, "at most 12 pictures"), (1, "for both parts")])
def test_too_many_or_too_few_pictures_are_refused(per_digit, said):
    with pytest.raises(ConfigError, match=said):
        deal(np.arange(10), np.arange(10), PICTURES, per_digit, 0)
