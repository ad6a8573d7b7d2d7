"""`bci bench` from the command line to its figures; how fast this computer is, is not tested."""

import json
import os
import sys
from importlib.metadata import version
from socket import gethostname

import pytest

from bci.cli.bench import main
from bci.errors import ConfigError
from bci.storage import load_json

CLASSIFIERS = ("lda", "toeplitz_lda", "evoked_lda", "xdawn", "spectral", "tangent", "matching", "ensemble")
SMALL = ["--trials", "1700", "--batch", "32", "--steps", "2", "--channels", "8", "--times", "64"]


def test_training_is_measured_beside_the_bare_network(tmp_path, capsys):
    file = tmp_path / "speed.json"
    assert main(["train", *SMALL, "--json", str(file)]) == 0
    speed = load_json(file)
    assert {key: speed[key] for key in ("encoder", "n_trials", "batch", "steps", "n_channels", "n_times")} == {
        "encoder": "channel_attention", "n_trials": 1700, "batch": 32, "steps": 2, "n_channels": 8, "n_times": 64,
    }  # fmt: skip
    assert speed["data_bytes"] == 1700 * 8 * 64 * 4
    assert len(speed["ratios"]) == 3
    assert speed["ratio"] == sorted(speed["ratios"])[1]
    assert speed["seconds_per_pass"] == pytest.approx(1700 / speed["trials_per_second"])
    assert f"ratio {speed['ratio']:.2f}" in capsys.readouterr().out


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells anonymous memory")
def test_the_memory_of_this_process_is_looked_at(tmp_path):
    file = tmp_path / "speed.json"
    assert main(["train", *SMALL, "--json", str(file)]) == 0
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    assert 2**26 < load_json(file)["peak_anonymous_bytes"] < total


def test_an_unknown_encoder_is_refused():
    with pytest.raises(ConfigError, match="no-such"):
        main(["train", "--encoder", "no-such", *SMALL])


def test_no_steps_are_refused(capsys):
    with pytest.raises(SystemExit):
        main(["train", "--steps", "0"])
    assert "expected at least 1, got 0" in capsys.readouterr().err


def test_figures_tell_what_they_were_measured_on_and_whom_not(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("models.ranking_benchmark.SECONDS", 0.01)
    file = tmp_path / "rank.json"
    assert main(["rank", "--concepts", "300", "--dim", "16", "--device", "cpu", "--json", str(file)]) == 0
    figures = load_json(file)
    assert figures["environment"]["packages"]["torch"] == version("torch")
    assert figures["environment"]["cores"] == os.cpu_count()
    assert gethostname() not in file.read_text(encoding="utf-8")
    assert f"ratio {figures['ratio']:.2f}" in capsys.readouterr().out


def test_figures_on_the_screen_are_json_alone(capsys, monkeypatch):
    monkeypatch.setattr("models.ranking_benchmark.SECONDS", 0.01)
    assert main(["rank", "--concepts", "300", "--dim", "16", "--device", "cpu", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["n_concepts"] == 300


def test_every_classical_decoder_is_timed_one_epoch_at_a_time(tmp_path, capsys):
    file = tmp_path / "decode.json"
    assert main(["decode", "--trials", "60", "--epochs", "3", "--json", str(file)]) == 0
    figures = load_json(file)
    assert {key: figures[key] for key in ("data", "n_trials", "n_epochs", "cores")} == {
        "data": "synthetic", "n_trials": 60, "n_epochs": 3, "cores": 1,
    }  # fmt: skip
    shapes = {
        one["name"]: (one["experiment"], one["n_channels"], one["n_times"], one["n_concepts"])
        for one in figures["decoders"]
    }
    retrieval, classes = ("erp-pca64-synthetic", 17, 100, 200), ("epoc-digits-world", 14, 115, 10)
    assert shapes == {
        **dict.fromkeys(("pls", "ridge", "mlp"), retrieval),
        **dict.fromkeys(CLASSIFIERS, classes),
    }
    for one in figures["decoders"]:
        assert 0 < one["ms"]["p50"] <= one["ms"]["p95"] <= one["ms"]["p99"] <= one["ms"]["max"]
    said = capsys.readouterr().out
    assert "synthetic data" in said
    assert all(f"\n{name} " in said for name in shapes)
