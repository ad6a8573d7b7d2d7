"""`bci bids` on the folder of a session, as a lab has it."""

import json

import mne_bids
import numpy as np
import pytest
from recorded_files import XdfStream, write_xdf

from bci.cli import main
from bci.folder import write_session
from bci.journal import Entry, Journal, Kind

START = 500.0


def decision(onset, marker, status="ok", rank=0):
    body = {
        "schema": 1,
        "seq": 0,
        "marker": marker,
        "onset": onset,
        "status": status,
        "truth": marker,
        "rank": rank,
    }
    return json.dumps(body) + "\n"


@pytest.fixture
def session(tmp_path):
    """Ten seconds with three events, of which the second was not decided on, and one window without a marker."""
    folder = tmp_path / "session"
    folder.mkdir()
    stamps = START + np.arange(2500) / 250
    data = np.random.default_rng(0).normal(0, 20, (2500, 2)).astype(np.float32)
    eeg = XdfStream("EPOC", "EEG", 250, stamps, data, ("O1", "O2"), ("microvolts",) * 2)
    onsets = stamps[[500, 1000, 1500]]
    markers = XdfStream("EPOC-markers", "Markers", 0, onsets, ["cat", "dog", "cat"], format="string")
    write_xdf(folder / "recording.xdf", eeg, markers)
    write_session(folder, {"person": "P07"})
    lines = [
        decision(onsets[0], "cat"),
        decision(1.0, None),
        decision(onsets[2], "cat", "late", 3),
        '{"schema": 1, "s',
    ]
    (folder / "decisions.jsonl").write_text("".join(lines), encoding="utf-8")
    journal = Journal(folder / "journal.jsonl")
    journal.write(Entry(START + 3.5, Kind.PAUSE))
    journal.write(Entry(START + 4.5, Kind.RESUME))
    journal.write(Entry(START + 5.0, Kind.NOTE, "somebody was called Anna"))
    journal.write(Entry(START + 1.0, Kind.EXCLUDE, duration=2.0))
    journal.close()
    return folder


def test_a_session_becomes_a_run_of_its_person(session, tmp_path, capsys):
    root = tmp_path / "dataset"
    assert main(["bids", str(session), "--out", str(root), "--task", "pets"]) == 0
    path = root / "sub-P07" / "eeg" / "sub-P07_task-pets_run-01_eeg.vhdr"
    assert capsys.readouterr().out.strip() == str(path)
    raw = mne_bids.read_raw_bids(mne_bids.get_bids_path_from_fname(path), verbose="error")
    told = [(round(float(one["onset"]), 3), float(one["duration"]), one["description"]) for one in raw.annotations]
    assert told == [
        (1.0, 2.0, "BAD_excluded"),
        (2.0, 0.0, "cat"),
        (3.5, 1.0, "BAD_pause"),
        (4.0, 0.0, "dog"),
        (6.0, 0.0, "cat"),
    ]
    lines = path.with_name("sub-P07_task-pets_run-01_events.tsv").read_text("utf-8").splitlines()
    assert [line.split("\t")[-3:] for line in lines if "\tcat\t" in line or "\tdog\t" in line] == [
        ["cat", "ok", "0"],
        ["n/a", "n/a", "n/a"],
        ["cat", "late", "3"],
    ]
    assert not [file for file in root.rglob("*") if file.is_file() and b"Anna" in file.read_bytes()]


def test_without_a_code_nothing_is_written(session, tmp_path, capsys):
    write_session(session, {})
    assert main(["bids", str(session), "--out", str(tmp_path / "a")]) == 2
    assert "name the participant's code with --person" in capsys.readouterr().err
    assert main(["bids", str(session), "--out", str(tmp_path / "a"), "--person", "Anna"]) == 2
    assert "got 'Anna'" in capsys.readouterr().err
    assert main(["bids", str(session), "--out", str(tmp_path / "a"), "--person", "P1"]) == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "got none"),
        (("nowhere",), "expected the folder of a session"),
        (("nowhere", "--person", "P1"), "nowhere"),
    ],
)
def test_what_is_no_session_is_refused_in_one_line(tmp_path, capsys, arguments, said):
    assert main(["bids", *arguments, "--out", str(tmp_path / "a")]) == 2
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert said in line
    assert not (tmp_path / "a").exists()


def test_damaged_decisions_are_refused(session, tmp_path, capsys):
    (session / "decisions.jsonl").write_text('{"schema": 1, "marker": "cat"}\n', encoding="utf-8")
    assert main(["bids", str(session), "--out", str(tmp_path / "a")]) == 2
    assert "expected decisions: KeyError('onset')" in capsys.readouterr().err
