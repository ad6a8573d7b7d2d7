from dataclasses import replace

import numpy as np
import pytest
from known_signal import known_pairs

from bci.errors import MismatchError
from models.alignment.targets import cluster_prototypes, fit_targets


def test_the_mean_has_a_squared_error_of_one():
    train = known_pairs().pairs.part_of("train")
    scaled = fit_targets(train)(np.asarray(train.fmri))
    assert (scaled**2).mean() == pytest.approx(1, rel=1e-5)
    assert np.abs(scaled.mean(axis=0)).max() < 1e-5
    assert scaled.dtype == np.float32


def test_prototypes_are_means_of_clusters_that_are_there():
    train = replace(known_pairs().pairs.part_of("train"), n_clusters=9)
    targets = fit_targets(train)
    prototypes = cluster_prototypes(train, targets)
    there = np.unique(train.cluster)
    assert len(prototypes) == len(there)
    for prototype, cluster in zip(prototypes, there, strict=True):
        mean = targets(np.asarray(train.fmri)[train.cluster == cluster]).mean(axis=0)
        assert np.allclose(prototype, mean, atol=1e-5)


def test_vectors_that_are_all_the_same_or_not_there_are_refused():
    train = known_pairs().pairs.part_of("train")
    with pytest.raises(MismatchError, match="finite and differ, got a spread of 0"):
        fit_targets(replace(train, fmri=np.ones((len(train), 3), np.float32)))
    with pytest.raises(MismatchError, match="expected training pairs, got none"):
        fit_targets(replace(train, part=np.full(len(train), 2, np.int8)).part_of("train"))
