import numpy as np
import pytest

from bci.errors import ConfigError, FormatError
from replay.mindbigdata.convert import convert
from replay.mindbigdata.writer import event_lines
from replay.readers.mindbigdata import read_mindbigdata


def written(folder, events):
    path = folder / "EP1.01.txt"
    path.write_text("".join(line for each in events for line in event_lines(*each)), encoding="ascii")
    convert(path, lambda *_: None)
    return path


def noise(seed, size=256):
    return 4200 + np.random.default_rng(seed).normal(0, 30, (14, size))


def test_events_that_are_left_out_are_counted_by_reason(tmp_path):
    flat = noise(5)
    flat[3] = 4200
    path = written(
        tmp_path, [(3, 7, noise(0)), (4, -1, noise(1)), (9, 7, noise(2)), (10, 2, flat), (12, 2, noise(3))]
    )
    trials = read_mindbigdata(path)
    assert trials.data.shape == (3, 14, 256)
    assert trials.concepts.tolist() == [7, 7, 2]
    assert trials.concept_names[7] == "7"
    assert trials.groups["event"].tolist() == [3, 9, 12]
    assert trials.groups["repetition"].tolist() == [0, 1, 0]
    left_out = trials.provenance["left_out"]
    assert left_out == {"channels missing": 0, "no digit": 1, "length": 0, "flat": 1, "railed": 0, "noise": 0}
    assert np.abs(trials.data[2] - noise(3)).max() < 0.26


def test_an_event_that_lacks_a_channel_is_left_out(tmp_path):
    path = tmp_path / "EP1.01.txt"
    lines = [line for number in (1, 2) for line in event_lines(number, 4, noise(number))]
    path.write_text("".join(lines[1:]), encoding="ascii")
    convert(path, lambda *_: None)
    trials = read_mindbigdata(path)
    assert trials.groups["event"].tolist() == [2]
    assert trials.provenance["left_out"]["channels missing"] == 1


def test_thresholds_that_leave_nothing_say_what_happened(tmp_path):
    path = written(tmp_path, [(1, 7, noise(0)), (2, 1, noise(1))])
    with pytest.raises(FormatError, match="2 noise"):
        read_mindbigdata(path, noise=1.0)


def test_an_unknown_threshold_is_refused(tmp_path):
    path = written(tmp_path, [(1, 7, noise(0))])
    with pytest.raises(ConfigError, match="noisy"):
        read_mindbigdata(path, noisy=1.0)


def test_what_is_not_converted_is_refused_with_the_command(tmp_path):
    (tmp_path / "EP1.01.txt").write_text("".join(event_lines(1, 7, noise(0))))
    with pytest.raises(FormatError, match="bci convert"):
        read_mindbigdata(tmp_path / "EP1.01.txt")
