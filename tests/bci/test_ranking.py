import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from bci.ranking import rank, softmax, truth_ranks, unit

SCORES = arrays(np.float32, st.integers(1, 30), elements=st.integers(-3, 3).map(np.float32))


@given(SCORES, st.data())
def test_the_truths_rank_counts_the_others_that_score_at_least_as_much(scores, data):
    truth = data.draw(st.integers(0, len(scores) - 1))
    brute = sum(1 for i, score in enumerate(scores) if i != truth and score >= scores[truth])
    assert truth_ranks(scores[None], np.array([truth])).tolist() == [brute]


@given(arrays(np.float32, (7, 4), elements=st.floats(-2, 2, width=16)), st.integers(1, 9))
def test_the_best_come_first_and_ties_keep_the_order_of_the_bank(vectors, k):
    prototypes = unit(vectors)
    ranking = rank(np.float32([1, 2, 3, 4]), prototypes, None, k)
    scores = prototypes @ unit(np.float32([1, 2, 3, 4]))
    assert ranking.indices.tolist() == sorted(range(7), key=lambda i: (-scores[i], i))[: min(k, 7)]
    assert ranking.n_concepts == 7


def test_probabilities_are_over_all_concepts():
    ranking = rank(np.float32([1, 0]), np.eye(2, dtype=np.float32), 1, 1, temperature=0.5)
    np.testing.assert_allclose(ranking.probabilities, [np.exp(2) / (np.exp(2) + 1)], rtol=1e-6)
    assert ranking.truth_rank == 1


@given(SCORES)
def test_softmax_sums_to_one_and_keeps_the_order(scores):
    p = softmax(scores, 0.1)
    np.testing.assert_allclose(p.sum(), 1, rtol=1e-5)
    assert p.argmax() == scores.argmax()


def test_zero_stays_zero():
    assert unit(np.zeros((2, 3), np.float32)).tolist() == [[0, 0, 0]] * 2
