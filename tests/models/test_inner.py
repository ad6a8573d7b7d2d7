from dataclasses import replace

import numpy as np
import pytest

from bci.errors import ConfigError
from models.inner import HeldOut, InnerOptions, divide, figure, held_out, inner_folds


@pytest.fixture
def data(tiny):
    return tiny.training_set()


@pytest.mark.parametrize("by", ["recording", "repetition", "concept", "image"])
def test_every_trial_is_left_out_once_and_its_group_with_it(tiny, data, by):
    folds = inner_folds(data, tiny.config, InnerOptions(by=by, folds=3))
    column = {"concept": data.rows, "image": data.images}.get(by)
    column = data.trials.groups[by] if column is None else column
    assert len(folds) == min(3, len(np.unique(column)))
    assert np.array_equal(np.sort(np.concatenate([test for _, test in folds])), np.arange(len(data)))
    for train, test in folds:
        assert not set(column[train]) & set(column[test])
        assert len(train) + len(test) == len(data)


def test_every_part_holds_pictures_of_every_concept(data, tiny):
    for train, test in inner_folds(data, tiny.config, InnerOptions(by="image", folds=2)):
        assert set(data.rows[train]) == set(data.rows[test]) == set(range(6))


def test_trials_that_do_not_know_their_group_are_refused(data, tiny):
    unknown = replace(data, trials=replace(data.trials, groups={"recording": data.trials.groups["recording"]}))
    with pytest.raises(ConfigError, match="expected trials that know their repetition, got only recording"):
        inner_folds(unknown, tiny.config, InnerOptions(by="repetition"))


def test_one_group_is_split_into_blocks_that_hold_every_concept(tiny, data):
    folds = inner_folds(data, tiny.config, InnerOptions(by="session", folds=4))
    assert len(folds) == 4
    for _, test in folds:
        assert len(np.unique(data.rows[test])) == 6
        assert np.ptp(test) == len(test) - 1  # neighbours


@pytest.mark.parametrize("rows", [[0, 1, 2, 3, 4], [0, 0, 0, 1, 1, 1], [0, 1, 0, 1, 0, 1, 2], [0, 0]])
def test_few_trials_of_one_group_are_split_too(tiny, data, rows):
    """No concept has as many trials as there are blocks."""
    few = replace(data, kept=data.kept[: len(rows)], rows=np.array(rows))
    for train, test in inner_folds(few, tiny.config, InnerOptions(by="session", folds=5)):
        assert len(train) > 0
        assert len(train) + len(test) == len(rows)


def with_onsets(data, seconds):
    """Put each trial so many seconds after the one before, in both recordings."""
    onset = seconds * np.arange(len(data))
    return replace(data, trials=replace(data.trials, groups={**data.trials.groups, "onset": onset}))


def test_blocks_are_stretches_of_time_whose_neighbours_are_on_neither_side(tiny, data):
    """Windows of 0.5 s, every 0.05 s, by turns of one recording and the other."""
    folds = inner_folds(with_onsets(data, 0.05), tiny.config, InnerOptions(by="block", folds=4))
    assert len(folds) == 4
    assert np.array_equal(np.sort(np.concatenate([test for _, test in folds])), np.arange(len(data)))
    recording = data.trials.groups["recording"]
    for train, test in folds:
        distances = np.abs(train[:, None] - test) * 0.05
        assert distances[recording[train][:, None] == recording[test]].min() > 0.5 - 1e-6
        assert len(train) + len(test) < len(data)


def test_a_single_trial_cannot_be_split(tiny, data):
    one = replace(data, kept=data.kept[:1], rows=data.rows[:1])
    with pytest.raises(ConfigError, match="at least two"):
        inner_folds(one, tiny.config, InnerOptions(by="session"))


def test_what_is_left_out_is_scaled_by_what_is_not(tiny, data, as_decoder):
    """One enormous trial in the part left out changes nothing that is fitted."""
    fold = inner_folds(data, tiny.config, InnerOptions(by="repetition"))[0]
    config = as_decoder(tiny.config, "lda")
    before = held_out(config, *divide(data, fold)).scores
    wild = tiny.trials.data.copy()
    wild[fold[1][0]] *= 1000
    changed = replace(data, trials=replace(tiny.trials, data=wild))
    after = held_out(config, *divide(changed, fold)).scores
    assert np.array_equal(before[1:], after[1:])
    assert not np.array_equal(before[0], after[0])


def test_concepts_left_out_compete_among_themselves(tiny, data, as_decoder):
    fold = inner_folds(data, tiny.config, InnerOptions(by="concept", folds=2))[1]
    part = held_out(as_decoder(tiny.config, "ridge", by="concept"), *divide(data, fold))
    assert part.scores.shape == (48, 3)
    assert set(part.truth) == {0, 1, 2}


def test_two_concepts_are_judged_by_auc_and_more_by_top_1():
    two = HeldOut(np.array([[0.0, 1], [0, 3], [0, 2], [5, 5]]), np.array([0, 1, 1, 0]))
    assert figure([two]) == 1.0
    three = HeldOut(np.array([[1.0, 0, 0], [1, 0, 0], [0, 0, 2]]), np.array([0, 1, 2]))
    assert figure([three, three]) == pytest.approx(2 / 3)
