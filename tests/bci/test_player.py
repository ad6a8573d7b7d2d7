"""A recording at the pace of a clock: virtual time, no sleeps."""

import threading
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from simulated_devices import ramp

from bci.array_source import ArraySource
from bci.clock import VirtualClock
from bci.decoder import FakeDecoder
from bci.epochs import Epocher
from bci.errors import ConfigError
from bci.offline import decode_all
from bci.player import CHUNK, SEAM, Player
from bci.ranking import unit
from bci.session import Session
from bci.specs import EventSpec, PreprocessSpec, QualitySpec
from bci.types import DecoderSpec, Recording, SourceState

RATE = 100.0
STEP = int(CHUNK * RATE)  # samples a chunk
SEAM_SAMPLES = round(SEAM * RATE)


def on_virtual_time(recording, **options):
    clock = VirtualClock(500.0)
    return Player(recording, clock, wait=clock.advance, **options), clock


def drain(player):
    return [batch for batch in iter(lambda: player.pull(1.0), None) if batch.chunk]


def chunks_of(batches):
    return [batch.chunk for batch in batches]


def samples_of(batches):
    """What the first channel of `ramp` counts."""
    return np.concatenate([chunk.data[:, 0] for chunk in chunks_of(batches)]).astype(int)


def pull_until(player, position):
    batches = []
    while player.position < position:
        batches += [batch for batch in [player.pull(1.0)] if batch.chunk]
    return batches


# -------------------------------------------------------------------------------------------- the pace


@pytest.mark.parametrize("speed", [0.5, 1.0, 3.0, 10.0])
def test_a11_a_sample_is_due_at_its_place_divided_by_the_speed(speed):
    player, clock = on_virtual_time(ramp(300, RATE, gap=(100, 0.5)), speed=speed)
    for batch in drain(player):
        last = batch.chunk.seq + len(batch.chunk.times) - 1
        assert batch.chunk.arrived == pytest.approx(500.0 + last / RATE / speed)
        assert batch.chunk.times[-1] == pytest.approx(500.0 + last / RATE)
        assert len(batch.chunk.times) <= STEP
    assert clock.now == pytest.approx(500.0 + 349 / RATE / speed)


def test_a_pull_waits_no_longer_than_it_may():
    player, clock = on_virtual_time(ramp(300, RATE), speed=0.5)
    assert player.pull(0.01).chunk is None
    assert clock.now == pytest.approx(500.01)
    assert player.pull(0.5).chunk.seq == 0


