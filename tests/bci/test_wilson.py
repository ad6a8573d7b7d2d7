import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bci.wilson import wilson

Z = 1.959964


@given(st.integers(1, 2000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_it_is_the_score_interval(counts):
    """The ends are the shares p at which the observed one is z standard errors of p away."""
    hits, n = counts
    for end in wilson(hits, n):
        assert abs(hits / n - end) == pytest.approx(Z * np.sqrt(end * (1 - end) / n), abs=1e-6)


def test_without_trials_there_is_none():
    assert wilson(0, 0) is None
