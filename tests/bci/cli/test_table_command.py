"""`bci table` from a file to table.json and the reports of its rows, on a small synthetic world."""

import pytest

from bci.cli.table import main
from bci.errors import BciError, ConfigError, OutputError
from bci.storage import load_json

WORLD = """
name = "small"
seed = 3
channels = ["O1", "Oz", "O2", "P7", "P8", "Fp1", "F3", "Cz"]
reference = "Fz"
sfreq = 128
[pictures]
dim = 8
categories = 3
train_concepts = 60
test_concepts = 12
pictures = 5
[presentation]
soa = 0.25
train_events = 600
test_events = 96
[evoked]
components = 4
snr = 0.6
"""
BASE = """
name = "base"
[data]
reader = "world"
paths = ["{folder}/world-small.toml"]
[preprocess]
channels = ["O1", "Oz", "O2", "P7", "P8", "Fp1", "F3", "Cz"]
highpass = 0.5
lowpass = 25.0
sfreq = 64.0
tmax = 0.5
[targets]
kind = "world"
model = "synthetic world"
[decoder]
name = "ridge"
[train]
epochs = 1
[evaluation]
protocol = "zero-shot"
by = "concept"
test = "partition"
unit = "concept"
resamples = 100
permutations = 0
calibrate = false
[evaluation.curves]
repetitions = [1, 4]
candidates = []
"""
TABLE = """
name = "two"
[[rows]]
name = "second (pls)"
base = "{folder}/base.toml"
set = {{ decoder = {{ name = "pls" }} }}
[[rows]]
name = "first"
base = "{folder}/base.toml"
"""


@pytest.fixture
def table(tmp_path):
    (tmp_path / "world-small.toml").write_text(WORLD)
    (tmp_path / "base.toml").write_text(BASE.format(folder=tmp_path.as_posix()))
    path = tmp_path / "two.toml"
    path.write_text(TABLE.format(folder=tmp_path.as_posix()))
    return path


def changed(table, before, after):
    text = table.read_text()
    assert before in text
    table.write_text(text.replace(before, after, 1))
    return table


def test_every_row_has_a_report_and_stands_beside_the_oracle(table, tmp_path, capsys):
    out = tmp_path / "out"
    assert main([str(table), "--jobs", "1", "--out", str(out)]) == 0
    rows = load_json(out / "table.json")["rows"]
    assert [row["name"] for row in rows] == ["second (pls)", "first"]
    for row in rows:
        assert [cell["repetitions"] for cell in row["cells"]] == [1, 4]
        assert [cell["n"] for cell in row["cells"]] == [96, 24]
        assert row["n_candidates"] == 12
        assert not row["alarm"]
        for cell in row["cells"]:
            assert [figure["name"] for figure in cell["figures"]] == ["top1", "top5"]
            assert cell["figures"][0]["value"] <= cell["oracle"][0]["value"] + 0.1
        report = load_json(out / row["name"] / "report.json")
        assert report["headline"]["value"] == row["cells"][0]["figures"][0]["value"]
        assert (out / row["name"] / "report.html").is_file()
    ridge, oracle = (rows[1]["cells"][-1][who][1]["value"] for who in ("figures", "oracle"))
    assert 5 / 12 < ridge <= oracle
    assert "oracle" in capsys.readouterr().out


def test_rows_are_chosen_by_name(table, tmp_path):
    out = tmp_path / "out"
    assert main([str(table), "--rows", "first", "--out", str(out)]) == 0
    assert [row["name"] for row in load_json(out / "table.json")["rows"]] == ["first"]


def test_a_row_that_is_not_there_is_refused(table, tmp_path):
    with pytest.raises(ConfigError, match=r"expected second \(pls\), first; got 'third'"):
        main([str(table), "--rows", "third", "--out", str(tmp_path / "out")])


@pytest.mark.parametrize("name", ["../elsewhere", "a/b", "..", ""])
def test_a_row_whose_name_is_no_folder_is_refused(table, tmp_path, name):
    with pytest.raises(ConfigError, match="name"):
        main([str(changed(table, '"first"', f'"{name}"')), "--out", str(tmp_path / "out")])


def test_a_base_without_a_test_partition_is_refused_before_any_work(table, tmp_path):
    changed(tmp_path / "base.toml", 'test = "partition"', 'test = "folds"')
    with pytest.raises(ConfigError, match='needs evaluation.test = "partition"'):
        main([str(table), "--jobs", "1", "--out", str(tmp_path / "out")])


def test_a_row_cannot_change_what_it_is_judged_on(table, tmp_path):
    """Rows of one base share their trials, which are read once."""
    table.write_text(table.read_text() + "set = { preprocess = { tmax = 0.1 } }\n")
    with pytest.raises(ConfigError, match=r"row 'first'.*got preprocess: take another base"):
        main([str(table), "--out", str(tmp_path / "out")])


def test_a_row_with_a_misspelt_key_is_refused(table, tmp_path):
    with pytest.raises(ConfigError, match=r"row 'second \(pls\)'.*decodr"):
        main([str(changed(table, "decoder =", "decodr =")), "--out", str(tmp_path / "out")])


def test_a_folder_with_something_in_it_is_not_written_to(table, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    (out / "mine.txt").write_text("mine")
    with pytest.raises(OutputError):
        main([str(table), "--out", str(out)])
    assert [path.name for path in out.iterdir()] == ["mine.txt"]


def test_no_jobs_are_refused(table, tmp_path, capsys):
    with pytest.raises(SystemExit):
        main([str(table), "--jobs", "0", "--out", str(tmp_path / "out")])
    assert "expected at least 1, got 0" in capsys.readouterr().err


def test_a_table_without_rows_is_refused(tmp_path):
    path = tmp_path / "none.toml"
    path.write_text('name = "none"\nrows = []\n')
    with pytest.raises(BciError, match="rows"):
        main([str(path), "--out", str(tmp_path / "out")])