def test_a_consumer_that_was_away_gets_what_has_become_due_at_once():
    player, clock = on_virtual_time(ramp(300, RATE))
    player.pull(1.0)
    clock.advance(1.0)
    then = clock.now
    arrived = [player.pull(1.0).chunk.arrived for _ in range(100 // STEP)]
    assert set(arrived) == {then}


def test_a11_pausing_stops_time_and_loses_nothing():
    player, clock = on_virtual_time(ramp(300, RATE))
    before = pull_until(player, 1.0)
    player.pause()
    for _ in range(5):
        batch = player.pull(10.0)
        assert (batch.chunk, batch.state) == (None, SourceState.CONNECTED)
    position, then = player.position, clock.now
    player.resume()
    after = drain(player)
    assert after[0].chunk.times[0] - before[-1].chunk.times[-1] == pytest.approx(1 / RATE)
    assert after[0].chunk.arrived - then <= CHUNK
    assert not any(chunk.gap_before for chunk in chunks_of(before + after))
    np.testing.assert_array_equal(samples_of(before + after), np.arange(300))
    assert clock.now - then == pytest.approx(3.0 - position)


@given(st.lists(st.floats(0.0, 0.02), min_size=1, max_size=300))
def test_a_slider_that_is_dragged_does_not_hold_up_time(moments):
    player, clock = on_virtual_time(ramp(3000, RATE))
    player.pull(0.0)
    for seconds in moments:
        clock.advance(seconds)
        player.set_speed(1.0)
        while player.pull(0.0).chunk:
            pass
    passed = (clock.now - 500.0) * RATE
    assert passed - STEP - 1.01 <= player.position * RATE <= passed + 1.01


def test_a11_speed_changes_count_from_now_on():
    player, clock = on_virtual_time(ramp(1000, RATE))
    pull_until(player, 2.0)
    then, position = clock.now, player.position
    player.set_speed(4.0)
    pull_until(player, 8.0)
    assert clock.now - then == pytest.approx((player.position - position) / 4, abs=2 / RATE)
    assert player.speed == 4.0


@pytest.mark.parametrize("speed", [0.0, 0.4, 11.0, float("nan"), float("inf")])
def test_other_speeds_are_refused(speed):
    player, _ = on_virtual_time(ramp(100, RATE))
    with pytest.raises(ConfigError, match="expected a speed"):
        player.set_speed(speed)
    assert player.speed == 1.0


# ---------------------------------------------------------------------------------------- other places


def test_a11_a_seek_is_a_gap_with_what_led_there_and_its_markers_only():
    player, clock = on_virtual_time(ramp(3000, RATE, every=50), lead=2.0)
    before = pull_until(player, 1.0)
    then = clock.now
    player.seek(20.005)
    assert player.position == pytest.approx(20.01)
    lead = [player.pull(1.0) for _ in range(-(-200 // STEP))]
    assert clock.now == then
    np.testing.assert_array_equal(samples_of(lead), np.arange(1801, 2001))
    assert [chunk.gap_before for chunk in chunks_of(lead)] == [SEAM_SAMPLES] + [0] * (len(lead) - 1)
    assert lead[0].chunk.seq == before[-1].chunk.seq + len(before[-1].chunk.times) + SEAM_SAMPLES
    assert not any(batch.markers for batch in lead)
    after = pull_until(player, 21.0)
    assert [marker.value for batch in after for marker in batch.markers] == ["2050"]
    assert clock.now - then == pytest.approx(player.position - 20.02)


def test_markers_say_who_told_them():
    known = replace(ramp(300, RATE, every=100), sources=("amp/Markers", "screen"))
    player, _ = on_virtual_time(known)
    assert [marker.source for batch in drain(player) for marker in batch.markers] == ["amp/Markers", "screen"]


def test_a_seek_while_paused_shows_what_led_there_and_no_more():
    player, _ = on_virtual_time(ramp(3000, RATE))
    pull_until(player, 1.0)
    player.pause()
    player.seek(10.0)
    shown = [batch for batch in (player.pull(1.0) for _ in range(100)) if batch.chunk]
    np.testing.assert_array_equal(samples_of(shown), np.arange(800, 1000))
    assert player.position == 10.0
    assert not player.playing


def test_the_place_where_it_is_anyway_is_no_gap():
    player, _ = on_virtual_time(ramp(300, RATE))
    before = pull_until(player, 1.0)
    player.seek(player.position)
    np.testing.assert_array_equal(samples_of(before + drain(player)), np.arange(300))


def test_a_place_inside_a_gap_is_the_first_sample_after_it():
    player, _ = on_virtual_time(ramp(300, RATE, gap=(100, 5.0)), lead=0.0)
    player.seek(3.0)
    assert player.position == pytest.approx(6.0)
    np.testing.assert_array_equal(samples_of(drain(player)), np.arange(100, 300))


def test_the_rest_of_a_gap_is_skipped_without_another_one():
    player, clock = on_virtual_time(ramp(300, RATE, gap=(100, 5.0)))
    before = pull_until(player, 6.0)
    assert before[-1].chunk.seq + len(before[-1].chunk.times) == 100
    player.seek(3.0)
    then = clock.now
    after = drain(player)
    assert after[0].chunk.gap_before == 500
    assert after[0].chunk.arrived - then <= CHUNK


def test_places_outside_are_the_ends():
    player, _ = on_virtual_time(ramp(300, RATE), hold=True, lead=0.0)
    player.seek(-5.0)
    assert player.position == 0.0
    player.seek(99.0)
    assert player.position == player.duration == 3.0


def test_a11_steps_go_from_marker_to_marker():
    player, _ = on_virtual_time(ramp(1000, RATE, every=200))
    np.testing.assert_allclose(player.marker_times, [2.0, 4.0, 6.0, 8.0])
    player.pause()
    visited = []
    for direction in (1, 1, 1, 1, 1, -1, -1, 1):
        player.step(direction)
        visited.append(player.position)
    assert visited == [2.0, 4.0, 6.0, 8.0, 8.0, 6.0, 4.0, 6.0]
    player.resume()
    assert [marker.value for batch in pull_until(player, 6.1) for marker in batch.markers] == ["600"]


def test_a_marker_that_is_played_twice_is_confessed():
    player, _ = on_virtual_time(ramp(2000, RATE, every=400))
    pull_until(player, 3.0)
    player.seek(1.0)
    pull_until(player, 3.9)
    assert not player.repeated  # there was none
    pull_until(player, 4.1)
    player.seek(6.0)
    pull_until(player, 10.0)
    assert not player.repeated
    player.step(-1)
    pull_until(player, 9.0)
    assert player.repeated


def test_a_step_back_while_it_plays_gets_away_from_the_marker_that_was_just_passed():
    player, _ = on_virtual_time(ramp(2000, RATE, every=400))
    pull_until(player, 8.5)
    player.step(-1)
    assert player.position == 4.0
    pull_until(player, 6.0)
    player.step(-1)
    assert player.position == 4.0


# --------------------------------------------------------------------------------------------- the end


def test_it_ends_after_the_last_sample():
    player, _ = on_virtual_time(ramp(100, RATE))
    drain(player)
    assert player.pull(1.0) is None


def test_a11_held_at_the_end_one_can_go_back():
    player, _ = on_virtual_time(ramp(300, RATE), hold=True, lead=0.0)
    pull_until(player, 3.0)
    assert player.at_end
    assert not player.playing
    assert player.pull(1.0).state is SourceState.CONNECTED
    player.resume()  # there is nothing to play
    assert not player.playing
    player.seek(2.5)
    assert player.pull(1.0).chunk is None
    player.resume()
    np.testing.assert_array_equal(samples_of(pull_until(player, 3.0)), np.arange(250, 300))


# --------------------------------------------------------------------------------- whatever is pressed

ACTIONS = st.one_of(
    st.tuples(st.just("seek"), st.floats(-1, 12)),
    st.tuples(st.just("step"), st.sampled_from([1, -1])),
    st.tuples(st.just("set_speed"), st.floats(0.5, 10)),
    st.tuples(st.sampled_from(["pause", "resume"])),
    st.tuples(st.just("pull"), st.floats(0, 0.5)),
)


@given(st.lists(ACTIONS, max_size=40), st.integers(1, 999), st.sampled_from([0.0, 0.3, 2.0]))
def test_whatever_is_pressed_the_stream_is_in_order(actions, cut, lead):
    recording = ramp(1000, RATE, gap=(cut, 0.5))
    player, _ = on_virtual_time(recording, hold=True, lead=lead)
    batches = []
    for name, *given_ in actions:
        done = getattr(player, name)(*given_)
        batches += [done] if name == "pull" and done.chunk else []
        assert 0 <= player.position <= player.duration == 10.5
    player.resume()
    batches += pull_until(player, player.duration)
    expected = 0
    for chunk in chunks_of(batches):
        assert chunk.seq == expected + chunk.gap_before
        expected = chunk.seq + len(chunk.times)
        np.testing.assert_allclose(chunk.times, 500.0 + np.arange(chunk.seq, expected) / RATE)
        sample = int(chunk.data[0, 0])
        np.testing.assert_array_equal(chunk.data, recording.data[sample : sample + len(chunk.data)])
        assert sample + len(chunk.data) <= cut or sample >= cut
    for before, after in pairwise(chunks_of(batches)):
        assert bool(after.gap_before) or after.data[0, 0] == before.data[-1, 0] + 1
    for batch in batches:
        for marker in batch.markers:
            assert batch.chunk.data[batch.chunk.times == marker.time, 0] == int(marker.value)


# ------------------------------------------------------------------------ epochs are those of the file

SPEC = PreprocessSpec(
    channels=("E0", "E1"), sfreq=50.0, tmin=-0.1, tmax=0.3, baseline=(-0.1, 0.0), highpass=0.5, lowpass=20.0
)


def epochs_of(source, clock):
    epocher = Epocher(source.spec, SPEC, EventSpec(), QualitySpec(), (), clock)
    found = []
    while (batch := source.pull(0.2)) is not None:
        found += epocher.feed(batch)
    return found + epocher.finish()


@given(
    st.floats(0.5, 10),
    st.integers(1, 999),
    st.integers(0, 100),
    st.sets(st.integers(0, 980), max_size=20),
    st.lists(st.tuples(st.integers(0, 400), st.floats(0.5, 10), st.floats(0, 5)), max_size=3),
)
def test_a11_epochs_are_those_of_the_recording_at_any_speed_and_over_pauses(speed, cut, missing, onsets, presses):
    whole = ramp(1000, RATE, gap=(cut, missing / RATE))
    markers = tuple((sample, str(sample)) for sample in sorted(onsets))
    recording = Recording(whole.data, RATE, whole.segments, markers, whole.channels, "FCz")
    player, clock = on_virtual_time(recording, speed=speed)
    presses = {after: rest for after, *rest in presses}

    class Pressed:
        spec = player.spec
        pulls = 0

        def pull(self, timeout, *_):
            if self.pulls in presses:
                faster, pause = presses[self.pulls]
                player.pause()
                player.pull(pause)
                player.resume()
                player.set_speed(faster)
            self.pulls += 1
            return player.pull(timeout)

    expected = epochs_of(ArraySource(recording, clock=clock), clock)
    found = epochs_of(Pressed(), clock)
    assert [epoch.marker.value for epoch in found] == [epoch.marker.value for epoch in expected]
    for one, other in zip(found, expected, strict=True):
        assert one.quality == other.quality
        assert (one.data is None) == (other.data is None)
        if one.data is not None:
            assert one.data.tobytes() == other.data.tobytes()


def test_a11_a_session_decides_on_a_player_as_on_the_file():
    recording = ramp(3000, RATE, every=100)
    player, clock = on_virtual_time(recording, speed=10.0)
    names = tuple(value for _, value in recording.markers)
    prototypes = np.random.default_rng(0).normal(size=(len(names), 2)).astype(np.float32)
    spec = DecoderSpec(SPEC.channels, SPEC.sfreq, SPEC.n_times, SPEC.digest, names, "0" * 8, "1" * 8)

    def epocher(source):
        return Epocher(source.spec, SPEC, EventSpec(), QualitySpec(), names, clock)

    file = ArraySource(recording, clock=clock)
    expected = decode_all(file, epocher(file), FakeDecoder(spec, unit(prototypes)), clock)
    session = Session(player, epocher(player), FakeDecoder(spec, unit(prototypes)), [], clock, queue=100)
    session.start()
    assert session.wait(30)
    session.finish()
    made = session.snapshot()
    assert made.samples == 3000
    np.testing.assert_array_equal(made.decided.rank, [one.ranking.truth_rank for one in expected])
    np.testing.assert_array_equal(made.decided.best, [one.ranking.indices[0] for one in expected])


def test_a_window_across_a_seek_is_a_gap():
    clock = VirtualClock(500.0)
    player = Player(ramp(3000, RATE, every=1000), clock, wait=clock.advance)
    epocher = Epocher(player.spec, SPEC, EventSpec(), QualitySpec(), (), clock)
    found = [epoch for batch in pull_until(player, 10.1) for epoch in epocher.feed(batch)]
    player.seek(19.0)
    found += [epoch for batch in pull_until(player, 21.0) for epoch in epocher.feed(batch)]
    assert [(epoch.marker.value, epoch.data is None) for epoch in found] == [("1000", True), ("2000", False)]
    assert (
        found[0].quality.flags[0].reason
        == "samples are missing or no numbers, or other channels were left out, inside the window"
    )


# --------------------------------------------------------------------------------------------- threads


@pytest.mark.parametrize("control", ["seek", "close"])
def test_controls_wake_whoever_waits(control):
    waiting = threading.Event()

    def wait(seconds):
        waiting.set()
        player._used.wait(seconds)

    player = Player(ramp(1000, RATE), VirtualClock(), wait=wait)
    player.pause()
    got = []
    acquire = threading.Thread(target=lambda: got.append(player.pull(1e6)))
    acquire.start()
    assert waiting.wait(30)
    if control == "seek":
        player.seek(5.0)
    else:
        player.close()
    acquire.join(30)
    assert not acquire.is_alive()
    assert [batch and samples_of([batch])[0] for batch in got] == [300 if control == "seek" else None]


def test_controls_from_other_threads_keep_the_stream_in_order():
    player = Player(ramp(20000, 1000.0), speed=10.0, lead=0.1)
    stop = threading.Event()

    def press():
        rng = np.random.default_rng(0)
        while not stop.is_set():
            player.seek(float(rng.uniform(0, 10)))
            player.step(int(rng.choice([-1, 1])))
            player.set_speed(float(rng.uniform(0.5, 10)))

    others = [threading.Thread(target=press) for _ in range(2)]
    for other in others:
        other.start()
    chunks = []
    while len(chunks) < 200:
        batch = player.pull(0.1)
        chunks += [batch.chunk] if batch.chunk else []
    stop.set()
    for other in others:
        other.join(30)
    for before, after in pairwise(chunks):
        assert after.seq == before.seq + len(before.times) + after.gap_before
        assert bool(after.gap_before) or after.data[0, 0] == before.data[-1, 0] + 1
