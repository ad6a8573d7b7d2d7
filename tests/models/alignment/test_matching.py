"""Which pictures are paired, in which part, and what is fitted to what."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bci.errors import ConfigError
from models.alignment import matching
from models.alignment.matching import above_quantile, candidates, cluster, split

RNG = np.random.default_rng(0)


def vectors(n, dim=6, seed=0):
    return np.random.default_rng(seed).normal(size=(n, dim)).astype(np.float32)


def matched(n=300, m=200, seed=0, neighbours=1):
    first, second = vectors(n, seed=seed), vectors(m, seed=seed + 1)
    return split(*candidates(first, second, neighbours, -1), seed), first, second


@pytest.mark.parametrize("cells", [1, 1000, 2**24])
@pytest.mark.parametrize("neighbours", [1, 3, 50])
def test_neighbours_are_the_most_similar_however_many_are_in_memory(monkeypatch, cells, neighbours):
    monkeypatch.setattr(matching, "_CELLS", cells)
    first, second = vectors(40), vectors(20, seed=1)
    rows, columns, similarity = candidates(first, second, neighbours, -1)
    cosines = (first @ second.T) / np.outer(np.linalg.norm(first, axis=1), np.linalg.norm(second, axis=1))
    kept = min(neighbours, 20)
    np.testing.assert_array_equal(columns.reshape(40, kept), np.argsort(-cosines, axis=1)[:, :kept])
    np.testing.assert_array_equal(rows, np.repeat(np.arange(40), kept))
    np.testing.assert_allclose(similarity, cosines[rows, columns], atol=1e-6)


def test_a_minimum_leaves_the_others_out():
    first, second = vectors(40), vectors(20, seed=1)
    rows, _, similarity = candidates(first, second, 3, 0.5)
    everything = candidates(first, second, 3, -1)
    assert similarity.min() >= 0.5
    assert len(rows) == (everything[2] >= 0.5).sum()
    with pytest.raises(ConfigError, match="lower the minimum"):
        candidates(first, second, 3, 0.9999)
    with pytest.raises(ConfigError, match="vectors of 6 and 4"):
        candidates(first, vectors(20, 4), 1, 0)


@given(st.integers(30, 200), st.integers(30, 200), st.integers(1, 2), st.integers(0, 1000))
@settings(max_examples=60, deadline=None)
def test_no_picture_is_in_two_parts_and_shares_are_about_right(n, m, neighbours, seed):
    rng = np.random.default_rng(seed)
    first = np.repeat(np.arange(n), neighbours)
    second = rng.integers(0, m, len(first)) if neighbours == 1 else np.minimum(first + rng.integers(0, 2), m - 1)
    similarity = rng.random(len(first)).astype(np.float32)
    try:
        matches = split(first, second, similarity, seed)
    except ConfigError:
        assert np.bincount(matching._components(first, second)).max() > len(first) / 20
        return
    for rows in (matches.first, matches.second, matches.component):
        parts = [set(rows[matches.part == part]) for part in (0, 1, 2)]
        assert len(set.union(*parts)) == sum(map(len, parts))
    shares = np.bincount(matches.part, minlength=3)
    largest = np.bincount(matches.component).max()
    assert (np.abs(shares - np.array([0.8, 0.1, 0.1]) * len(first)) <= largest + 1).all()
    again = split(first, second, similarity, seed)
    np.testing.assert_array_equal(matches.part, again.part)


def test_components_are_those_of_the_graph():
    first, second = np.array([0, 1, 1, 2, 3]), np.array([0, 0, 1, 2, 2])
    assert matching._components(first, second).tolist() == [0, 0, 0, 1, 1]


def test_one_component_that_holds_everything_is_refused():
    first = np.arange(100)
    with pytest.raises(ConfigError, match="the largest holds 100 of 100 pairs; take fewer neighbours"):
        split(first, np.zeros(100, np.int64), np.ones(100, np.float32), 0)


def test_the_threshold_is_that_of_training_pairs_alone():
    matches, *_ = matched()
    kept, threshold = above_quantile(matches, 0.5)
    training = matches.similarity[matches.part == 0]
    assert (kept.part == 0).sum() == pytest.approx(len(training) / 2, abs=1)
    assert kept.similarity.min() >= threshold
    assert above_quantile(matches, 1.0)[0].part.tolist() == matches.part.tolist()
    trained = matches.part == 0
    other = replace(matches, similarity=np.where(trained, matches.similarity, matches.similarity + 0.01))
    assert above_quantile(other, 0.5)[1] == threshold
    unlike = replace(matches, similarity=trained.astype(np.float32))
    with pytest.raises(ConfigError, match="keep more of the training pairs"):
        above_quantile(unlike, 0.5)


def test_clusters_are_those_of_training_pairs_alone():
    matches, first, second = matched()
    before = cluster(matches, first, second, 8, 0)
    tested = matches.part != 0
    moved_first, moved_second = first.copy(), second.copy()
    moved_first[matches.first[tested]] += RNG.normal(size=(tested.sum(), 6))
    moved_second[matches.second[tested]] *= -1
    after = cluster(matches, moved_first, moved_second, 8, 0)
    np.testing.assert_array_equal(after[~tested], before[~tested])
    assert (after[tested] != before[tested]).any()
    assert set(before[~tested]) == set(range(8))
    with pytest.raises(ConfigError, match="at least 500 training pairs"):
        cluster(matches, first, second, 500, 0)


def test_a_set_of_pictures_beside_itself_finds_itself():
    first = vectors(50)
    rows, columns, similarity = candidates(first, 7 * first, 1, 0)
    np.testing.assert_array_equal(rows, columns)
    np.testing.assert_allclose(similarity, 1, atol=1e-5)
