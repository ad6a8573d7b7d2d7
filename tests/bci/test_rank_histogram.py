from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bci.rank_histogram import expected_top_k, log_edges, rank_histogram, two_way

sizes = st.integers(1, 3000)


@st.composite
def ranked(draw):
    n_concepts = draw(st.integers(2, 400))
    ranks = draw(st.lists(st.integers(0, n_concepts - 1), max_size=60))
    return np.array(ranks, np.int64), n_concepts


def test_b4_bins_are_those_in_which_accuracies_are_told():
    assert log_edges(200).tolist() == [0, 1, 2, 5, 10, 20, 50, 100, 200]
    assert log_edges(1854).tolist() == [0, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 1854]
    assert log_edges(2).tolist() == [0, 1, 2]
    assert log_edges(1).tolist() == [0, 1]


@given(sizes)
def test_b4_every_rank_has_a_bin(n_concepts):
    edges = log_edges(n_concepts)
    assert edges[0] == 0
    assert edges[-1] == n_concepts
    assert (np.diff(edges) > 0).all()


@given(ranked())
def test_b4_no_trial_is_lost(drawn):
    ranks, n_concepts = drawn
    histogram = rank_histogram(ranks, n_concepts, log_edges(n_concepts))
    assert histogram.counts.sum() == len(ranks)
    assert histogram.expected.sum() == pytest.approx(len(ranks))
    for count, low, high in zip(histogram.counts, histogram.edges, histogram.edges[1:], strict=False):
        assert count == ((ranks >= low) & (ranks < high)).sum()


@given(ranked(), st.randoms(use_true_random=False))
def test_b4_the_order_of_trials_does_not_matter(drawn, random):
    ranks, n_concepts = drawn
    shuffled = np.array(random.sample(ranks.tolist(), len(ranks)), np.int64)
    one, other = (rank_histogram(r, n_concepts, log_edges(n_concepts)) for r in (ranks, shuffled))
    assert one.counts.tolist() == other.counts.tolist()


@pytest.mark.parametrize("n_concepts", [2, 10, 200, 1854])
def test_b4_luck_stays_inside_the_band_in_95_percent_of_the_bins(n_concepts):
    rng = np.random.default_rng(4)
    edges = log_edges(n_concepts)
    inside = []
    for _ in range(400):
        found = rank_histogram(rng.integers(0, n_concepts, 300), n_concepts, edges)
        inside.append((found.counts >= found.low) & (found.counts <= found.high))
    assert np.mean(inside, axis=0).min() > 0.93  # at least 95 %, counts being whole; 400 sessions are drawn


def test_b4_a_decoder_that_knows_leaves_the_band():
    found = rank_histogram(np.zeros(50, np.int64), 200, log_edges(200))
    assert found.counts[0] > found.high[0]
    assert found.counts[-1] < found.low[-1]


def test_b4_candidates_may_differ_from_trial_to_trial():
    found = rank_histogram(np.array([0, 3]), np.array([2, 4]), np.array([0, 1, 2, 4]))
    assert found.expected == pytest.approx([1 / 2 + 1 / 4, 1 / 2 + 1 / 4, 1 / 2])


def test_b4_two_way_identification_counts_the_concepts_below():
    assert two_way(np.array([0, 4, 9]), 10) == pytest.approx([1, 5 / 9, 0])
    assert two_way(np.array([0, 1]), np.array([2, 3])) == pytest.approx([1, 0.5])


@given(st.integers(2, 500))
def test_b4_two_way_identification_by_luck_is_one_half(n_concepts):
    assert two_way(np.arange(n_concepts), n_concepts).mean() == pytest.approx(0.5)


@given(st.integers(2, 7), st.data())
def test_expected_top_k_of_random_subsets_is_the_mean_over_all_of_them(n, data):
    rank, size = data.draw(st.integers(0, n - 1)), data.draw(st.integers(1, n))
    k = data.draw(st.integers(1, n))
    others = [1] * rank + [0] * (n - 1 - rank)  # 1 beats the truth
    draws = list(combinations(others, size - 1))
    expected = np.mean([sum(drawn) < k for drawn in draws])
    assert expected_top_k(np.array([rank]), n, size, k)[0] == pytest.approx(expected)


def test_expected_top_k_of_all_candidates_is_top_k_and_of_two_is_two_way_identification():
    ranks = np.arange(10)
    assert expected_top_k(ranks, 10, 10, 3).tolist() == (ranks < 3).tolist()
    np.testing.assert_allclose(expected_top_k(ranks, 10, 2, 1), two_way(ranks, 10))
