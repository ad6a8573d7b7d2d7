"""Pairs that follow each other on a stream: every event is cut once, by the pair whose term its onset lies in."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bci.clock import VirtualClock
from bci.decoder import FakeDecoder
from bci.epochs import Epocher
from bci.pair import Pair, check_fit
from bci.specs import EventSpec, PreprocessSpec, QualitySpec
from bci.terms import Terms
from bci.types import Batch, Channel, DecoderSpec, Marker, SampleChunk, StreamSpec

RATE = 100.0
STREAM = StreamSpec("test", "EEG", "id", RATE, (Channel("Cz"), Channel("Oz")))
SPECS = (
    PreprocessSpec(channels=("Oz", "Cz"), sfreq=RATE, tmax=0.2),
    PreprocessSpec(channels=("Cz",), sfreq=50.0, lowpass=20.0, tmin=-0.1, tmax=0.5, baseline=(-0.2, 0.0)),
    PreprocessSpec(channels=("Oz",), sfreq=RATE, highpass=5.0, tmax=0.3),
)
N = 1200
SIGNAL = np.random.default_rng(0).normal(size=(N, 2)).astype(np.float32)


def pair(spec=SPECS[0], events=EventSpec(), concepts=("a", "b")):  # noqa: B008
    made = DecoderSpec(spec.channels, spec.sfreq, spec.n_times, spec.digest, concepts, "1" * 8, "2" * 8)
    epocher = Epocher(STREAM, spec, events, QualitySpec(), concepts, VirtualClock(), memory=2.0)
    check_fit(epocher, decoder := FakeDecoder(made, np.eye(2, len(spec.channels), dtype=np.float32)))
    return Pair(epocher, decoder)


def chunks(sizes):
    """Cut the signal into chunks of these sizes, again and again."""
    first, at = 0, 0
    while first < N:
        size = min(sizes[at % len(sizes)], N - first)
        yield SampleChunk(SIGNAL[first : first + size], 10 + (first + np.arange(size)) / RATE, 0.0, first)
        first, at = first + size, at + 1


def play(terms, sizes, swaps, markers, late):
    """Feed it all; what is swapped in before which sample, markers by sample, and how late each marker comes."""
    cut, border = [], [(-np.inf, terms.current)]
    swaps, waiting = sorted(swaps, key=lambda swap: swap[0]), sorted(zip(markers, late, strict=True))
    for chunk in chunks(sizes):
        while swaps and swaps[0][0] <= chunk.seq:
            terms.follow(successor := swaps.pop(0)[1])
            border.append((terms._terms[-1].since, successor))
        end = chunk.seq + len(chunk.times)
        due = [each for each in waiting if each[0] + each[1] < end]
        waiting = [each for each in waiting if each not in due]
        cut += terms.feed(Batch(chunk, tuple(Marker(10 + at / RATE, "a") for at, _ in due)))
    cut += terms.feed(Batch(None, tuple(Marker(10 + at / RATE, "a") for at, _ in waiting)))
    return cut + terms.finish(), border


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.integers(1, 60), min_size=1, max_size=5),
    st.lists(st.tuples(st.integers(0, N), st.sampled_from(SPECS)), max_size=6),
    st.lists(st.tuples(st.integers(0, N - 1), st.integers(0, 150)), max_size=25, unique_by=lambda each: each[0]),
)
def test_every_event_is_cut_once_by_the_pair_that_was_current_at_its_onset(sizes, swaps, shown):
    markers, late = [at for at, _ in shown], [lag for _, lag in shown]
    cut, border = play(Terms(pair()), sizes, [(at, pair(spec)) for at, spec in swaps], markers, late)
    assert sorted(round((epoch.onset - 10) * RATE) for epoch, _ in cut) == sorted(markers)
    for epoch, by in cut:
        owner = next(each for since, each in reversed(border) if since < epoch.onset)
        assert by is owner
        if epoch.data is not None:
            spec = by.decoder.spec
            assert epoch.data.shape == (len(spec.channels), spec.n_times)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(1, 60), min_size=1, max_size=5),
    st.lists(st.integers(0, N), max_size=4),
    st.lists(st.integers(0, N - 60), max_size=20, unique=True),
)
def test_a_decoder_of_the_same_preprocessing_sees_what_it_would_have_seen_from_the_beginning(
    sizes, swaps, markers
):
    spec = PreprocessSpec(channels=("Oz", "Cz"), sfreq=50.0, highpass=1.0, lowpass=15.0, tmin=-0.2, tmax=0.4)
    never = [0] * len(markers)
    swapped, _ = play(Terms(pair(spec)), sizes, [(at, pair(spec)) for at in swaps], markers, never)
    alone, _ = play(Terms(pair(spec)), sizes, [], markers, never)
    assert len(swapped) == len(alone) == len(markers)
    by_onset = {epoch.onset: epoch for epoch, _ in alone}
    for epoch, _ in swapped:
        assert (epoch.data is None) == (by_onset[epoch.onset].data is None)
        if epoch.data is not None:
            np.testing.assert_array_equal(epoch.data, by_onset[epoch.onset].data)


def test_events_wait_for_a_new_filter_and_none_is_lost_meanwhile():
    """A high-pass of 5 Hz is given a fifth of a second: events before that are the old decoder's."""
    terms, new = Terms(pair()), pair(SPECS[2])
    cut, _ = play(terms, [10], [(300, new)], [290, 305, 315, 330, 400], [0] * 5)
    assert [by is new for _, by in sorted(cut, key=lambda each: each[0].onset)] == [False] * 3 + [True] * 2
    assert all(epoch.data is not None for epoch, _ in cut)


def test_the_old_pair_is_let_go_when_no_window_of_its_term_can_come_any_more():
    terms, new = Terms(pair()), pair()
    play(terms, [50], [(300, new)], [], [])
    assert [term.pair for term in terms._terms] == [new]


def test_a_label_across_the_border_finds_its_trigger():
    events = EventSpec(lock=("1",), time_from="t", label_from="l", pair_within=0.1)
    terms = Terms(pair(events=events))
    for chunk in chunks([100]):
        markers = ()
        if chunk.seq == 200:
            terms.follow(pair(events=events))
        if chunk.seq == 300:  # the border is the newest sample before the switch, 11.99 s
            markers = (Marker(11.98, "1", "t"), Marker(12.01, "b", "l"))
        cut = terms.feed(Batch(chunk, markers))
        if markers:
            ((epoch, _),) = cut
            assert (epoch.truth, epoch.quality.flags) == (1, ())


def test_windows_that_slide_are_cut_once():
    events = EventSpec(mode="sliding", step=0.1)
    terms, new = Terms(pair(events=events)), pair(events=events)
    cut, _ = play(terms, [7], [(300, new)], [], [])
    onsets = [round((epoch.onset - 10) * RATE) for epoch, _ in cut]
    old = [onset for onset, (_, by) in zip(onsets, cut, strict=True) if by is not new]
    late = [onset for onset, (_, by) in zip(onsets, cut, strict=True) if by is new]
    assert old == list(range(0, max(old) + 1, 10))
    assert late == list(range(min(late), max(late) + 1, 10))
    assert 0 < min(late) - max(old) <= 10


@pytest.mark.parametrize("spec", SPECS)
def test_a_pair_that_takes_over_before_the_first_sample_has_all_events(spec):
    terms, new = Terms(pair()), pair(spec)
    terms.follow(new)
    cut, _ = play(terms, [50], [], [100, 600], [0, 0])
    assert [by for _, by in cut] == [new, new]
