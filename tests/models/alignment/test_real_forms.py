"""The config of the real data, run on small files in exactly the forms that they are published in."""

import json

import numpy as np
import pytest
import torch
from PIL import Image
from recorded_files import write_things_raw

from bci.bank import Bank, BankKey, save_bank
from bci.cli import main
from bci.config import load_config
from models.alignment.store import open_pairs
from models.config import ExperimentConfig
from replay.nsd.folder import NsdFolder
from replay.nsd.presentations import TRIALS
from replay.nsd.writer import write_mask, write_presentations, write_session, write_stimuli

RNG = np.random.default_rng(0)
CONCEPTS, EACH, DIM, VOXELS = 20, 6, 8, 24
N = CONCEPTS * EACH
KEY = BankKey(vision_model="ViT-B-32/openai", weights="none", normalisation="unit")


@pytest.fixture
def data(tmp_path, monkeypatch):
    """THINGS-EEG2 of one person, NSD of one person, MindEye2's checkpoint, a bank of each, all small."""
    monkeypatch.setenv("BCI_DATA", str(tmp_path / "data"))
    (tmp_path / "data" / "things-eeg2-banks").mkdir(parents=True)
    (tmp_path / "data" / "nsd-banks").mkdir()
    things(tmp_path / "data")
    nsd(tmp_path / "data")
    state = {"ridge.linears.0.weight": torch.randn(4096, VOXELS), "ridge.linears.0.bias": torch.randn(4096)}
    (tmp_path / "data" / "mindeye2" / "subj01").mkdir(parents=True)
    torch.save({"model_state_dict": state, "epoch": 149}, tmp_path / "data" / "mindeye2" / "subj01" / "last.pth")
    return tmp_path / "data"


def things(root):
    labels = load_config(ExperimentConfig, "things-eeg2-200hz").preprocess.channels
    for session in (1, 2):
        order = RNG.permutation(N)
        words = np.zeros(200 * (N + 10))
        words[500 + 200 * np.arange(N)] = order + 1
        words[500 + 200 * N] = 99999
        path = root / f"things-eeg2/raw_data/sub-01/ses-0{session}/raw_eeg_training.npy"
        write_things_raw(path, RNG.normal(0, 20, (len(words), 63)), words, labels)
    names = tuple(f"concept{number}" for number in range(CONCEPTS))
    for picture in range(N):
        concept, nth = divmod(picture, EACH)
        folder = root / f"things-eeg2/images/training_images/{concept + 1:05d}_{names[concept]}"
        folder.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (20, 10), (picture, 0, 0)).save(folder / f"{names[concept]}_{nth:02d}b.jpg")
    owner = np.repeat(np.arange(CONCEPTS), EACH)
    images = RNG.normal(size=(N, DIM)).astype(np.float32)
    bank = Bank(
        names, np.stack([images[owner == c].mean(axis=0) for c in range(CONCEPTS)]), KEY, (), images, owner
    )
    save_bank(root / "things-eeg2-banks/vit_b32_training.safetensors", bank)


def nsd(root):
    """750 trials of 250 pictures, among 300; 10 more pictures were embedded than this person saw."""
    folder = NsdFolder(root / "nsd", 1)
    mask = np.zeros((5, 6, 7), bool)
    mask.flat[RNG.choice(mask.size, VOXELS, replace=False)] = True
    write_mask(folder, mask)
    seen = np.sort(RNG.choice(300, 250, replace=False))
    trials = RNG.permutation(TRIALS).reshape(-1, 3)
    write_presentations(folder, 300, list(zip(seen.tolist(), trials.tolist(), strict=True)))
    write_session(folder, 1, RNG.normal(1, 2, (TRIALS, VOXELS)).astype(np.float32), mask)
    write_stimuli(folder.stimuli, np.full((300, 16, 16, 3), 9, np.uint8), 300, 16)
    embedded = [*seen.tolist(), *sorted(set(range(300)) - set(seen.tolist()))[:10]]
    vectors = RNG.normal(size=(len(embedded), DIM)).astype(np.float32)
    names = tuple(f"nsd-{picture:05d}" for picture in embedded)
    save_bank(
        root / "nsd-banks/vit_b32.safetensors", Bank(names, vectors, KEY.model_copy(update={"kind": "image"}))
    )


def test_the_config_of_the_real_data_runs_on_their_forms(data, tmp_path, capsys):
    out = tmp_path / "pairs"
    assert main(["align", "data", "eeg-fmri", "--data.matching.clusters", "5", "--out", str(out), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    pairs = open_pairs(out)
    assert pairs.eeg.shape[1:] == (63, 200)
    assert pairs.fmri.shape[1:] == (4096,)
    assert (pairs.sfreq, len(pairs.channels)) == (200.0, 63)
    assert (told["eeg"]["subject"], told["fmri"]["sessions"], told["fmri"]["voxels"]) == ("01", 1, VOXELS)
    assert told["fmri"]["projection"] == "MindEye2, ridge.linears.0"
    assert told["synthetic"] is False
    assert 0.02 < np.std(pairs.eeg[:]) < 0.5  # 20 microvolts over two sessions, filtered, divided by 100
    assert len(pairs) == len(set(pairs.eeg_picture))
    with Image.open(out / "contact_sheet.png") as sheet:
        assert sheet.height > 100


def test_files_that_are_missing_are_told_in_a_line(data, tmp_path, capsys):
    def refused(*options):
        assert main(["align", "data", "eeg-fmri", "--out", str(tmp_path / "pairs"), *options]) == 2
        (line,) = [line for line in capsys.readouterr().err.splitlines() if line.startswith("bci: ")]
        return line

    assert "expected at least 100 training pairs" in refused()
    (data / "mindeye2/subj01/last.pth").unlink()
    fewer = ["--data.matching.clusters", "5", "--out", str(tmp_path / "fewer")]
    assert "found none: fetch it by bci fetch mindeye2" in refused(*fewer)
    assert "betas_session07.hdf5, found none" in refused(*fewer, "--data.fmri.sessions", "1", "7")
    ridge = [*fewer, "--data.fmri.ridge", ""]
    (data / "nsd/nsddata/experiments/nsd/nsd_stim_info_merged.csv").unlink()
    assert "cannot read the table of pictures" in refused(*ridge)
    (data / "nsd-banks/vit_b32.safetensors").unlink()
    assert "vit_b32.safetensors: no such file" in refused(*ridge)
