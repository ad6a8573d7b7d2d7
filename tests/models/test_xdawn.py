import numpy as np
from pyriemann.estimation import XdawnCovariances
from pyriemann.tangentspace import TangentSpace

from models.closed_set import Classes
from models.decoders.xdawn import special_covariances, xdawn
from models.riemann import riemannian_mean, tangent_vectors


def make(n=60, n_channels=5, n_times=40, seed=0):
    """A response through one topography in the second class alone."""
    rng = np.random.default_rng(seed)
    codes = np.arange(n) % 2
    topography, course = rng.normal(size=n_channels), np.sin(np.linspace(0, np.pi, n_times))
    signals = rng.normal(size=(n, n_channels, n_times))
    return signals + codes[:, None, None] * np.outer(topography, course), Classes(np.arange(2), codes), topography


def test_tangent_vectors_are_as_far_apart_as_those_of_pyriemann():
    """Filters may differ in sign, which turns the tangent space but keeps all distances."""
    signals, classes, _ = make()
    described = special_covariances(signals, *xdawn(signals, classes, 2))
    ours = tangent_vectors(described, riemannian_mean(described))
    covariances = XdawnCovariances(2, estimator="lwf", xdawn_estimator="lwf").fit_transform(signals, classes.codes)
    theirs = TangentSpace().fit_transform(covariances)
    assert np.allclose(ours @ ours.T, theirs @ theirs.T, atol=1e-6)


def test_the_first_filter_of_the_class_finds_its_topography():
    signals, classes, topography = make(400)
    filters, evoked = xdawn(signals, classes, 1)
    gain = np.abs(filters @ topography)
    assert gain[1] > 0.9 * np.linalg.norm(topography)
    assert np.ptp(evoked[1]) > 3 * np.ptp(evoked[0])
