"""Single trials: ranks with the house's rule for ties, orders, choices, means, and what is said of them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import bci.explored
from bci.explored import Explored, judge, ranking
from bci.exploring import Order, Outcome, average, next_row, order, select, summarise

NAMES = ("cat", "dog", "cake", "car", "cup", "cow", "key")


def explored(scores, truth, images=None, **groups):
    scores = np.asarray(scores, np.float32)
    n = len(scores)
    columns = {
        "subject": np.array(["1"] * n),
        "session": np.array(["1"] * n),
        "recording": np.array(["morning"] * n),
        "repetition": np.arange(n),
    }
    return Explored(
        concepts=NAMES[: scores.shape[1]],
        truth=np.asarray(truth, np.int64),
        images=np.full(n, -1, np.int64) if images is None else np.asarray(images, np.int64),
        scores=scores,
        groups=columns | {name: np.asarray(column) for name, column in groups.items()},
        trained=np.zeros(n, bool),
    )


FOUR = explored([[3, 2, 1], [3, 2, 1], [1, 2, 2.5], [0, 9, 0]], truth=[0, 2, 0, -1])
"""A hit, a confident miss, a doubtful miss, and one whose truth nobody knows."""


@st.composite
def trials(draw):
    n, n_concepts = draw(st.integers(0, 12)), draw(st.integers(2, 7))
    scores = draw(arrays(np.float32, (n, n_concepts), elements=st.integers(-3, 3).map(float)))
    truth = draw(arrays(np.int64, n, elements=st.integers(-1, n_concepts - 1)))
    images = draw(arrays(np.int64, n, elements=st.integers(-1, 2)))
    subject = draw(arrays(np.dtype("U1"), n, elements=st.sampled_from("ab")))
    return explored(scores, truth, images, subject=subject)


def test_ties_never_help():
    tied = explored([[1, 1, 1], [2, 1, 1], [0, 0, 5]], truth=[0, 1, 2])
    assert judge(tied, 1.0).rank.tolist() == [2, 2, 0]


def test_a_trial_without_truth_has_no_rank_and_is_no_hit():
    judged = judge(FOUR, 1.0)
    assert judged.rank.tolist() == [0, 2, 2, -1]
    assert judged.told.tolist() == [True, True, True, False]
    assert judged.hits(3).tolist() == [True, True, True, False]
    assert np.isnan(judged.belief[3])


def test_probabilities_are_those_of_a_softmax_at_the_temperature():
    judged = judge(explored([[np.log(3), 0.0]], truth=[1]), 1.0)
    assert judged.confidence[0] == pytest.approx(0.75)
    assert judged.belief[0] == pytest.approx(0.25)
    sharper = judge(explored([[np.log(3), 0.0]], truth=[1]), 0.5)
    assert sharper.confidence[0] == pytest.approx(0.9)


@given(trials())
def test_trials_are_judged_alike_however_many_at_a_time(some):
    whole = judge(some, 0.7)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bci.explored, "AT_ONCE", 3)
        pieces = judge(some, 0.7)
    for name in ("rank", "best", "confidence", "belief"):
        np.testing.assert_array_equal(getattr(whole, name), getattr(pieces, name))


@given(trials())
def test_a_ranking_tells_what_the_columns_tell(some):
    judged = judge(some, 0.7)
    for row in range(len(some)):
        one = ranking(some, row, 3, 0.7)
        assert one.indices[0] == judged.best[row]
        assert one.probabilities[0] == pytest.approx(judged.confidence[row], rel=1e-5)
        assert (-1 if one.truth_rank is None else one.truth_rank) == judged.rank[row]


def test_orders():
    judged = judge(FOUR, 1.0)
    assert order(judged, Order.TRIAL).tolist() == [0, 1, 2, 3]
    assert order(judged, Order.BEST).tolist() == [0, 2, 1, 3]
    assert order(judged, Order.WORST).tolist() == [1, 2, 0, 3]
    assert order(judged, Order.MISSES).tolist() == [1, 2, 0, 3]


@given(trials(), st.sampled_from(Order))
def test_an_order_leaves_no_trial_out_and_puts_the_unknown_last(some, by):
    judged = judge(some, 1.0)
    rows = order(judged, by)
    assert sorted(rows.tolist()) == list(range(len(some)))
    if by is not Order.TRIAL:
        assert not np.any(np.diff(judged.told[rows].astype(int)) > 0)
    if by is Order.BEST:
        assert np.all(np.diff(judged.rank[rows][judged.told[rows]]) >= 0)


@given(trials())
def test_hits_and_misses_are_all_whose_truth_is_known(some):
    judged = judge(some, 1.0)
    for hit, miss in ((Outcome.HIT, Outcome.MISS), (Outcome.FIVE, Outcome.FIVE_MISS)):
        hits, misses = select(some, judged, hit), select(some, judged, miss)
        assert not np.any(hits & misses)
        np.testing.assert_array_equal(hits | misses, judged.told)


def test_trials_are_chosen_by_concept_and_by_text():
    named = explored(FOUR.scores, FOUR.truth, recording=["Morning", "Morning", "Evening", "Evening"])
    judged = judge(named, 1.0)
    assert select(named, judged, concept=0).tolist() == [True, False, True, False]
    assert select(named, judged, text=" CAT ").tolist() == [True, False, True, False]
    assert select(named, judged, text="evening").tolist() == [False, False, True, True]
    assert select(named, judged, Outcome.MISS, 0, "even").tolist() == [False, False, True, False]
    assert not select(named, judged, text="nothing").any()


def test_a_text_does_not_choose_by_the_answer():
    judged = judge(FOUR, 1.0)
    assert FOUR.concepts[judged.best[3]] == "dog"
    assert not select(FOUR, judged, text="dog").any()


def test_the_next_flagged_trial_is_further_down_the_list():
    shown = np.array([4, 2, 0, 3])
    flags = np.array([True, True, False, False, True])
    assert next_row(shown, flags, 0) == 2
    assert next_row(shown, flags, 2) is None


# ----------------------------------------------------------------------------------------------------- averaging


def test_repetitions_of_a_picture_are_averaged_and_of_different_ones_are_not():
    some = explored(np.arange(10).reshape(5, 2), truth=[0, 0, 0, 1, 0], images=[7, 8, 7, 9, 8])
    means = average(some)
    assert [rows.tolist() for rows in means.members] == [[0, 2], [1, 4]]
    np.testing.assert_array_equal(means.explored.scores, [[2, 3], [5, 6]])
    assert means.explored.truth.tolist() == [0, 0]
    assert means.explored.images.tolist() == [7, 8]


def test_where_the_picture_is_unknown_the_concept_counts():
    means = average(explored(np.eye(4, 3), truth=[1, 2, 1, -1]))
    assert [rows.tolist() for rows in means.members] == [[0, 2]]


def test_people_are_not_averaged():
    some = explored(np.eye(4, 3), truth=[1, 1, 1, 1], subject=["a", "b", "a", "b"])
    assert [rows.tolist() for rows in average(some).members] == [[0, 2], [1, 3]]


def test_a_mean_tells_where_it_comes_from_and_whether_it_was_trained_on():
    some = explored(np.eye(4, 3), truth=[1, 1, 2, 2], recording=["a", "b", "a", "a"])
    some.trained[1] = True
    means = average(some).explored
    assert means.groups["recording"].tolist() == ["2 recordings", "a"]
    assert means.groups["subject"].tolist() == ["1", "1"]
    assert means.trained.tolist() == [True, False]


@given(trials())
def test_no_mean_is_of_a_single_trial_and_no_trial_is_in_two(some):
    means = average(some)
    assert len(means.explored) == len(means.members) == len(means.explored.scores)
    every = [trial for rows in means.members for trial in rows.tolist()]
    assert len(set(every)) == len(every)
    for row, trials_of in enumerate(means.members):
        assert len(trials_of) > 1
        assert len(set(some.truth[trials_of])) == len(set(some.images[trials_of])) == 1
        assert len(set(some.groups["subject"][trials_of])) == 1
        own = some.scores[trials_of]
        assert np.all(own.min(axis=0) <= means.explored.scores[row])
        assert np.all(means.explored.scores[row] <= own.max(axis=0))


# ------------------------------------------------------------------------------------------------------- summary


def test_what_is_shown_is_counted():
    summary = summarise(FOUR, judge(FOUR, 1.0), np.arange(4))
    assert (summary.n, summary.told, summary.top1, summary.top5) == (4, 3, 1, None)
    assert summary.chance1 == pytest.approx(2 / 3)  # always "cat"
    assert summary.words() == ("4 of 4 trials", "truth unknown in 1", "top-1 33.3 % (1 of 3), chance 66.7 %")


def test_the_best_five_count_where_there_are_more_than_five():
    seven = explored([[6, 5, 4, 3, 2, 1, 0]] * 2, truth=[4, 5])
    summary = summarise(seven, judge(seven, 1.0), np.arange(2))
    assert summary.top5 == 1
    assert summary.words()[2] == "top-5 50.0 % (1 of 2), chance 71.4 %"


def test_trials_chosen_by_outcome_have_no_accuracy():
    words = summarise(FOUR, judge(FOUR, 1.0), np.array([0]), by_outcome=True).words()
    assert words == ("1 of 4 trials", "chosen by outcome: accuracy of these says nothing")


def test_without_truth_there_is_no_accuracy():
    assert summarise(FOUR, judge(FOUR, 1.0), np.array([3])).words() == ("1 of 4 trials", "truth unknown")


def test_nothing_shown_is_nothing_known():
    assert summarise(FOUR, judge(FOUR, 1.0), np.array([], np.int64)).words() == ("0 of 4 trials",)


def test_trials_that_were_trained_on_are_counted():
    known = explored(FOUR.scores, FOUR.truth)
    known.trained[:2] = True
    assert summarise(known, judge(known, 1.0), np.arange(4)).words()[-1] == "2 of them trained on"
