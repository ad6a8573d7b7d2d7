import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from bci.errors import MismatchError
from bci.roc import auc


def test_by_hand():
    # positives 3 and 1, negatives 2, 1, 0: pairs won 3 + 1, one tie
    evidence, positive = np.array([3.0, 2, 1, 1, 0]), np.array([True, False, True, False, False])
    assert auc(evidence, positive) == pytest.approx(4.5 / 6)


def test_needs_both_classes():
    with pytest.raises(MismatchError, match="both concepts, got 0 and 3"):
        auc(np.arange(3.0), np.ones(3, bool))


@given(st.lists(st.tuples(st.integers(-4, 4), st.booleans()), min_size=2, max_size=40))
def test_is_the_share_of_pairs_won(trials):
    evidence = np.array([value for value, _ in trials], float)
    positive = np.array([label for _, label in trials])
    if positive.all() or not positive.any():
        return
    won = [(p > n) + 0.5 * (p == n) for p in evidence[positive] for n in evidence[~positive]]
    assert auc(evidence, positive) == pytest.approx(np.mean(won))
    assert auc(-evidence, positive) == pytest.approx(1 - np.mean(won))


def test_against_scikit_learn():
    rng = np.random.default_rng(0)
    positive = rng.integers(0, 2, 300).astype(bool)
    evidence = np.round(rng.normal(size=300) + positive, 1)
    assert auc(evidence, positive) == pytest.approx(roc_auc_score(positive, evidence))
