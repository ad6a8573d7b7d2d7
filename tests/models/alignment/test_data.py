"""From files in the form of the real ones to pairs: the same numbers as step by step, no leak between parts."""

import csv
import json

import lmdb
import numpy as np
import pytest
import torch
from PIL import Image

from bci.bank import load_bank, save_bank
from bci.config import load_config
from bci.errors import ConfigError, FormatError, MismatchError, OutputError
from models.alignment import data as stages
from models.alignment.data import SUMMARY, make_pairs
from models.alignment.data_config import load_data_config
from models.alignment.pairs import PARTS
from models.alignment.store import open_pairs
from models.config import ExperimentConfig
from models.data import load_trials
from replay.nsd.averages import mean_responses
from replay.nsd.betas import read_mask, read_session
from replay.nsd.folder import NsdFolder
from replay.nsd.presentations import read_presentations
from replay.nsd.stimuli import picture_id
from replay.nsd.writer import write_session


def quiet(*done):
    pass


def make(config, out):
    return make_pairs(load_data_config(str(config)), out, quiet)


def table(out, name):
    with (out / f"{name}_pictures.tsv").open() as file:
        return list(csv.DictReader(file, delimiter="\t"))


def test_eeg_is_the_mean_of_the_repetitions_of_the_picture_in_hundreds_of_microvolts(alignment, tmp_path):
    make(alignment(), tmp_path / "out")
    pairs = open_pairs(tmp_path / "out")
    trials = load_trials(load_config(ExperimentConfig, str(tmp_path / "trials.toml")))
    assert (pairs.channels, pairs.sfreq, pairs.eeg.shape[1:]) == (("O1", "Oz", "O2", "Pz", "Cz"), 200.0, (5, 200))
    pictures = [int(row["picture"]) for row in table(tmp_path / "out", "eeg")]
    for pair in range(0, len(pairs), 7):
        shown = trials.images == pictures[pairs.eeg_picture[pair]]
        np.testing.assert_allclose(pairs.eeg[pair], trials.data[shown].mean(axis=0), atol=1e-6)
    assert 0.05 < np.std(pairs.eeg[:]) < 1


def test_fmri_is_the_ridge_of_the_mean_responses(alignment, tmp_path):
    told = make(alignment(), tmp_path / "out")
    pairs, nsd = open_pairs(tmp_path / "out"), NsdFolder(tmp_path / "out" / "synthetic", 1)
    rows = table(tmp_path / "out", "fmri")
    shown = read_presentations(nsd.table, 1, nsd.sessions())
    trained = {row["picture"] for row in rows if row["part"] == "train"}
    fitted = np.array([f"nsd-{picture:05d}" in trained for picture in shown.pictures])
    voxels = mean_responses(nsd, shown, nsd.sessions(), fitted, quiet)
    bank = load_bank(tmp_path / "out" / "synthetic" / "pictures.safetensors")
    (expected,) = stages.fit_ridge(voxels[fitted], bank.prototypes[fitted]).blocks(voxels, unit_norm=False)
    ids = np.array([picture_id(row["picture"]) for row in rows])
    np.testing.assert_allclose(pairs.fmri[:], expected[ids][pairs.fmri_picture], atol=1e-4)
    assert told["fmri"]["voxels"] == 30
    assert f"fitted to {len(trained)} pictures" in told["fmri"]["projection"]


def test_what_is_told_fits_what_is_there(alignment, tmp_path):
    out = tmp_path / "out"
    told = make(alignment(), out)
    pairs = open_pairs(out)
    assert json.loads((out / SUMMARY).read_text()) == {"schema": 1, **told}
    assert told["pairs"] == len(pairs) == sum(told["parts"].values())
    assert told["parts"] == {name: len(pairs.part_of(name)) for name in PARTS}
    assert pairs.facts["synthetic"] is True
    assert pairs.n_clusters == 5 > pairs.cluster.max()
    assert pairs.similarity.min() >= told["matching"]["threshold"]
    concepts = [row["concept"] for row in table(out, "eeg")]
    assert pairs.facts["eeg_concepts"] == concepts
    assert len(concepts) == pairs.eeg_picture.max() + 1
    assert len(table(out, "fmri")) == pairs.fmri_picture.max() + 1
    for row in table(out, "eeg")[::9]:
        own = pairs.eeg_picture == int(row["row"])
        assert {PARTS[part] for part in pairs.part[own]} == {row["part"]}
        assert set(pairs.component[own]) == {int(row["component"])}
        assert (out / "synthetic" / "images" / row["path"]).is_file()
    with Image.open(out / told["contact_sheet"]) as sheet:
        assert sheet.width > 1000


def test_no_picture_is_in_two_parts(alignment, tmp_path):
    make(alignment(), tmp_path / "out")
    pairs = open_pairs(tmp_path / "out")
    for pictures in (pairs.eeg_picture, pairs.fmri_picture, pairs.component):
        apart = [set(pictures[pairs.part == part]) for part in range(3)]
        assert all(apart)
        assert len(set.union(*apart)) == sum(map(len, apart))


