"""`bci devices` as a user runs it."""

import json

import pytest

from bci.cli import main


def test_devices_as_a_table(capsys):
    assert main(["devices"]) == 0
    out = capsys.readouterr().out
    assert all(name in out for name in ("acticham", "emotivpro", "generic", "muse", "200 ms"))


def test_one_device(capsys):
    assert main(["devices", "acticham"]) == 0
    out = capsys.readouterr().out
    assert "actiCHampMarkers" in out
    assert "not known" in out


def test_devices_as_json(capsys):
    assert main(["devices", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["schema"] == 1
    delays = {device["name"]: device["delay"]["seconds"] for device in told["devices"]}
    assert delays == {"acticham": 0.0, "emotivpro": 0.2, "generic": 0.0, "muse": 0.0}


@pytest.mark.parametrize(
    ("options", "error"),
    [
        (["--device", "epoc"], "one of acticham, emotivpro, generic, muse"),
        (["--device", "muse", "--file", "rec.xdf"], "expected --device with a stream"),
    ],
)
def test_live_refuses_a_device_before_anything_is_opened(options, error, tmp_path, capsys):
    assert main(["live", str(tmp_path), *options]) == 2
    assert error in capsys.readouterr().err


def test_no_such_device(capsys):
    assert main(["devices", "epoc"]) == 2
    assert "expected a TOML file or one of acticham" in capsys.readouterr().err
