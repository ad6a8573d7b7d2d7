"""The command line itself: what it lists, what it refuses, and what it does not load."""

import subprocess
import sys
from types import SimpleNamespace

import pytest

from bci.cli import COMMANDS, main
from bci.errors import BciError, ConfigError

HEAVY = "{'torch', 'scipy', 'mne', 'sklearn', 'PyQt6', 'pylsl'}"


def test_without_a_command_it_says_what_there_is(capsys):
    assert main(["--help"]) == 0
    assert main([]) == 2
    out = capsys.readouterr().out
    assert all(command in out for command in COMMANDS)


def test_an_unknown_command_names_the_nearest(capsys):
    assert main(["tarin"]) == 2
    assert "did you mean 'train'?" in capsys.readouterr().err


@pytest.mark.parametrize(("error", "code"), [(ConfigError("no such thing"), 2), (BciError("it broke"), 1)])
def test_errors_are_one_line_and_a_code(monkeypatch, capsys, error, code):
    def fail(argv):
        raise error

    monkeypatch.setattr("bci.cli.doctor.main", fail)
    assert main(["doctor"]) == code
    assert capsys.readouterr().err == f"bci: {error}\n"


def test_the_version(capsys):
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("bci-live 0.")


@pytest.mark.parametrize("arguments", [["--help"], *([command, "--help"] for command in COMMANDS)])
def test_help_loads_nothing_heavy(arguments):
    code = (
        "import sys\nfrom bci.cli import main\n"
        f"try:\n    main({arguments!r})\nexcept SystemExit as end:\n    assert not end.code, end.code\n"
        f"print('heavy:', sorted({HEAVY} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert "heavy: []" in done.stdout
    if arguments != ["--help"]:
        assert "examples" in done.stdout


def test_what_the_system_refuses_is_one_line(monkeypatch, capsys):
    def full(_):
        raise OSError(28, "No space left on device", "run/log.txt")

    monkeypatch.setattr("bci.cli.import_module", lambda _: SimpleNamespace(main=full))
    assert main(["live"]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("bci: live cannot go on: ")
    assert "No space left on device: 'run/log.txt'" in line
