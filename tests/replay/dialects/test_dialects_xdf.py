"""What a device sent, recorded as XDF, is read as it is heard live: the same samples, events on the same ones."""

import numpy as np
import pytest
import tomli_w
from recorded_files import XdfStream, write_xdf

from bci.device_files import load_device, save_device
from bci.devices import Delay
from bci.types import Channel, Recording
from replay.dialects import DIALECTS, NAMES
from replay.dialects.acticham import CHUNK
from replay.dialects.emotivpro import offset_of
from replay.dialects.speech import Device
from replay.readers.xdf import read_xdf

T0 = 5000.0
RATES = {"generic": 250.0, "emotivpro": 128.0, "acticham": 1000.0, "acticham-strings": 1000.0}


def recorded(sfreq):
    data = np.random.default_rng(0).normal(0, 20, (4000, 3)).astype(np.float32)
    markers = ((300, "5"), (900, "banana"), (1500, "7"), (2700, "apple"))
    channels = tuple(map(Channel, ("AF3", "O1", "O2")))
    return Recording(data, sfreq, ((0, 0.0), (2000, (2000 + 200) / sfreq)), markers, channels, "FCz")


def written(path, name, recording, late):
    """What a device says as an XDF file; stamps as liblsl deduces them."""
    speech = DIALECTS[name](recording, Device(NAMES[name], "id-1", late))
    streams = []
    for number, outlet in enumerate(speech.outlets):
        pushes = [push for push in speech.pushes() if push.outlet == number]
        if outlet.sfreq:
            behind = [np.arange(len(push.content))[::-1] / outlet.sfreq for push in pushes]
            stamps = np.concatenate([T0 + push.stamp - back for push, back in zip(pushes, behind, strict=True)])
            values, form = np.concatenate([push.content for push in pushes]), "float32"
        else:
            stamps = np.array([T0 + push.stamp for push in pushes])
            values, form = [push.content for push in pushes], "string"
        streams.append(
            XdfStream(
                name=outlet.name,
                type=outlet.type,
                source_id=outlet.source_id,
                sfreq=outlet.sfreq,
                format=form,
                stamps=stamps,
                samples=values,
                labels=tuple(channel.label for channel in outlet.channels),
                units=tuple(channel.unit for channel in outlet.channels),
                kinds=tuple(channel.kind for channel in outlet.channels),
            )
        )
    return write_xdf(path, *streams)


def late_by(name, seconds):
    """Profile of a device whose stamps are late by so many seconds in the end."""
    return load_device(name.removesuffix("-strings")).model_copy(update={"delay": Delay(seconds=seconds)})


def check(read, recording, offset=0.0):
    np.testing.assert_array_equal(read.data, recording.data + np.float32(offset))
    assert [first for first, _ in read.segments] == [0, 2000]
    assert read.segments[1][1] - read.segments[0][1] == pytest.approx(2200 / recording.sfreq)
    assert [(sample, value) for sample, value in read.markers if value != "0"] == list(recording.markers)


@pytest.mark.parametrize("name", RATES)
def test_recording_of_a_device_is_what_it_recorded(name, tmp_path):
    recording, late = recorded(RATES[name]), 0.15
    path = written(tmp_path / "rec.xdf", name, recording, late)
    net = late - CHUNK / RATES[name] if name.startswith("acticham") else late
    save_device(tmp_path / "mine.toml", late_by(name, net))
    read = read_xdf(path, device=str(tmp_path / "mine.toml"))
    check(read, recording, offset_of(recording) if name == "emotivpro" else 0.0)
    assert read.provenance["delay"] == pytest.approx(net)


def test_device_is_recognised_as_it_is_live(tmp_path):
    recording = recorded(128.0)
    read = read_xdf(written(tmp_path / "rec.xdf", "emotivpro", recording, 0.2))
    check(read, recording, 4200)
    assert (read.provenance["device"], read.provenance["delay"], read.reference) == ("emotivpro", 0.2, "P3")


def test_recording_of_a_session_is_read_with_the_delay_that_was_subtracted_there(tmp_path):
    recording = recorded(128.0)
    path = written(tmp_path / "rec.xdf", "emotivpro", recording, 0.3)
    profile = late_by("emotivpro", 0.3).model_dump(mode="json", exclude_defaults=True)
    (tmp_path / "session.toml").write_text(tomli_w.dumps({"schema": 1, "device": profile}), "utf-8")
    check(read_xdf(path), recording, 4200)
