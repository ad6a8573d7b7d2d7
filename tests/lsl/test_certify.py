"""`bci certify` over real LSL, from the command line to the file; how fast this computer is, is not tested."""

import json
import platform
import subprocess
import sys
from pathlib import Path

import pytest
from live_sessions import make_bundle

from bci.specs import EventSpec
from bci.storage import load_json, save_json

pytestmark = [pytest.mark.lsl, pytest.mark.slow]


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    return make_bundle(tmp_path_factory.mktemp("certify") / "bundle")


def certify(bundle, *arguments):
    command = [sys.executable, "-m", "bci", "certify", str(bundle), "--minutes", "0.25", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)


def test_a_computer_is_certified_and_the_certificate_names_nobody(bundle, tmp_path):
    out = tmp_path / "out"
    done = certify(bundle, "--budget-ms", "1e6", "--out", out)
    assert done.returncode == 0, done.stderr
    assert "passed: 0 of" in done.stdout
    certificate = load_json(out / "certificate.json")
    assert certificate["passed"]
    assert (certificate["lost"], certificate["over_budget"], certificate["rate_hz"]) == (0, 0, 1000.0)
    assert certificate["events"] >= 45  # ten seconds, five a second, the window of the last is not complete
    assert set(certificate["stages_ms"]) == {"arrive", "epoch", "queue", "decode", "publish"}
    assert 0 < certificate["inside_ms"]["p50"] < certificate["outside_ms"]["p50"]
    page = (out / "certificate.html").read_text("utf-8")
    for written in (json.dumps(certificate), page):
        assert str(Path.home()) not in written
        assert platform.node() not in written


def test_windows_that_slide_are_certified_and_a_budget_that_nobody_meets_is_not_met(bundle):
    body = load_json(bundle / "bundle.json")
    save_json(
        bundle / "bundle.json", body | {"events": EventSpec(mode="sliding", step=0.1).model_dump(mode="json")}
    )
    done = certify(bundle, "--budget-ms", "0.001", "--rate", "250", "--json")
    assert done.returncode == 1, done.stderr
    certificate = json.loads(done.stdout)
    assert "decisions over 0.001 ms" in certificate["verdict"]
    assert certificate["over_budget"] == certificate["events"] >= 90
    assert certificate["bundle"]["events"] == "sliding"
