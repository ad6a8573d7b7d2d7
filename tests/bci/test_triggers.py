"""The trigger test vector, in every dialect and any chunking: 5 at sample 50, 1 at 100, 7 at 150, 2 at 200."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bci.triggers import Onset, TriggerDecoder

EXPECTED = [(50, 5), (100, 1), (150, 7), (200, 2)]


def held(width, rest=0):
    words = np.full(300, rest, np.float32)
    for sample, value in EXPECTED:
        words[sample : sample + width] = value
    return words


def on_changes_only():
    words = held(1, rest=-1)
    for sample, _ in EXPECTED:
        words[sample + 10] = 0  # the return to rest
    return words


def without_rest():
    words = np.zeros(300, np.float32)
    for sample, value in EXPECTED:
        words[sample:] = value
    return words


DIALECTS = {
    "changes only, -1 between": on_changes_only(),
    "changes only, code to code": held(1, rest=-1),
    "0 at rest, 5 samples long": held(5),
    "0 at rest, 1 sample long": held(1),
    "code to code without rest": without_rest(),
}


def decode(words, cuts=()):
    decoder = TriggerDecoder()
    edges = [0, *sorted(cuts), len(words)]
    return [
        (onset.sample, onset.value)
        for first, stop in pairwise(edges)
        for onset in decoder.feed(words[first:stop], first)
    ]


@pytest.mark.parametrize("words", DIALECTS.values(), ids=DIALECTS)
def test_every_dialect_gives_the_same_events(words):
    assert decode(words) == EXPECTED


@pytest.mark.parametrize("words", DIALECTS.values(), ids=DIALECTS)
def test_pulse_split_over_two_chunks(words):
    assert decode(words, cuts=[50, 101, 152]) == EXPECTED


@given(
    st.lists(st.sampled_from([-1, 0, 0, 0, 3, 5, 255]), min_size=1, max_size=60),
    st.lists(st.integers(0, 60), max_size=8),
)
def test_chunking_changes_nothing(words, cuts):
    words = np.array(words, np.float32)
    assert decode(words, [cut for cut in cuts if cut <= len(words)]) == decode(words)


@given(st.lists(st.sampled_from([-1, 0, 3, 5]), min_size=1, max_size=40))
def test_an_onset_is_a_change_to_a_word(words):
    for sample, value in decode(np.array(words, np.float32)):
        assert value > 0
        assert words[sample] == value != words[sample - 1]


def test_word_that_lies_there_from_the_start_is_no_onset():
    assert decode(np.array([5, 5, 0, 5], np.float32)) == [(3, 5)]


def test_word_after_a_gap_counts_only_where_words_mark_changes():
    held_word, change = TriggerDecoder(), TriggerDecoder()
    held_word.feed(np.zeros(4), 0)
    change.feed(np.full(4, -1.0), 0)
    for decoder in (held_word, change):
        decoder.reset()
    assert held_word.feed(np.array([5, 5]), 100) == []
    assert change.feed(np.array([5, -1]), 100) == [Onset(100, 5)]


def test_what_is_not_finite_is_rest():
    assert decode(np.array([0, np.nan, 3, np.inf, 0])) == [(2, 3)]


def test_integer_channels_are_read_too():
    assert decode(np.array([0, 9, 9, 0], np.int16)) == [(1, 9)]


@pytest.mark.parametrize(("words", "expected"), [("onset", [Onset(0, 5)]), ("held", []), ("learnt", [])])
def test_word_on_the_first_sample_is_an_onset_where_words_stand_on_onsets_alone(words, expected):
    assert TriggerDecoder(words).feed(np.array([5, 0]), 0) == expected


def test_held_words_stay_so_whatever_comes():
    decoder = TriggerDecoder("held")
    decoder.feed(np.full(4, -1.0), 0)
    decoder.reset()
    assert decoder.feed(np.array([5, 5]), 100) == []
