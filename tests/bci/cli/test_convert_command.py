import json

import numpy as np

from bci.cli import main
from replay.mindbigdata.writer import write_text

EVENTS = [(code, np.full((14, 256), 4200.0)) for code in (1, 2)]


def test_a_file_is_converted_and_its_broken_lines_are_counted(tmp_path, capsys):
    write_text(path := tmp_path / "EP1.01.txt", EVENTS)
    with path.open("a") as file:
        file.write("nothing\n")
    assert main(["convert", str(path)]) == 0
    said = capsys.readouterr().out
    assert "2 events, 2 of them with all channels" in said
    assert "29 lines, 1 of them no rows" in said
    assert "1  expected 7 columns" in said
    assert main(["convert", str(path), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "lines": 29, "events": 2, "complete": 2, "broken": {"expected 7 columns": 1},
    }  # fmt: skip


def test_another_file_is_refused(tmp_path, capsys):
    assert main(["convert", str(tmp_path / "other.txt")]) == 2
    assert "EP1.01.txt" in capsys.readouterr().err
