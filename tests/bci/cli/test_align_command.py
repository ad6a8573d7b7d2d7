"""An alignment as a user trains, judges and exports it, on SYNTHETIC pairs; decoded live from a file."""

import json

import numpy as np
import pytest
import tomli_w
from known_signal import known_config

from bci.cli import main
from models.bundle import load_bundle
from models.runtime import load_decoder


@pytest.fixture(scope="module")
def config(tmp_path_factory):
    path = tmp_path_factory.mktemp("config") / "known.toml"
    path.write_text(tomli_w.dumps(json.loads(known_config().model_dump_json(exclude_none=True))), "utf-8")
    return path


@pytest.fixture(scope="module")
def run(config, tmp_path_factory):
    runs = tmp_path_factory.mktemp("runs")
    assert main(["align", "train", str(config), "--runs", str(runs), "--train.epochs", "2"]) == 0
    (folder,) = runs.iterdir()
    return folder


def test_a_run_is_judged_and_becomes_a_decoder(run, tmp_path, capsys):
    report, bundle = tmp_path / "report", tmp_path / "bundle"
    few = ["--permutations", "19"]
    assert main(["align", "evaluate", str(run), "--out", str(report), *few]) == 0
    said = capsys.readouterr().out
    assert "linear oracle on the true signal" in said
    told = json.loads((report / "report.json").read_text("utf-8"))
    assert told["schema"] == 1
    assert told["headline"]["name"] == "eeg_to_fmri"
    assert "SYNTHETIC" in (report / "report.html").read_text("utf-8")
    assert main(["align", "bundle", str(run), "--out", str(bundle)]) == 0
    assert f"next: bci live {bundle}" in capsys.readouterr().out
    decoder = load_decoder(load_bundle(bundle), device="cpu")
    (ranking,) = decoder.decode(np.zeros((1, 6, 40), np.float32), [None], 5)
    assert ranking.n_concepts == len(decoder.spec.concepts)


def test_a_finished_run_that_is_resumed_stays_as_it_is(run, capsys):
    before = (run / "model.safetensors").read_bytes()
    assert main(["align", "train", "--resume", str(run)]) == 0
    assert (run / "model.safetensors").read_bytes() == before
    assert main(["align", "train", "--resume", str(run), "--train.epochs", "5"]) == 2
    assert "leave --train.epochs 5 out" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["align", "trian"], "got 'trian'"),
        (["align", "train"], "expected a config, or --resume"),
        (["align", "train", "eeg-fmri-known", "--train.epochen", "3"], "the nearest known one is 'train.epochs'"),
        (["align", "train", "eeg-fmri-known", "--data", "pairs"], "expected no --data"),
        (["align", "evaluate", "nowhere", "--out", "new"], "nowhere/model.safetensors: no such file"),
        (["align", "bundle", "nowhere", "--out", "new"], "nowhere/model.safetensors: no such file"),
    ],
)
def test_mistakes_are_one_line_and_exit_code_2(arguments, said, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 2
    (line,) = [line for line in capsys.readouterr().err.splitlines() if line.startswith("bci: ")]
    assert said in line
    assert not list(tmp_path.iterdir())


def test_names_of_concepts_come_from_a_file_if_pairs_do_not_tell(run, tmp_path, capsys):
    names = tmp_path / "concepts.txt"
    names.write_text("\n".join(f"thing {number // 4}" for number in range(600)), "utf-8")
    bundle = tmp_path / "bundle"
    assert main(["align", "bundle", str(run), "--concepts", str(names), "--out", str(bundle)]) == 0
    assert all(name.startswith("thing ") for name in load_bundle(bundle).bank.names)
    assert main(["align", "bundle", str(run), "--concepts", str(bundle), "--out", str(tmp_path / "other")]) == 2
    assert "cannot read the names of concepts" in capsys.readouterr().err
