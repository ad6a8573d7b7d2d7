from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from noisy_caps import STREAM, chunks, mains, noise

from bci.channel_watch import ChannelWatch


def told(watch, pieces):
    """When what was said, seconds since the first sample."""
    return [(float(piece.times[-1]) - 100, watch.in_words(watch.bad)) for piece in pieces if watch.feed(piece)]


@pytest.mark.parametrize("sfreq", [128.0, 250.0, 256.3, 999.0, 1000.0, 5000.0])
def test_a_channel_is_bad_within_two_seconds_and_good_again_after_some(sfreq):
    watch = ChannelWatch(replace(STREAM, sfreq=sfreq))
    (bad, what), (good, rest) = told(watch, chunks(mains(noise(16, 1, sfreq), 5, 9, sfreq=sfreq), 16, sfreq))
    assert 5 < bad <= 7
    assert 9 + 3 <= good <= 9 + 5
    assert (what, rest) == (("O1 line noise",), ())


def test_what_is_no_eeg_and_what_is_noisy_for_a_while_are_no_matter():
    data = noise(8)
    data[500:, 4] = 0
    data[1000:1250, 0] *= 30
    assert told(ChannelWatch(STREAM), chunks(data)) == []


def test_line_noise_that_the_filters_take_out_harms_nobody():
    data = mains(noise(8), 2, 8)
    assert told(ChannelWatch(STREAM, lambda _: 1e-4), chunks(data)) == []
    asked = []
    assert told(ChannelWatch(STREAM, lambda frequency: asked.append(frequency) or 0.5), chunks(data))
    assert set(asked) == {50.0}


def test_the_gravest_condition_of_a_spell_is_told():
    data = mains(noise(12), 3, 6)
    data[6 * 250 :, 2] = 0
    said = [what for _, what in told(ChannelWatch(STREAM), chunks(data))]
    assert said[0] == ("O1 line noise",)
    assert said[-1] == ("O1 flat",)
    assert len(said) <= 3


def test_windows_that_meet_a_spell_are_known_also_when_it_is_over():
    watch = ChannelWatch(STREAM)
    told(watch, chunks(mains(noise(16), 5, 7)))
    assert watch.bad == ()
    assert watch.met([2], 105.5, 106) == ("O1 line noise",)
    assert watch.met([0, 1, 3], 105.5, 106) == ()
    assert watch.met([2], 100, 103.5) == ()
    assert watch.met([2], 114, 115) == ()


@given(st.lists(st.integers(1, 400), min_size=1, max_size=12), st.integers(0, 99))
def test_it_does_not_matter_how_samples_come(sizes, seed):
    data = mains(noise(9, seed), 2, 5)
    data[1500:1600, 1] = np.nan
    whole, cut, first = ChannelWatch(STREAM), ChannelWatch(STREAM), 0
    for piece in chunks(data, 125):
        whole.feed(piece)
    (all_of_it,) = chunks(data, len(data))
    for size in [*sizes, len(data)]:
        end = min(first + size, len(data))
        cut.feed(replace(all_of_it, data=data[first:end], times=all_of_it.times[first:end], seq=first))
        first = end
    assert cut.bad == whole.bad
    for start in np.arange(100, 109, 0.25):
        assert cut.met([2], start, start + 0.5) == whole.met([2], start, start + 0.5)


def test_what_did_not_come_is_not_judged():
    watch, (first, *rest) = ChannelWatch(STREAM), chunks(noise(4), 250)
    watch.feed(first)
    late = [replace(piece, seq=piece.seq + 5000, gap_before=5000 * (i == 0)) for i, piece in enumerate(rest)]
    assert told(watch, late) == []
