"""The SYNTHETIC alignment at full size: what EEG and fMRI have in common can be found, and only there."""

import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.linear_model import Ridge

from models.alignment.data import make_pairs
from models.alignment.data_config import load_data_config
from models.alignment.store import open_pairs


def quiet(*done):
    pass


def retrieval(train, test, fmri_of_training):
    """Share of test pairs whose fMRI is named first among the test pictures' by a linear map from EEG."""
    flat = [part.eeg[:].reshape(len(part), -1) for part in (train, test)]
    components = PCA(150, random_state=0).fit(flat[0])
    mapper = Ridge(100).fit(components.transform(flat[0]), fmri_of_training)
    pictures, first, truth = np.unique(test.fmri_picture, return_index=True, return_inverse=True)
    gallery, predicted = test.fmri[first], mapper.predict(components.transform(flat[1]))
    centre = fmri_of_training.mean(axis=0)
    named = unit(predicted - centre) @ unit(gallery - centre).T
    return (named.argmax(axis=1) == truth).mean(), 1 / len(pictures)


def unit(vectors):
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


@pytest.mark.slow
def test_eeg_tells_of_the_fmri_of_another_picture_and_shuffled_pairs_do_not(tmp_path):
    make_pairs(load_data_config("eeg-fmri-synthetic"), tmp_path, quiet)
    pairs = open_pairs(tmp_path)
    train, test = pairs.part_of("train"), pairs.part_of("test")
    top1, chance = retrieval(train, test, train.fmri[:])
    shuffled = np.random.default_rng(0).permutation(len(train))
    lost, _ = retrieval(train, test, train.fmri[shuffled])
    assert top1 > 10 * chance
    assert lost < 4 * chance
