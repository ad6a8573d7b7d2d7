import json

import numpy as np
import pytest
from safetensors.numpy import save_file

from bci.bank import Bank, BankKey, load_bank, save_bank
from bci.errors import FormatError, MismatchError, OutputError
from bci.storage import load_json, load_tensors, refuse_non_empty, save_json, save_tensors


def test_arrays_and_header_come_back(tmp_path):
    path = tmp_path / "a.safetensors"
    save_tensors(
        path, {"x": np.arange(6.0).reshape(2, 3)[:, ::-1], "scalar": np.array(2.5)}, {"names": ["ä", "b"]}
    )
    tensors, header = load_tensors(path)
    np.testing.assert_array_equal(tensors["x"], [[2, 1, 0], [5, 4, 3]])
    assert (tensors["scalar"].shape, float(tensors["scalar"])) == ((), 2.5)
    assert header == {"schema": 1, "names": ["ä", "b"]}
    assert [file.name for file in tmp_path.iterdir()] == ["a.safetensors"]


@pytest.mark.parametrize("keep", [0, 4, 40, -1])
def test_a_truncated_file_is_refused_in_one_line(tmp_path, keep):
    path = tmp_path / "a.safetensors"
    save_tensors(path, {"x": np.zeros(100)}, {})
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(FormatError, match="damaged, expected whole safetensors") as caught:
        load_tensors(path)
    assert "\n" not in str(caught.value)


def test_a_higher_schema_is_refused_by_name(tmp_path):
    save_json(tmp_path / "a.json", {"schema": 2})
    with pytest.raises(FormatError, match="a.json has schema 2, this version reads up to 1"):
        load_json(tmp_path / "a.json")


@pytest.mark.parametrize("text", ["{", "[1]", '{"a": 1}', ""])
def test_json_that_is_not_ours_is_refused(tmp_path, text):
    (tmp_path / "a.json").write_text(text)
    with pytest.raises(FormatError, match="a.json"):
        load_json(tmp_path / "a.json")


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(FormatError, match="no such file"):
        load_tensors(tmp_path / "b.safetensors")
    with pytest.raises(FormatError, match="b.json"):
        load_json(tmp_path / "b.json")


def test_a_place_that_is_taken_is_refused(tmp_path):
    refuse_non_empty(tmp_path / "new")
    refuse_non_empty(tmp_path)
    (tmp_path / "file").write_text("")
    for taken in (tmp_path, tmp_path / "file"):
        with pytest.raises(OutputError, match="new or empty folder"):
            refuse_non_empty(taken)


# ------------------------------------------------------------------------------------------------ banks


def bank(**fields):
    key = BankKey(vision_model="m", weights="w")
    body = {
        "names": ("a", "b", "c"),
        "prototypes": np.arange(6, dtype=np.float32).reshape(3, 2),
        "key": key,
        "categories": ("x", "y", "x"),
        "images": np.arange(8, dtype=np.float32).reshape(4, 2),
        "owner": np.array([0, 1, 1, 2]),
    }
    return Bank(**(body | fields))


def test_a_bank_comes_back_with_its_identity(tmp_path):
    save_bank(tmp_path / "b.safetensors", bank())
    loaded = load_bank(tmp_path / "b.safetensors")
    assert loaded.id == bank().id
    assert (loaded.names, loaded.categories, loaded.key) == (bank().names, bank().categories, bank().key)
    np.testing.assert_array_equal(loaded.images, bank().images)


def test_the_identity_follows_names_vectors_and_key():
    others = [
        bank(names=("a", "b", "d")),
        bank(prototypes=np.ones((3, 2), np.float32)),
        bank(key=BankKey(vision_model="m", weights="w", layer="11")),
    ]
    assert len({other.id for other in [bank(), *others]}) == 4


def test_choosing_concepts_takes_their_pictures_along():
    chosen = bank().select(("c", "b"))
    assert chosen.categories == ("x", "y")
    np.testing.assert_array_equal(chosen.prototypes, [[4, 5], [2, 3]])
    np.testing.assert_array_equal(chosen.owner, [1, 1, 0])
    np.testing.assert_array_equal(chosen.images, [[2, 3], [4, 5], [6, 7]])
    with pytest.raises(MismatchError, match="lacks q"):
        bank().select(("q",))


def test_a_bank_that_contradicts_itself_is_refused(tmp_path):
    with pytest.raises(FormatError, match="one name for each of 3"):
        bank(names=("a", "b"))
    with pytest.raises(FormatError, match="2 of them different"):
        bank(names=("a", "b", "a"))
    with pytest.raises(FormatError, match="owners"):
        bank(owner=None)
    save_tensors(tmp_path / "n.safetensors", {"x": np.zeros(1)}, {})
    with pytest.raises(FormatError, match="is no bank"):
        load_bank(tmp_path / "n.safetensors")


def test_json_is_readable_by_anyone(tmp_path):
    save_json(tmp_path / "a.json", {"name": "ä"})
    assert json.loads((tmp_path / "a.json").read_text("utf-8")) == {"schema": 1, "name": "ä"}


def test_a_full_disk_is_said_in_one_line_and_leaves_nothing(tmp_path, monkeypatch):
    def full(*_args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("bci.storage.os.replace", full)
    with pytest.raises(OutputError, match="No space left on device"):
        save_json(tmp_path / "report.json", {"a": 1})
    with pytest.raises(OutputError, match="No space left on device"):
        save_tensors(tmp_path / "a.safetensors", {"a": np.zeros(3)}, {})
    assert not list(tmp_path.iterdir())


def test_a_header_that_is_no_object_is_refused(tmp_path):
    save_file({"a": np.zeros(3)}, tmp_path / "a.safetensors", {"bci": "[1]"})
    with pytest.raises(FormatError, match="expected a JSON object"):
        load_tensors(tmp_path / "a.safetensors")
