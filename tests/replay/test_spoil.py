"""Each fault does what it says and nothing else: a device plays a recording whose first channel counts samples."""

from itertools import pairwise

import numpy as np
import pytest
from faulty_sessions import live_through, shown
from hypothesis import given
from hypothesis import strategies as st

from bci.config import config_folders
from bci.errors import ConfigError
from bci.types import Channel
from replay.dialects.generic import generic
from replay.dialects.speech import Device, Push, Turn
from replay.faults import FaultSpec, read_faults
from replay.spoil import MAINS, RAIL, spoil

RATE = 250.0


def sent_by(faults="", seed=0, seconds=60.0, chunk=8, recording=None):
    """All that a device sends of a recording."""
    spec = read_faults(faults) if faults else FaultSpec()
    speech = generic(recording or shown(seconds, RATE), Device("device", "id", chunk=chunk))
    return list(spoil(speech, spec, seed).pushes())


def eeg_of(sent):
    return [each for each in sent if isinstance(each, Push) and each.outlet == 0]


def rows_of(sent):
    return np.concatenate([push.content for push in eeg_of(sent)])


def stamps_of(sent):
    return np.concatenate([push.stamps(RATE) for push in eeg_of(sent)])


def markers_of(sent):
    return [each for each in sent if isinstance(each, Push) and isinstance(each.content, str)]


def index_of(sent):
    return rows_of(sent)[:, 0].astype(int)


def test_without_faults_all_is_sent_at_its_time():
    recording = shown(60.0, RATE)
    sent = sent_by(recording=recording)
    np.testing.assert_array_equal(rows_of(sent), recording.data)
    np.testing.assert_allclose(stamps_of(sent), np.arange(len(recording.data)) / RATE, atol=1e-9)
    assert [(round(m.stamp * RATE), m.content) for m in markers_of(sent)] == list(recording.markers)
    assert all(push.at == pytest.approx(push.stamp) for push in sent)


@given(seed=st.integers(0, 10_000))
def test_the_same_seed_gives_the_same_sent_by(seed):
    faults = (
        "gaps.per_minute = 5; hangs.per_minute = 2; bursts.per_minute = 20; restarts.per_minute = 2; "
        "stamps.jitter = 0.02; markers.late = 0.3; markers.duplicated = 0.3; chunk = [1, 64]"
    )
    one, other = (sent_by(faults, seed, 20.0) for _ in range(2))
    assert [(a.at, type(a)) for a in one] == [(b.at, type(b)) for b in other]
    assert markers_of(one) == markers_of(other)
    np.testing.assert_array_equal(rows_of(one), rows_of(other))
    np.testing.assert_array_equal(stamps_of(one), stamps_of(other))
    assert all(a.at <= b.at for a, b in pairwise(one))


def test_other_faults_leave_the_gaps_where_they_are():
    alone = index_of(sent_by("gaps.per_minute = 5", 3))
    among = index_of(sent_by("gaps.per_minute = 5; stamps.jitter = 0.01; bursts.per_minute = 9", 3))
    np.testing.assert_array_equal(alone, among)


def test_gaps_are_as_long_as_they_are_asked_for():
    index = index_of(sent_by("gaps.per_minute = 10; gaps.seconds = [0.5, 0.5]", 1, 300.0))
    missing = np.diff(index)[np.diff(index) > 1] - 1
    assert 20 < len(missing) < 90
    assert np.median(missing) == pytest.approx(125, abs=1)


def test_a_gap_may_be_filled_by_a_device_that_says_so():
    recording = shown(120.0, RATE)
    columns = np.column_stack([recording.data, np.zeros(len(recording.data), np.float32)])
    said = type(recording)(
        columns, RATE, recording.segments, recording.markers, (*recording.channels, Channel("Interpolate", "misc"))
    )
    sent = sent_by("gaps.per_minute = 10; gaps.filled = 1.0", 1, recording=said)
    assert len(rows_of(sent)) == len(said.data)
    assert 0 < (rows_of(sent)[:, -1] == 1).mean() < 0.5
    unable = sent_by("gaps.per_minute = 10; gaps.filled = 1.0", 1, recording=recording)
    assert len(rows_of(unable)) < len(recording.data)


def test_a_sender_that_hangs_sends_everything_afterwards():
    sent = sent_by("hangs.per_minute = 2; hangs.seconds = [3, 10]", 2, 120.0)
    np.testing.assert_array_equal(index_of(sent), np.arange(120 * RATE))
    silences = [b.at - a.at for a, b in pairwise(sent)]
    assert max(silences) >= 3
    assert max(push.at - push.stamp for push in eeg_of(sent)) == pytest.approx(max(silences), abs=1)


