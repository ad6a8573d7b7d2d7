"""Simulated devices over real LSL: heard by `LslSource`, measured by `bci calibrate-delay`."""

import uuid
from contextlib import closing

import numpy as np
import pytest
from photodiode import photodiode
from simulated_devices import pull_until, ramp

from bci.cli import main
from bci.device_files import load_device
from bci.devices import Delay
from bci.events import END_MARKER
from bci.lsl_source import LslSource
from bci.types import SourceState

pytestmark = pytest.mark.lsl


def heard_to_the_end(source):
    n_times = 1500
    return pull_until(
        source,
        lambda got: (
            sum(len(batch.chunk.data) for batch in got if batch.chunk) >= n_times
            and any(marker.value == END_MARKER for batch in got for marker in batch.markers)
        ),
    )


def placed(batches):
    """Markers of events with the value of the first channel, which counts samples, where they stand."""
    chunks = [batch.chunk for batch in batches if batch.chunk]
    counts = np.concatenate([chunk.data[:, 0] for chunk in chunks])
    times = np.concatenate([chunk.times for chunk in chunks])
    markers = [marker for batch in batches for marker in batch.markers if marker.value.isdigit()]
    at = {int(marker.value): float(counts[np.argmin(np.abs(times - marker.time))]) for marker in markers}
    return at, len(markers)


EXPECTED = {sample: sample for sample in range(50, 1500, 50)}


@pytest.mark.parametrize(("dialect", "late"), [("generic", 0.1), ("emotivpro", 0.2), ("acticham", 0.05)])
def test_events_stand_on_their_samples_whatever_the_delay(device, dialect, late):
    name = f"{dialect}-{uuid.uuid4().hex}"
    options = device(ramp, 1500, name=name, device=dialect, delay=late, speed=2.0, linger=5.0).options
    early = 32 / 250 if dialect == "acticham" else 0.0
    profile = load_device(dialect).model_copy(update={"delay": Delay(seconds=late - early)})
    # the connector tells of its triggers twice, and is heard once
    with closing(LslSource(options.name, wait=20, device=profile)) as source:
        at, n_markers = placed(heard_to_the_end(source))
    base = at[50] - 50  # the offset on which an EPOC's values stand
    assert base == (4200 if dialect == "emotivpro" else 0)
    assert {value: sample - base for value, sample in at.items()} == EXPECTED
    assert n_markers == len(EXPECTED)


def test_headset_that_is_taken_off_degrades_its_stream(device):
    options = device(
        flat_from_the_middle, device="emotivpro", name=uuid.uuid4().hex, linger=20.0, wait=20.0
    ).options
    with closing(LslSource(options.name, wait=20)) as source:
        assert source.device.name == "emotivpro"  # by its columns: its name is another one
        assert source.contact is None
        batches = pull_until(source, lambda got: got[-1].state is SourceState.DEGRADED)
        contact = source.contact
    assert batches[-1].reason == "headset off: no contact"
    assert contact.battery == 80.0
    assert set(contact.sensors.values()) == {0.0}


def flat_from_the_middle():
    recording = ramp(128 * 20, 128.0)
    recording.data[128 * 4 :] = 7.0
    return recording


def test_delay_of_a_stream_is_measured(device, tmp_path, capsys):
    options = device(
        photodiode, name=f"actiCHamp-{uuid.uuid4().hex}", device="acticham", delay=0.1, speed=4.0
    ).options
    out = tmp_path / "mine.toml"
    told = ["--stream", options.name, "--channel", "AUX1", "--lock", "flash", "--events", "30", "--out", str(out)]
    assert main(["calibrate-delay", *told]) == 0
    assert "acticham" in capsys.readouterr().out
    # the light comes 50 ms after the marker, stamps 100 ms late and a chunk of 32 samples early
    assert load_device(str(out)).delay.seconds == pytest.approx(0.05 + 0.1 - 32 / 500, abs=1.1e-3)
