"""From MindBigData's text to a report, as a user types it; the signals are made up, and easy."""

import json

import numpy as np
from recorded_files import digits, write_digits

from bci.cli import main

N_EVENTS = 160


def test_a_text_is_converted_and_judged_by_contiguous_stretches(tmp_path, capsys):
    rng = np.random.default_rng(0)
    text = write_digits(rng, tmp_path / "EP1.01.txt", digits(rng, N_EVENTS, 40))
    assert main(["evaluate", "mindbigdata", "--data", str(text), "--out", str(tmp_path / "early")]) == 2
    assert "bci convert" in capsys.readouterr().err
    assert main(["convert", str(text)]) == 0
    out = tmp_path / "report"
    arguments = ["--data", str(text), "--evaluation.folds", "2", "--permutations", "0", "--decoder.name", "lda"]
    arguments += ["--jobs", "1"]  # every further process imports all there is anew
    assert main(["evaluate", "mindbigdata", *arguments, "--out", str(out)]) == 0
    report = json.loads((out / "report.json").read_text(encoding="utf-8"))
    assert report["headline"]["name"] == "top1"
    assert report["headline"]["value"] > 0.9
    shown = {each["concept"]: each["shown"] for each in report["classes"]}
    assert sum(shown.values()) == N_EVENTS - 4
    assert set(shown) == {str(digit) for digit in range(10)}