def test_a_sender_that_is_killed_sends_nothing_until_it_starts_again():
    sent = sent_by("restarts.per_minute = 3; restarts.seconds = [1, 2]", 4, 120.0)
    turns = [(each.at, each.dies) for each in sent if isinstance(each, Turn)]
    assert len(turns) >= 4
    assert [dies for _, dies in turns] == [True, False] * (len(turns) // 2)
    for (died, _), (started, _) in zip(turns[::2], turns[1::2], strict=True):
        assert 1 <= started - died <= 4
        assert [each for each in sent if died < each.at < started] == []
        assert not ((stamps_of(sent) >= died) & (stamps_of(sent) < started)).any()


def test_packets_have_the_lengths_that_are_asked_for():
    lengths = [len(push.content) for push in eeg_of(sent_by("chunk = [3, 40]"))][:-1]
    assert (min(lengths), max(lengths)) == (3, 40)


@pytest.mark.parametrize(("of", "alike"), [("packet", True), ("sample", False)])
def test_stamps_jitter_by_packet_or_by_sample(of, alike):
    sent = sent_by(f'stamps.jitter = 0.02; stamps.jitter_of = "{of}"')
    errors = [push.stamps(RATE) - push.content[:, 0].astype(int) / RATE for push in eeg_of(sent)]
    assert 0.019 < np.abs(np.concatenate(errors)).max() <= 0.02
    assert all(np.ptp(error) < 1e-6 for error in errors) == alike


def test_a_slow_crystal_takes_samples_and_events_later():
    sent = sent_by("stamps.drift_ppm = 100", seconds=100.0)
    assert stamps_of(sent)[-1] == pytest.approx((100 - 1 / RATE) * (1 + 1e-4))
    recording = shown(100.0, RATE)
    assert [marker.stamp for marker in markers_of(sent)] == pytest.approx(
        [sample / RATE * (1 + 1e-4) for sample, _ in recording.markers]
    )


def test_markers_are_late_early_twice_or_not_at_all_and_their_times_stay_true():
    recording = shown(600.0, RATE)
    faults = "markers.late = 0.2; markers.early = 0.2; markers.duplicated = 0.2; markers.lost = 0.2"
    sent = markers_of(sent_by(faults, 1, recording=recording))
    true = {sample / RATE: value for sample, value in recording.markers}
    assert all(true[marker.stamp] == marker.content for marker in sent)
    n = len(true)
    delays = np.array([marker.at - marker.stamp for marker in sent])
    assert (delays > 0.1).mean() == pytest.approx(0.2, abs=0.06)
    assert (delays < -0.05).mean() == pytest.approx(0.16, abs=0.06)
    assert len({marker.stamp for marker in sent}) == pytest.approx(0.8 * n, rel=0.1)
    assert len(sent) == pytest.approx(0.8 * 1.2 * n, rel=0.1)


def test_strays_lie_a_minute_off():
    sent = markers_of(sent_by("markers.strays_per_minute = 6", 1, 300.0))
    strays = [marker.stamp - marker.at for marker in sent if marker.content == "stray"]
    assert 15 < len(strays) < 50
    assert {round(abs(off)) for off in strays} == {60}


def test_markers_stop_while_samples_go_on():
    sent = sent_by("markers.die_after = 20")
    assert max(marker.at for marker in markers_of(sent)) < 20
    assert stamps_of(sent)[-1] > 59


def test_events_can_be_told_by_trigger_and_label():
    recording = shown(300.0, RATE)
    faults = (
        "markers.paired = true; "
        "markers.lost_triggers = 0.1; markers.doubled_triggers = 0.1; markers.lost_labels = 0.1"
    )
    sent = markers_of(sent_by(faults, 1, recording=recording))
    labels, triggers = ([marker for marker in sent if marker.outlet == number] for number in (1, 2))
    n = len(recording.markers)
    assert len(labels) == pytest.approx(0.9 * n, rel=0.1)
    assert len(triggers) == pytest.approx(0.9 * 1.1 * n, rel=0.1)
    assert all(1 <= int(trigger.content) <= 255 for trigger in triggers)
    assert {label.content for label in labels} <= {value for _, value in recording.markers}


def test_channels_go_flat_rail_hum_or_lose_their_numbers_from_a_time_on():
    recording = shown(60.0, RATE)
    faults = (
        'channels.since = 30; channels.flat = ["C3"]; channels.railed = ["C4"]; channels.noisy = ["O1"]; '
        'not_numbers.per_minute = 6; not_numbers.labels = ["ramp"]'
    )
    rows = rows_of(sent_by(faults, recording=recording))
    half = len(rows) // 2
    np.testing.assert_array_equal(rows[:half, 1:], recording.data[:half, 1:])
    assert (rows[half:, 1] == 0).all()
    assert (rows[half:, 2] == RAIL).all()
    assert np.ptp(rows[half:, 3] - recording.data[half:, 3]) == pytest.approx(2 * MAINS, rel=0.05)
    assert 0 < np.isnan(rows[:, 0]).mean() < 0.2


def test_a_unit_may_change():
    recording = shown(10.0, RATE)
    rows = rows_of(sent_by("channels.factor = 1e-3; channels.since = 5", recording=recording))
    half = len(rows) // 2
    np.testing.assert_allclose(rows[half:, 1], recording.data[half:, 1] * 1e-3, rtol=1e-5)
    np.testing.assert_array_equal(rows[:half, 1], recording.data[:half, 1])


@pytest.mark.parametrize("name", sorted(file.stem for file in (config_folders()[-1] / "faults").glob("*.toml")))
def test_faults_that_come_along_are_survived(name):
    out = live_through(shown(130.0, RATE), read_faults(name), seed=1)
    assert len(out.decisions) > 50


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("gaps = 3 3", "expected TOML such as"),
        ("gap.per_minute = 3", "unknown key 'gap'; the nearest known one is 'gaps'"),
        ("gaps.seconds = [2, 1]", "expected seconds"),
        ("no-such-faults", "no-such-faults"),
    ],
)
def test_a_wrong_specification_is_refused_in_one_line(spec, message):
    with pytest.raises(ConfigError, match=message) as refusal:
        read_faults(spec)
    assert "\n" not in str(refusal.value)


def test_a_channel_that_is_not_there():
    with pytest.raises(ConfigError, match="expected a channel of the device, got 'X9'"):
        sent_by('channels.flat = ["X9"]')
