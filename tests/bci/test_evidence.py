"""Evidence that adds up: closed forms, repeats that err alike, and promises that are kept. All data is made up."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bci import evidence
from bci.evidence import Accumulation, StoppingRule, divisor
from bci.ranking import rank_scores, softmax
from bci.wilson import wilson

EYE = np.eye(4, dtype=np.float32)


def rule(prototypes=EYE, temperature=1.0, discount=0.0, alpha=0.1, at_most=1000):
    return StoppingRule(prototypes, temperature, discount, alpha, at_most)


def ranking(embedding):
    embedding = np.float32(embedding)
    return rank_scores(EYE @ embedding, embedding, None, 4)


def posterior(told):
    return dict(zip(told.ranking.indices.tolist(), told.ranking.probabilities.tolist(), strict=True))


def test_independent_repeats_multiply_their_probabilities():
    summed = Accumulation(rule(alpha=0.001))
    first, second = np.log([0.4, 0.3, 0.2, 0.1]), np.log([0.1, 0.6, 0.2, 0.1])
    summed.add("g", ranking(first))
    told = posterior(summed.add("g", ranking(second)))
    product = np.array([0.04, 0.18, 0.04, 0.01]) / 0.27
    np.testing.assert_allclose([told[i] for i in range(4)], product, rtol=1e-5)


def test_repeats_that_err_together_are_worth_one():
    summed = Accumulation(rule(discount=1.0, alpha=0.001))
    scores = np.log([0.4, 0.3, 0.2, 0.1])
    for _ in range(5):
        told = posterior(summed.add("g", ranking(scores)))
    np.testing.assert_allclose([told[i] for i in range(4)], [0.4, 0.3, 0.2, 0.1], rtol=1e-5)


def test_an_effective_number_of_repeats_lies_between_one_and_all():
    assert divisor(1, 0.7) == 1
    assert 8 / divisor(8, 0.0) == 8
    assert 8 / divisor(8, 1.0) == 1


@given(
    st.lists(
        st.tuples(st.sampled_from("abc"), st.lists(st.floats(-3, 3, width=32), min_size=4, max_size=4)),
        max_size=30,
    ),
    st.floats(0.05, 2),
    st.floats(0, 1),
    st.floats(0.01, 0.9),
    st.integers(1, 6),
)
def test_what_a_group_tells_is_the_softmax_of_its_own_sum_until_it_stops(
    repeats, temperature, discount, alpha, most
):
    summed = Accumulation(rule(temperature=temperature, discount=discount, alpha=alpha, at_most=most))
    taken = {}
    for group, embedding in repeats:
        told, before = summed.add(group, ranking(embedding)), taken.get(group, [])
        if not (before and before[-1][1]):
            total = np.sum([each for each, _ in before] + [embedding], axis=0, dtype=np.float64)
            n = len(before) + 1
            expected = softmax(total, temperature * (1 + (n - 1) * discount))
            taken.setdefault(group, []).append((embedding, told.stopped))
            assert told.n == n
            assert told.ranking.probabilities[0] == pytest.approx(expected.max(), rel=1e-3, abs=1e-6)
            assert told.sure == (told.ranking.probabilities[0] >= 1 - alpha)
            assert told.stopped == (told.sure or n >= most)
        else:
            assert (told.n, told.stopped) == (len(before), True)  # nothing more is taken in


def test_what_is_not_to_be_trusted_adds_nothing():
    summed = Accumulation(rule())
    assert summed.add("g", None) is None
    first = summed.add("g", ranking([1, 0, 0, 0]))
    assert summed.add("g", None) is first
    assert summed.add(None, ranking([1, 0, 0, 0])) is None


def test_what_was_repeated_longest_ago_is_forgotten_first(monkeypatch):
    monkeypatch.setattr(evidence, "KEPT", 2)
    summed = Accumulation(rule())
    for group in "abac":
        summed.add(group, ranking([0.1, 0, 0, 0]))
    assert summed.add("a", ranking([0.1, 0, 0, 0])).n == 3
    assert summed.add("b", ranking([0.1, 0, 0, 0])).n == 1


# ------------------------------------------------------------------------------------- promised and realised error

D, N_GROUPS, LONGEST, ALPHA = 1.0, 600, 60, 0.1


def realised(common, discount, seed=0):
    """Wrong answers among those that stopped: two Gaussian classes, noise of a group's repeats in common."""
    rng, wrong, stopped = np.random.default_rng(seed), 0, 0
    summed = Accumulation(rule(np.eye(2, dtype=np.float32), discount=discount, alpha=ALPHA, at_most=LONGEST))
    for group in range(N_GROUPS):
        truth, shared = group % 2, rng.normal()
        for _ in range(LONGEST):
            noise = np.sqrt(common) * shared + np.sqrt(1 - common) * rng.normal()
            told = summed.add(str(group), ranking2([0.0, D * (D * (truth - 0.5) + noise)]))
            if told.stopped:
                break
        stopped += told.sure
        wrong += told.sure and told.ranking.indices[0] != truth
    return wrong, stopped


def ranking2(embedding):
    embedding = np.float32(embedding)
    return rank_scores(embedding, embedding, None, 2)


def test_independent_repeats_keep_the_promise():
    wrong, stopped = realised(common=0.0, discount=0.0)
    assert stopped > 0.95 * N_GROUPS
    assert wrong / stopped <= ALPHA


def test_repeats_that_err_alike_break_it_unless_they_are_discounted():
    plain_wrong, plain_stopped = realised(common=0.3, discount=0.0)
    wrong, stopped = realised(common=0.3, discount=0.3)
    assert wilson(plain_wrong, plain_stopped)[0] > ALPHA  # promised 0.1, and more than that is certain
    assert wilson(wrong, stopped)[0] <= ALPHA
    assert wrong / stopped < plain_wrong / plain_stopped
