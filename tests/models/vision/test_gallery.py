"""The three kinds of bank."""

import numpy as np
import pytest

from bci.bank import BankKey, load_bank, normalise, save_bank
from bci.errors import ConfigError
from bci.ranking import unit
from models.vision.gallery import make_bank
from models.vision.pca import fit_pca

KEY = BankKey(vision_model="made up", weights="w", normalisation="unit", views=2)
OWNER = np.array([0, 0, 0, 1, 1])


@pytest.fixture
def vectors():
    return np.random.default_rng(0).standard_normal((5, 2, 4)).astype(np.float32) * np.float32(
        [[[1]], [[9]], [[2]], [[1]], [[5]]]
    )


def test_a_template_is_the_mean_of_unit_vectors_view_by_view(vectors):
    bank = make_bank(["cat", "dog"], vectors, OWNER, KEY)
    units = vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)
    expected = [units[:3].mean(axis=0).ravel(), units[3:].mean(axis=0).ravel()]
    np.testing.assert_allclose(bank.prototypes, expected, atol=1e-6)
    assert np.array_equal(bank.images, vectors.reshape(5, 8))
    assert np.array_equal(bank.owner, OWNER)


def test_without_normalisation_the_mean_is_that_of_the_vectors(vectors):
    bank = make_bank(["cat", "dog"], vectors, OWNER, KEY.model_copy(update={"normalisation": "none"}))
    np.testing.assert_allclose(bank.prototypes[1], vectors[3:].mean(axis=0).ravel(), rtol=1e-6)


def test_exact_pictures_are_the_prototypes(vectors):
    bank = make_bank(list("abcde"), vectors, np.arange(5), KEY.model_copy(update={"kind": "image"}))
    assert np.array_equal(bank.prototypes, vectors.reshape(5, 8))
    assert np.array_equal(bank.images, bank.prototypes)


def test_several_exact_pictures_of_a_concept_are_refused(vectors):
    with pytest.raises(ConfigError, match=r"one for each concept, got 3 of 'cat': make --kind template"):
        make_bank(["cat", "dog"], vectors, OWNER, KEY.model_copy(update={"kind": "image"}))


def test_names_have_no_pictures(vectors):
    bank = make_bank(
        list("abcde"), vectors[:, :1], np.arange(5), KEY.model_copy(update={"kind": "text", "views": 1})
    )
    assert bank.images is None
    assert bank.owner is None


def test_the_projected_mean_is_the_mean_of_projected_unit_vectors(vectors):
    single, key = vectors[:, :1], KEY.model_copy(update={"views": 1})
    pca = fit_pca(single.reshape(5, 4), 3, key)
    bank = make_bank(["cat", "dog"], single, OWNER, key, pca)
    assert bank.key.pca == pca.id
    assert bank.images.shape == (5, 3)
    mean = unit(single[:3, 0]).mean(axis=0)
    np.testing.assert_allclose(bank.prototypes[0], (mean - pca.mean) @ pca.components.T, atol=1e-6)


def test_a_bank_survives_the_disk(vectors, tmp_path):
    bank = make_bank(["cat", "dog"], vectors, OWNER, KEY)
    save_bank(tmp_path / "bank.safetensors", bank)
    loaded = load_bank(tmp_path / "bank.safetensors")
    assert (loaded.id, loaded.key, loaded.names) == (bank.id, bank.key, bank.names)
    assert np.array_equal(loaded.images, bank.images)


@pytest.mark.parametrize("how", ["unit", "centred-unit"])
def test_views_are_normalised_each_by_itself(vectors, how):
    flat, centre = vectors.reshape(5, 8), np.linspace(-0.3, 0.4, 8, dtype=np.float32)
    got = normalise(flat, how, centre, views=2)
    halves = [normalise(flat[:, part], how, centre[part]) for part in (slice(4), slice(4, 8))]
    np.testing.assert_allclose(got, np.concatenate(halves, axis=1), rtol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(got.reshape(5, 2, 4), axis=-1), 1, rtol=1e-5)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"kind": "text", "templates": ("a {}",)}, ""),
        ({"layer": "11"}, "layer: expected 'final', got '11'"),
        ({"views": 1, "pca": "64 0a"}, "views: expected 2, got 1; pca: expected '', got '64 0a'"),
    ],
)
def test_banks_differ_in_their_space_not_in_their_gallery(change, said):
    assert KEY.differences(KEY.model_copy(update=change)) == said
