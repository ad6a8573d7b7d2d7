import json

import pytest

from bci.cli.doctor import Check, _safely, main

pytestmark = pytest.mark.lsl


def test_the_doctor_finds_lsl_at_work_here(capsys):
    assert main(["--json"]) == 0
    checks = {check["name"]: check for check in json.loads(capsys.readouterr().out)["checks"]}
    assert checks["LSL discovery"]["state"] == checks["LSL data"]["state"] == "ok"
    assert checks["torch"]["found"].startswith("2.11")
    assert all(check["advice"] for check in checks.values() if check["state"] == "fails")


def test_a_check_that_breaks_is_a_finding():
    def _broken():
        raise OSError("no such library")
        yield

    assert _safely(_broken) == [Check("broken", "fails", "OSError: no such library")]
