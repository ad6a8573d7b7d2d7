import numpy as np
import pytest

from bci.errors import ConfigError
from models.whitening import fit_whitening, whitening_id


def correlated(n_epochs, rng):
    mixing = np.array([[3.0, 0.0, 0.0], [2.0, 1.0, 0.0], [0.0, 5.0, 20.0]])
    return (mixing @ rng.normal(size=(n_epochs, 3, 40))).astype(np.float32)


def test_channel_method_divides_each_channel_by_its_standard_deviation():
    epochs = correlated(100, np.random.default_rng(0)) + 50
    matrix = fit_whitening(epochs, "channel")
    expected = 1 / epochs.astype(np.float64).std(axis=(0, 2))
    assert np.allclose(matrix, np.diag(expected))


def test_ledoit_wolf_brings_many_samples_to_the_identity():
    epochs = correlated(500, np.random.default_rng(1))
    matrix = fit_whitening(epochs, "ledoit-wolf")
    white = np.matmul(matrix, epochs).transpose(1, 0, 2).reshape(3, -1)
    # shrinkage leaves a trace of the original covariance
    assert np.allclose(np.cov(white), np.eye(3), atol=0.03)
    assert np.allclose(matrix, matrix.T)


def test_ledoit_wolf_of_few_samples_is_shrunk_towards_a_multiple_of_the_identity():
    epochs = np.random.default_rng(2).normal(size=(1, 30, 10)).astype(np.float32)
    matrix = fit_whitening(epochs, "ledoit-wolf")
    assert np.linalg.cond(matrix) < 3
    assert np.linalg.matrix_rank(np.cov(epochs[0])) < 30


def test_long_sessions_are_thinned_out_evenly():
    rng = np.random.default_rng(3)
    epochs = rng.normal(size=(4000, 2, 100)).astype(np.float32)
    epochs[2000:] *= 3
    deviation = 1 / fit_whitening(epochs, "channel").diagonal()
    assert np.allclose(deviation, np.sqrt(5), rtol=0.01)


def test_a_flat_channel_is_refused():
    epochs = correlated(10, np.random.default_rng(4))
    epochs[:, 1] = 7
    with pytest.raises(ConfigError, match=r"flat line in rows \[1\]"):
        fit_whitening(epochs, "channel")


def test_the_id_tells_matrices_apart():
    assert whitening_id(np.eye(3)) == whitening_id(np.eye(3))
    assert whitening_id(np.eye(3)) != whitening_id(2 * np.eye(3))
    assert len(whitening_id(np.eye(3))) == 8
