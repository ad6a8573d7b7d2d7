"""What each simulated device sends is decoded to what was recorded: samples, events, gaps, on virtual time."""

import numpy as np
import pytest
from heard_speech import hear
from hypothesis import given, settings
from hypothesis import strategies as st

from bci.contact_quality import read_contact
from bci.intake import Intake
from bci.segments import segments_of
from bci.types import Channel, Recording
from replay.dialects import DIALECTS, NAMES
from replay.dialects.acticham import CHUNK
from replay.dialects.emotivpro import COUNTER, FILLED, offset_of
from replay.dialects.speech import Device
from replay.scripted_source import understood

VECTOR = [(50, 5), (100, 1), (150, 7), (200, 2)]
RATES = {"generic": 250.0, "emotivpro": 128.0, "acticham": 1000.0, "acticham-strings": 1000.0, "muse": 256.0}
SENSORS = ("AF3", "O1", "O2")


def recorded(sfreq, n_times=2000, gaps=(), markers=(), others=(), seed=0):
    """Noise with `gaps` (sample, samples missing before it), and other channels beside the electrodes."""
    rng = np.random.default_rng(seed)
    data = rng.normal(0, 20, (n_times, len(SENSORS) + len(others))).astype(np.float32)
    missing, segments = 0, [(0, 0.0)]
    for sample, n in gaps:
        missing += n
        segments.append((sample, (sample + missing) / sfreq))
    channels = (*map(Channel, SENSORS), *others)
    return Recording(data, sfreq, tuple(segments), tuple(markers), channels, "FCz")


def spoken(name, recording, delay=0.0, chunk=None, seed=0):
    return DIALECTS[name](recording, Device(NAMES[name], "id-1", delay, chunk, seed))


def true_times(recording):
    times = [part.start + np.arange(part.stop - part.first) / recording.sfreq for part in segments_of(recording)]
    return np.concatenate(times)


def net(name, delay, sfreq, chunk=None):
    """By how much the stamps are late in the end: the connector of the actiCHamp stamps a chunk early."""
    return delay - (chunk or CHUNK) / sfreq if name.startswith("acticham") else delay


# ----------------------------------------------------------------------------------------------- all of them


@pytest.mark.parametrize(("name", "profile"), [(name, name.removesuffix("-strings")) for name in DIALECTS])
def test_each_is_recognised_by_what_it_says(name, profile):
    found, arranged, spec = understood(spoken(name, recorded(RATES[name])))
    assert found.name == profile
    assert spec.labels[: len(SENSORS)] == SENSORS
    assert {channel.kind for channel in spec.channels[: len(SENSORS)]} == {"eeg"}
    assert (arranged.counter is not None) == (profile in ("emotivpro", "acticham"))


@pytest.mark.parametrize("name", DIALECTS)
def test_all_that_is_sent_is_in_order_and_fits_its_outlet(name):
    recording = recorded(RATES[name], gaps=[(700, 40)], markers=[(90, "5"), (1100, "banana")])
    speech = spoken(name, recording)
    pushes = list(speech.pushes())
    assert [push.at for push in pushes] == sorted(push.at for push in pushes)
    for push in pushes:
        outlet = speech.outlets[push.outlet]
        if outlet.sfreq:
            assert push.content.shape[1] == len(outlet.channels)
            assert push.content.dtype == np.float32
        else:
            assert isinstance(push.content, str)
    assert len({outlet.source_id for outlet in speech.outlets}) == len(speech.outlets)
    assert [push.at for push in speech.pushes()] == [push.at for push in pushes]  # it can be said again


exact = pytest.mark.parametrize("name", [name for name in DIALECTS if name != "muse"])


