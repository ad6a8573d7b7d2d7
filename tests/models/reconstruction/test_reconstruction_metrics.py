import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.reconstruction.metrics import correlation_distance, pix_corr, ssim, two_way
from models.reconstruction.naming import name_concepts


def pictures(n, seed=0, side=24):
    return np.random.default_rng(seed).integers(0, 256, (n, side, side, 3), np.uint8)


def test_a_picture_is_all_like_itself():
    true = pictures(3)
    assert pix_corr(true, true) == pytest.approx(1)
    assert ssim(true, true) == pytest.approx(1)
    assert correlation_distance(true.reshape(3, -1), true.reshape(3, -1)) == pytest.approx(0)


def test_a_negative_is_the_opposite_and_a_flat_picture_tells_nothing():
    true = pictures(2)
    assert pix_corr(true, 255 - true) == pytest.approx(-1)
    assert pix_corr(true, np.full_like(true, 7)) == pytest.approx(0)


@settings(max_examples=50)
@given(seed=st.integers(0, 2**32 - 1), n=st.integers(2, 12))
def test_two_way_identification_of_one_picture_for_all_trials_is_at_chance(seed, n):
    rng = np.random.default_rng(seed)
    true = rng.normal(size=(n, 7))
    constant = np.repeat(rng.normal(size=(1, 7)), n, axis=0)
    assert two_way(true, constant, np.arange(n)).mean() == pytest.approx(0.5)


@settings(max_examples=50)
@given(seed=st.integers(0, 2**32 - 1), n=st.integers(2, 12))
def test_two_way_identification_knows_the_truth_whatever_the_scale(seed, n):
    true = np.random.default_rng(seed).normal(size=(n, 9))
    assert (two_way(true, 3 * true + 5, np.arange(n)) == 1).all()
    assert (two_way(true, -true, np.arange(n)) == 0).all()


def test_pictures_of_the_same_concept_do_not_compete():
    rng = np.random.default_rng(0)
    true = rng.normal(size=(4, 6))
    swapped = true[[1, 0, 3, 2]]
    assert two_way(true, swapped, np.array([0, 0, 1, 1])).min() >= 0
    both = np.concatenate([true[:1], true[:1], true[1:]])
    assert two_way(both, both, np.array([0, 0, 1, 2, 3])).tolist() == [1] * 5
    assert np.isnan(two_way(true, true, np.zeros(4, np.int64))).all()


def test_a_picture_is_taken_for_the_concept_whose_prototype_is_nearest():
    prototypes = np.eye(4, dtype=np.float32) + 3
    named = name_concepts(prototypes[[2, 0]] + 0.01, prototypes, np.array([2, 1]))
    assert named.best[:, 0].tolist() == [2, 0]
    assert named.rank[0] == 0
    assert named.rank[1] > 0