def test_responses_to_tested_pictures_change_nothing_of_training(alignment, tmp_path):
    """Threshold, clusters, standardisation and ridge know training components alone."""
    out = tmp_path / "out"
    make(alignment(), out)
    before, nsd = open_pairs(out), NsdFolder(out / "synthetic", 1)
    tested = {picture_id(row["picture"]) for row in table(out, "fmri") if row["part"] != "train"}
    shown, mask = read_presentations(nsd.table, 1, (1,)), read_mask(nsd.mask)
    responses = read_session(nsd.betas(1), mask)
    responses[shown.trials[np.isin(shown.pictures, list(tested))]] += 30
    write_session(nsd, 1, responses, mask)
    again = tmp_path / "again"
    make(alignment("again", synthetic=None, fmri=sources_of(out)), again)
    after = open_pairs(again)
    np.testing.assert_array_equal(after.part, before.part)
    train = before.part == 0
    np.testing.assert_allclose(after.fmri[train], before.fmri[train], atol=1e-5)
    assert np.abs(after.fmri[~train] - before.fmri[~train]).max() > 1


def sources_of(out):
    """Synthetic files, named as real ones are."""
    return {"folder": str(out / "synthetic"), "bank": str(out / "synthetic" / "pictures.safetensors")}


def test_a_checkpoint_of_mindeye2_and_unit_norm(alignment, tmp_path):
    make(alignment(), tmp_path / "out")
    state = {"ridge.linears.0.weight": torch.randn(12, 30), "ridge.linears.0.bias": torch.zeros(12)}
    torch.save({"model_state_dict": state}, tmp_path / "last.pth")
    fmri = {**sources_of(tmp_path / "out"), "ridge": str(tmp_path / "last.pth"), "unit_norm": True}
    told = make(alignment("mindeye2", synthetic=None, fmri=fmri), tmp_path / "mindeye2")
    vectors = open_pairs(tmp_path / "mindeye2").fmri[:]
    assert vectors.shape[1] == 12
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert told["synthetic"] is False
    assert "ridge" not in told["fitted_to_training_components"]
    assert any("trained by others" in caveat for caveat in told["caveats"])
    assert told["contact_sheet"] is None  # where the EEG's pictures lie was not said


def test_single_trials_are_rows_of_their_own(alignment, tmp_path):
    make(alignment(), tmp_path / "out")
    make(alignment("single", eeg={"average": False}), tmp_path / "single")
    averaged, single = open_pairs(tmp_path / "out"), open_pairs(tmp_path / "single")
    assert len(single) == 2 * len(averaged)
    for picture in (0, 5):
        rows = single.eeg_picture == picture
        np.testing.assert_allclose(
            single.eeg[rows].mean(axis=0), averaged.eeg[averaged.eeg_picture == picture].mean(axis=0), atol=1e-5
        )


def test_an_interrupted_run_goes_on_after_its_last_stage(alignment, tmp_path, monkeypatch):
    config, out = alignment(), tmp_path / "out"

    def interrupt(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(stages, "mean_responses", interrupt)
        with pytest.raises(KeyboardInterrupt):
            make(config, out)
    with pytest.raises(FormatError, match="expected finished pairs"):
        open_pairs(out)
    with monkeypatch.context() as patched:
        patched.setattr(stages, "load_trials", interrupt)
        told = make(config, out)
    whole = make(config, tmp_path / "whole")
    assert told == whole
    np.testing.assert_array_equal(open_pairs(out).eeg[:], open_pairs(tmp_path / "whole").eeg[:])
    np.testing.assert_array_equal(open_pairs(out).fmri[:], open_pairs(tmp_path / "whole").fmri[:])


def test_what_does_not_fit_is_told_in_a_line(alignment, tmp_path):
    out = tmp_path / "out"
    make(alignment(), out)
    with pytest.raises(OutputError, match="was begun with another"):
        make(alignment("other", matching={"clusters": 4}), out)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "letter.txt").write_text("mine")
    with pytest.raises(OutputError, match="expected a new or empty folder"):
        make(alignment(), tmp_path / "full")
    with lmdb.open(str(tmp_path / "foreign")) as env, env.begin(write=True) as writing:
        writing.put(b"other", b"data")
    with pytest.raises(OutputError, match="was begun with another"):
        make(alignment(), tmp_path / "foreign")
    fmri = sources_of(out)
    bank = load_bank(tmp_path / fmri["bank"])
    other = tmp_path / "other.safetensors"
    save_bank(other, type(bank)(bank.names, bank.prototypes, bank.key.model_copy(update={"layer": "3"})))
    with pytest.raises(MismatchError, match="layer: expected"):
        make(alignment("layer", synthetic=None, fmri={**fmri, "bank": str(other)}), tmp_path / "layer")
    with pytest.raises(FormatError, match="found none: fetch them by"):
        make(alignment("person", synthetic=None, fmri={**fmri, "subject": 3}), tmp_path / "person")


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"synthetic": None}, "expected fmri.folder, or a table `synthetic`"),
        ({"fmri": {"folder": "x"}}, "leave fmri.folder out"),
        ({"matching": {"cluster": 3}}, "the nearest known one is 'clusters'"),
        ({"synthetic": {"pictures": 300}}, "multiple of 250"),
    ],
)
def test_configs_that_make_no_sense(alignment, changed, said):
    with pytest.raises(ConfigError, match=said):
        load_data_config(str(alignment(**changed)))


def test_configs_of_the_package_are_valid():
    for name in ("eeg-fmri", "eeg-fmri-synthetic"):
        config = load_data_config(name)
        experiment = load_config(ExperimentConfig, config.eeg.experiment)
        assert (experiment.preprocess.gain, experiment.preprocess.sfreq) == (0.01, 200.0)
        assert (len(experiment.preprocess.channels), experiment.preprocess.n_times) == (63, 200)
    with pytest.raises(ConfigError, match=r"expected a section \[data\]"):
        load_data_config("world-erp17")
