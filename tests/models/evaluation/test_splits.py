import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bci.errors import ConfigError, MismatchError
from bci.types import Channel, TrialSet
from models.config import EvaluationConfig
from models.evaluation.leaks import check_split
from models.evaluation.splits import Split, folds

LEFT_OUT = [
    ("zero-shot", "concept"),
    ("seen-concept/new-image", "image"),
    ("seen-concept/new-trial", "repetition"),
    ("closed-set", "subject"),
]


def make_trials(concepts, images, **groups):
    n = len(concepts)
    columns = {name: np.array(groups.get(name, ["1"] * n)) for name in ("subject", "session", "recording")}
    columns["repetition"] = np.array(groups.get("repetition", [0] * n))
    if "onset" in groups:
        columns["onset"] = np.array(groups["onset"])
    n_concepts = max(concepts) + 1
    return TrialSet(
        data=np.zeros((n, 1, 2), np.float32), sfreq=10.0, tmin=0.0, channels=(Channel("Oz"),),
        concept_names=tuple(f"concept {c}" for c in range(n_concepts)), concepts=np.array(concepts),
        images=np.array(images), groups=columns,
    )  # fmt: skip


def factorial(n_subjects, n_concepts, n_images, n_repetitions, seed):
    """Make trials of all combinations, in random order."""
    axes = (np.arange(n) for n in (n_subjects, n_concepts, n_images, n_repetitions))
    grid = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 4)
    grid = np.random.default_rng(seed).permutation(grid)
    subject, concept, image, repetition = grid.T
    return make_trials(
        concept.tolist(), (concept * n_images + image).tolist(),
        subject=[f"s{s}" for s in subject], repetition=repetition.tolist(),
    )  # fmt: skip


def evaluation(protocol, by, n_folds=None):
    return EvaluationConfig(protocol=protocol, by=by, folds=n_folds)


def column(trials, by):
    return {"concept": trials.concepts, "image": trials.images, **trials.groups}[by]


@given(
    which=st.sampled_from(LEFT_OUT),
    sizes=st.tuples(*[st.integers(2, 4)] * 4),
    n_folds=st.sampled_from([None, 2]),
    seed=st.integers(0, 99),
)
def test_every_trial_is_tested_once_and_nothing_left_out_is_trained_on(which, sizes, n_folds, seed):
    protocol, by = which
    trials = factorial(*sizes, seed)
    splits = folds(trials, evaluation(protocol, by, n_folds))
    tested = np.concatenate([split.test for split in splits])
    assert sorted(tested.tolist()) == list(range(len(trials)))
    for split in splits:
        assert sorted([*split.train, *split.test]) == list(range(len(trials)))
        assert not set(column(trials, by)[split.train]) & set(column(trials, by)[split.test])
        seen = set(trials.concepts[split.test]) <= set(trials.concepts[split.train])
        assert seen == (protocol != "zero-shot")
        assert not split.train.flags.writeable


def test_folds_are_blocks_of_groups_in_order_of_appearance():
    subjects = [s for s in ("s10", "s2", "s1", "s3", "s4") for _ in range(2)]
    trials = make_trials([0, 1] * 5, [0, 1] * 5, subject=subjects)
    splits = folds(trials, evaluation("closed-set", "subject", 2))
    left_out = [list(dict.fromkeys(trials.groups["subject"][split.test])) for split in splits]
    assert left_out == [["s10", "s2", "s1"], ["s3", "s4"]]


