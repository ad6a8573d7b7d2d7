"""Channels that are bad most of the time are left out; blinks and noise of an ordinary head are no reason."""

from dataclasses import replace

import numpy as np
import pytest

from bci.errors import ConfigError
from bci.types import read_only
from models.calibration.channels import channels_left_out


def spoilt(recording, share, value, *columns):
    data = recording.data.copy()
    data[: int(share * len(data)), list(columns)] = value
    return replace(recording, data=read_only(data))


@pytest.mark.parametrize("person", [0, 1, 2, 3])
def test_an_ordinary_head_keeps_all_channels(small, person):
    assert channels_left_out(small.record(person, 120), small.bundle) == {}


def test_a_flat_channel_is_left_out_with_a_reason(small):
    found = channels_left_out(spoilt(small.record(1, 120), 0.8, 7.0, 3), small.bundle)
    assert list(found) == ["Pz"]
    assert found["Pz"].startswith("flat 78% of the time")


def test_one_that_is_flat_for_a_while_stays(small):
    assert channels_left_out(spoilt(small.record(1, 120), 0.3, 7.0, 3), small.bundle) == {}


def test_missing_samples_are_a_reason(small):
    assert channels_left_out(spoilt(small.record(1, 120), 0.9, np.nan, 0), small.bundle)["O1"].startswith(
        "no data"
    )


def test_too_many_are_refused_by_name(small):
    with pytest.raises(ConfigError, match=r"3 of 6 channels are too bad to calibrate with \(O1: flat"):
        channels_left_out(spoilt(small.record(1, 120), 1.0, 0.0, 0, 1, 2), small.bundle)
