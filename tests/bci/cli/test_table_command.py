"""`bci table` from a file to table.json and the reports of its rows, on a small synthetic world."""

import io

import numpy as np
import pytest
from rich.console import Console

from bci.cli.evaluate import main as evaluate
from bci.cli.table import _table, main
from bci.errors import BciError, ConfigError, OutputError
from bci.storage import load_json
from models.config import ExperimentConfig
from models.data import load_trials
from models.evaluation.report import Figure
from models.evaluation.table import Cell, Row

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
def table(small_world, tmp_path):
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


def test_every_row_is_judged_on_the_data_of_its_base_which_are_read_once(table, tmp_path, monkeypatch):
    """Rows of two bases take turns in the file, whose order table.json keeps."""
    short = tmp_path / "short.toml"
    short.write_text((tmp_path / "base.toml").read_text().replace("tmax = 0.5", "tmax = 0.2"))
    rows = {"a": tmp_path / "base.toml", "b": short, "c": tmp_path / "base.toml", "d": short}
    text = "".join(f'[[rows]]\nname = "{name}"\nbase = "{base.as_posix()}"\n' for name, base in rows.items())
    table.write_text(f'name = "turns"\n{text}')
    read = []

    def counted(config, *args, **options):
        read.append(config.preprocess.tmax)
        return load_trials(config, *args, **options)

    monkeypatch.setattr("models.evaluation.table.load_trials", counted)
    out = tmp_path / "out"
    assert main([str(table), "--jobs", "1", "--out", str(out)]) == 0
    assert read == [0.5, 0.2]
    found = load_json(out / "table.json")["rows"]
    assert [(row["name"], row["group"]) for row in found] == [
        (name, base.as_posix()) for name, base in rows.items()
    ]
    assert all(row["seconds"] > 0 for row in found)
    alone = {}
    for base in (tmp_path / "base.toml", short):
        assert evaluate([str(base), "--jobs", "1", "--out", str(tmp_path / base.stem)]) == 0
        alone[base.as_posix()] = load_json(tmp_path / base.stem / "report.json")["headline"]
    assert alone[short.as_posix()] != alone[(tmp_path / "base.toml").as_posix()]
    for row in found:
        assert row["cells"][0]["figures"][0] == alone[row["group"]]


def test_a_row_that_is_better_than_the_oracle_is_called_a_leak(table, tmp_path, capsys, monkeypatch):
    def blind(groups):
        return np.zeros((len(groups), 12), np.float32)

    monkeypatch.setattr("models.evaluation.table.world_oracle", lambda _config: blind)
    out = tmp_path / "out"
    assert main([str(table), "--rows", "first", "--jobs", "1", "--out", str(out)]) == 0
    assert load_json(out / "table.json")["rows"][0]["alarm"] is True
    assert "LEAK" in capsys.readouterr().out


def printed(rows):
    console = Console(width=120, file=io.StringIO())
    console.print(_table(rows[0].group, rows))
    return console.file.getvalue()


def row(name, figures, oracle=(), *, alarm=False):
    cells = tuple(Cell(k, 80 // k, figures, oracle) for k in (1, 4))
    return Row(name, "recordings[b].toml", 1.4, 2, alarm, cells)


def test_the_caption_names_the_figures_and_without_an_oracle_there_is_no_row_of_it():
    figures = Figure("auc", 0.7181), Figure("top1", 0.65)
    text = printed([row("lda", figures), row("best", figures, alarm=True)])
    assert "recordings[b].toml: 2 candidates" in text
    assert "auc/top1 in %" in text
    assert text.count("71.8/65.0") == 4
    assert "best (LEAK: better than the oracle)" in text
    assert text.count("oracle") == 1


def test_the_oracle_stands_under_the_figures_that_it_has():
    text = printed([row("lda", (Figure("auc", 0.7), Figure("top1", 0.6)), (Figure("top1", 0.9),))])
    (line,) = (line for line in text.splitlines() if "oracle" in line)
    assert line.split() == ["oracle", "-/90.0", "-/90.0"]


def test_rows_are_chosen_by_name(table, tmp_path, capsys):
    out = tmp_path / "out[b]"
    assert main([str(table), "--rows", "first", "--out", str(out)]) == 0
    assert [row["name"] for row in load_json(out / "table.json")["rows"]] == ["first"]
    assert f"written to {out / 'table.json'}\n" in capsys.readouterr().out


def test_a_row_that_is_not_there_is_refused(table, tmp_path):
    with pytest.raises(ConfigError, match=r"expected second \(pls\), first; got 'third'"):
        main([str(table), "--rows", "third", "--out", str(tmp_path / "out")])


@pytest.mark.parametrize("name", ["../elsewhere", "a/b", "..", ""])
def test_a_row_whose_name_is_no_folder_is_refused(table, tmp_path, name):
    with pytest.raises(ConfigError, match="name"):
        main([str(changed(table, '"first"', f'"{name}"')), "--out", str(tmp_path / "out")])


def test_folds_are_compared_as_partitions_are_beside_the_oracle_of_their_own_session(table, tmp_path, capsys):
    changed(tmp_path / "base.toml", 'test = "partition"', 'test = "folds"')
    changed(tmp_path / "base.toml", 'by = "concept"', 'by = "block"\nfolds = 2')
    changed(tmp_path / "base.toml", "zero-shot", "seen-concept/new-trial")
    out = tmp_path / "out"
    assert main([str(table), "--jobs", "1", "--out", str(out)]) == 0
    for row in load_json(out / "table.json")["rows"]:
        single = row["cells"][0]
        assert single["figures"][0]["value"] <= single["oracle"][0]["value"] + 0.1
        report = load_json(out / row["name"] / "report.json")
        assert len(report["folds"]) == 2
        assert report["headline"] == single["figures"][0]
        assert report["card"]["left_out"] == "block"
    assert "oracle" in capsys.readouterr().out


@pytest.mark.parametrize(
    "section", sorted(set(ExperimentConfig.model_fields) - {"decoder", "projection", "loss", "train"})
)
def test_a_row_cannot_change_what_it_is_judged_on(table, tmp_path, section):
    """Rows of one base share their trials, which are read once."""
    table.write_text(table.read_text() + f"set = {{ {section} = {{ }} }}\n")
    with pytest.raises(ConfigError, match=rf"row 'first'.*got {section}: take another base"):
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


def test_only_people_are_streamed(table, tmp_path):
    with pytest.raises(ConfigError, match="--streamed goes with a table of people"):
        main([str(table), "--streamed", "--out", str(tmp_path / "out")])
