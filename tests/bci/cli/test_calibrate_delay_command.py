"""`bci calibrate-delay` on a file, as a user runs it."""

import pytest
from photodiode import photodiode

from bci.cli import main
from bci.device_files import load_device
from replay.recording_file import save_recording


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "photodiode_raw.fif"
    save_recording(path, photodiode(delay=0.052))
    return path


def test_delay_is_measured_and_written_into_a_profile(file, tmp_path, capsys):
    out = tmp_path / "mine.toml"
    told = ["--file", str(file), "--channel", "AUX1", "--device", "acticham", "--out", str(out)]
    assert main(["calibrate-delay", *told]) == 0
    printed = capsys.readouterr().out
    assert "acticham" in printed
    assert "40; 0 markers without a step" in printed
    written, builtin = load_device(str(out)), load_device("acticham")
    assert written.delay.seconds == pytest.approx(0.052, abs=1.05e-3)  # half a sample
    assert written.delay.interval[0] <= written.delay.seconds <= written.delay.interval[1]
    assert "AUX1: median of 40 events" in written.delay.source
    assert written.model_copy(update={"delay": builtin.delay}) == builtin
    assert main(["devices", str(out)]) == 0
    assert "AUX1" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "error"),
    [
        (["--channel", "AUX7"], "got 'AUX7': it has Cz, Oz, AUX1"),
        (["--channel", "Oz"], "expected"),
        (["--channel", "AUX1", "--lock", "nothing"], "at least 20 markers"),
        (["--channel", "AUX1", "--lock", "("], "no regular expression"),
        (["--channel", "AUX1", "--events", "3"], "at least 20 --events"),
        (["--channel", "AUX1", "--within", "0.5", "0.1"], "--within"),
        (["--channel", "AUX1", "--stream", "x"], "--file or --stream"),
        (["--channel", "AUX1", "--device", "epoc"], "one of acticham"),
    ],
)
def test_what_measures_nothing_is_refused(file, options, error, capsys):
    assert main(["calibrate-delay", "--file", str(file), *options]) == 2
    printed = capsys.readouterr().err
    assert error in printed
    assert printed.count("\n") == 1


def test_nothing_is_overwritten(file, tmp_path, capsys):
    out = tmp_path / "mine.toml"
    out.write_text("mine", "utf-8")
    assert main(["calibrate-delay", "--file", str(file), "--channel", "AUX1", "--out", str(out)]) == 2
    assert "exists already" in capsys.readouterr().err
    assert out.read_text("utf-8") == "mine"
