"""`LslSource` against real outlets in processes of their own; the first channel counts samples."""

import uuid
from contextlib import closing

import numpy as np
import pytest
from pylsl import local_clock
from simulated_devices import Outlet, Stream, pull_until, ramp

from bci.errors import StreamError
from bci.events import END_MARKER
from bci.lsl_source import LslSource
from bci.types import Channel, SourceState
from replay.device import DeviceOptions, DeviceProcess

pytestmark = pytest.mark.lsl

T0 = 5000.0  # stamps need not be near the clock


def n_samples(batches):
    return sum(len(batch.chunk.data) for batch in batches if batch.chunk)


def pull_samples(source, n_times):
    return pull_until(source, lambda batches: n_samples(batches) >= n_times)


def chunks_of(batches):
    return [batch.chunk for batch in batches if batch.chunk is not None]


def markers_of(batches):
    return [marker for batch in batches for marker in batch.markers]


def values_of(batches):
    return [marker.value for marker in markers_of(batches)]


def joined(batches):
    data = np.concatenate([chunk.data for chunk in chunks_of(batches)])
    return data, np.concatenate([chunk.times for chunk in chunks_of(batches)])


def gaps_of(batches):
    return [(chunk.data[0, 0], chunk.gap_before) for chunk in chunks_of(batches) if chunk.gap_before]


def noise(n_times, n_channels, first=0):
    data = np.random.default_rng(first).normal(0, 10, (n_times, n_channels)).astype(np.float32)
    data[:, 0] = np.arange(first, first + n_times)
    return data


def named():
    return DeviceOptions(name=uuid.uuid4().hex, speed=2.0, linger=5.0)


# ---------------------------------------------------------------------------------------- the simulated device


def played(recording_args, options):
    """Everything that a simulated device sends."""
    with DeviceProcess(ramp, *recording_args, options=options) as device:
        with closing(LslSource(options.name, wait=20)) as source:
            batches = pull_until(
                source, lambda got: END_MARKER in values_of(got) and n_samples(got) >= recording_args[0]
            )
        device.join(20)
    return source.spec, batches


def test_everything_arrives_in_place():
    spec, batches = played((1500,), named())
    data, times = joined(batches)
    markers = markers_of(batches)
    assert spec.labels == ("E0", "E1", "E2", "E3")
    assert spec.reference == "FCz"
    np.testing.assert_array_equal(data[:, 0], np.arange(1500))
    np.testing.assert_allclose(np.diff(times), 1 / 250, atol=1e-5)
    assert values_of(batches) == [*map(str, range(50, 1500, 50)), END_MARKER]
    assert markers[-1].time == pytest.approx(times[-1] + 1 / 250, abs=1e-3)
    for marker in markers[:-1]:
        assert np.argmin(np.abs(times - marker.time)) == int(marker.value)
        assert marker.source == f"{spec.name}-markers"


@pytest.mark.parametrize("seconds", [0.1, 0.5, 2.0])
def test_gap_is_counted_placed_and_timed(seconds):
    _, batches = played((1500, 250.0, 4, (1000, seconds)), named())
    missing = round(seconds * 250)
    data, times = joined(batches)
    np.testing.assert_array_equal(data[:, 0], np.arange(1500))
    assert gaps_of(batches) == [(1000, missing)]
    assert chunks_of(batches)[-1].seq + len(chunks_of(batches)[-1].data) == 1500 + missing
    assert times[1000] - times[999] == pytest.approx(seconds + 1 / 250, abs=1e-4)


def test_chunks_carry_on_from_each_other():
    _, batches = played((800, 250.0, 4, (500, 0.2)), named())
    expected = 0
    for chunk in chunks_of(batches):
        expected += chunk.gap_before
        assert chunk.seq == expected
        assert chunk.data.dtype == np.float32
        assert not chunk.data.flags.writeable
        assert not chunk.times.flags.writeable
        expected += len(chunk.data)


def test_device_that_dies_says_no_farewell():
    options = DeviceOptions(name=uuid.uuid4().hex, speed=4.0, stop_after=2.0)
    with DeviceProcess(ramp, 2000, options=options), closing(LslSource(options.name, wait=20)) as source:
        batches = pull_until(source, lambda got: got[-1].state is SourceState.STALLED)
    assert n_samples(batches) == pytest.approx(500, abs=20)
    assert END_MARKER not in values_of(batches)


