"""What a device says beside its samples, without them."""

import pytest

from replay.device import DeviceOptions, script
from replay.dialects.generic import generic
from replay.dialects.speech import EEG, Device, Turn
from replay.faults import read_faults
from replay.load import noise_recording
from replay.spoil import spoil


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_it_is_what_is_sent_with_samples(seed):
    recording = noise_recording(("O1", "Oz"), 100.0, 600.0, ("a", "b", "c"), 0.2)
    faults = read_faults("bad-day")
    whole = spoil(generic(recording, Device("bci-replay", "id")), faults, seed).pushes()
    beside = [each for each in whole if isinstance(each, Turn) or each.outlet != EEG]
    assert list(script(recording, DeviceOptions(faults=faults, seed=seed))) == beside


def test_without_faults_it_is_the_markers_of_the_recording():
    recording = noise_recording(("Oz",), 100.0, 10.0, ("a", "b"), 1.0)
    told = [(push.at, push.content) for push in script(recording, DeviceOptions())]
    assert told == [(sample / 100, value) for sample, value in recording.markers]
