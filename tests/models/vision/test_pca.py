"""Principal components, against their definition."""

import numpy as np
import pytest

from bci.bank import BankKey
from bci.errors import ConfigError, FormatError, MismatchError
from bci.storage import load_tensors, save_tensors
from models.vision.pca import fit_pca, load_pca, pca_file, save_pca

KEY = BankKey(vision_model="made up", weights="w", kind="image")


@pytest.fixture
def vectors():
    rng = np.random.default_rng(0)
    return (rng.standard_normal((60, 4)) @ rng.standard_normal((4, 10)) + rng.standard_normal(10)).astype(
        np.float32
    )


def test_components_are_the_singular_vectors_of_centred_unit_vectors(vectors):
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    centred = unit - unit.mean(axis=0)
    values, directions = np.linalg.svd(centred)[1:]
    pca = fit_pca(vectors, 3, KEY)
    np.testing.assert_allclose(np.abs(pca.components @ directions[:3].T), np.eye(3), atol=1e-3)
    np.testing.assert_allclose(pca.explained, values[:3] ** 2 / (values**2).sum(), rtol=1e-4)
    np.testing.assert_allclose(pca(vectors), centred @ pca.components.T, atol=1e-5)


def test_a_pca_survives_the_disk_and_keeps_its_name(vectors, tmp_path):
    pca = fit_pca(vectors, 3, KEY)
    save_pca(tmp_path / "bank.safetensors", pca)
    loaded = load_pca(tmp_path / "bank.safetensors", KEY)
    assert loaded.id == pca.id
    assert pca.id.startswith("3 ")
    assert np.array_equal(loaded(vectors), pca(vectors))
    assert fit_pca(vectors[:50], 3, KEY).id != pca.id


def test_the_pca_of_other_vectors_is_refused(vectors, tmp_path):
    save_pca(tmp_path / "bank.safetensors", fit_pca(vectors, 3, KEY))
    with pytest.raises(
        MismatchError, match=r"PCA of bank\.safetensors does not fit: layer: expected 'final', got '2'"
    ):
        load_pca(tmp_path / "bank.safetensors", KEY.model_copy(update={"layer": "2"}))


@pytest.mark.parametrize("fault", ["missing", "no array", "other arrays"])
def test_a_pca_that_is_none_is_refused(vectors, tmp_path, fault):
    bank = tmp_path / "bank.safetensors"
    if fault != "missing":
        save_pca(bank, fit_pca(vectors, 3, KEY))
        tensors, header = load_tensors(pca_file(bank))
        if fault == "no array":
            del tensors["mean"]
        else:
            tensors["mean"] = tensors["mean"] + 1
        save_tensors(pca_file(bank), tensors, header)
    with pytest.raises(FormatError, match=r"bank\.pca\.safetensors"):
        load_pca(bank, KEY)


@pytest.mark.parametrize("n_components", [11, 61])
def test_more_components_than_there_can_be_are_refused(vectors, n_components):
    with pytest.raises(
        ConfigError, match=f"1 to 10 components of 60 pictures x 10 dimensions, got {n_components}"
    ):
        fit_pca(vectors, n_components, KEY)


def test_views_kept_apart_have_no_pca(vectors):
    with pytest.raises(ConfigError, match="one vector for each picture, got 2 views"):
        fit_pca(vectors, 3, KEY.model_copy(update={"views": 2}))
