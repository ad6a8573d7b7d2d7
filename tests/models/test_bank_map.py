import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from bci.bank import Bank, BankKey, load_bank, save_bank
from models.bank_map import with_map
from models.bundle import load_bundle, save_bundle


def bank_of(vectors, views=1):
    key = BankKey(vision_model="drawn", normalisation="unit", weights="none", views=views)
    return Bank(tuple(f"thing-{i}" for i in range(len(vectors))), np.asarray(vectors, np.float32), key)


@pytest.fixture
def bank():
    return bank_of(np.random.default_rng(0).normal(size=(40, 16)))


def test_b6_concepts_lie_where_the_largest_principal_components_put_them(bank):
    vectors = bank.prototypes.astype(np.float64)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    left, sizes, _ = np.linalg.svd(vectors - vectors.mean(axis=0), full_matrices=False)
    expected = (left * sizes)[:, :2]
    found = with_map(bank).map
    signs = np.sign((found * expected).sum(axis=0))
    np.testing.assert_allclose(found, expected * signs, atol=1e-5)


def test_b6_lengths_of_vectors_do_not_matter(bank):
    longer = replace(bank, prototypes=bank.prototypes * np.linspace(1, 9, 40, dtype=np.float32)[:, None])
    np.testing.assert_allclose(with_map(longer).map, with_map(bank).map, atol=1e-5)


def test_b6_each_view_has_unit_length_of_its_own(bank):
    views = bank_of(bank.prototypes, views=2)
    louder = bank_of(bank.prototypes * np.repeat(np.float32([1, 100]), 8), views=2)
    np.testing.assert_allclose(with_map(louder).map, with_map(views).map, atol=1e-5)


def test_b6_the_same_vectors_give_the_same_map_to_the_bit(bank):
    again = bank_of(bank.prototypes.copy())
    assert with_map(again).map.tobytes() == with_map(bank).map.tobytes()


def test_b6_neither_the_id_nor_what_is_ranked_changes(bank):
    mapped = with_map(bank)
    assert mapped.id == bank.id
    assert mapped.prototypes is bank.prototypes
    assert mapped.map.shape == (40, 2)
    assert mapped.map.dtype == np.float32


def test_b6_a_map_comes_back_from_the_file_and_goes_with_its_concepts(bank, tmp_path):
    save_bank(tmp_path / "bank.safetensors", with_map(bank))
    loaded = load_bank(tmp_path / "bank.safetensors")
    np.testing.assert_array_equal(loaded.map, with_map(bank).map)
    np.testing.assert_array_equal(loaded.select(("thing-7", "thing-2")).map, loaded.map[[7, 2]])


def test_b6_a_map_that_is_there_is_kept(bank):
    drawn = replace(bank, map=np.zeros((40, 2), np.float32))
    assert with_map(drawn) is drawn


@pytest.mark.parametrize("vectors", [np.eye(2), np.ones((5, 4)), np.arange(1.0, 6)[:, None]])
def test_b6_two_concepts_or_concepts_all_alike_have_no_map(vectors):
    assert with_map(bank_of(vectors)).map is None


def test_b6_concepts_on_a_line_have_a_map(bank):
    line = np.outer(np.arange(5.0), [1, 0, 2]) + np.array([1, 1, 0])
    assert np.isfinite(with_map(bank_of(line)).map).all()


def test_b6_a_bundle_is_written_with_a_map_of_its_bank(trained, tmp_path):
    save_bundle(tmp_path / "bundle", trained)
    loaded = load_bundle(tmp_path / "bundle").bank
    assert loaded.id == trained.bank.id
    np.testing.assert_array_equal(loaded.map, with_map(trained.bank).map)


def test_a_map_is_made_without_torch():
    code = (
        "import sys, numpy as np; from bci.bank import Bank, BankKey; from models.bank_map import with_map;"
        "bank = Bank(('a', 'b', 'c'), np.eye(3, dtype=np.float32), BankKey(vision_model='x', weights='y'));"
        "assert with_map(bank).map is not None; print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
