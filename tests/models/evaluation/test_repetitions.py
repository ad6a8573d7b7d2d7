"""Groups of presentations: disjoint, of one concept and person, averaged as they should be."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from models.evaluation.repetitions import averages, groups_of


@given(st.integers(0, 10_000), st.integers(1, 6), st.integers(0, 60))
def test_groups_are_disjoint_runs_of_one_concept_and_one_person(seed, k, n):
    rng = np.random.default_rng(seed)
    concepts, subjects = rng.integers(3, size=80), rng.integers(2, size=80)
    rows = np.sort(rng.permutation(80)[:n])
    groups = groups_of(concepts, subjects, rows, k)
    assert groups.shape[1] == k
    assert len(np.unique(groups)) == groups.size
    assert np.isin(groups, rows).all()
    for codes in (concepts, subjects):
        assert (codes[groups] == codes[groups[:, :1]]).all()
    assert (np.diff(groups, axis=1) > 0).all()
    cells = np.unique(np.stack([concepts[rows], subjects[rows]]), axis=1, return_counts=True)[1]
    assert len(groups) == sum(cell // k for cell in cells)  # nothing is left over that would fill a group


def test_presentations_of_a_group_follow_each_other():
    concepts = np.array([0, 1, 0, 1, 0, 0, 1])
    groups = groups_of(concepts, np.zeros(7, int), np.arange(7), 2)
    assert groups.tolist() == [[0, 2], [1, 3], [4, 5]]


def test_averages_are_means_whatever_the_block():
    rng = np.random.default_rng(0)
    data = rng.normal(size=(12, 2, 5)).astype(np.float32)
    groups = rng.permutation(12).reshape(4, 3)
    whole = np.concatenate(list(averages(data, groups, block=3)))
    np.testing.assert_allclose(whole, data[groups].mean(axis=1), atol=1e-6)