def test_device_that_nobody_listens_to_gives_up():
    device = DeviceProcess(ramp, options=DeviceOptions(name=uuid.uuid4().hex, wait=0.2))
    with device, pytest.raises(StreamError, match=r"expected a consumer of .*-markers within 0.2 s"):
        device.join(30)


# ------------------------------------------------------------------------------------------------ choosing


def test_unknown_stream_lists_what_is_there():
    with Outlet(Stream()) as outlet, pytest.raises(StreamError, match=outlet.stream.name):
        LslSource("no such stream", wait=1.0)


def test_two_of_one_name_are_told_apart_by_source_id():
    first = Stream()
    second = Stream(name=first.name)
    with Outlet(first), Outlet(second):
        with pytest.raises(StreamError, match="source id") as refusal:
            LslSource(first.name)
        assert first.source_id in str(refusal.value)
        assert second.source_id in str(refusal.value)
        with closing(LslSource(second.source_id)) as source:
            assert source.spec.source_id == second.source_id


def test_stream_of_events_is_no_eeg():
    events = Stream(labels=("events",), sfreq=0.0, type="Markers", format="string")
    with Outlet(events), pytest.raises(StreamError, match="fixed rate"):
        LslSource(events.name)


def test_marker_stream_that_is_not_there():
    with Outlet(Stream()) as outlet, pytest.raises(StreamError, match="marker stream 'none'"):
        LslSource(outlet.stream.name, markers=["none"])


# --------------------------------------------------------------------------------------- units, rates, columns


def test_volts_become_microvolts():
    with Outlet(Stream(unit="V")) as outlet, closing(LslSource(outlet.stream.name)) as source:
        sent = noise(1000, 3)
        outlet.push_chunk(sent * np.float32(1e-6), T0)
        data, _ = joined(pull_samples(source, 1000))
    np.testing.assert_allclose(data, sent, rtol=1e-5)


def test_values_that_contradict_their_unit():
    with Outlet(Stream(unit="microvolts")) as outlet, closing(LslSource(outlet.stream.name)) as source:
        outlet.push_chunk(noise(1000, 3) * np.float32(1e-6), T0)
        with pytest.raises(StreamError, match="declared unit"):
            pull_samples(source, 1000)


def test_unknown_unit():
    with Outlet(Stream(unit="furlong")) as outlet, pytest.raises(StreamError, match="furlong"):
        LslSource(outlet.stream.name)


def test_rate_that_contradicts_the_nominal_one():
    with Outlet(Stream(sfreq=256.0)) as outlet, closing(LslSource(outlet.stream.name)) as source:
        outlet.push(noise(1024, 3), T0 + np.arange(1024) / 128)
        with pytest.raises(StreamError, match=r"256 Hz.*128 Hz"):
            pull_samples(source, 1024)


def test_values_that_are_not_finite_are_passed_on():
    with Outlet(Stream()) as outlet, closing(LslSource(outlet.stream.name)) as source:
        sent = noise(600, 3)
        sent[100, 1], sent[200, 2] = np.nan, np.inf
        outlet.push_chunk(sent, T0)
        data, _ = joined(pull_samples(source, 600))
    np.testing.assert_array_equal(data, sent)


def test_a20_impedances_arrive_as_they_were_sent(device):
    electrode = Channel("E0 imp", "impedance", "kohm")
    options = device(ramp, 500, 250.0, 1, None, 50, (electrode,), speed=4.0, linger=5.0).options
    with closing(LslSource(options.name, wait=20)) as source:
        assert source.spec.channels == (Channel("E0"), electrode)
        data, _ = joined(pull_samples(source, 500))
    np.testing.assert_array_equal(data, ramp(500, n_channels=1, others=(electrode,)).data)


EPOC = ("Timestamp", "Counter", "Interpolate", "AF3", "O1", "HardwareMarker", "Markers")


def epoc(n_times):
    rows = np.zeros((n_times, len(EPOC)), np.float32)
    rows[:, 0] = 1.7e9
    rows[:, 1] = np.arange(n_times) % 128
    rows[:, 3:5] = 4200 + noise(n_times, 3)[:, 1:]
    rows[50, 6], rows[90:95, 5] = 5, 7
    return rows


