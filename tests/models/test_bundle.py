import json
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from sklearn.covariance import ledoit_wolf

from bci.bank import BankKey, save_bank
from bci.errors import FormatError, MismatchError, OutputError
from bci.storage import load_tensors, save_tensors
from models.bundle import check_bank, load_bundle, save_bundle


@pytest.fixture
def folder(trained, tmp_path):
    save_bundle(tmp_path / "bundle", trained)
    return tmp_path / "bundle"


def edit(folder, change):
    path = folder / "bundle.json"
    body = json.loads(path.read_text(encoding="utf-8"))
    change(body)
    path.write_text(json.dumps(body), encoding="utf-8")


def test_what_is_saved_comes_back(trained, folder):
    loaded = load_bundle(folder)
    assert loaded.config == trained.config
    assert loaded.id == trained.id
    assert loaded.whitening_id == trained.whitening_id
    assert loaded.bank.id == trained.bank.id
    assert loaded.bank.images is None
    assert loaded.temperature == trained.temperature
    assert loaded.card == dict(trained.card)
    assert loaded.provenance == dict(trained.provenance)
    assert loaded.calibration is None
    assert loaded.weights.keys() == trained.weights.keys()
    for name, array in trained.weights.items():
        assert np.array_equal(loaded.weights[name], array)
        assert loaded.weights[name].dtype == array.dtype
        assert not loaded.weights[name].flags.writeable
    assert np.array_equal(loaded.whitening, trained.whitening)


def test_the_description_holds_what_a_reader_looks_for(trained, folder):
    body = json.loads((folder / "bundle.json").read_text(encoding="utf-8"))
    assert body["schema"] == 1
    assert body["decoder"]["name"] == "channel_attention"
    assert body["channels"] == ["O1", "Oz", "O2", "Pz"]
    assert body["preprocess_hash"] == trained.preprocess.digest
    assert body["events"]["lock"] == [".*"]
    assert body["calibration"] is None
    assert body["card"]["protocol"] == "seen-concept/new-trial"


def test_a_bundle_without_whitening_has_none(tiny_with, trained, tmp_path):
    config = tiny_with(preprocess={"scale": "rms", "whitening": "none"}).config
    save_bundle(tmp_path / "plain", replace(trained, config=config, whitening=None))
    loaded = load_bundle(tmp_path / "plain")
    assert loaded.whitening is None
    assert loaded.whitening_id is None


def test_the_covariance_of_training_data_that_are_not_whitened_comes_back(tiny_with, fitted, tmp_path):
    tiny = tiny_with(preprocess={"scale": "rms", "whitening": "none"})
    bundle = fitted(tiny, "lda")
    samples = tiny.trials.data.transpose(0, 2, 1).reshape(-1, 4)
    np.testing.assert_allclose(bundle.covariance, ledoit_wolf(samples)[0], rtol=1e-3, atol=0.1)
    save_bundle(tmp_path / "plain", bundle)
    assert np.array_equal(load_bundle(tmp_path / "plain").covariance, bundle.covariance)
    assert replace(bundle, covariance=None).id == bundle.id


def test_one_that_whitens_needs_no_covariance(trained):
    assert trained.covariance is None


def test_other_weights_have_another_id(trained):
    name = next(iter(trained.weights))
    assert replace(trained, weights={**trained.weights, name: trained.weights[name] + 1}).id != trained.id


def test_a_full_folder_is_not_touched(trained, folder):
    (folder / "bundle.json").write_text("mine", encoding="utf-8")
    with pytest.raises(OutputError, match="new or empty folder"):
        save_bundle(folder, trained)
    assert (folder / "bundle.json").read_text(encoding="utf-8") == "mine"


def test_a_file_is_no_place_for_a_bundle(trained, tmp_path):
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(OutputError, match="new or empty folder"):
        save_bundle(tmp_path / "file", trained)


def test_another_preprocessing_hash_is_refused(folder):
    edit(folder, lambda body: body.update(preprocess_hash="0" * 64))
    with pytest.raises(MismatchError, match="trained with preprocessing 00000000"):
        load_bundle(folder)


def test_a_preprocessing_that_was_tampered_with_is_refused(folder):
    edit(folder, lambda body: body["preprocess"].update(lowpass=30.0))
    with pytest.raises(MismatchError, match="trained with preprocessing"):
        load_bundle(folder)


def test_a_higher_schema_is_refused_by_name(folder):
    edit(folder, lambda body: body.update(schema=2))
    with pytest.raises(FormatError, match=r"bundle\.json has schema 2, this version reads up to 1"):
        load_bundle(folder)


