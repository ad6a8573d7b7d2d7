"""Published picture vectors of the 200 test concepts of THINGS-EEG2 rank as their makers say; data/README.md."""

import hashlib
import json

import numpy as np
import pytest

from bci.bank import Bank, BankKey, load_bank, normalise, save_bank
from bci.config import real_data
from bci.ranking import truth_ranks
from models.targets import load_target_bank

pytestmark = pytest.mark.real

SEED, CLIP_L = real_data() / "things-eeg2-seed", real_data() / "clip-vit-l14"


def bank_of(file, names, kind, **key):
    vectors = np.load(file, allow_pickle=False)
    weights = hashlib.sha256(vectors.tobytes()).hexdigest()
    key = BankKey(vision_model="CLIP", weights=weights, kind=kind, normalisation="unit", **key)
    return Bank(tuple(names), vectors.reshape(200, -1).astype(np.float32), key)


def top(queries, bank, k):
    """Share of queries (200, D) whose concept is among the first k, by cosine."""
    unit = (normalise(v, "unit", np.zeros(1, np.float32)) for v in (queries, bank.prototypes))
    query, prototypes = unit
    return np.mean(truth_ranks(query @ prototypes.T, np.arange(200)) < k)


@pytest.fixture
def concepts():
    if not SEED.is_dir():
        pytest.skip(f"{SEED} is not there: set BCI_REAL_DATA")
    return json.loads((SEED / "labels.json").read_text(encoding="utf-8"))


def test_eeg_queries_find_their_picture_among_200(concepts, tmp_path):
    bank = bank_of(SEED / "gallery_real_pca64.npy", concepts, "image", pca="64 as published")
    save_bank(tmp_path / "gallery.safetensors", bank)
    gallery = load_target_bank(str(tmp_path / "gallery.safetensors"), bank)
    queries = np.load(SEED / "queries_vitb32_pca64_mean.npy", allow_pickle=False)
    assert top(queries, gallery, 1) == pytest.approx(0.280, abs=1e-9)
    assert top(queries, gallery, 5) == pytest.approx(0.635, abs=1e-9)


def test_pictures_find_the_template_of_their_concept_among_200(concepts, tmp_path):
    if not CLIP_L.is_dir():
        pytest.skip(f"{CLIP_L} is not there: set BCI_REAL_DATA")
    pictures = bank_of(CLIP_L / "clip_feature_maps_test.npy", concepts, "image")
    save_bank(tmp_path / "centres.safetensors", bank_of(CLIP_L / "center_clip.npy", concepts, "template"))
    templates = load_bank(tmp_path / "centres.safetensors")
    assert pictures.prototypes.shape == templates.prototypes.shape == (200, 768)
    np.testing.assert_allclose(np.linalg.norm(pictures.prototypes, axis=1), 1, atol=1e-3)
    assert np.linalg.norm(templates.prototypes, axis=1).max() < 0.99  # means of unit vectors
    assert top(pictures.prototypes, templates, 1) == pytest.approx(0.98, abs=1e-9)
