"""Reconstruction as a user runs it: from files in raw forms to report and panels."""

import json

import numpy as np
import pytest
from PIL import Image
from recorded_files import write_digits

from bci.cli import main

SMALL = [
    "--generator.side", "28", "--generator.width", "8", "--generator.widest", "16",
    "--generator.discriminator", "4", "--encoder.hidden", "32", "--encoder.latent", "8",
    "--judge.pictures", "128", "--judge.passes", "1", "--train.batch", "32", "--train.epochs", "2",
]  # fmt: skip


@pytest.fixture(scope="module")
def pairs(tmp_path_factory):
    """Write digits in MindBigData's text, each a bump of its own on one electrode; convert and pair them."""
    rng = np.random.default_rng(0)
    folder = tmp_path_factory.mktemp("text")
    write_digits(rng, folder / "EP1.01.txt", np.concatenate([rng.permutation(10) for _ in range(16)]))
    assert main(["convert", str(folder / "EP1.01.txt")]) == 0
    assert main(["pair", str(folder / "EP1.01.txt"), "--out", str(folder / "pairs")]) == 0
    return folder / "pairs"


@pytest.mark.slow
@pytest.mark.parametrize("array", ["eeg_features", "eeg_data"])
def test_from_mindbigdatas_text_to_report_and_panels(pairs, tmp_path, capsys, array):
    epochs = ["--encoder.name", "nice", "--train.precision", "bf16-mixed"] if array == "eeg_data" else []
    out, report = tmp_path / "digits", tmp_path / "report"
    options = ["--data.pairs", str(pairs), "--data.array", array, "--weights.semantic", "0", *epochs, *SMALL]
    options += ["--data.validation", "0"]
    assert main(["reconstruct", "train", "vae-gan", *options, "--out", str(out)]) == 0
    assert main(["reconstruct", "evaluate", str(out), "--panels", "3", "--out", str(report)]) == 0
    said = capsys.readouterr().out
    assert "seen-concept/new-image" in said
    assert "not computed: judge" in said
    body = json.loads((report / "report.json").read_text("utf-8"))
    assert any("dealt to the events by their label" in caveat for caveat in body["caveats"])
    assert body["rows"][0]["name"] == "digits"
    assert {"mean training picture", "random training picture"} <= {row["name"] for row in body["rows"]}
    with Image.open(report / "visualizations" / "digits" / "panels.png") as sheet:
        assert sheet.width > sheet.height


def test_epochs_of_an_experiment_are_encoded_by_an_encoder_that_is_trained_with_the_rest(
    small_world, tmp_path, capsys
):
    out, report = tmp_path / "epochs", tmp_path / "report"
    options = ["--data.experiment", str(small_world), "--data.bundle", "", "--data.events", "200", *SMALL]
    options += ["--data.candidates", "False", "--data.vectors", "False", "--encoder.name", "nice"]
    assert main(["reconstruct", "train", "vae-gan-synthetic", *options, "--out", str(out)]) == 0
    assert main(["reconstruct", "evaluate", str(out), "--panels", "2", "--json", "--out", str(report)]) == 0
    body = json.loads((report / "report.json").read_text("utf-8"))
    assert body["protocol"] == "zero-shot"
    assert [row["name"] for row in body["rows"]] == [
        "epochs", "random training picture", "mean training picture"
    ]  # fmt: skip
    assert body["reconstructions"]["epochs"]["decoder"] is None


@pytest.fixture
def painted(small_world, tmp_path):
    """Train a decoder of a small world and a reconstruction from its embeddings; return its folder."""
    bundle, out = tmp_path / "bundle", tmp_path / "painted"
    assert main(["train", str(small_world), "--out", str(bundle)]) == 0
    options = ["--data.bundle", str(bundle), "--data.events", "200", *SMALL]
    assert main(["reconstruct", "train", "vae-gan-synthetic", *options, "--out", str(out)]) == 0
    return out


def test_a_reconstruction_is_judged_beside_what_needs_no_generator(painted, tmp_path, capsys):
    report = tmp_path / "report"
    capsys.readouterr()
    assert main(["reconstruct", "evaluate", str(painted), "--panels", "2", "--json", "--out", str(report)]) == 0
    body = json.loads(capsys.readouterr().out)
    assert body == json.loads((report / "report.json").read_text("utf-8"))
    assert body["protocol"] == "zero-shot"
    rows = {row["name"]: row["figures"] for row in body["rows"]}
    assert list(rows) == [
        "painted", "random training picture", "mean training picture", "class mean, training concepts named",
        "class mean, test concepts named",
    ]  # fmt: skip
    assert rows["mean training picture"]["judge"]["value"] == pytest.approx(0.5)
    assert "AlexNet-2" in body["not_computed"]
    assert any("SYNTHETIC" in caveat for caveat in body["caveats"])
    assert len(list((report / "visualizations" / "painted").glob("trial-*.png"))) == 2
    page = (report / "report.html").read_text("utf-8")
    figure = rows["painted"]["judge"]
    assert f"{figure['value']:.3f}<br><small>[{figure['low']:.3f}, {figure['high']:.3f}]</small>" in page
    assert page.count("data:image/webp;base64,") == 1
    assert all(words in page for words in ("SYNTHETIC", "left-out concepts", "AlexNet-2", " trials of "))
    assert "<script" not in page


def test_reconstructions_that_are_told_different_things_are_judged_on_the_same_trials(painted, tmp_path, capsys):
    report, told = tmp_path / "report", tmp_path / "told"
    options = ["--data.bundle", str(tmp_path / "bundle"), "--data.events", "200", *SMALL]
    options += ["--data.candidates", "True", "--data.vectors", "True", "--out", str(told)]
    assert main(["reconstruct", "train", "vae-gan-synthetic", *options]) == 0
    assert main(["reconstruct", "evaluate", str(painted), str(told), "--panels", "2", "--out", str(report)]) == 0
    assert "told over class mean, test concepts named, judge: " in capsys.readouterr().out
    body = json.loads((report / "report.json").read_text("utf-8"))
    rows = {row["name"]: row["figures"]["judge"]["value"] for row in body["rows"]}
    assert list(rows)[:2] == ["painted", "told"]
    assert len(body["margins"]) == 2 * 4
    for margin in body["margins"]:
        figure = margin["figure"]
        assert figure["value"] == pytest.approx(rows[margin["name"]] - rows[margin["over"]])
        assert figure["low"] <= figure["value"] <= figure["high"]


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["train", "vae-gan", "--train.epoch", "3", "--out", "x"], "the nearest known one is 'train.epochs'"),
        (["train", "vae-gan", "--train.lr", "-1", "--out", "x"], "greater than 0"),
        (["evaluate", "nowhere", "--out", "x"], "expected a reconstruction"),
        (["evaluate", "a/one", "b/one", "--out", "x"], "different names"),
        (["evaluate", "one", "--trails", "3", "--out", "x"], "unknown option --trails"),
        (["world-clip", "thinks", "--out", "x"], "expected a TOML file"),
    ],
)
def test_mistakes_are_said_in_one_line(argv, said, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["reconstruct", *argv]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert len(error.splitlines()) == 1
