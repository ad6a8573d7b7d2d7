"""Paired comparison: closed forms, refusals, and p-values that are not too small under the null."""

from dataclasses import replace

import numpy as np
import pytest

from bci.errors import FormatError, MismatchError
from bci.storage import save_tensors
from models.evaluation.answers import fingerprint, load_answers, save_answers, saved
from models.evaluation.compare import compare, mcnemar


def kept(answers, name="one"):
    return saved(name, answers, "abc")


def two(answering, n=400, n_concepts=8, gain=0.5, seed=0):
    """Answers of a decoder and of a better one whose noise is shared."""
    rng = np.random.default_rng(seed)
    truth = np.arange(n) % n_concepts
    noise = rng.normal(size=(n, n_concepts))
    fold = np.arange(n) * 4 // n
    shown = np.eye(n_concepts)[truth]
    worse = answering(noise + shown, truth, fold)
    better = answering(noise + (1 + gain) * shown + 0.1 * rng.normal(size=noise.shape), truth, fold)
    return kept(better, "better"), kept(worse, "worse")


def test_mcnemar_by_hand():
    first = np.array([True] * 6 + [False] * 4)
    second = np.array([False] * 5 + [True] * 2 + [False] * 3)
    # five right by the first alone, one by the second alone: 2 * (C(6,0) + C(6,1)) / 2**6
    assert mcnemar(first, second) == pytest.approx(14 / 64)
    assert mcnemar(first, first) == 1.0


def test_equal_decoders_differ_in_nothing(answering, judging):
    one, _ = two(answering)
    comparison = compare(one, replace(one, name="same"), judging(), 0)
    assert (comparison.first, comparison.second, comparison.n) == ("better", "same", 400)
    for each in comparison.differences:
        assert each.difference == each.interval.low == each.interval.high == 0
    assert [each.p for each in comparison.differences] == [1.0, 1.0, None]


def test_pairing_finds_a_small_gain_in_shared_noise(answering, judging):
    better, worse = two(answering)
    by_name = {each.name: each for each in compare(better, worse, judging(), 0).differences}
    assert by_name.keys() == {"top1", "top5", "mean_rank"}
    top1 = by_name["top1"]
    assert top1.interval.low > 0
    assert top1.p < 0.001
    assert top1.only_first - top1.only_second == round(top1.difference * 400)
    assert by_name["mean_rank"].interval.high < 0


@pytest.mark.parametrize("unit", ["trial", "subject"])
def test_two_concepts_are_compared_by_auc(answering, judging, unit):
    better, worse = two(answering, n_concepts=2, gain=1.0)
    auc = compare(better, worse, judging(unit=unit), 0).differences[0]
    assert auc.name == "auc"
    assert auc.first - auc.second == pytest.approx(auc.difference)
    assert 0 < auc.interval.low <= auc.difference <= auc.interval.high
    assert auc.p is None


def test_decoders_that_are_equally_good_seldom_differ(answering, judging):
    outside, small = 0, 0
    for seed in range(200):
        rng = np.random.default_rng(seed)
        truth = np.arange(120) % 4
        one, other = (kept(answering(rng.normal(size=(120, 4)) + np.eye(4)[truth], truth)) for _ in range(2))
        top1 = compare(one, other, judging(), seed).differences[0]
        outside += not top1.interval.low <= 0 <= top1.interval.high
        small += top1.p <= 0.05
    assert outside / 200 <= 0.1
    assert small / 200 <= 0.08


def test_the_order_of_the_candidates_does_not_matter(answering, judging):
    one, other = two(answering, n_concepts=2)
    turned = replace(
        other,
        concepts=other.concepts[::-1],
        truth=1 - other.truth,
        scores=np.ascontiguousarray(other.scores[:, ::-1]),
    )
    assert compare(one, turned, judging(), 0) == compare(one, other, judging(), 0)


def test_three_candidates_in_another_order_are_matched_by_name(answering, judging):
    one, other = two(answering, n_concepts=3)
    order = np.array([2, 0, 1])  # which is not its own inverse
    turned = replace(
        other,
        concepts=tuple(other.concepts[at] for at in order),
        truth=np.array([1, 2, 0])[other.truth],
        scores=np.ascontiguousarray(other.scores[:, order]),
    )
    assert compare(one, turned, judging(), 0) == compare(one, other, judging(), 0)


@pytest.mark.parametrize("unit", ["concept", "subject"])
def test_what_is_drawn_whole_gives_wider_intervals_where_the_gain_differs(answering, judging, unit):
    """One decoder is right wherever the concept (and the person) is even, the other one never."""
    truth = np.repeat(np.arange(20), 20)
    even = truth % 2 == 0
    subject = truth if unit == "subject" else None
    right, wrong = np.eye(20)[truth], np.eye(20)[(truth + 1) % 20]
    one = kept(answering(np.where(even[:, None], right, wrong), truth, subject=subject))
    other = kept(answering(wrong, truth, subject=subject), "other")
    widths = {}
    for drawn in ("trial", unit):
        top1 = compare(one, other, judging(unit=drawn), 0).differences[0]
        assert top1.difference == 0.5
        widths[drawn] = top1.interval.high - top1.interval.low
    assert widths[unit] > 3 * widths["trial"]


def test_different_trials_candidates_or_folds_are_refused(answering, judging):
    one, other = two(answering)
    for changes, what in (
        ({"trials": "def"}, "same trials, got set abc"),
        ({"concepts": tuple("abcdefgh")}, "same candidates"),
        ({"row": other.row[::-1]}, "same trials"),
        ({"truth": (other.truth + 1) % 8}, "same trials"),
        ({"fold": other.fold // 2}, "same folds, got 4 in 'better' and 2 in 'worse'"),
    ):
        with pytest.raises(MismatchError, match=what):
            compare(one, replace(other, **changes), judging(), 0)


# ----------------------------------------------------------------------------------------------------- on the disk


def test_answers_come_back_from_the_disk(answering, judging, tmp_path):
    better, worse = two(answering)
    save_answers(tmp_path / "answers.safetensors", worse)
    again = load_answers(tmp_path / "answers.safetensors")
    assert compare(better, again, judging(), 0) == compare(better, worse, judging(), 0)
    assert np.array_equal(again.scores, worse.scores)


def test_many_scores_are_not_kept(answering, judging, tmp_path):
    wide = kept(answering(np.zeros((2100, 2000), np.float32), np.zeros(2100, int)))
    assert wide.scores is None
    save_answers(tmp_path / "answers.safetensors", wide)
    again = load_answers(tmp_path / "answers.safetensors")
    assert again.scores is None
    assert compare(wide, again, judging(resamples=2), 0).differences[0].difference == 0


def test_what_is_no_answers_is_refused(tmp_path):
    path = tmp_path / "answers.safetensors"
    save_tensors(path, {"truth": np.zeros(3, np.int64)}, {"name": "x"})
    with pytest.raises(FormatError, match="holds no answers"):
        load_answers(path)


def test_the_fingerprint_is_of_what_was_shown_to_whom(tiny):
    trials = tiny.trials
    louder = replace(trials, data=2 * trials.data)
    assert fingerprint(louder) == fingerprint(trials)
    swapped = replace(trials, concepts=trials.concepts[::-1])
    renamed = replace(trials, groups={**trials.groups, "recording": np.char.add("x", trials.groups["recording"])})
    assert len({fingerprint(each) for each in (trials, swapped, renamed)}) == 3
