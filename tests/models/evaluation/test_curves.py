"""Curves, histograms and confusions of scores whose figures are known."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bci.ranking import softmax
from bci.types import Channel
from models.config import ExperimentConfig
from models.evaluation.answers import Answers
from models.evaluation.breakdowns import classes, confusion, ranks, similarity
from models.evaluation.curves import Judge, candidate_curve, repetition_curves, retrained_curve
from models.evaluation.evidence import fixed, positions
from models.evaluation.experiments import evaluate_config
from models.evaluation.montages import SUBSETS
from models.evaluation.scoring import further_figures, leading_figures
from models.evaluation.transductive import aligned
from models.targets import class_bank


def gaussian(answering, n=3000, n_concepts=20, signal=1.0, seed=0):
    rng = np.random.default_rng(seed)
    truth = rng.integers(n_concepts, size=n)
    scores = rng.normal(size=(n, n_concepts))
    scores[np.arange(n), truth] += signal
    return answering(scores, truth)


def test_fewer_candidates_are_like_scoring_random_subsets(answering, judging):
    answers = gaussian(answering)
    (curve,) = candidate_curve(answers, (2, 5, 10, 500), Judge(judging(), 0))
    assert [point.x for point in curve.points] == [2, 5, 10, 20]
    rng = np.random.default_rng(1)
    for point in curve.points:
        size = int(point.x)
        others = np.array(
            [rng.choice(np.delete(np.arange(20), t), size - 1, replace=False) for t in answers.truth]
        )
        own = answers.scores[np.arange(3000), answers.truth]
        rivals = np.take_along_axis(answers.scores, others, axis=1) >= own[:, None]
        assert point.figures[0].value == pytest.approx(np.mean(rivals.sum(axis=1) == 0), abs=0.03)
        assert point.figures[0].chance == pytest.approx(_constant_in_subsets(answers.truth, size, rng), abs=0.02)
    assert [figure.name for figure in curve.points[0].figures] == ["top1"]
    for figure, leading in zip(curve.points[-1].figures, leading_figures(answers, judging(), 0), strict=True):
        assert (figure.name, figure.value) == (leading.name, leading.value)
        assert figure.chance == pytest.approx(leading.chance)


def test_the_margin_of_the_truth_is_its_distance_in_standard_deviations_of_the_others(answering, judging):
    answers = gaussian(answering, n_concepts=200, signal=1.5)
    told = similarity(answers, judging(), 0)
    assert told.margin.value == pytest.approx(1.5, abs=0.06)
    assert told.margin.interval.low < told.margin.value < told.margin.interval.high
    assert sum(told.truth) == len(answers)
    assert sum(told.others) == pytest.approx(len(answers), abs=0.1)
    middles = np.add(told.edges[:-1], told.edges[1:]) / 2
    assert np.average(middles, weights=told.truth) == pytest.approx(1.5, abs=0.06)
    assert np.average(middles, weights=told.others) == pytest.approx(0.0, abs=0.02)


@given(st.floats(0.01, 100), st.floats(-50, 50))
def test_the_margin_does_not_depend_on_the_scale_of_scores(answering, judging, factor, offset):
    answers = gaussian(answering, n=60)
    moved = replace(answers, scores=answers.scores.astype(np.float64) * factor + offset)
    told = [similarity(each, judging(), 0).margin.value for each in (answers, moved)]
    assert told[0] == pytest.approx(told[1], abs=1e-4)


def test_the_margin_skips_what_does_not_compete_and_needs_some_others(answering, judging):
    answers = gaussian(answering, n=400, n_concepts=20)
    outside = (answers.truth[:, None] + np.arange(1, 11)) % 20  # ten that are nobody's candidates
    scores = answers.scores.copy()
    np.put_along_axis(scores, outside, -np.inf, axis=1)
    fewer = replace(answers, scores=scores)
    assert np.isfinite(similarity(fewer, judging(), 0).margin.value)
    assert similarity(gaussian(answering, n_concepts=5), judging(), 0) is None
    level = answering(np.zeros((10, 8)), np.arange(10) % 8)
    assert similarity(level, judging(), 0).margin.value == 0


def _constant_in_subsets(truth, size, rng):
    """How often a decoder that always prefers what is shown most often is right in random subsets."""
    place = np.argsort(np.argsort(-np.bincount(truth), kind="stable"))
    others = np.array([rng.choice(np.delete(np.arange(20), t), size - 1, replace=False) for t in truth])
    return np.mean((place[others] > place[truth][:, None]).all(axis=1))


def test_chance_among_candidates_that_are_shown_as_often_is_that_of_guessing(answering, judging):
    truth = np.arange(200) % 20
    answers = answering(np.zeros((200, 20)), truth)
    (curve,) = candidate_curve(answers, (2, 5, 10), Judge(judging(), 0))
    for point in curve.points:
        for figure, k in zip(point.figures, (1, 5), strict=False):
            assert figure.chance == pytest.approx(k / point.x)


def test_chance_is_the_best_constant_answer(answering):
    answers = answering(np.zeros((6, 3)), [0, 0, 0, 1, 2, 2])
    assert [answers.chance(k) for k in (1, 2, 5)] == [0.5, pytest.approx(5 / 6), 1.0]
    assert answers.constant_ranks.tolist() == [0, 0, 0, 2, 1, 1]


def test_under_zero_shot_each_fold_has_a_best_constant_answer_of_its_own(answering):
    scores = np.full((6, 4), -np.inf)
    scores[:3, :2] = scores[3:, 2:] = 0
    answers = answering(scores, [0, 0, 1, 3, 3, 2], [0, 0, 0, 1, 1, 1])
    assert answers.constant_ranks.tolist() == [0, 0, 1, 0, 0, 1]
    assert answers.chance() == pytest.approx(4 / 6)


def test_two_candidates_have_no_smaller_sets(answering, judging):
    assert candidate_curve(gaussian(answering, n_concepts=2), (2, 5), Judge(judging(), 0)) == []


def test_summed_evidence_of_independent_trials_grows_as_it_should(answering, judging):
    n_runs, k, n_concepts = 600, 8, 10
    rng = np.random.default_rng(0)
    truth = np.repeat(rng.integers(n_concepts, size=n_runs), k)
    scores = rng.normal(size=(n_runs * k, n_concepts))
    scores[np.arange(n_runs * k), truth] += 0.5
    answers = answering(scores, truth)
    groups = {k: np.arange(n_runs * k).reshape(n_runs, k)}
    evidence = fixed(answers, groups, (2.0,))
    # a Gaussian likelihood ratio is linear in the score, so that summing evidence is averaging trials
    mean = answering(scores.reshape(n_runs, k, -1).mean(axis=1), truth[::k])
    averaged = {k: Answers(**{**_columns(mean), "row": groups[k][:, 0]})}
    curves = repetition_curves(answers, averaged, groups, evidence, Judge(judging(), 0))
    by_name = {curve.name: curve.points for curve in curves}
    assert by_name.keys() == {"repetitions-averaged", "repetitions-summed"}
    for points in by_name.values():
        assert [(point.x, point.n) for point in points] == [(1, n_runs * k), (k, n_runs)]
    values = [points[1].figures[0].value for points in by_name.values()]
    assert values[0] == pytest.approx(values[1], abs=0.01)
    assert values[0] > 3 * by_name["repetitions-summed"][0].figures[0].value / 2


def _columns(answers):
    return {name: getattr(answers, name) for name in Answers.__dataclass_fields__}


def test_groups_of_trials_that_are_not_scored_are_left_out(answering):
    answers = Answers(**{**_columns(answering(np.eye(3), [0, 1, 2])), "row": np.array([2, 5, 6])})
    found = positions(answers, {2: np.array([[2, 6], [3, 5], [5, 9]])})
    assert found[2].tolist() == [[0, 2]]


def test_one_point_is_no_curve(answering, judging):
    answers, judge = gaussian(answering), Judge(judging(), 0)
    assert retrained_curve("window-end", "s", "how", {0.8: answers}, judge) == []
    (curve,) = retrained_curve("window-end", "s", "how", {0.8: answers, 0.4: answers}, judge)
    assert [point.x for point in curve.points] == [0.4, 0.8]


def test_the_oracle_stands_at_the_points_it_was_asked_for(answering, judging):
    answers = gaussian(answering, n=60)
    judge = Judge(
        judging(),
        0,
        oracle=lambda groups: answering(np.eye(20)[answers.truth[groups[:, 0]]], answers.truth[groups[:, 0]]),
    )
    point = judge.point(1, answers, np.arange(60)[:, None])
    assert [(figure.name, figure.value) for figure in point.ceiling] == [("top1", 1.0), ("top5", 1.0)]
    assert judge.point(1, answers).ceiling == ()


def test_a_smaller_montage_without_the_channel_that_tells_is_at_chance(trial_set, judging):
    labels = ("T7", *SUBSETS[8][1].split())
    rng = np.random.default_rng(0)
    concepts = rng.permutation(np.arange(240) % 2)
    data = rng.normal(size=(240, 9, 20))
    data[:, 0] += 0.5 * concepts[:, None]
    trials = trial_set(data, concepts, np.arange(240) // 60, ("house", "face"))
    trials = replace(trials, channels=tuple(map(Channel, labels)))
    config = ExperimentConfig.model_validate(
        {
            "name": "t",
            "data": {"reader": "muse"},
            "preprocess": {"channels": labels, "sfreq": 100.0, "tmax": 0.2},
            "targets": {"kind": "classes"},
            "decoder": {"name": "lda"},
            "evaluation": judging(curves={"channels": [17, 8]}).model_dump(),
        }
    )
    report = evaluate_config(config, class_bank(("house", "face")), trials).report
    (curve,) = (curve for curve in report.curves if curve.name == "channels")
    assert [(point.x, point.n) for point in curve.points] == [(8, 240), (9, 240)]
    assert curve.points[0].figures[0].value == pytest.approx(0.5, abs=0.12)
    assert curve.points[1].figures[0] == report.headline
    assert report.headline.value > 0.8
    assert "smaller montage" in curve.how


# ------------------------------------------------------------------------------------- ranks and confusions


def test_ranks_are_counted_beside_what_guessing_gives(answering):
    rng = np.random.default_rng(0)
    guess = answering(rng.normal(size=(5000, 60)), rng.integers(60, size=5000))
    counted = ranks(guess)
    assert counted.edges[0] == 0
    assert counted.edges[-1] == 60
    assert sum(counted.counts) == 5000
    np.testing.assert_allclose(counted.counts, counted.chance, atol=5 * np.sqrt(250))
    assert sum(counted.chance) == pytest.approx(5000)
    perfect = ranks(answering(np.eye(60), np.arange(60)))
    assert perfect.counts[0] == 60


def test_confusion_by_category_of_what_is_confused_inside_its_category(answering, judging):
    n = 40
    categories = {f"n{i}": "even" if i % 2 == 0 else "odd" for i in range(n)}
    scores = np.eye(n)[(np.arange(n) + 2) % n]  # always the next one of the same category
    found = confusion(answering(scores, np.arange(n)), categories, judging(), 0)
    assert (found.of, found.labels) == ("category", ("even", "odd"))
    assert found.counts == ((20, 0), (0, 20))
    assert (found.accuracy.value, found.accuracy.chance) == (1.0, 0.5)


def test_few_concepts_are_confused_one_by_one_and_many_without_categories_not_at_all(answering, judging):
    found = confusion(answering(np.eye(3)[[0, 2, 2]], [0, 1, 2]), {}, judging(), 0)
    assert found.counts == ((1, 0, 0), (0, 0, 1), (0, 0, 1))
    assert confusion(answering(np.eye(31), np.arange(31)), {}, judging(), 0) is None


# --------------------------------------------------------------------------------------------------- transductive


@pytest.mark.parametrize("how", ["centre", "csls"])
def test_alignment_takes_out_what_a_candidate_gets_from_every_query(answering, judging, how):
    rng = np.random.default_rng(0)
    truth = np.repeat(np.arange(20), 10)
    scores = rng.normal(size=(200, 20)) + 3 * np.eye(20)[truth] + 4 * rng.normal(size=20)  # hubs
    answers = answering(scores, truth)
    before, after = (leading_figures(each, judging(), 0)[0].value for each in (answers, aligned(answers, how)))
    assert after > before + 0.2
    assert answers.scores[0, 0] == np.float32(scores[0, 0])


def test_alignment_uses_the_queries_of_the_same_fold_alone(answering):
    rng = np.random.default_rng(0)
    scores, fold = rng.normal(size=(40, 5)).astype(np.float32), np.arange(40) // 20
    changed = scores.copy()
    changed[fold == 1] += rng.normal(size=(20, 5)).astype(np.float32)
    one, other = (aligned(answering(s, np.zeros(40, int), fold), "csls").scores for s in (scores, changed))
    assert np.array_equal(one[fold == 0], other[fold == 0])
    assert not np.array_equal(one[fold == 1], other[fold == 1])


def test_candidates_that_do_not_compete_stay_out(answering):
    scores = np.full((6, 4), -np.inf)
    scores[:, 1:3] = np.random.default_rng(0).normal(size=(6, 2))
    kept = aligned(answering(scores, np.ones(6, int)), "csls")
    assert np.isneginf(kept.scores[:, [0, 3]]).all()
    assert np.isfinite(kept.scores[:, 1:3]).all()


# ------------------------------------------------------------------------------------------------------- intervals


def test_concepts_that_are_drawn_whole_give_wider_intervals_where_they_differ(answering, judging):
    truth = np.repeat(np.arange(20), 50)
    known = truth % 2 == 0  # half of the concepts are always right, the others never
    scores = np.where(known[:, None], 1.0, -1.0) * np.eye(20)[truth]
    answers = answering(scores, truth)
    widths = {}
    for unit in ("trial", "concept"):
        figure = leading_figures(answers, judging(unit=unit), 0)[0]
        widths[unit] = figure.interval.high - figure.interval.low
    assert widths["concept"] > 4 * widths["trial"]


def test_guessing_is_at_chance_in_every_figure(answering, judging):
    rng = np.random.default_rng(0)
    answers = answering(rng.normal(size=(4000, 10)), np.arange(4000) % 10)
    figures = {f.name: f for f in further_figures(answers, judging(), softmax(answers.scores, 1e3), 0)}
    assert figures.keys() == {"top5", "median_rank", "two_way", "balanced_accuracy", "log_loss", "brier"}
    for name in ("top5", "two_way", "balanced_accuracy", "log_loss", "brier"):
        assert figures[name].value == pytest.approx(figures[name].chance, abs=0.03)


def test_classes_tell_what_was_shown_named_and_right_and_have_no_share_of_nothing(answering):
    found = classes(answering(np.eye(3)[[0, 0, 1, 0, 1]], [0, 0, 0, 1, 1]))
    assert [(each.shown, each.named, each.right) for each in found] == [(3, 3, 2), (2, 2, 1), (0, 0, 0)]
    assert [(each.recall, each.precision) for each in found] == [(2 / 3, 2 / 3), (0.5, 0.5), (None, None)]
    assert classes(answering(np.eye(31), np.arange(31))) == ()
