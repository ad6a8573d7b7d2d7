"""The config of the real data, run on small files in exactly the forms that they are published in."""

import json

import numpy as np
import pytest
from PIL import Image
from staged_alignment import Staged, stage

from bci.cli import main
from models.alignment.store import open_pairs


@pytest.fixture
def data(tmp_path, monkeypatch):
    """THINGS-EEG2 of one person, NSD of one person, MindEye2's checkpoint, a bank of each, all small."""
    monkeypatch.setenv("BCI_DATA", str(tmp_path / "data"))
    stage(tmp_path / "data")
    return tmp_path / "data"


def test_the_config_of_the_real_data_runs_on_their_forms(data, tmp_path, capsys):
    out = tmp_path / "pairs"
    assert main(["align", "data", "eeg-fmri", "--data.matching.clusters", "5", "--out", str(out), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    pairs = open_pairs(out)
    assert pairs.eeg.shape[1:] == (63, 200)
    assert pairs.fmri.shape[1:] == (4096,)
    assert (pairs.sfreq, len(pairs.channels)) == (200.0, 63)
    assert (told["eeg"]["subject"], told["fmri"]["sessions"], told["fmri"]["voxels"]) == ("01", 1, Staged.voxels)
    assert told["fmri"]["projection"] == "MindEye2, ridge.linears.0"
    assert told["synthetic"] is False
    assert told["eeg"]["reference"] == "Fz"
    markers = pairs.facts["eeg_markers"]  # of all pictures, those without a pair too
    assert len(markers) == Staged().pictures > len(pairs)
    assert (markers["1"], markers["7"]) == ("concept0", "concept1")
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
