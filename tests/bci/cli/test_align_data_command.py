"""`bci align data` and `pictures` from the command line to pairs and pictures on the disk."""

import json

import numpy as np
import pytest
import tomli_w

from bci.cli import main
from models.alignment.store import open_pairs
from replay.nsd.folder import NsdFolder
from replay.nsd.writer import write_presentations, write_stimuli

CHANNELS = ["O1", "Oz", "O2"]


@pytest.fixture
def config(tmp_path):
    """A SYNTHETIC alignment of 40 concepts."""
    world = {
        "name": "tiny", "seed": 5, "channels": CHANNELS, "reference": "Fz", "sfreq": 200,
        "pictures": {"dim": 8, "categories": 8, "train_concepts": 40, "test_concepts": 10, "pictures": 3},
        "presentation": {"train_events": 120}, "evoked": {"components": 4, "snr": 0.5},
    }  # fmt: skip
    experiment = {
        "name": "tiny-trials",
        "data": {"reader": "world", "paths": [str(tmp_path / "world-tiny.toml")]},
        "preprocess": {"gain": 0.01, "channels": CHANNELS, "sfreq": 200.0, "tmax": 0.5},
        "targets": {"kind": "world"}, "decoder": {"name": "ridge"},
        "evaluation": {"protocol": "zero-shot", "by": "concept", "folds": 4},
    }  # fmt: skip
    alignment = {
        "data": {
            "eeg": {"experiment": str(tmp_path / "trials.toml")},
            "synthetic": {"pictures": 250, "voxels": 10},
            "matching": {"clusters": 5},
        }
    }
    for name, body in (("world-tiny", world), ("trials", experiment), ("alignment", alignment)):
        (tmp_path / f"{name}.toml").write_bytes(tomli_w.dumps(body).encode())
    return str(tmp_path / "alignment.toml")


def test_pairs_are_made_and_told_of(config, tmp_path, capsys):
    assert main(["align", "data", config, "--out", str(tmp_path / "out"), "--data.matching.keep", "0.8"]) == 0
    out = capsys.readouterr().out
    pairs = open_pairs(tmp_path / "out")
    assert f"{len(pairs)} pairs" in out
    assert "SYNTHETIC" in out
    assert pairs.facts["matching"]["keep"] == 0.8
    assert main(["align", "data", config, "--out", str(tmp_path / "json"), "--json"]) == 0
    body = json.loads(capsys.readouterr().out)
    assert (body["schema"], body["matching"]["keep"], body["synthetic"]) == (1, 0.5, True)


def test_pictures_are_written_as_files(tmp_path, capsys):
    nsd = NsdFolder(tmp_path / "nsd", 2)
    write_presentations(nsd, 5, [(1, [0, 3, 700]), (4, [1, 2, 4])])
    write_stimuli(nsd.stimuli, np.full((5, 8, 8, 3), 7, np.uint8), 5, 8)
    argv = ["align", "pictures", str(tmp_path / "nsd"), "--out", str(tmp_path / "out"), "--subject"]
    assert main([*argv, "2"]) == 0
    assert "2 pictures that person 2 saw" in capsys.readouterr().out
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["nsd-00001.png", "nsd-00004.png"]
    assert main([*argv, "9"]) == 2
    assert "expected --subject 1 to 8, got 9" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["dta"], "expected bci align pictures or "),
        (["data", "no-such", "--out", "x"], "expected a TOML file or one of"),
        (["data", "eeg-fmri", "--out", "x", "--data.matching.keeps", "1"], "'data.matching.keep'"),
        (["data", "n170", "--out", "x"], "eeg"),
    ],
)
def test_mistakes_are_one_line_and_exit_code_2(argv, said, capsys):
    assert main(["align", *argv]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert said in line


def test_a_missing_library_is_told_in_a_line(monkeypatch, capsys):
    monkeypatch.setattr("bci.cli.align.find_spec", lambda name: None if name == "lmdb" else name)
    assert main(["align", "data", "eeg-fmri", "--out", "x"]) == 2
    assert "bci align needs lmdb: pip install 'bci-live[alignment]'" in capsys.readouterr().err


def test_the_overview_names_every_subcommand(capsys):
    assert main(["align", "--help"]) == 0
    out = capsys.readouterr().out
    assert "bci align COMMAND --help" in out
    assert "pictures" in out
    assert main(["align"]) == 2