@exact
@given(data=st.data())
@settings(max_examples=40)
def test_what_is_decoded_is_what_was_recorded(name, data):
    sfreq = RATES[name]
    # without a counter gaps are found by the stamps: from 0.1 s on, and too many of them are another rate
    shortest, most = (round(0.1 * sfreq), 2) if name == "generic" else (1, 3)
    starts = sorted(data.draw(st.lists(st.integers(1000, 2200), max_size=most, unique_by=lambda at: at // 400)))
    gaps = [(at, data.draw(st.integers(shortest, round(1.5 * sfreq)))) for at in starts]
    samples = data.draw(st.lists(st.integers(1, 2399), max_size=30, unique_by=lambda at: at // 4))
    values = st.one_of(st.integers(1, 255).map(str), st.sampled_from(["banana", "300", "0x5"]))
    behind = {at for at, _ in gaps}  # a word there may have begun in the gap
    markers = sorted((at, data.draw(values)) for at in samples if at not in behind)
    delay = data.draw(st.floats(0.0, 0.3))
    recording = recorded(sfreq, 2400, gaps, markers)
    chunk = data.draw(st.sampled_from([None, 1, 4, 16, 64, 128, 256]))
    speech = spoken(name, recording, delay, chunk)
    heard = hear(speech, delay=net(name, delay, sfreq, chunk))
    offset = offset_of(recording) if name == "emotivpro" else 0.0
    np.testing.assert_array_equal(heard.data[:, :3], recording.data + np.float32(offset))
    assert heard.gaps == gaps
    np.testing.assert_allclose(heard.times, true_times(recording), atol=0.5 / sfreq)
    told = [marker for marker in heard.markers if marker[1] != "0"]
    assert sorted(told) == markers


def test_packets_that_jitter_lose_nothing():
    recording = recorded(256.0, 20_000, markers=[(sample, "1") for sample in range(2000, 20_000, 500)])
    heard = hear(spoken("muse", recording))
    np.testing.assert_array_equal(heard.data[:, :3], recording.data)
    assert heard.gaps == []
    off = [sample - truth for (sample, _), (truth, _) in zip(heard.markers, recording.markers, strict=True)]
    assert np.abs(off).max() <= 1


@pytest.mark.parametrize("seed", range(5))
def test_packets_that_are_missing_are_counted(seed):
    recording = recorded(256.0, 20_400, gaps=[(9600, 96)])
    heard = hear(spoken("muse", recording, seed=seed))
    ((where, n),) = heard.gaps
    assert abs(where - 9600) <= 12
    assert abs(n - 96) <= 5  # the jitter of two packets


# ---------------------------------------------------------------------------------------------- triggers


def pulses(width, rest=0):
    words = np.full(2000, rest, np.float32)
    for sample, value in VECTOR:
        words[sample : sample + width] = value
    return words


def code_to_code():
    words = np.zeros(2000, np.float32)
    for sample, value in VECTOR:
        words[sample:] = value
    return words


PORTS = {
    "-1 idle": pulses(1, rest=-1),
    "0 idle, 5 samples": pulses(5),
    "1 sample": pulses(1),
    "code to code": code_to_code(),
}


@pytest.mark.parametrize("port", PORTS.values(), ids=PORTS)
@pytest.mark.parametrize("name", DIALECTS)
def test_trigger_test_vector(name, port):
    recording = recorded(RATES[name], others=[Channel("TRIG", "trigger", "none")])
    recording.data[:, -1] = port
    heard = hear(spoken(name, recording), delay=net(name, 0.0, RATES[name]))
    told = [(sample, value) for sample, value in heard.markers if value != "0"]
    if name == "muse":  # no port: a program tells, and packets jitter
        assert [value for _, value in told] == [str(value) for _, value in VECTOR]
        assert all(abs(sample - at) <= 6 for (sample, _), (at, _) in zip(told, VECTOR, strict=True))
    else:
        assert told == [(sample, str(value)) for sample, value in VECTOR]


@pytest.mark.parametrize("cut", [1, 3, 50])
def test_pulse_that_is_split_over_two_chunks(cut):
    recording = recorded(1000.0, markers=[(sample, str(value)) for sample, value in VECTOR])
    speech = spoken("acticham", recording)
    rows = np.concatenate([push.content for push in speech.pushes() if push.outlet == 0])
    found, arranged, spec = understood(speech)
    intake, told = Intake(spec, arranged, found), []
    for first in range(0, len(rows), cut):
        part = rows[first : first + cut]
        stamps = (first + np.arange(len(part))) / 1000
        told += [marker for batch in intake.feed(part, stamps, 0.0) for marker in batch.markers]
    assert [(round(marker.time * 1000), marker.value) for marker in told] == [(s, str(v)) for s, v in VECTOR]


def test_connector_says_every_change_in_both_forms():
    recording = recorded(1000.0, markers=[(100, "5"), (105, "3"), (400, "7")])
    sampled = spoken("acticham", recording)
    column = [channel.label for channel in sampled.outlets[0].channels].index("Markers")
    words = np.concatenate([push.content[:, column] for push in sampled.pushes() if push.outlet == 0])
    changes = {int(i): int(words[i]) for i in np.flatnonzero(words != -1)}
    assert changes == {100: 5, 105: 3, 115: 0, 400: 7, 410: 0}
    strings = spoken("acticham-strings", recording)
    assert "Markers" not in [channel.label for channel in strings.outlets[0].channels]
    assert strings.outlets[2].name == "actiCHampMarkers-00000"
    told = [push.content for push in strings.pushes() if push.outlet == 2]
    assert told == ["5", "3", "0", "7", "0"]


def test_connector_that_tells_in_both_forms_is_heard_once():
    recording = recorded(1000.0, markers=[(100, "5"), (400, "7"), (900, "banana")])
    speech = spoken("acticham", recording)
    assert [push.content for push in speech.pushes() if push.outlet == 2] == ["5", "0", "7", "0"]
    heard = hear(speech, delay=net("acticham", 0.0, 1000.0))
    assert heard.markers == [(100, "5"), (400, "7"), (900, "banana")]


def test_delay_is_taken_from_samples_and_their_triggers_and_not_from_a_program():
    recording = recorded(1000.0, markers=[(1000, "5"), (1000, "banana")])
    late = hear(spoken("acticham", recording, delay=0.0516), delay=0.0)
    off = net("acticham", 0.0516, 1000.0)
    assert late.markers_from("actiCHamp-00000/Markers") == [(1000, "5")]
    assert late.markers_from("actiCHamp-00000-markers") == [(1000 - round(off * 1000), "banana")]
    np.testing.assert_allclose(late.times, true_times(recording) + off, atol=5e-4)
    right = hear(spoken("acticham", recording, delay=0.0516), delay=off)
    assert right.markers == [(1000, "5"), (1000, "banana")]


# ------------------------------------------------------------------------------------------ what is special


def test_epoc_has_its_columns_and_its_traps():
    recording = recorded(128.0, gaps=[(500, 5), (900, 40)])
    speech = spoken("emotivpro", recording)
    labels = [channel.label for channel in speech.outlets[0].channels]
    assert labels == ["Timestamp", "Counter", "Interpolate", *SENSORS, "HardwareMarker", "Markers"]
    pushes = [push for push in speech.pushes() if push.outlet == 0]
    rows = np.concatenate([push.content for push in pushes])
    assert rows[:, 2].sum() == 5  # up to 16 samples are made up, more stay away
    made_up = np.flatnonzero(rows[:, 2])
    assert made_up.tolist() == list(range(500, 505))
    index = np.r_[0:905, 945 : len(rows) + 40]
    np.testing.assert_array_equal(rows[:, 1], index % COUNTER)
    assert np.median(rows[:, 3:6]) == pytest.approx(4200, abs=20)
    assert len(np.unique(rows[:200, 0])) < 200  # float32 corrupts the time of day


def test_losses_that_are_filled_and_those_that_are_not_are_gaps_alike():
    gaps = [(500, FILLED), (900, FILLED + 1)]
    assert hear(spoken("emotivpro", recorded(128.0, gaps=gaps))).gaps == gaps


def test_recording_on_an_offset_keeps_its_own():
    recording = recorded(128.0)
    recording.data[:] += 4100
    heard = hear(spoken("emotivpro", recording))
    np.testing.assert_array_equal(heard.data, recording.data)


def test_contact_quality_tells_of_flat_sensors_and_the_battery():
    recording = recorded(128.0)
    recording.data[1280:, 1] = 3.0
    speech = spoken("emotivpro", recording, delay=0.2)
    assert speech.outlets[2].name == "EmotivDataStream-Contact-Quality"
    assert speech.outlets[2].sfreq == 2.0
    labels = [channel.label for channel in speech.outlets[2].channels]
    told = [(push.at, read_contact(labels, push.content[0])) for push in speech.pushes() if push.outlet == 2]
    before = [report for at, report in told if at < 10]
    after = [report for at, report in told if at > 10.5]
    assert {report.sensors["O1"] for report in before} == {1.0}
    assert {report.reasons for report in after} == {("no contact: O1",)}
    assert all(79 <= report.battery <= 80 for _, report in told)


def test_connector_sends_aux_inputs_behind_the_electrodes():
    others = [Channel("photo", "aux"), Channel("HEOG", "eog")]
    speech = spoken("acticham", recorded(1000.0, others=others))
    labels = [channel.label for channel in speech.outlets[0].channels]
    assert labels == [*SENSORS, "AUX1", "AUX2", "Markers", "SampleCounter"]
    assert [channel.kind for channel in understood(speech)[2].channels] == ["eeg"] * 3 + ["aux"] * 2


def test_muse_sends_packets_whose_stamps_run_backwards():
    recording = recorded(256.0, 4800)
    pushes = [push for push in spoken("muse", recording).pushes() if push.outlet == 0]
    assert {len(push.content) for push in pushes} == {12}
    assert pushes[0].content.shape[1] == len(SENSORS) + 1
    stamps = np.array([push.stamp for push in pushes])
    steps = np.diff(stamps) - 11 / 256  # from the last sample of a packet to the first of the next one
    assert steps.min() < -0.005
    assert 0.02 < steps.max() < 0.034
