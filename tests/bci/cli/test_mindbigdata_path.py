"""From MindBigData's text to a report, as a user types it; the signals are made up, and easy."""

import json

import numpy as np
import pytest

from bci.cli import main
from replay.mindbigdata.writer import write_text

N_EVENTS = 160


@pytest.fixture
def text(tmp_path):
    """Digits in random order, each a bump of its own on one electrode; one event in forty shows none."""
    rng = np.random.default_rng(0)
    codes = rng.permutation(np.arange(N_EVENTS) % 10)
    codes[::40] = -1

    def signals(code):
        noise = 4200 + rng.normal(0, 10, (14, 256))
        if code >= 0:
            noise[code, 30:60] += 40
        return noise

    path = tmp_path / "EP1.01.txt"
    write_text(path, ((int(code), signals(code)) for code in codes))
    return path


def test_a_text_is_converted_and_judged_by_contiguous_stretches(text, tmp_path, capsys):
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
