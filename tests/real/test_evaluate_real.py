"""The goals of the real experiments, as `bci evaluate` reports them; what is chosen is chosen inside the folds."""

import os

import pytest

from bci.cli.evaluate import main
from bci.config import real_data
from bci.storage import load_json

pytestmark = [pytest.mark.real, pytest.mark.slow, pytest.mark.timeout(7200)]

JOBS = str(min(os.cpu_count() or 1, 8))


FIVE = ("animal", "body", "food", "tool", "vehicle")


def report(name, folder, out, *options):
    data = real_data() / folder
    if not data.is_dir():
        pytest.skip(f"{data} is not there: set BCI_REAL_DATA")
    assert main([name, "--data", str(data), "--out", str(out), "--jobs", JOBS, *options]) == 0
    return load_json(out / "report.json")


def control(body, name):
    return next(control for control in body["controls"] if control["name"] == name)


def assert_shuffles_at_chance(body):
    shuffled = control(body, "shuffled-labels")
    assert len(shuffled["null"]) >= 50
    assert shuffled["p"] == pytest.approx(1 / (len(shuffled["null"]) + 1))
    assert abs(shuffled["figure"]["value"] - body["headline"]["chance"]) <= 2 * shuffled["sd"]


def test_faces_against_houses_from_recordings_left_out(tmp_path):
    body = report("n170", "muse-n170", tmp_path / "out")
    assert body["headline"]["name"] == "auc"
    assert body["headline"]["value"] >= 0.70
    assert [fold["n_scored"] for fold in body["folds"]] == [197, 195, 195, 194, 194]
    assert body["card"]["causal"].startswith("causal")
    assert_shuffles_at_chance(body)
    before = control(body, "pre-stimulus")["figure"]["interval"]
    assert before["low"] <= 0.5


def test_faces_against_houses_by_three_families_of_features(tmp_path):
    body = report("n170-features", "muse-n170", tmp_path / "out", "--permutations", "50")
    assert body["headline"]["value"] >= 0.70
    assert_shuffles_at_chance(body)
    assert control(body, "pre-stimulus")["figure"]["interval"]["low"] <= 0.5
    assert all(fold["note"].startswith("weights temporal ") for fold in body["folds"])


def test_rare_cats_among_dogs_within_each_session(tmp_path):
    bodies = [report("p300-muse", f"muse-p300/session{n}", tmp_path / str(n)) for n in (1, 2)]
    values = [body["headline"]["value"] for body in bodies]
    assert min(values) >= 0.76
    assert sum(values) / 2 >= 0.77
    for body in bodies:
        assert_shuffles_at_chance(body)


@pytest.mark.parametrize(
    ("candidates", "n", "goal"), [(None, 144, 0.83), (FIVE, 180, 0.84)], ids=["4-way", "5-way"]
)
def test_categories_from_people_left_out(tmp_path, candidates, n, goal):
    options = [] if candidates is None else ["--evaluation.candidates", *candidates]
    body = report("things-eeg1-erps", "things-eeg1-erps", tmp_path / "out", *options)
    assert body["headline"]["name"] == "top1"
    assert body["headline"]["value"] >= goal
    assert len(body["folds"]) == 9
    assert all(len(fold["held_out"]) == 4 for fold in body["folds"])
    assert body["card"]["n_scored"] == n
    assert_shuffles_at_chance(body)
    noise = control(body, "noise-level-only")["figure"]["interval"]
    assert noise["low"] <= body["headline"]["chance"]