def test_service_columns_of_the_epoc_are_used_and_removed():
    rows = epoc(640)
    rows[300:310, 2] = 1  # invented by the device
    keep = np.r_[0:500, 530:640]  # 30 more were lost: the counter tells
    stamps = T0 + np.arange(640) / 128
    with Outlet(Stream(EPOC, 128.0)) as outlet, closing(LslSource(outlet.stream.name)) as source:
        outlet.push(rows[keep], stamps[keep])
        batches = pull_samples(source, 600)
    data, times = joined(batches)
    assert (source.spec.device, source.spec.delay) == ("emotivpro", 0.2)  # by its columns
    stamps -= 0.2
    kept = np.r_[0:300, 310:500, 530:640]
    assert source.spec.labels == ("AF3", "O1")
    np.testing.assert_array_equal(data, rows[kept, 3:5])
    np.testing.assert_allclose(times, stamps[kept], atol=1e-4)
    assert [chunk.gap_before for chunk in chunks_of(batches) if chunk.gap_before] == [10, 30]
    assert [(m.time, m.value, m.source) for m in markers_of(batches)] == [
        (pytest.approx(stamps[50]), "5", f"{source.spec.name}/Markers"),
        (pytest.approx(stamps[90]), "7", f"{source.spec.name}/HardwareMarker"),
    ]


def test_connector_of_the_acticham():
    labels = ("Fz", "Oz", "AUX1", "Markers", "SampleCounter")
    rows = np.zeros((800, 5), np.float32)
    rows[:, :3] = noise(800, 3)
    rows[:, 3] = -1
    rows[100, 3], rows[110, 3], rows[120, 3] = 5, 0, 3
    rows[:, 4] = np.arange(17, 817)
    with Outlet(Stream(labels, 1000.0)) as outlet, closing(LslSource(outlet.stream.name)) as source:
        outlet.push_chunk(rows[:, :], T0)
        batches = pull_samples(source, 800)
    assert [(c.label, c.kind) for c in source.spec.channels] == [("Fz", "eeg"), ("Oz", "eeg"), ("AUX1", "aux")]
    assert [(m.value, round((m.time - T0) * 1000)) for m in markers_of(batches)] == [("5", -699), ("3", -679)]


# ------------------------------------------------------------------------------------------------ markers


def test_markers_of_several_streams_each_at_its_time():
    words = Stream(labels=("m",), sfreq=0.0, type="Markers", format="string")
    codes = Stream(labels=("m",), sfreq=0.0, type="Markers", format="int32")
    eeg = Stream()
    with Outlet(words) as string, Outlet(codes) as integer, Outlet(eeg), closing(LslSource(eeg.name)) as source:
        string.push([["banana"], ["apple"]], [T0 + 0.1, T0 + 0.2])
        integer.push([[12]], [T0 + 0.15])
        batches = pull_until(source, lambda got: len(markers_of(got)) >= 3)
    assert set(source.marker_names) == {words.name, codes.name}
    got = {(m.value, m.source): m.time for m in markers_of(batches)}
    assert got == {
        ("banana", words.name): pytest.approx(T0 + 0.1, abs=1e-3),
        ("apple", words.name): pytest.approx(T0 + 0.2, abs=1e-3),
        ("12", codes.name): pytest.approx(T0 + 0.15, abs=1e-3),
    }


def test_marker_that_is_no_utf8_is_read_as_latin1():
    words = Stream(labels=("m",), sfreq=0.0, type="Markers", format="string")
    eeg = Stream()
    with Outlet(words) as string, Outlet(eeg), closing(LslSource(eeg.name)) as source:
        string.push_bytes("Häuser".encode("latin-1"), T0)
        string.push([["Häuser"]], [T0 + 0.1])
        batches = pull_until(source, lambda got: len(markers_of(got)) >= 2)
    assert [marker.value for marker in markers_of(batches)] == ["Häuser", "Häuser"]


def test_marker_stream_that_comes_later():
    words = Stream(labels=("m",), sfreq=0.0, type="Markers", format="string")
    with Outlet(Stream()) as eeg, closing(LslSource(eeg.stream.name)) as source:
        assert source.marker_names == ()
        with Outlet(words) as string:
            pull_until(source, lambda _: words.name in source.marker_names)
            string.wait_for_consumer()
            string.push([["late"]], [T0])
            batches = pull_until(source, markers_of)
    assert values_of(batches) == ["late"]


