"""Device profiles: whom they recognise, what they change, and that they come back from their files."""

from typing import get_args

import numpy as np
import pytest

from bci.device_files import known_devices, load_device, save_device
from bci.devices import GENERIC, Delay, DeviceProfile, RoleName, recognise
from bci.errors import ConfigError, FormatError, OutputError
from bci.roles import Role, layout

EPOC = ("Timestamp", "Counter", "Interpolate", "AF3", "O1", "HardwareMarker", "Markers")


@pytest.mark.parametrize(
    ("stream", "labels", "device"),
    [
        ("EmotivDataStream-EEG", EPOC, "emotivpro"),
        ("renamed by its user", EPOC, "emotivpro"),
        ("actiCHamp-08060112", ("Fz", "Markers"), "acticham"),
        ("Muse", ("TP9",), "muse"),
        ("Muse-3F2A (00:55:DA:B0:3F:2A)", ("TP9",), "muse"),
        ("museum", ("TP9",), "generic"),
        ("bci-replay", ("Fz", "Markers", "SampleCounter"), "generic"),
    ],
)
def test_streams_are_recognised_by_name_then_by_columns(stream, labels, device):
    assert recognise(stream, labels, known_devices()).name == device


def test_name_tells_more_than_columns():
    mine = DeviceProfile(name="mine", title="-", streams=("mine",))
    assert recognise("mine", EPOC, (*known_devices(), mine)) is mine


def test_generic_file_says_what_is_assumed_without_one():
    assert load_device("generic") == GENERIC


def test_roles_are_those_of_columns():
    assert set(get_args(RoleName)) == {str(role) for role in Role}


def test_roles_of_a_profile_go_before_those_of_labels():
    found = layout(["Cz", "CH33"], ["EEG"] * 2, ["V", ""], {"ch3\\d": "aux"}, unit="mV")
    assert [channel.kind for channel in found.channels] == ["eeg", "aux"]
    np.testing.assert_allclose(found.factors, [1e6, 1e3])


def test_profile_survives_its_file(tmp_path):
    profile = load_device("emotivpro").model_copy(
        update={"delay": Delay(seconds=0.0516, interval=(0.0504, 0.053), source="measured")}
    )
    path = tmp_path / "mine.toml"
    save_device(path, profile)
    assert load_device(str(path)) == profile
    with pytest.raises(OutputError, match="mine.toml"):
        save_device(path, profile)


@pytest.mark.parametrize(
    ("text", "error", "what"),
    [
        ('name = "x"\ntitle = "y"\nrole = {}', ConfigError, "nearest known one is 'roles'"),
        ('name = "x"\ntitle = "y"\nstreams = ["("]', ConfigError, "no regular expression"),
        ('name = "x"\ntitle = "y"\n[delay]\nseconds = 200', ConfigError, "delay.seconds"),
        ('schema = 2\nname = "x"\ntitle = "y"', FormatError, "schema 2"),
    ],
)
def test_what_makes_no_profile_is_refused(tmp_path, text, error, what):
    path = tmp_path / "mine.toml"
    path.write_text(text, "utf-8")
    with pytest.raises(error, match=what):
        load_device(str(path))


def test_unknown_name_lists_those_that_are_known():
    with pytest.raises(ConfigError, match="acticham, emotivpro, generic, muse; got 'epoc'"):
        load_device("epoc")
