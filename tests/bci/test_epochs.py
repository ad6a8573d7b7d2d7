"""Epoching without threads, sleeps or LSL: batches in, epochs out."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bci.array_source import ArraySource
from bci.clock import VirtualClock
from bci.epochs import Epocher
from bci.specs import EventSpec, PreprocessSpec, QualitySpec
from bci.types import Batch, Channel, Marker, Recording, SampleChunk, SourceState, StreamSpec

RATE = 100.0
CONCEPTS = ("a", "b")
RAW = PreprocessSpec(channels=("Oz", "Cz"), sfreq=RATE, tmax=0.2)
STREAM = StreamSpec("test", "EEG", "id", RATE, (Channel("Cz"), Channel("Oz")))


def epocher(preprocess=RAW, events=EventSpec(), quality=QualitySpec(), clock=None, memory=5.0):  # noqa: B008
    return Epocher(STREAM, preprocess, events, quality, CONCEPTS, clock or VirtualClock(), memory=memory)


def ramp(seq, n, gap_before=0, start=10.0, arrived=0.0):
    """Samples whose value is their index: any window can be located exactly."""
    values = np.repeat(np.arange(seq, seq + n, dtype=np.float32)[:, None], 2, axis=1)
    return SampleChunk(values, start + (seq + np.arange(n)) / RATE, arrived, seq, gap_before)


def marker(index, value="a", **fields):
    return Marker(10.0 + index / RATE, value, **fields)


def recording(n, markers, segments=((0, 10.0),)):
    values = np.repeat(np.arange(n, dtype=np.float32)[:, None], 2, axis=1)
    return Recording(values, RATE, segments, tuple(markers), STREAM.channels)


def play(cutter, record, chunk):
    source, epochs = ArraySource(record, chunk=chunk), []
    while (batch := source.pull(0.0)) is not None:
        epochs += cutter.feed(batch)
    return epochs + cutter.finish()


def first_sample(epoch):
    return None if epoch.data is None else int(epoch.data[0, 0])


def statuses(epoch):
    return [str(flag.status) for flag in epoch.quality.flags]


@settings(max_examples=80, deadline=None)
@given(
    st.lists(st.integers(0, 299), max_size=15, unique=True).map(sorted),
    st.lists(st.integers(1, 50), min_size=1, max_size=5),
)
def test_every_marker_makes_one_epoch_of_the_right_samples_whatever_the_chunking(onsets, sizes):
    epochs = play(epocher(), recording(300, [(onset, "a") for onset in onsets]), sizes)
    assert sorted(round((epoch.onset - 10.0) * RATE) for epoch in epochs) == onsets
    for epoch in epochs:
        onset = round((epoch.onset - 10.0) * RATE)
        if onset + 20 <= 300:
            np.testing.assert_array_equal(epoch.data[0], np.arange(onset, onset + 20))
            assert epoch.truth == 0
        else:
            assert statuses(epoch) == ["gap"]


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(1, 60), min_size=1, max_size=6), st.booleans())
def test_preprocessed_epochs_do_not_depend_on_the_chunking(sizes, sliding):
    spec = PreprocessSpec(
        channels=("Oz", "Cz"), highpass=1.0, lowpass=15.0, sfreq=50.0, tmax=0.2, baseline=(-0.1, 0.0)
    )
    events = EventSpec(mode="sliding", step=0.13) if sliding else EventSpec()
    rng = np.random.default_rng(0)
    record = Recording(
        rng.normal(size=(300, 2)).astype(np.float32), RATE, ((0, 10.0),), ((40, "a"), (101, "b")), STREAM.channels
    )
    whole = [epoch.data for epoch in play(epocher(spec, events), record, 300)]
    parts = [epoch.data for epoch in play(epocher(spec, events), record, sizes)]
    assert len(whole) == len(parts)
    for ours, theirs in zip(whole, parts, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_every_epoch_knows_the_presentation_it_repeats_even_one_that_was_lost():
    events = EventSpec(group="(?P<group>[0-9]+)/(?P<concept>.+)")
    epochs = play(epocher(events=events), recording(100, [(20, "1/a"), (60, "1/a"), (95, "2/b")]), 7)
    assert [(epoch.group, epoch.truth, epoch.data is None) for epoch in epochs] == [
        ("1", 0, False), ("1", 0, False), ("2", 1, True),
    ]  # fmt: skip


def test_a_window_across_a_gap_is_not_decoded_and_the_ones_beside_it_are():
    record = recording(200, [(50, "a"), (90, "a"), (100, "b")], segments=((0, 10.0), (100, 11.5)))
    epochs = play(epocher(), record, 7)
    assert [first_sample(epoch) for epoch in epochs] == [50, None, 100]
    assert statuses(epochs[1]) == ["gap"]
    assert epochs[1].truth == 0
    assert epochs[2].onset == pytest.approx(11.5)


def test_markers_may_come_late_early_or_jumbled():
    cutter = epocher()
    early = cutter.feed(Batch(ramp(0, 50), (marker(80, "b"), marker(10, "a"))))
    assert [(first_sample(e), e.truth) for e in early] == [(10, 0)]
    late = cutter.feed(Batch(ramp(50, 60), (marker(5, "b"),)))
    assert [(first_sample(e), e.truth) for e in late] == [(5, 1), (80, 1)]


def test_a_marker_older_than_the_memory_is_a_gap():
    cutter = epocher(memory=1.0)
    for seq in range(0, 1000, 50):
        cutter.feed(Batch(ramp(seq, 50)))
    (epoch,) = cutter.feed(Batch(None, (marker(3),)))
    assert epoch.quality.flags[0].reason == "the window begins before the oldest sample that is kept"


def test_a_marker_before_the_stream_began_is_a_gap():
    cutter = epocher()
    (epoch,) = cutter.feed(Batch(ramp(0, 50), (marker(-5),)))
    assert statuses(epoch) == ["gap"]


def test_a_marker_for_samples_that_never_come_is_given_up_and_none_is_lost():
    clock = VirtualClock(100.0)
    cutter = epocher(clock=clock)
    cutter.feed(Batch(ramp(0, 50), (marker(500, arrived=100.0),)))
    assert cutter.waiting == 1
    clock.advance(61.0)
    (epoch,) = cutter.feed(Batch())
    assert "no samples came" in epoch.quality.flags[0].reason
    assert cutter.finish() == []


def test_an_event_outlasts_any_pause_of_what_is_played():
    clock = VirtualClock()
    cutter = epocher(clock=clock)
    assert not cutter.feed(Batch(ramp(0, 50), (marker(40, arrived=0.0),), SourceState.FLOWING))
    for _ in range(4):
        clock.advance(30.0)
        assert not cutter.feed(Batch(None, (), SourceState.CONNECTED))
    (epoch,) = cutter.feed(Batch(ramp(50, 150), (), SourceState.FLOWING))
    assert epoch.data is not None
    assert cutter.waiting == 0


def test_a_flood_of_markers_without_samples_is_bounded_and_accounted_for():
    cutter = epocher()
    markers = tuple(marker(1000 + 10 * i) for i in range(5000))
    given_up = cutter.feed(Batch(None, markers))
    assert cutter.waiting + len(given_up) == 5000
    assert cutter.waiting <= 4096
    assert len(cutter.finish()) == cutter.waiting + 4096


def test_a_duplicate_gets_a_decision_of_its_own_and_is_not_decoded():
    cutter = epocher()
    epochs = cutter.feed(Batch(ramp(0, 50), (marker(10), marker(10))))
    assert [first_sample(epoch) for epoch in epochs] == [None, 10]
    assert statuses(epochs[0]) == ["dropped"]


def test_samples_that_are_not_finite_are_missing():
    cutter = epocher()
    chunk = ramp(0, 100)
    data = chunk.data.copy()
    data[30, 0] = np.nan
    bad = SampleChunk(data, chunk.times, 0.0, 0)
    epochs = cutter.feed(Batch(bad, (marker(5), marker(20), marker(40))))
    assert [first_sample(epoch) for epoch in epochs] == [5, None, 40]


def test_an_epoch_is_flagged_as_an_artifact_and_kept():
    cutter = epocher(quality=QualitySpec(peak_to_peak=10.0, flat=25.0))
    (epoch,) = cutter.feed(Batch(ramp(0, 50), (marker(10),)))
    assert statuses(epoch) == ["artifact", "artifact"]
    assert "Oz spans 19 uV" in epoch.quality.flags[0].reason
    assert epoch.quality.flags[1].reason == "flat: Oz, Cz"
    assert first_sample(epoch) == 10


def test_the_stamps_count_from_the_later_of_last_sample_and_marker():
    clock = VirtualClock(3.0)
    cutter = epocher(clock=clock)
    cutter.feed(Batch(ramp(0, 50, arrived=2.0), (marker(40, arrived=1.0),)))
    (epoch,) = cutter.feed(Batch(ramp(50, 50, arrived=2.5)))
    assert (epoch.stamps.arrived, epoch.stamps.ringed, epoch.stamps.cut) == (2.5, 3.0, 3.0)
    (late,) = cutter.feed(Batch(None, (marker(50, arrived=2.9),)))
    assert late.stamps.arrived == 2.9


def test_epochs_are_read_only_and_in_the_order_of_the_channels_wanted():
    chunk = SampleChunk(np.tile(np.float32([1, 2]), (50, 1)), 10 + np.arange(50) / RATE, 0.0, 0)
    (epoch,) = epocher().feed(Batch(chunk, (marker(10),)))
    assert epoch.data[:, 0].tolist() == [2, 1]
    assert not epoch.data.flags.writeable


def test_sliding_windows_follow_each_other_and_know_what_was_on_at_their_centre():
    events = EventSpec(mode="sliding", step=0.1, hold=0.15)
    epochs = play(epocher(events=events), recording(100, [(35, "b")]), 7)
    complete = [epoch for epoch in epochs if epoch.data is not None]
    assert [first_sample(epoch) for epoch in complete] == list(range(0, 90, 10))
    assert all(epoch.marker is None for epoch in epochs)
    # centres are 10 samples after the onset: 40 lies in [35, 50), 30 and 50 do not
    assert [epoch.truth for epoch in complete] == [None] * 3 + [1] + [None] * 5


def test_sliding_windows_begin_anew_after_a_gap():
    events = EventSpec(mode="sliding", step=0.1)
    record = recording(200, [], segments=((0, 10.0), (100, 13.07)))
    epochs = play(epocher(events=events), record, 9)
    firsts = [first_sample(epoch) for epoch in epochs]
    assert firsts[:9] == list(range(0, 90, 10))[:9]
    assert 100 in firsts
    assert all(first is None or not 80 < first < 100 for first in firsts)


def test_an_onset_between_two_ring_samples_is_placed_by_whole_numbers():
    """A tie between two decimated samples must not be decided by the jitter of the clock."""
    spec = PreprocessSpec(channels=("Oz", "Cz"), lowpass=15.0, sfreq=50.0, tmax=0.2)
    onsets = []
    for jitter in (-0.002, 0.0, 0.002):
        cutter = epocher(spec)
        (epoch,) = cutter.feed(Batch(ramp(0, 100), (Marker(10.0 + 41 / RATE + jitter, "a"),)))
        onsets.append(epoch.data)
    np.testing.assert_array_equal(onsets[0], onsets[1])
    np.testing.assert_array_equal(onsets[1], onsets[2])


def test_a_channel_that_sends_no_numbers_any_more_costs_its_windows_at_once_and_is_named(caplog):
    cutter = epocher()
    values = np.zeros((100, 2), np.float32)
    values[50:, 0] = np.nan
    chunk = SampleChunk(values, 10.0 + np.arange(100) / RATE, 0.0, 0)
    epochs = cutter.feed(Batch(chunk, (marker(10), marker(60), marker(95))))
    assert [statuses(epoch) for epoch in epochs] == [[], ["gap"], ["gap"]]
    assert [record.getMessage() for record in caplog.records] == [
        "test: no numbers in Cz; windows with such samples are gaps"
    ]
