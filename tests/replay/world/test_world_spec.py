import pytest

from bci.config import parse
from bci.errors import ConfigError
from replay.world import WorldSpec, load_world

PRESETS = ["things", "things-hard", "acticham", "epoc", "muse"]


@pytest.mark.parametrize("name", PRESETS)
def test_presets_are_named_after_their_files(preset, name):
    assert preset(name).spec.name == name


@pytest.mark.parametrize(
    ("name", "n_channels", "sfreq"),
    [("things", 63, 250), ("things-hard", 63, 250), ("acticham", 63, 1000), ("epoc", 14, 128), ("muse", 4, 256)],
)
def test_presets_have_the_shape_of_their_devices(preset, name, n_channels, sfreq):
    spec = preset(name).spec
    assert (len(spec.channels), spec.sfreq) == (n_channels, sfreq)


def test_a_world_can_be_loaded_from_a_path(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(
        'name = "mine"\nseed = 0\nchannels = ["O1", "O2"]\nreference = "Cz"\nsfreq = 200\n[evoked]\nsnr = 1.0\n'
    )
    assert load_world(path).spec.name == "mine"


def test_an_unknown_world_is_refused_with_the_names_that_exist():
    with pytest.raises(ConfigError, match=r"world-things-hard.*got 'world-thongs'"):
        load_world("thongs")


def refusal(make, **changes):
    with pytest.raises((ConfigError, ValueError)) as caught:
        make(**changes)
    return str(caught.value)


def test_what_makes_no_sense_is_refused(make_tiny):
    assert "whole number of samples" in refusal(make_tiny, presentation={"soa": 0.2})
    assert "at least evoked.components" in refusal(make_tiny, pictures={"dim": 3})
    assert "below half the sampling rate" in refusal(make_tiny, noise={"line_hz": 64})
    assert "reference not among them" in refusal(make_tiny, reference="O1")
    assert "tests the training concepts" in refusal(make_tiny, pictures={"test": "new-pictures"})
    assert "no electrode X9" in refusal(make_tiny, channels=["O1", "X9"])
    assert "montage that MNE knows" in refusal(make_tiny, montage="standard-issue")
    assert "at most 32" in refusal(make_tiny, pictures={"categories": 33})


def test_a_misspelt_key_names_the_nearest_one():
    with pytest.raises(ConfigError, match=r"unknown key 'noise.slop'.*'slope'"):
        parse(
            WorldSpec,
            {
                "name": "x",
                "seed": 0,
                "channels": ["O1", "O2"],
                "reference": "Cz",
                "sfreq": 100,
                "evoked": {"snr": 1},
                "noise": {"slop": 1},
            },
            "x.toml",
        )
