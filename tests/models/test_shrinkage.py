import numpy as np
import pytest
from sklearn.covariance import ledoit_wolf

from models.shrinkage import shrinkage, shrunk_covariances


@pytest.mark.parametrize("shape", [(30, 8), (8, 30), (12, 12)])
def test_the_share_is_that_of_scikit_learn(shape):
    samples = np.random.default_rng(0).normal(size=shape) * np.arange(1, shape[1] + 1)
    assert shrinkage(samples) == pytest.approx(ledoit_wolf(samples, assume_centered=True)[1], rel=1e-10)


def test_many_covariances_are_those_of_scikit_learn_one_by_one():
    signals = np.random.default_rng(1).normal(size=(5, 4, 20)) + 7
    signals[:, 2] += signals[:, 1]
    for covariance, signal in zip(shrunk_covariances(signals), signals, strict=True):
        assert np.allclose(covariance, ledoit_wolf(signal.T)[0], rtol=1e-10)


def test_one_variable_is_not_shrunk():
    signals = np.random.default_rng(2).normal(size=(3, 1, 20))
    assert np.allclose(shrunk_covariances(signals)[:, 0, 0], signals.var(axis=2)[:, 0])