@pytest.mark.parametrize("name", ["model.safetensors", "bank.safetensors", "bundle.json"])
@pytest.mark.parametrize("length", [0, 5, 100, -1])
def test_truncated_files_are_refused(folder, name, length):
    path = folder / name
    # the last byte of the JSON is a line break, which nobody misses
    path.write_bytes(path.read_bytes()[: length if length >= 0 else length - 1])
    with pytest.raises(FormatError, match=name):
        load_bundle(folder)


@pytest.mark.parametrize("name", ["model.safetensors", "bank.safetensors", "bundle.json"])
def test_missing_files_are_refused(folder, name):
    (folder / name).unlink()
    with pytest.raises(FormatError, match=name):
        load_bundle(folder)


def test_no_folder_is_refused(tmp_path):
    with pytest.raises(FormatError, match=r"expected a bundle, a folder with bundle\.json"):
        load_bundle(tmp_path / "nowhere")


@pytest.mark.parametrize(
    "change",
    [
        lambda body: body.pop("experiment"),
        lambda body: body.pop("preprocess"),
        lambda body: body["decoder"].update(dim=-1),
        lambda body: body["experiment"].update(unheard_of=1),
        lambda body: body.update(temperature="warm"),
        lambda body: body.update(temperature=0),
    ],
)
def test_a_damaged_description_is_refused(folder, change):
    edit(folder, change)
    with pytest.raises(FormatError, match=r"bundle\.json"):
        load_bundle(folder)


def test_files_of_two_bundles_do_not_go_together(folder, trained, tmp_path):
    name = next(iter(trained.weights))
    save_bundle(tmp_path / "b", replace(trained, weights={**trained.weights, name: trained.weights[name] + 1}))
    (folder / "model.safetensors").write_bytes((tmp_path / "b" / "model.safetensors").read_bytes())
    with pytest.raises(FormatError, match="do not belong together"):
        load_bundle(folder)


def test_a_bank_made_otherwise_is_refused_and_the_differences_named(trained):
    key = BankKey(vision_model="another", layer="final", normalisation="unit", weights="none")
    with pytest.raises(MismatchError, match=r"vision_model: expected 'made for this test', got 'another';"):
        check_bank(trained, replace(trained.bank, key=key))
    with pytest.raises(MismatchError, match=r"fit the decoder: layer: expected 'final', got 'penultimate';"):
        check_bank(
            trained, replace(trained.bank, key=trained.bank.key.model_copy(update={"layer": "penultimate"}))
        )


def test_a_bank_of_other_vectors_is_refused(trained):
    longer = np.zeros((6, 13), np.float32)
    with pytest.raises(MismatchError, match="vectors of length 12, got 13"):
        check_bank(trained, replace(trained.bank, prototypes=longer, images=None, owner=None))


def test_reading_a_bundle_does_not_load_torch(folder):
    code = (
        "import sys, pathlib; from models.bundle import load_bundle;"
        "print(load_bundle(pathlib.Path(sys.argv[1])).id, 'torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(folder)], capture_output=True, text=True, check=True)
    assert done.stdout.split() == [load_bundle(folder).id, "False"]


def test_a_bank_of_another_bundle_is_refused(folder, trained):
    bank = trained.bank
    other = replace(bank, prototypes=bank.prototypes[::-1].copy(), images=None, owner=None)
    (folder / "bank.safetensors").unlink()
    save_bank(folder / "bank.safetensors", other)
    with pytest.raises(FormatError, match="says bank = "):
        load_bundle(folder)


def test_options_that_leave_all_shapes_alone_are_not_edited_unseen(folder):
    edit(folder, lambda body: body["decoder"]["options"].update(heads=4))
    with pytest.raises(FormatError, match="do not belong together"):
        load_bundle(folder)


@pytest.mark.parametrize(
    "change",
    [{"channels": ["O1"]}, {"sfreq": 1.0}, {"window": [0.0, 9.0]}, {"whitening_id": "00000000"}, {"bank": None}],
)
def test_a_description_that_contradicts_itself_is_refused(folder, change):
    edit(folder, lambda body: body.update(change))
    with pytest.raises(FormatError, match=f"says {next(iter(change))} = "):
        load_bundle(folder)


def test_a_bundle_without_its_whitening_matrix_is_refused(folder):
    tensors, header = load_tensors(folder / "model.safetensors")
    del tensors["whitening"]
    save_tensors(folder / "model.safetensors", tensors, header)
    with pytest.raises(FormatError, match="says whitening_id = "):
        load_bundle(folder)


def test_what_is_read_and_written_again_is_equal(folder, tmp_path):
    save_bundle(tmp_path / "again", load_bundle(folder))
    for file in folder.iterdir():
        assert (tmp_path / "again" / file.name).read_bytes() == file.read_bytes()
