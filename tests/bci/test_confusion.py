import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bci.confusion import confusion, grouping, row_shares, trials

N = 4
coded = st.lists(st.tuples(st.integers(-1, N - 1), st.integers(-1, N - 1)), max_size=50).map(
    lambda pairs: np.array(pairs, np.int64).reshape(-1, 2).T
)


@given(coded)
def test_b5_every_complete_pair_is_counted_once(pairs):
    shown, named = pairs
    counts = confusion(shown, named, N)
    assert counts.sum() == ((shown >= 0) & (named >= 0)).sum()
    assert counts.sum(axis=1).tolist() == [((shown == row) & (named >= 0)).sum() for row in range(N)]


@given(coded, st.permutations(range(N)))
def test_b5_names_do_not_matter(pairs, order):
    shown, named = pairs
    other = np.array([*order, -1])  # -1 stays -1
    renamed = confusion(other[shown], other[named], N)
    assert (renamed[np.ix_(order, order)] == confusion(shown, named, N)).all()


@given(coded)
def test_b5_rows_add_up_to_one_or_are_unknown(pairs):
    counts = confusion(*pairs, N)
    sums = row_shares(counts).sum(axis=1)
    shown = counts.sum(axis=1) > 0
    assert sums[shown] == pytest.approx(1)
    assert np.isnan(sums[~shown]).all()


@given(coded)
def test_b5_a_cell_lists_the_trials_it_counts(pairs):
    counts = confusion(*pairs, N)
    for row, column in np.ndindex(N, N):
        listed = trials(*pairs, row, column)
        assert len(listed) == counts[row, column]
        assert (pairs[0][listed] == row).all()
        assert (pairs[1][listed] == column).all()


def test_b5_few_concepts_are_told_apart_and_many_by_category():
    few = grouping(("a", "b"), ())
    assert (few.of, few.labels, few.code.tolist()) == ("concept", ("a", "b"), [0, 1])
    names = tuple(f"c{i}" for i in range(40))
    many = grouping(names, tuple("tool" if i % 2 else "animal" for i in range(40)))
    assert (many.of, many.labels) == ("category", ("animal", "tool"))
    assert many.codes(np.array([0, 1, -1])).tolist() == [0, 1, -1]
    assert grouping(names, (), most_concepts=40).of == "concept"


def test_b5_where_nothing_can_be_read_there_is_no_table():
    names = tuple(f"c{i}" for i in range(40))
    assert grouping(names, ()) is None
    assert grouping(names, ("all",) * 40) is None
    assert grouping(names, names) is None
    assert grouping(names, ("", "tool") * 20).labels == ("none", "tool")
