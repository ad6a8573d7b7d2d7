import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bci.errors import ConfigError, MismatchError
from models.pairing.split import Parts, check_apart, split

EVENTS = st.lists(st.integers(0, 10**6), min_size=2, max_size=80, unique=True).map(np.array)


@given(EVENTS, st.floats(0.01, 0.99))
def test_parts_are_contiguous_and_share_no_event(events, share):
    n_test = round(share * len(events))
    if not 0 < n_test < len(events):
        with pytest.raises(ConfigError, match="both sides"):
            split(events, share)
        return
    parts = split(events, share)
    check_apart(events, parts)
    assert len(parts.test) == n_test
    assert events[np.concatenate([parts.train, parts.test])].tolist() == sorted(events)


@given(EVENTS, st.integers(1, 30), st.integers(1, 10))
def test_a_development_set_leaves_the_events_to_test_alone(events, n_train, n_test):
    if round(0.4 * len(events)) in (0, len(events)):
        return
    whole = split(events, 0.4)
    if n_train + n_test > len(whole.train):
        with pytest.raises(ConfigError, match=f"at least {n_train + n_test} events"):
            split(events, 0.4, (n_train, n_test))
        return
    small = split(events, 0.4, (n_train, n_test))
    check_apart(events, small)
    assert (len(small.train), len(small.test)) == (n_train, n_test)
    taken = np.concatenate([small.train, small.test])
    assert taken.tolist() == whole.train[: len(taken)].tolist()


@pytest.mark.parametrize("share", [0.0, 1.0, -1.0, 2.0])
def test_a_share_that_leaves_a_part_empty_is_refused(share):
    with pytest.raises(ConfigError, match="test share"):
        split(np.arange(10), share)


@pytest.mark.parametrize("test", [[1, 2], [2, 3], [0, 4]])
def test_parts_that_meet_are_refused(test):
    events = np.array([5, 6, 7, 6, 4])
    with pytest.raises(MismatchError, match="the split leaks"):
        check_apart(events, Parts(np.array([0, 1]), np.array(test), ""))
