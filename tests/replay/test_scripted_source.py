"""A simulated device as a source: it brings what the device sends, and ends."""

import numpy as np
from simulated_devices import ramp

from bci.clock import VirtualClock
from bci.device_files import load_device
from bci.devices import Delay
from replay.dialects import DIALECTS
from replay.dialects.speech import Device
from replay.scripted_source import ScriptedSource


def played(dialect, recording, profile=None, delay=0.0):
    speech = DIALECTS[dialect](recording, Device("actiCHamp-7", "id-7", delay))
    source = ScriptedSource(speech, VirtualClock(100.0), profile)
    batches = []
    while (batch := source.pull(0.0)) is not None:
        batches.append(batch)
    return [batch.chunk for batch in batches if batch.chunk], [m for batch in batches for m in batch.markers]


def test_it_brings_all_samples_and_ends():
    recording = ramp(1003)
    chunks, _ = played("acticham", recording)
    np.testing.assert_array_equal(np.concatenate([chunk.data for chunk in chunks]), recording.data)
    assert chunks[-1].arrived >= 100 + 1002 / 250


def test_triggers_that_stand_among_the_samples_are_heard_once():
    recording = ramp(1000, every=100)
    _, markers = played("acticham", recording)
    words = [(marker.source, marker.value) for marker in markers if int(marker.value) < 256]
    assert words == [("actiCHamp-7/Markers", "100"), ("actiCHamp-7/Markers", "200")]


def test_triggers_in_a_stream_of_strings_are_as_late_as_the_samples():
    late = 0.05
    profile = load_device("acticham").model_copy(update={"delay": Delay(seconds=late - 32 / 250)})
    chunks, markers = played("acticham-strings", ramp(1000, every=100), profile, delay=late)
    counts = np.concatenate([chunk.data[:, 0] for chunk in chunks])
    times = np.concatenate([chunk.times for chunk in chunks])
    own = {marker.value: marker.time for marker in markers if marker.source == "actiCHampMarkers-7"}
    for value in ("100", "200"):
        assert counts[np.argmin(np.abs(times - own[value]))] == int(value)


def test_closed_it_brings_nothing_more():
    source = ScriptedSource(DIALECTS["generic"](ramp(500), Device("amp", "id")), VirtualClock())
    assert source.pull(0.0) is not None
    source.close()
    assert source.pull(0.0) is None
    source.close()
