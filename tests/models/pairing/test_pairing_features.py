from itertools import pairwise

import numpy as np
import pytest

from models.pairing.features import PREPROCESS, EegFeatures, fit_features
from models.riemann import riemannian_mean
from replay.readers.mindbigdata import read_mindbigdata
from replay.trials import crop_trials, take


@pytest.fixture(scope="module")
def trials(text):
    return read_mindbigdata(text)


@pytest.fixture(scope="module")
def features(trials) -> EegFeatures:
    return fit_features(trials, np.arange(80))


def test_families_stand_side_by_side(features, trials):
    assert list(features.columns) == [
        "temporal", "spectral 0.25 s", "spectral 0.5 s", "spectral 1 s", "wavelets", "spatial"
    ]  # fmt: skip
    edges = list(features.columns.values())
    assert edges[0] == (0, 14 * 64)
    assert all(one[1] == other[0] for one, other in pairwise(edges))
    computed = features(trials, np.array([5, 2, 90]))
    assert computed.shape == (3, features.n_features)
    assert computed.dtype == np.float32
    assert np.isfinite(computed).all()


def test_an_event_has_its_features_whatever_stands_beside_it(features, trials):
    together = features(trials, np.arange(10))
    alone = np.concatenate([features(trials, np.array([row])) for row in range(10)])
    assert np.allclose(together, alone, rtol=1e-5, atol=1e-5)


def test_what_is_fitted_is_fitted_to_training_events_alone(features, trials):
    changed = np.array(trials.data)
    changed[80:] += np.random.default_rng(1).normal(0, 100, changed[80:].shape)
    other = fit_features(take(trials, np.arange(80)), np.arange(80))
    row = np.arange(3)
    assert (features(trials, row) == other(trials, row)).all()


def test_tangent_vectors_of_the_training_events_are_centred(features, trials):
    first, stop = features.columns["spatial"]
    vectors = features(trials, np.arange(80))[:, first:stop]
    assert np.abs(vectors.mean(axis=0)).max() < 1e-4 * np.abs(vectors).max()
    epochs = crop_trials(take(trials, np.arange(80)), PREPROCESS).data
    spatial = features.families["spatial"]
    own = riemannian_mean(spatial.covariances(epochs)[0])
    assert np.allclose(spatial.means[0], own)
