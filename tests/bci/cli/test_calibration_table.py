"""`bci table` of a config that names people: table.json, the bundles, and what is shown."""

import tomllib

import pytest
import tomli_w

from bci.cli.table import main
from bci.errors import ConfigError
from bci.storage import load_json
from models.bundle import load_bundle


@pytest.fixture
def people(small_world, tmp_path):
    """A table of two people whom a bundle of two others does not know."""
    base = tomllib.loads((tmp_path / "base.toml").read_text(encoding="utf-8"))
    base["data"] |= {"subjects": ["1", "2"], "options": {"events": 300}}
    (tmp_path / "known.toml").write_bytes(tomli_w.dumps(base).encode())
    experiment = {"base": str(tmp_path / "known.toml"), "method": "classical", "events": 96}
    table = {"name": "people", "people": [8, 9], "minutes": [0.5, 1], "experiments": [experiment]}
    path = tmp_path / "people.toml"
    path.write_bytes(tomli_w.dumps(table).encode())
    return path


def test_people_are_calibrated_beside_their_oracles(people, tmp_path, capsys):
    out = tmp_path / "out"
    assert main([str(people), "--jobs", "1", "--out", str(out)]) == 0
    cells = load_json(out / "table.json")["cells"]
    rows = ["as trained", "oracle", "without labels", "0.5 min", "1 min"]
    assert [(cell["person"], cell["row"]) for cell in cells] == [
        (person, row) for person in (8, 9) for row in rows
    ]
    assert all(0 <= cell["top1"] <= cell["top5"] <= 1 for cell in cells)
    assert load_bundle(out / "base").card["subjects"] == ["1", "2"]
    shown = capsys.readouterr().out
    assert "base: 2 unknown people, 12 candidates, 96 events each" in shown
    assert all(row in shown for row in rows)


def test_such_a_table_has_no_rows_to_choose(people, tmp_path):
    with pytest.raises(ConfigError, match="has no rows to choose"):
        main([str(people), "--rows", "first", "--out", str(tmp_path / "out")])


def test_people_are_heard_only_by_devices_that_are_named(people, tmp_path):
    with pytest.raises(ConfigError, match="--streamed: .*known.toml names no device"):
        main([str(people), "--streamed", "--out", str(tmp_path / "out")])
    assert not (tmp_path / "out").exists()


def test_people_are_heard_by_their_devices(people, tmp_path, capsys):
    table = tomllib.loads(people.read_text(encoding="utf-8"))
    table |= {"minutes": [1]}
    table["experiments"][0] |= {"stream": {"device": "generic"}, "events": 48}
    people.write_bytes(tomli_w.dumps(table).encode())
    out = tmp_path / "out"
    assert main([str(people), "--streamed", "--jobs", "1", "--out", str(out)]) == 0
    written = load_json(out / "table.json")
    assert written["streamed"]
    assert {cell["n"] for cell in written["cells"]} == {48}
    assert "heard from simulated devices" in " ".join(capsys.readouterr().out.split())
