"""Averages over repeats: what goes in, what comes out, and that single trials stay apart."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bci import averaging
from bci.averaging import Averages, of_averages, of_repeats
from bci.errors import MismatchError
from bci.ranking import rank, unit
from bci.types import Decision, Marker, SourceState, Status

N = 6
PROTOTYPES = unit(np.random.default_rng(0).normal(size=(N, 8)).astype(np.float32))
TRIALS = st.lists(
    st.tuples(st.sampled_from("abcd"), st.integers(0, N - 1), st.booleans()),  # group, seen, decoded
    max_size=60,
)


def decision(seq, group, truth, embedding):
    ranking = None if embedding is None else rank(np.float32(embedding), PROTOTYPES, truth, 5)
    status = Status.GAP if embedding is None else Status.OK
    marker = Marker(0.0, "shown")
    return Decision(seq, marker, 0.0, truth, group, status, "", ranking, {}, 0.0, SourceState.FLOWING)


def averaged(decisions, prototypes=PROTOTYPES):
    averages = Averages(prototypes)
    for each in decisions:
        averages.add(each)
    return averages


def trials(drawn, truth=0):
    return [
        decision(i, group, truth, PROTOTYPES[seen] if decoded else None)
        for i, (group, seen, decoded) in enumerate(drawn)
    ]


@given(TRIALS)
def test_b12_every_repeat_is_counted_once_in_its_own_group(drawn):
    presentations = averaged(trials(drawn)).presentations
    assert {each.group for each in presentations} == {group for group, _, _ in drawn}
    for each in presentations:
        own = [(seen, decoded) for group, seen, decoded in drawn if group == each.group]
        assert each.repeats == len(own)
        assert each.averaged == sum(decoded for _, decoded in own)
        assert each.hits == sum(decoded and seen == 0 for seen, decoded in own)
        assert (each.ranking is None) == (each.averaged == 0)
    assert of_repeats(presentations).n == len(drawn)
    assert of_averages(presentations).n == len(presentations)


@given(TRIALS, st.randoms(use_true_random=False))
def test_b12_the_order_of_repeats_does_not_matter(drawn, random):
    first = {each.group: each for each in averaged(trials(drawn)).presentations}
    shuffled = list(drawn)
    random.shuffle(shuffled)
    for each in averaged(trials(shuffled)).presentations:
        assert (each.repeats, each.hits) == (first[each.group].repeats, first[each.group].hits)
        if each.ranking is not None:
            np.testing.assert_allclose(each.ranking.embedding, first[each.group].ranking.embedding, atol=1e-6)


@given(st.integers(0, N - 1))
def test_b12_one_repeat_is_its_own_average(seen):
    single = decision(0, "a", 2, PROTOTYPES[seen])
    (each,) = averaged([single]).presentations
    assert each.ranking.indices.tolist() == single.ranking.indices.tolist()
    assert each.ranking.truth_rank == single.ranking.truth_rank


def test_b12_averaging_finds_what_single_trials_miss():
    rng = np.random.default_rng(1)
    noisy = [
        decision(i, f"presentation-{i // 40}", i // 40 % N, PROTOTYPES[i // 40 % N] + rng.normal(0, 1.2, 8))
        for i in range(30 * 40)
    ]
    presentations = averaged(noisy).presentations
    assert of_repeats(presentations).value < 0.6
    assert of_averages(presentations).value > 0.9
    low, high = of_averages(presentations).interval
    assert low < of_averages(presentations).value <= high
    assert of_repeats(presentations).interval is None


def test_b12_without_prototypes_repeats_are_counted_and_nothing_is_ranked():
    (each,) = averaged(trials([("a", 0, True)] * 3), prototypes=None).presentations
    assert (each.repeats, each.averaged, each.hits, each.ranking) == (3, 3, 3, None)


def test_b12_trials_without_a_group_are_averaged_with_nothing():
    averages = averaged([decision(0, None, 0, PROTOTYPES[0]), decision(1, "a", 0, PROTOTYPES[0])])
    assert averages.single == 1
    assert [each.repeats for each in averages.presentations] == [1]


def test_b12_a_decision_counts_once_and_one_that_was_not_seen_is_told():
    three = trials([("a", 0, True)] * 4)
    averages = averaged([three[0], three[0], three[3], three[1]])
    assert (averages.missed, averages.presentations[0].repeats) == (2, 2)


def test_b12_repeats_that_disagree_on_the_truth_have_none():
    both = [decision(0, "a", 0, PROTOTYPES[0]), decision(1, "a", 1, PROTOTYPES[0])]
    (each,) = averaged(both).presentations
    assert each.truth is None
    assert each.ranking.truth_rank is None
    assert of_repeats([each]).value is of_averages([each]).value is None


def test_b12_what_was_repeated_longest_ago_is_forgotten(monkeypatch):
    monkeypatch.setattr(averaging, "KEPT", 2)
    averages = averaged(trials([("a", 0, True), ("b", 0, True), ("a", 0, True), ("c", 0, True)]))
    assert [each.group for each in averages.presentations] == ["a", "c"]


def test_b12_embeddings_must_be_as_long_as_the_prototypes():
    averages = averaged([decision(0, "a", 0, PROTOTYPES[0])], prototypes=np.eye(3, dtype=np.float32))
    with pytest.raises(MismatchError, match="as long as the prototypes, 3, got 8"):
        _ = averages.presentations
