"""The goals of the real experiments, as `bci evaluate` reports them; hyperparameters were fixed beforehand."""

import os

import pytest

from bci.cli.evaluate import main
from bci.config import real_data
from bci.storage import load_json

pytestmark = [pytest.mark.real, pytest.mark.slow, pytest.mark.timeout(7200)]

JOBS = str(min(os.cpu_count() or 1, 8))


def report(name, folder, out):
    data = real_data() / folder
    if not data.is_dir():
        pytest.skip(f"{data} is not there: set BCI_REAL_DATA")
    assert main([name, "--data", str(data), "--out", str(out), "--jobs", JOBS]) == 0
    return load_json(out / "report.json")


def control(body, name):
    return next(control for control in body["controls"] if control["name"] == name)


def assert_shuffles_at_chance(body):
    shuffled = control(body, "shuffled-labels")
    assert len(shuffled["null"]) == 20
    assert shuffled["p"] == pytest.approx(1 / 21)
    assert abs(shuffled["figure"]["value"] - body["headline"]["chance"]) <= 2 * shuffled["sd"]


def test_faces_against_houses_from_recordings_left_out(tmp_path):
    body = report("n170", "muse-n170", tmp_path / "out")
    assert body["headline"]["name"] == "auc"
    assert body["headline"]["value"] >= 0.67
    assert [fold["n_scored"] for fold in body["folds"]] == [197, 195, 195, 194, 194]
    assert body["card"]["causal"].startswith("causal")
    assert_shuffles_at_chance(body)
    before = control(body, "pre-stimulus")["figure"]["interval"]
    assert before["low"] <= 0.5


def test_four_categories_from_people_left_out(tmp_path):
    body = report("things-eeg1-erps", "things-eeg1-erps", tmp_path / "out")
    assert body["headline"]["name"] == "top1"
    assert body["headline"]["chance"] == 0.25
    assert body["headline"]["value"] >= 0.78
    assert len(body["folds"]) == 9
    assert all(len(fold["held_out"]) == 4 for fold in body["folds"])
    assert body["card"]["n_scored"] == 144
    assert_shuffles_at_chance(body)
    assert control(body, "pre-stimulus")["figure"]["value"] < 0.4
    assert control(body, "noise-level-only")["figure"]["value"] < 0.5
