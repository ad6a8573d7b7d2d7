import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bci.errors import MismatchError
from bci.randomisation import Independent, WithoutReplacement


def test_drawn_anew_what_was_shown_tells_nothing():
    paradigm = Independent(np.array([0.84, 0.16]))
    paradigm.show(1)
    assert paradigm.chance([1]) == pytest.approx(0.16)
    assert paradigm.chance([0, 1]) == pytest.approx(1.0)


def test_what_is_left_of_a_block_is_likelier():
    paradigm = WithoutReplacement(np.array([2, 1]))
    assert paradigm.chance([0]) == pytest.approx(2 / 3)
    paradigm.show(0)
    assert paradigm.chance([0]) == pytest.approx(1 / 2)
    paradigm.show(0)
    assert paradigm.chance([1]) == pytest.approx(1.0)
    paradigm.show(1)
    assert paradigm.chance([0]) == pytest.approx(2 / 3)  # the next block


def test_more_than_a_block_holds_is_refused():
    paradigm = WithoutReplacement(np.array([1, 1]))
    paradigm.show(0)
    with pytest.raises(MismatchError, match="concept 0 more often than declared"):
        paradigm.show(0)


@given(st.lists(st.integers(1, 5), min_size=1, max_size=6), st.randoms(use_true_random=False))
def test_the_chances_of_all_concepts_add_up_to_one(counts, rng):
    paradigm = WithoutReplacement(np.array(counts))
    order = [concept for concept, count in enumerate(counts) for _ in range(count)]
    rng.shuffle(order)
    for concept in order + order:
        assert sum(paradigm.chance([each]) for each in range(len(counts))) == pytest.approx(1.0)
        paradigm.show(concept)
