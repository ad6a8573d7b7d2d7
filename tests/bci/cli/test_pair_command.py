"""Pairs as a user makes and judges them: convert, pair, evaluate, all of it on generated signals that are easy."""

import json
import shlex

import numpy as np
import pytest
from recorded_files import write_digits
from tiny_clip import write_clip

from bci.cli import main

N_EVENTS = 160


@pytest.fixture(scope="module")
def text(tmp_path_factory):
    """Write digits in rounds, so that there are enough of each in both parts, and convert them."""
    rng = np.random.default_rng(0)
    codes = np.concatenate([rng.permutation(10) for _ in range(N_EVENTS // 10)])
    path = write_digits(rng, tmp_path_factory.mktemp("text") / "EP1.01.txt", codes)
    assert main(["convert", str(path)]) == 0
    return path


FEW = ["--permutations", "1", "--evaluation.resamples", "100", "--jobs", "1", "--decoder.name", "lda"]


def test_pairs_are_made_and_the_command_that_is_named_next_judges_the_eeg(text, tmp_path, capsys):
    out = tmp_path / "my pairs"
    assert main(["pair", str(text), "--out", str(out)]) == 0
    said = capsys.readouterr().out
    assert "train 128 events" in said
    assert (
        "pairing accuracy 100%, by construction: pictures were chosen by label. It says nothing of the EEG" in said
    )
    command = said.splitlines()[-1].strip()
    assert command.startswith("bci evaluate digit-pairs --data ")
    assert main([*shlex.split(command)[1:], *FEW]) == 0
    report = json.loads((tmp_path / "my pairs-report" / "report.json").read_text("utf-8"))
    assert [(fold["held_out"], fold["n_train"]) for fold in report["folds"]] == [(["train"], 32), (["test"], 128)]
    assert report["headline"]["value"] > 0.9
    assert any("chosen by label" in caveat for caveat in report["card"]["caveats"])


def test_one_decoder_is_trained_on_one_part_and_judged_on_the_other(text, tmp_path):
    out, bundle, report = (str(tmp_path / name) for name in ("pairs", "bundle", "report"))
    assert main(["pair", str(text), "--out", out]) == 0
    train = ["--data", out, "--data.options.part", "train", "--decoder.name", "lda"]
    assert main(["train", "digit-pairs", *train, "--out", bundle]) == 0
    judged = ["--data", out, "--data.options.part", "test", "--permutations", "0"]
    assert main(["evaluate", bundle, *judged, "--out", report]) == 0
    told = json.loads((tmp_path / "report" / "report.json").read_text("utf-8"))
    assert told["headline"]["value"] > 0.9
    assert main(["evaluate", bundle, "--data", out, "--out", str(tmp_path / "again")]) == 2


def test_json_tells_all_but_the_numbers_of_events(text, tmp_path, capsys):
    tiny = write_clip(tmp_path / "model", "pair-command-clip")
    model = ["--vision-config", str(tiny.config), "--weights", str(tiny.weights)]
    assert main(["pair", str(text), "--out", str(tmp_path / "pairs"), "--per-digit", "5", *model, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["schema"], told["pairing_accuracy"]) == (1, 1.0)
    assert told["vision"]["vision_model"].startswith("pair-command-clip#")
    assert sum(told["classes"]["test"].values()) == 32
    assert "events" not in told
    assert np.load(tmp_path / "pairs" / "test_img_features.npy").shape == (32, 12)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--development"], "at least 5000 events"),
        (["--test-share", "1.5"], "test share"),
        (["--per-digit", "175"], "at most 174 pictures"),
        (["--pictures", "nowhere"], "bci fetch mnist"),
        (["--vision-model", "RN50", "--vision-config", "a.json"], "got both"),
        (["--weights", "a.pt"], "got neither"),
    ],
)
def test_mistakes_are_one_line_and_exit_code_2(text, tmp_path, capsys, options, said):
    assert main(["pair", str(text), "--out", str(tmp_path / "pairs"), *options]) == 2
    (line,) = [line for line in capsys.readouterr().err.splitlines() if line.startswith("bci: ")]
    assert said in line
    assert not (tmp_path / "pairs").exists()


def test_another_file_a_text_that_is_not_converted_and_a_full_folder_are_refused(text, tmp_path, capsys):
    assert main(["pair", str(tmp_path / "other.txt"), "--out", str(tmp_path / "pairs")]) == 2
    assert "expected MindBigData's EP1.01.txt" in capsys.readouterr().err
    (tmp_path / "EP1.01.txt").write_bytes(text.read_bytes())
    assert main(["pair", str(tmp_path / "EP1.01.txt"), "--out", str(tmp_path / "pairs")]) == 2
    assert "bci convert EP1.01.txt" in capsys.readouterr().err
    assert main(["pair", str(text), "--out", str(tmp_path)]) == 2
    assert "new or empty folder" in capsys.readouterr().err
