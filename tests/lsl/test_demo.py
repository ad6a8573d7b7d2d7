"""The demo from end to end, as a newcomer runs it."""

import json
import subprocess
import sys

import pytest

pytestmark = [pytest.mark.lsl, pytest.mark.slow]


@pytest.mark.timeout(600)
def test_the_demo_decodes_concepts_that_it_has_never_seen(tmp_path):
    out = tmp_path / "out"
    command = [sys.executable, "-m", "bci", "demo", "--headless", "--out", str(out)]
    subprocess.run(command, check=True, timeout=500)
    summary = json.loads((out / "summary.json").read_text("utf-8"))
    assert (
        summary["events"] == sum(summary[status] for status in ("ok", "late", "gap", "artifact", "dropped")) == 200
    )
    assert summary["top5"] >= 0.6 * summary["oracle"]["top5"]
    assert summary["top5"] >= 5 * summary["chance_top5"]
    assert summary["parity"]["same_ranking"] == summary["parity"]["compared"] >= 100
    assert summary["parity"]["max_abs_score_diff"] <= 1e-5
    assert {entry.name for entry in out.iterdir()} >= {"bundle", "bank.safetensors", "recording_raw.fif"}
