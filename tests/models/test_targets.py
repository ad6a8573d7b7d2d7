import json

import numpy as np
import pytest

from bci.bank import save_bank
from bci.config import load_config, real_data
from bci.errors import ConfigError, FormatError, MismatchError
from bci.ranking import unit
from models.config import ExperimentConfig, TargetConfig
from models.targets import load_target_bank, text_bank


@pytest.fixture
def vocabularies(tmp_path):
    def write(name, names, vectors):
        np.save(tmp_path / f"{name}.npy", np.array(vectors, np.float16))
        (tmp_path / f"{name}.json").write_text(json.dumps(names), encoding="utf-8")
        return {"vectors": str(tmp_path / f"{name}.npy"), "names": str(tmp_path / f"{name}.json")}

    return [
        write("first", ["cat", "dog"], [[3, 0, 0], [0, 10, 0]]),
        write("second", ["dog", "house"], [[0, 0, 5], [0, 0, 7]]),
    ]


def targets(vocabularies, concepts, **other):
    return TargetConfig(kind="text", model="test", vocabularies=vocabularies, concepts=concepts, **other)


def test_unit_vectors_of_names_are_averaged(vocabularies):
    bank = text_bank(targets(vocabularies, {"animal": ["cat", "dog"], "home": ["house"]}))
    assert bank.names == ("animal", "home")
    assert np.array_equal(bank.prototypes, np.array([[0.5, 0.5, 0], [0, 0, 1]], np.float32))
    assert bank.prototypes.dtype == np.float32


def test_vocabularies_are_searched_in_order(vocabularies):
    concepts = {"dog": ["dog"]}
    assert text_bank(targets(vocabularies, concepts)).prototypes[0].tolist() == [0, 1, 0]
    assert text_bank(targets(vocabularies[::-1], concepts)).prototypes[0].tolist() == [0, 0, 1]


def test_a_missing_name_is_told_with_the_nearest(vocabularies):
    with pytest.raises(ConfigError, match="'hose'; the nearest one is 'house'"):
        text_bank(targets(vocabularies, {"home": ["hose"]}))


def test_the_key_says_how_vectors_were_made(vocabularies):
    concepts = {"dog": ["dog"]}
    one = text_bank(targets(vocabularies, concepts))
    assert one.key == text_bank(targets(vocabularies, {"cat": ["cat"]})).key
    assert one.key != text_bank(targets(vocabularies, concepts, normalisation="centred-unit")).key
    assert one.key != text_bank(targets(vocabularies[:1], concepts)).key


def test_no_concepts_are_refused(vocabularies):
    with pytest.raises(ConfigError, match="at least one"):
        text_bank(targets(vocabularies, {}))


@pytest.mark.parametrize("damage", ["truncated", "pickled", "missing", "other length", "no list"])
def test_damaged_vocabularies_are_refused(vocabularies, damage, tmp_path):
    vectors, names = tmp_path / "first.npy", tmp_path / "first.json"
    if damage == "truncated":
        vectors.write_bytes(vectors.read_bytes()[:-4])
    elif damage == "pickled":
        np.save(vectors, np.array([{"a": 1}, None]), allow_pickle=True)
    elif damage == "missing":
        vectors.unlink()
    elif damage == "other length":
        names.write_text('["cat"]', encoding="utf-8")
    else:
        names.write_text('{"cat": 0}', encoding="utf-8")
    with pytest.raises(FormatError, match=r"first\.npy"):
        text_bank(targets(vocabularies, {"cat": ["cat"]}))


@pytest.mark.real
@pytest.mark.skipif(not real_data().is_dir(), reason="BCI_REAL_DATA is no folder")
def test_real_prototypes_of_five_categories_lie_close_together():
    bank = text_bank(load_config(ExperimentConfig, "things-eeg1-erps").targets)
    assert bank.prototypes.shape == (5, 512)
    cosines = unit(bank.prototypes) @ unit(bank.prototypes).T
    others = cosines[~np.eye(5, dtype=bool)]
    assert others.min() > 0.87
    assert others.max() < 0.95


def test_a_concept_without_names_is_refused(vocabularies):
    with pytest.raises(ConfigError, match="at least one name for every concept, got none for 'home'"):
        text_bank(targets(vocabularies, {"animal": ["cat"], "home": []}))


@pytest.mark.parametrize("text", ["7", '{"cat": 1, "dog": 2}'])
def test_names_that_are_no_list_are_refused(vocabularies, tmp_path, text):
    (tmp_path / "first.json").write_text(text, encoding="utf-8")
    with pytest.raises(FormatError, match="expected one name for each row"):
        text_bank(targets(vocabularies, {"animal": ["cat"]}))


def test_an_empty_file_of_vectors_is_refused(vocabularies, tmp_path):
    (tmp_path / "first.npy").write_bytes(b"")
    with pytest.raises(FormatError, match="cannot read the vocabulary"):
        text_bank(targets(vocabularies, {"animal": ["cat"]}))


def test_several_arrays_are_no_vocabulary(vocabularies, tmp_path):
    with (tmp_path / "first.npy").open("wb") as file:
        np.savez(file, a=np.zeros((2, 3)))
    with pytest.raises(FormatError, match="expected one array"):
        text_bank(targets(vocabularies, {"animal": ["cat"]}))


def test_vectors_that_are_not_numbers_are_refused(vocabularies):
    np.save(vocabularies[0]["vectors"], np.full((2, 3), np.nan, np.float16))
    with pytest.raises(FormatError, match="finite prototypes"):
        text_bank(targets(vocabularies, {"animal": ["cat"]}))


def test_a_bank_is_loaded_from_where_a_variable_says(vocabularies, tmp_path, monkeypatch):
    bank = text_bank(targets(vocabularies, {"dog": ["dog"]}))
    save_bank(tmp_path / "bank.safetensors", bank)
    monkeypatch.setenv("MY_BANKS", str(tmp_path))
    assert load_target_bank("${MY_BANKS}/bank.safetensors").id == bank.id
    with pytest.raises(FormatError, match="no such file"):
        load_target_bank("${MY_BANKS}/none.safetensors")


def test_candidates_of_another_space_do_not_fit_the_training_bank(vocabularies, tmp_path):
    train = text_bank(targets(vocabularies, {"dog": ["dog"]}))
    save_bank(tmp_path / "test.safetensors", text_bank(targets(vocabularies[:1], {"cat": ["cat"]})))
    with pytest.raises(MismatchError, match="does not fit the training bank: weights: expected"):
        load_target_bank(str(tmp_path / "test.safetensors"), train)
