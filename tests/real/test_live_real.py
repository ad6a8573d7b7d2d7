"""A real recording streamed over LSL: every stimulus decided, and live equal to offline."""

import json
import subprocess
import sys
import uuid

import pytest

from bci.cli.train import main as train
from bci.config import real_data
from replay.device import DeviceOptions, DeviceProcess
from replay.readers import open_recording

FOLDER = real_data() / "muse-n170"
HELD_OUT = "rec_2017-09-13-15.42.33"

pytestmark = [
    pytest.mark.real,
    pytest.mark.lsl,
    pytest.mark.slow,
    pytest.mark.timeout(600),
    pytest.mark.skipif(not FOLDER.is_dir(), reason="BCI_REAL_DATA holds no muse-n170"),
]


def test_faces_against_houses_live(tmp_path):
    bundle, out = tmp_path / "bundle", tmp_path / "out"
    assert train(["n170", "--data", str(FOLDER), "--hold-out", HELD_OUT, "--out", str(bundle)]) == 0
    file = FOLDER / f"{HELD_OUT}.csv.gz"
    name = uuid.uuid4().hex
    command = [sys.executable, "-m", "bci", "live", str(bundle), "--stream", name, "--markers", f"{name}-markers"]
    command += ["--headless", "--until-end", "--reference", str(file), "--out", str(out)]
    with DeviceProcess(open_recording, file, options=DeviceOptions(name=name)):
        subprocess.run(command, check=True, timeout=300)
    summary = json.loads((out / "summary.json").read_text("utf-8"))
    n_stimuli = len(open_recording(file).markers)
    assert summary["events"] == n_stimuli == 194
    assert summary["gap"] == summary["dropped"] == 0
    assert summary["parity"]["same_ranking"] == summary["parity"]["compared"] == n_stimuli
    assert summary["parity"]["max_abs_score_diff"] <= 1e-5
    assert 0.5 < summary["auc"]["low"] < summary["auc"]["value"] < summary["auc"]["high"]
