"""Published picture vectors of the 200 test concepts of THINGS-EEG2 rank as their makers say; data/README.md."""

import hashlib
import json

import numpy as np
import pytest

from bci.bank import Bank, BankKey, load_bank, normalise, save_bank
from bci.cli.evaluate import main as evaluate
from bci.config import real_data
from bci.errors import FormatError
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


def test_single_seeds_are_worse_than_their_mean(concepts):
    gallery = bank_of(SEED / "gallery_real_pca64.npy", concepts, "image", pca="64 as published")
    seeds = np.load(SEED / "queries_vitb32_pca64_seed0-2.npy", allow_pickle=False).reshape(-1, 200, 64)
    first, five = ([top(queries, gallery, k) for queries in seeds] for k in (1, 5))
    assert all(0.18 <= each < 0.25 for each in first)  # published: 18 to 24 %
    assert all(0.485 < each < 0.55 for each in five)  # published: 49 to 54 %


def test_queries_of_shuffled_pictures_are_at_chance(concepts):
    gallery = bank_of(SEED / "gallery_real_pca64.npy", concepts, "image", pca="64 as published")
    queries = np.load(SEED / "queries_vitb32_pca64_mean.npy", allow_pickle=False)
    rng = np.random.default_rng(0)
    found = [top(queries[rng.permutation(200)], gallery, 5) for _ in range(200)]
    assert np.mean(found) == pytest.approx(0.025, abs=0.005)
    assert max(found) < 0.1


EXPERIMENT = """
name = "erp17"
[data]
reader = "npy"
paths = ["{seed}/test_features_erp17_raw.npy"]
options = {{ channels = {channels}, force = {force} }}
[preprocess]
mode = "epoch"
channels = {channels}
sfreq = 100.0
tmin = -0.2
tmax = 0.8
[targets]
kind = "bank"
bank = "{bank}"
[decoder]
name = "pls"
options = {{ bin = 0.0 }}
[evaluation]
protocol = "zero-shot"
by = "concept"
folds = 5
permutations = 20
resamples = 200
"""
CHANNELS = (
    "Pz", "P3", "P7", "O1", "Oz", "O2", "P4", "P8", "P1", "P5", "PO7", "PO3", "POz", "PO4", "PO8", "P6", "P2"
)  # fmt: skip


def experiment(folder, force):
    """Write an evaluation of the mis-built file whose channels are named by hand."""
    names = [f"{number:05d}" for number in range(1, 201)]  # a bare array does not say what its pictures are called
    save_bank(folder / "bank.safetensors", bank_of(SEED / "gallery_real_pca64.npy", names, "image", pca="64"))
    seed, bank = SEED.as_posix(), (folder / "bank.safetensors").as_posix()
    text = EXPERIMENT.format(seed=seed, bank=bank, channels=json.dumps(CHANNELS), force=json.dumps(force))
    (folder / "erp17.toml").write_text(text, encoding="utf-8")
    return str(folder / "erp17.toml")


def test_the_mis_built_features_are_refused_even_if_channels_are_named(concepts, tmp_path):
    with pytest.raises(FormatError, match=r"neighbours correlate with a median .* perhaps repetitions"):
        evaluate([experiment(tmp_path, force=False), "--out", str(tmp_path / "report")])
    assert not (tmp_path / "report").exists()


def test_the_mis_built_features_are_at_chance_if_they_are_forced(concepts, tmp_path, capsys):
    assert evaluate([experiment(tmp_path, force=True), "--jobs", "1", "--out", str(tmp_path / "report")]) == 0
    told = json.loads((tmp_path / "report" / "report.json").read_text("utf-8"))
    (control,) = told["controls"]
    assert told["headline"]["name"] == "top1"
    assert (
        told["headline"]["interval"]["low"] <= told["headline"]["chance"] <= told["headline"]["interval"]["high"]
    )
    assert control["p"] > 0.05
    assert "a bare array whose channels were named by hand" in told["card"]["caveats"]