def test_only_the_marker_streams_that_are_named():
    one, other = (Stream(("m",), 0.0, "Markers", format="string") for _ in range(2))
    eeg = Stream()
    with Outlet(one), Outlet(other), Outlet(eeg), closing(LslSource(eeg.name, markers=[one.name])) as source:
        assert source.marker_names == (one.name,)


# ------------------------------------------------------------------------------------------------ states


def test_states_of_a_stream_that_stalls_and_is_lost():
    ahead = 0.0  # the clock leaps, so that nobody waits
    stream = Stream()
    with Outlet(stream) as outlet, closing(LslSource(stream.name, clock=lambda: local_clock() + ahead)) as source:
        assert source.pull(0.01).state is SourceState.CONNECTED
        outlet.push_chunk(noise(50, 3), T0)
        assert pull_samples(source, 50)[-1].state is SourceState.FLOWING
        ahead += 0.6
        assert source.pull(0.01).state is SourceState.STALLED
        ahead += 5.0
        assert source.pull(0.01).state is SourceState.LOST
        outlet.push_chunk(noise(50, 3, 50), T0 + 0.2)
        states = [batch.state for batch in pull_samples(source, 50)]
        for i in range(1, 7):
            ahead += 0.4
            outlet.push_chunk(noise(100, 3, 100 * i), T0 + 0.2 + 0.4 * i)
            states += [batch.state for batch in pull_samples(source, 100)]
    assert [state for state in states if state is not SourceState.LOST][:1] == [SourceState.RECOVERED]
    assert states[-1] is SourceState.FLOWING


def test_backlog_of_a_sender_that_hung_keeps_its_times():
    stamps = T0 + np.arange(3000) / 250
    sent = noise(3000, 3)
    with Outlet(Stream()) as outlet, closing(LslSource(outlet.stream.name)) as source:
        outlet.push_chunk(sent[:500], stamps[499])
        batches = pull_samples(source, 500)
        batches += pull_until(source, lambda got: got[-1].state is SourceState.STALLED)
        for first in range(500, 3000, 250):
            outlet.push_chunk(sent[first : first + 250], stamps[first + 249])
        batches += pull_samples(source, 2500)
    data, times = joined(batches)
    np.testing.assert_array_equal(data, sent)
    np.testing.assert_allclose(times, stamps, atol=1e-4)
    assert gaps_of(batches) == []


def test_killed_sender_that_starts_again_resumes():
    stream = Stream()
    with closing(_source_of(stream)) as source, Outlet(stream) as again:
        again.wait_for_consumer()
        again.push_chunk(noise(500, 3, 1000), T0 + 10.0)  # 500 samples end 8 s after the last one
        batches = pull_samples(source, 500)
    assert SourceState.RECOVERED in [batch.state for batch in batches]
    assert gaps_of(batches) == [(1000, 1500)]
    data, times = joined(batches)
    np.testing.assert_array_equal(data[:, 0], np.arange(1000, 1500))
    assert times[-1] == pytest.approx(T0 + 10.0, abs=2e-3)


def _source_of(stream):
    """A source that has received 500 samples, up to T0 + 2 s, from a sender that is dead now."""
    with Outlet(stream) as outlet:
        source = LslSource(stream.name, wait=20)
        outlet.push_chunk(noise(500, 3), T0 + 2.0)
        pull_samples(source, 500)
    pull_until(source, lambda got: got[-1].state is SourceState.STALLED)
    return source


def test_sender_without_source_id_is_lost_for_good():
    stream = Stream(source_id="")
    with Outlet(stream) as outlet:
        source = LslSource(stream.name, wait=20)
        outlet.push_chunk(noise(50, 3), T0)
        pull_samples(source, 50)
    with closing(source):
        assert pull_until(source, lambda got: got[-1].state is SourceState.LOST)


def test_closed_source_has_ended():
    with Outlet(Stream()) as outlet:
        source = LslSource(outlet.stream.name)
        source.close()
        source.close()
        assert source.pull(0.1) is None
