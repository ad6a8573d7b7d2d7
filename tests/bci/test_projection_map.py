import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from bci.projection_map import place

positions = arrays(np.float32, (8, 2), elements=st.floats(-100, 100, width=32))
weights = arrays(np.float32, 5, elements=st.floats(0.0009765625, 1, width=32))
named = st.permutations(range(8)).map(lambda order: np.array(order[:5], np.int64))


@given(positions, named, weights)
def test_b6_a_decision_lies_among_the_concepts_that_it_named(where, indices, probabilities):
    x, y = place(where, indices, probabilities)
    low, high = where[indices].min(axis=0), where[indices].max(axis=0)
    assert low[0] - 1e-3 <= x <= high[0] + 1e-3
    assert low[1] - 1e-3 <= y <= high[1] + 1e-3


@given(positions, named, weights, st.permutations(range(5)), st.floats(0.1, 10))
def test_b6_neither_the_order_nor_the_sum_of_the_weights_matters(where, indices, probabilities, order, factor):
    other = place(where, indices[list(order)], probabilities[list(order)] * np.float32(factor))
    assert other == pytest.approx(place(where, indices, probabilities), rel=1e-4, abs=1e-3)


@given(positions, named, weights)
def test_b6_a_map_may_be_moved(where, indices, probabilities):
    by = np.array([3.0, -2.0])
    moved = place(where.astype(float) + by, indices, probabilities)
    assert moved == pytest.approx(place(where, indices, probabilities) + by, abs=1e-9)


def test_b6_one_who_is_sure_lies_on_the_concept_and_one_who_hesitates_between():
    where = np.array([[0, 0], [2, 4], [9, 9]], np.float32)
    assert place(where, np.array([1, 0]), np.array([1.0, 0.0])).tolist() == [2, 4]
    assert place(where, np.array([1, 0]), np.array([0.2, 0.2])).tolist() == [1, 2]