def test_a_block_of_pictures_takes_evenly_from_all_concepts():
    # pictures in order of their concepts, as data sets number them
    images = list(range(12))
    trials = make_trials([i // 4 for i in images], images)
    splits = folds(trials, evaluation("seen-concept/new-image", "image", 4))
    for split in splits:
        assert sorted(trials.concepts[split.test].tolist()) == [0, 1, 2]


def test_session_one_of_two_people_is_two_sessions():
    trials = make_trials([0, 1] * 4, [0, 1] * 4, subject=["a"] * 4 + ["b"] * 4, session=["1", "1", "2", "2"] * 2)
    assert len(folds(trials, evaluation("seen-concept/new-trial", "session"))) == 4


@pytest.mark.parametrize(
    ("protocol", "by"),
    [("zero-shot", "recording"), ("closed-set", "image"), ("seen-concept/new-image", "repetition"),
     ("seen-concept/new-trial", "image")],
)  # fmt: skip
def test_a_split_that_does_not_fit_its_protocol_is_refused(protocol, by):
    with pytest.raises(ConfigError, match=f"protocol '{protocol}' leaves out .* got '{by}'"):
        folds(factorial(2, 2, 2, 2, 0), evaluation(protocol, by))


def test_closed_set_leaves_out_the_outermost_group():
    trials = make_trials([0, 1] * 4, [0, 1] * 4, subject=list("aaaabbbb"), recording=list("rrssrrss"))
    with pytest.raises(ConfigError, match="outermost group there is, which is 'subject' here"):
        folds(trials, evaluation("closed-set", "recording"))
    assert len(folds(trials, evaluation("closed-set", "subject"))) == 2


def test_a_recording_that_alone_holds_a_concept_cannot_be_left_out():
    trials = make_trials([0, 0, 1, 1], [0, 0, 1, 1], recording=list("rrss"))
    with pytest.raises(ConfigError, match="leaves out all trials of 'concept 0'"):
        folds(trials, evaluation("closed-set", "recording"))


def test_too_few_groups_are_refused():
    trials = make_trials([0, 1] * 3, [0, 1] * 3, recording=list("rrsstt"))
    with pytest.raises(ConfigError, match=r"at least 4 values of 'recording' for 4 folds, got 3"):
        folds(trials, evaluation("closed-set", "recording", 4))
    with pytest.raises(ConfigError, match="at least 2 values of 'repetition'"):
        folds(trials, evaluation("seen-concept/new-trial", "repetition"))


def test_unknown_pictures_cannot_be_left_out():
    with pytest.raises(ConfigError, match="which picture every trial showed"):
        folds(make_trials([0, 1], [0, -1]), evaluation("seen-concept/new-image", "image"))


def in_order(n, seed, recordings=("r",), width=0.2):
    """Make n trials of two concepts in each recording, windows 0.2 s long, at random but different times."""
    rng = np.random.default_rng(seed)
    onsets = [rng.permutation(10 * n)[:n] * width / 4 for _ in recordings]
    names = [name for name in recordings for _ in range(n)]
    concepts = [number % 2 for _ in recordings for number in range(n)]
    return make_trials(concepts, concepts, recording=names, onset=np.concatenate(onsets).tolist())


@given(n=st.integers(20, 60), n_blocks=st.integers(2, 4), n_recordings=st.integers(1, 3), seed=st.integers(0, 99))
def test_blocks_test_every_trial_once_in_one_stretch_and_train_on_none_that_overlaps(
    n, n_blocks, n_recordings, seed
):
    trials = in_order(n, seed, "rst"[:n_recordings])
    splits = folds(trials, evaluation("seen-concept/new-trial", "block", n_blocks))
    assert sorted(np.concatenate([split.test for split in splits]).tolist()) == list(range(len(trials)))
    when, width = trials.groups["onset"], 2 / trials.sfreq
    for split in splits:
        check_split(trials, split, evaluation("seen-concept/new-trial", "block", n_blocks))
        dropped = np.setdiff1d(np.arange(len(trials)), [*split.train, *split.test])
        for name in "rst"[:n_recordings]:
            trained, tested, left = (
                when[rows][trials.groups["recording"][rows] == name] for rows in (split.train, split.test, dropped)
            )
            assert not ((trained > tested.min()) & (trained < tested.max())).any()
            assert np.abs(trained[:, None] - tested).min() >= width - 1e-6
            assert all(np.abs(each - tested).min() < width for each in left)  # and nothing else is lost


def test_the_only_recording_of_a_closed_set_is_cut_into_blocks():
    trials = in_order(20, 0)
    assert len(folds(trials, evaluation("closed-set", "block", 4))) == 4
    with pytest.raises(ConfigError, match="outermost group there is, which is 'recording' here"):
        folds(in_order(20, 0, "rs"), evaluation("closed-set", "block", 4))


def test_blocks_need_their_number_and_an_order():
    with pytest.raises(ConfigError, match=r"needs evaluation\.folds"):
        folds(in_order(20, 0), evaluation("closed-set", "block"))
    with pytest.raises(ConfigError, match="needs the order of presentation"):
        folds(make_trials([0, 1] * 4, [0, 1] * 4), evaluation("closed-set", "block", 2))


def test_more_blocks_than_events_and_windows_longer_than_everything_are_refused():
    with pytest.raises(ConfigError, match="at least 30 events for as many blocks, got 20"):
        folds(in_order(20, 0), evaluation("closed-set", "block", 30))
    at_once = make_trials([0, 1] * 4, [0, 1] * 4, onset=[0.01 * number for number in range(8)])
    with pytest.raises(ConfigError, match="every training window overlaps a tested one"):
        folds(at_once, evaluation("closed-set", "block", 2))


def test_a_split_whose_windows_overlap_is_refused():
    trials = make_trials([0, 1] * 4, [0, 1] * 4, onset=[0.1 * number for number in range(8)])
    leaking = Split(np.arange(4), np.arange(4, 8))
    with pytest.raises(MismatchError, match="the split leaks: the windows of 1 training trials overlap"):
        check_split(trials, leaking, evaluation("closed-set", "block", 2))
