import numpy as np
import pytest
from pyriemann.geometry.mean import mean_riemann
from pyriemann.geometry.tangentspace import tangent_space

from models.riemann import riemannian_mean, tangent_vectors


@pytest.fixture
def matrices():
    samples = np.random.default_rng(0).normal(size=(12, 5, 40))
    return samples @ samples.transpose(0, 2, 1) / 40


def test_the_mean_is_that_of_pyriemann(matrices):
    assert np.allclose(riemannian_mean(matrices), mean_riemann(matrices), rtol=1e-7, atol=1e-9)


def test_the_mean_of_two_is_half_way():
    """Of commuting matrices it is the geometric mean of their eigenvalues."""
    assert np.allclose(riemannian_mean(np.stack([np.diag([1.0, 4.0]), np.diag([9.0, 4.0])])), np.diag([3.0, 4.0]))


def test_tangent_vectors_are_those_of_pyriemann_and_as_long_as_the_distance(matrices):
    reference = matrices[0] + matrices[1]
    vectors = tangent_vectors(matrices, reference)
    assert np.allclose(vectors, tangent_space(matrices, reference))
    eigenvalues = np.linalg.eigvals(np.linalg.solve(reference, matrices[3])).real
    assert np.linalg.norm(vectors[3]) == pytest.approx(np.sqrt((np.log(eigenvalues) ** 2).sum()))


def test_the_reference_itself_is_the_origin(matrices):
    assert np.allclose(tangent_vectors(matrices[:1], matrices[0]), 0)
