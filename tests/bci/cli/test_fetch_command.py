"""`bci fetch` from the command line to files on the disk, against a mirror on loopback."""

import json

import pytest
from mirror_server import Drop, Mirror

from bci.cli import main
from bci.cli.fetch import DESCRIPTION
from replay.fetch.datasets import DATASETS

REPOSITORY = ("alexandrebarachant/muse-lsl", "53c07a324ee43902beb373db8062fad532d520bb")
FOLDER = "data/visual/N170/subject1/session1"
FILES = {f"{FOLDER}/data_2017-09-13-15.{i}.01.csv": bytes(1000 * i) for i in (30, 31)}
FIRST = f"raw.githubusercontent.com/{'/'.join(REPOSITORY)}/{next(iter(FILES))}"


@pytest.fixture
def mirror():
    with Mirror() as server:
        server.github(*REPOSITORY, FILES)
        yield server


@pytest.fixture
def run(mirror, tmp_path):
    return lambda *options: main(["fetch", "muse-n170", "--server", mirror.url, "--out", str(tmp_path), *options])


def test_a_data_set_is_fetched_once_with_its_licence(run, mirror, tmp_path, capsys):
    assert run() == 0
    out = capsys.readouterr().out
    assert "2 files fetched (61.0 kB), 0 were there" in out
    assert "licence: BSD-3-Clause" in out
    assert "cite:    A. Barachant" in out
    assert (tmp_path / "muse-n170/rec_2017-09-13-15.30.01.csv").read_bytes() == bytes(30_000)
    mirror.requests.clear()
    assert run() == 0
    assert "0 files fetched (0 bytes), 2 were there" in capsys.readouterr().out
    assert len(mirror.requests) == 1


def test_a_list_fetches_nothing(run, tmp_path, capsys):
    assert run("--list") == 0
    out = capsys.readouterr().out
    assert "30.0 kB  missing rec_2017-09-13-15.30.01.csv" in out
    assert "2 files to fetch (61.0 kB)" in out
    assert not any(tmp_path.iterdir())


def test_json(run, capsys):
    assert run("--list", "--json") == 0
    assert {file["state"] for file in json.loads(capsys.readouterr().out)["files"]} == {"missing"}
    assert run("--json") == 0
    body = json.loads(capsys.readouterr().out)
    assert (body["schema"], body["dataset"], body["licence"]) == (1, "muse-n170", "BSD-3-Clause")
    assert [(file["size"], file["state"]) for file in body["files"]] == [(30_000, "fetched"), (31_000, "fetched")]


def test_a_failing_server_is_one_line_and_exit_code_1(run, mirror, capsys):
    del mirror.resources[FIRST]
    assert run() == 1
    (line,) = [line for line in capsys.readouterr().err.splitlines() if line.startswith("bci: ")]
    assert "raw.githubusercontent.com answered 404 Not Found" in line


def test_a_drop_on_the_way_is_mended(run, mirror, tmp_path, monkeypatch):
    monkeypatch.setattr("time.sleep", lambda _: None)
    mirror.resources[FIRST].faults.extend([Drop(10), Drop(20)])
    assert run() == 0
    assert (tmp_path / "muse-n170/rec_2017-09-13-15.30.01.csv").read_bytes() == bytes(30_000)


def test_ctrl_c_says_that_the_same_command_goes_on(run, tmp_path, monkeypatch, capsys):
    def press(*_, **__):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("rich.progress.Progress.update", press)
        assert run() == 130
    assert "the same command goes on" in capsys.readouterr().err
    assert (tmp_path / "muse-n170/rec_2017-09-13-15.30.01.csv.part").exists()
    assert run() == 0
    assert not any(tmp_path.rglob("*.part*"))


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["things-eg2"], "did you mean 'things-eeg2'?"),
        (["things-eeg2", "--subjects", "12"], "01 to 10; got '12'"),
        (["muse-n170", "--pictures"], "comes without pictures"),
        (["nsd", "--subjects", "1"], "for those who agreed to its terms"),
        (["muse-n170", "--server", "http://example.org"], "expected --server https://"),
    ],
)
def test_mistakes_are_one_line_and_exit_code_2(argv, said, capsys):
    assert main(["fetch", *argv]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert said in line


def test_the_help_names_every_data_set():
    assert all(name in DESCRIPTION for name in DATASETS)
