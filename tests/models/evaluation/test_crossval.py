"""Cross-validation with decoders of which the truth is known, and the reports of experiments and bundles."""

import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass, replace

import numpy as np
import pytest

from bci.bank import Bank, BankKey
from bci.errors import BciError, ConfigError, MismatchError
from bci.ranking import softmax
from bci.storage import load_json
from bci.types import Channel, TrialSet
from models.config import ExperimentConfig
from models.evaluation.answers import collect
from models.evaluation.bundles import evaluate_bundle
from models.evaluation.controls import before_stimulus
from models.evaluation.crossval import Arm, View, cross_validate
from models.evaluation.experiments import evaluate_config
from models.evaluation.leaks import check_split
from models.evaluation.report import save_report
from models.evaluation.scoring import further_figures, headline, headline_value
from models.evaluation.splits import Split, folds
from models.evaluation.terminal import render
from models.pool import run_each
from replay.trials import take

NAMES = ("cat", "dog", "hat")


def world(n=240, *, signal_to_noise=0.0, n_concepts=2, n_recordings=4, n_subjects=1, seed=0):
    """Trials whose channel i carries concept i, in white noise."""
    rng = np.random.default_rng(seed)
    concepts = rng.permutation(np.arange(n) % n_concepts)
    data = rng.normal(size=(n, 3, 20))
    data[np.arange(n), concepts] += signal_to_noise
    recording = np.arange(n) * n_recordings // n
    return TrialSet(
        data=data.astype(np.float32),
        sfreq=100.0,
        tmin=0.0,
        channels=tuple(Channel(label) for label in ("O1", "Oz", "O2")),
        concept_names=NAMES[:n_concepts],
        concepts=concepts,
        images=np.full(n, -1),
        groups={
            "subject": np.char.add("s", (recording % n_subjects).astype(str)),
            "session": np.full(n, "1"),
            "recording": np.char.add("r", recording.astype(str)),
            "repetition": np.zeros(n, int),
        },
        provenance={"caveats": ["made up"], "incomplete": 2},
    )


def arm(trials, fit, evaluation):
    return Arm(fit, trials, tuple(folds(trials, evaluation)))


@dataclass(frozen=True)
class NearestMean:
    """Scores by minus the distance to the mean training epoch of each concept."""

    def __call__(self, train_trials, _seed):
        flat = train_trials.data.mean(axis=2)
        n = len(train_trials.concept_names)
        means = np.stack([flat[train_trials.concepts == concept].mean(axis=0) for concept in range(n)])
        return lambda data: -np.linalg.norm(data.mean(axis=2)[:, None] - means, axis=2).astype(np.float32)


@dataclass(frozen=True)
class Guess:
    """Knows nothing."""

    def __call__(self, train_trials, seed):
        rng = np.random.default_rng(seed)
        return lambda data: rng.random((len(data), len(train_trials.concept_names)), np.float32)


@dataclass(frozen=True)
class WithHats:
    """Knows cats, dogs and hats, and takes everything for a hat."""

    def __call__(self, _train, _seed):
        return lambda data: np.tile(np.float32([0, 1, 2]), (len(data), 1))


@dataclass(frozen=True)
class Recalling:
    """Knows the very epochs that it was trained on, and nothing of others."""

    def __call__(self, train_trials, _seed):
        names = range(len(train_trials.concept_names))
        known = {e.tobytes(): c for e, c in zip(train_trials.data, train_trials.concepts, strict=True)}
        return lambda data: np.float32([[known.get(e.tobytes()) == c for c in names] for e in data])


@dataclass(frozen=True)
class Remembering:
    """Knows nothing, and keeps what it was shown."""

    seen: list[TrialSet]

    def __call__(self, train_trials, seed):
        self.seen.append(train_trials)
        return Guess()(train_trials, seed)


class Choice:
    """What says on how many trials it decided."""

    def __init__(self, n_train, n_concepts):
        self.note, self._n = f"chose {n_train}", n_concepts

    def __call__(self, data):
        return np.zeros((len(data), self._n), np.float32)


@dataclass(frozen=True)
class Choosing:
    def __call__(self, train_trials, _seed):
        return Choice(len(train_trials), len(train_trials.concept_names))


@dataclass(frozen=True)
class Failing:
    def __call__(self, _train, _seed):
        raise BciError("no luck")


@dataclass(frozen=True)
class Dying:
    def __call__(self, _train, _seed):
        os._exit(3)


# -------------------------------------------------------------------------------------------------- known decoders


def test_a_clear_signal_is_decoded_and_its_shuffles_are_not(judging):
    evaluation = judging(permutations=19)
    outcome = cross_validate(arm(world(signal_to_noise=0.5), NearestMean(), evaluation), evaluation)
    assert outcome.headline.name == "auc"
    assert outcome.headline.value > 0.9
    (control,) = outcome.controls
    assert control.p == pytest.approx(1 / 20)
    assert control.figure.value == pytest.approx(0.5, abs=0.1)
    assert len(control.null) == 19


@pytest.mark.parametrize("fit", [Choosing(), NearestMean()])
def test_what_was_chosen_stands_in_each_fold(fit, judging):
    evaluation = judging(permutations=1)
    outcome = cross_validate(arm(world(signal_to_noise=0.5), fit, evaluation), evaluation)
    assert [fold.note for fold in outcome.folds] == ["chose 180" if isinstance(fit, Choosing) else ""] * 4


def test_the_auc_is_the_mean_over_held_out_recordings(judging):
    evaluation = judging()
    outcome = cross_validate(arm(world(signal_to_noise=0.2), NearestMean(), evaluation), evaluation)
    assert outcome.headline.value == pytest.approx(np.mean([fold.value for fold in outcome.folds]))
    assert [fold.held_out for fold in outcome.folds] == [("r0",), ("r1",), ("r2",), ("r3",)]
    assert [fold.n_train for fold in outcome.folds] == [180] * 4
    assert sum(fold.n_scored for fold in outcome.folds) == 240


def test_a_decoder_that_guesses_is_at_chance_within_its_interval(judging):
    inside, values = 0, []
    for seed in range(100):
        evaluation = judging()
        figure = cross_validate(arm(world(seed=seed), Guess(), evaluation), evaluation, seed=seed).headline
        inside += figure.interval.low <= 0.5 <= figure.interval.high
        values.append(figure.value)
    assert inside / 100 >= 0.88
    assert np.mean(values) == pytest.approx(0.5, abs=0.015)


def test_a_decoder_that_sees_noise_comes_out_at_chance(judging):
    evaluation = judging(permutations=0)
    values = [
        cross_validate(arm(world(seed=seed), NearestMean(), evaluation), evaluation).headline.value
        for seed in range(60)
    ]
    assert np.mean(values) == pytest.approx(0.5, abs=0.03)


def test_more_than_two_concepts_are_judged_by_top1_against_the_largest_class(judging):
    evaluation = judging()
    outcome = cross_validate(arm(world(n_concepts=3, signal_to_noise=0.6), NearestMean(), evaluation), evaluation)
    assert outcome.headline.name == "top1"
    assert outcome.headline.value > 0.9
    assert outcome.headline.chance == pytest.approx(1 / 3)


def test_p_values_of_a_decoder_that_knows_nothing_are_not_small_too_often(judging):
    evaluation = judging(permutations=9, resamples=1, curves={"repetitions": []})
    p = [
        cross_validate(arm(world(60, seed=seed), NearestMean(), evaluation), evaluation, seed=seed).controls[0].p
        for seed in range(400)
    ]
    assert np.mean(np.array(p) <= 0.1) <= 0.145  # 0.1 expected; binomial sd 0.015
    assert np.mean(np.array(p) <= 0.5) == pytest.approx(0.5, abs=0.08)


def test_all_folds_of_a_permutation_see_the_same_labels(judging):
    trials, evaluation = world(n_recordings=3), judging(permutations=1)
    seen = []
    cross_validate(arm(trials, Remembering(seen), evaluation), evaluation)
    by_epoch = [{e.tobytes(): c for e, c in zip(t.data, t.concepts, strict=True)} for t in seen[3:]]
    for one in by_epoch:
        for other in by_epoch:
            assert all(one[epoch] == other[epoch] for epoch in one.keys() & other.keys())
    assert any(by_epoch[0][e.tobytes()] != c for e, c in zip(seen[0].data, seen[0].concepts, strict=True))


def test_zero_shot_labels_are_shuffled_before_concepts_are_held_out(judging):
    trials = replace(world(n_recordings=2), concepts=np.arange(240) % 4, concept_names=tuple("abcd"))
    evaluation, seen = judging(protocol="zero-shot", by="concept", folds=2, permutations=1), []
    outcome = cross_validate(arm(trials, Remembering(seen), evaluation), evaluation)
    assert [len(set(train_trials.concepts)) for train_trials in seen] == [2] * 4
    assert len(outcome.controls[0].null) == 1


def test_controls_go_through_the_same_folds(judging):
    """Each is fitted to its own training trials and judged on its own test trials."""
    evaluation = judging()
    trials, noise = world(signal_to_noise=0.2), world(seed=1)
    decoder = arm(trials, NearestMean(), evaluation)
    beside = {
        "frontal-only": decoder,
        "pre-stimulus": arm(noise, Recalling(), evaluation),
        "noise-level-only": Arm(Recalling(), noise, tuple(Split(s.test, s.test) for s in decoder.splits), noise),
    }
    outcome = cross_validate(decoder, evaluation, beside=beside)
    by_name = {control.name: control.figure for control in outcome.controls}
    assert by_name["frontal-only"] == outcome.headline
    assert by_name["pre-stimulus"].value == 0.5  # nothing that is tested was trained on
    assert by_name["noise-level-only"].value == 1.0  # here all of it was


def test_controls_stand_in_the_order_in_which_they_were_asked_for(judging, monkeypatch):
    evaluation = judging(permutations=2)
    decoder = arm(world(signal_to_noise=0.2), NearestMean(), evaluation)
    beside = {"pre-stimulus": arm(world(seed=1), Guess(), evaluation), "frontal-only": decoder}
    in_turn = cross_validate(decoder, evaluation, beside=beside).controls
    monkeypatch.setattr(
        "models.evaluation.crossval.run_each", lambda task, jobs, *_: [(job, task(job)) for job in reversed(jobs)]
    )
    assert [control.name for control in in_turn] == ["shuffled-labels", "pre-stimulus", "frontal-only"]
    assert cross_validate(decoder, evaluation, beside=beside).controls == in_turn


def test_labels_are_shuffled_within_what_a_fold_tests_of_a_recording(judging):
    """So that every fold trains on as many trials of each concept of each recording as without shuffling."""
    trials = world(96, n_recordings=2)
    trials = replace(trials, groups={**trials.groups, "repetition": np.arange(96) // 8 % 3})
    evaluation, seen = judging(protocol="seen-concept/new-trial", by="repetition", permutations=1), []
    cross_validate(arm(trials, Remembering(seen), evaluation), evaluation)
    assert len(seen) == 6

    def labels(part):
        return sorted(zip(part.groups["recording"], part.concepts.tolist(), strict=True))

    for plain, permuted in zip(seen[:3], seen[3:], strict=True):
        assert np.array_equal(plain.data, permuted.data)
        assert labels(plain) == labels(permuted)
        assert not np.array_equal(plain.concepts, permuted.concepts)


# ------------------------------------------------------------------------------------------------------ candidates


def test_only_candidates_compete_and_only_their_trials_count(judging):
    trials = replace(world(6, n_concepts=3, n_recordings=1), concepts=np.array([0, 1, 2, 0, 1, 2]))
    scores = np.array([[0, 1, 9], [0, 1, 9], [0, 0, 9], [5, 1, 9], [7, 1, 9], [0, 0, 0]], np.float32)
    evaluation = judging(candidates=("dog", "cat"))
    answers = collect(trials, trials.concept_names, [np.arange(6)], [scores], evaluation)
    assert answers.concepts == ("dog", "cat")
    assert answers.truth.tolist() == [1, 0, 1, 0]
    assert answers.scores.tolist() == [[1, 0], [1, 0], [1, 5], [1, 7]]
    assert headline_value(answers) == pytest.approx(1.5 / 4)  # cats at -1 and 4, dogs at -1 and 6


def test_zero_shot_ranks_the_concepts_that_a_fold_holds_out(judging):
    trials = replace(
        world(8, n_concepts=3, n_recordings=1), concepts=np.arange(8) % 4, concept_names=tuple("abcd")
    )
    tests = [np.array([0, 1, 4, 5]), np.array([2, 3, 6, 7])]  # a and b, then c and d
    scores = np.tile(np.float32([4, 1, 3, 2]), (4, 1))  # alone, everything would be called a
    answers = collect(trials, tuple("abcd"), tests, [scores, scores], judging(protocol="zero-shot", by="concept"))
    assert answers.n_candidates.tolist() == [2] * 8
    assert headline_value(answers) == 0.5  # a and c right, b and d wrong
    assert answers.chance() == 0.5
    figures = {
        figure.name: figure for figure in further_figures(answers, judging(), softmax(answers.scores, 1.0), 0)
    }
    assert figures["balanced_accuracy"].chance == 0.5
    assert figures["log_loss"].chance == pytest.approx(np.log(2))
    assert figures["two_way"].value == 0.5
    zero_shot = judging(protocol="zero-shot", by="concept")
    with pytest.raises(MismatchError, match="at least two concepts, got one"):
        collect(trials, tuple("abcd"), [np.array([0, 4])], [scores[:2]], zero_shot)


def test_an_interval_remains_where_every_concept_is_shown_once(judging):
    trials = replace(
        world(30, n_concepts=3, n_recordings=1), concepts=np.arange(30), concept_names=tuple(map(str, range(30)))
    )
    scores = np.eye(30, dtype=np.float32)
    scores[:15] = 0
    answers = collect(trials, trials.concept_names, [np.arange(30)], [scores], judging())
    figure = headline(answers, judging(), 0)
    assert figure.value == 0.5
    assert figure.interval.low < 0.45
    assert figure.interval.high > 0.55


def test_candidates_that_nobody_was_shown_compete_all_the_same(judging):
    trials = world(240, signal_to_noise=0.5)  # cats and dogs
    evaluation = judging(candidates=("hat", "dog"), curves={"repetitions": [4]})
    wide = replace(arm(trials, WithHats(), evaluation), concepts=NAMES)
    dogs = [rows[trials.concepts[rows] == 1] for rows in wide.tests]
    for found, expected in zip(wide.competing(evaluation), dogs, strict=True):
        assert found.tolist() == expected.tolist()
    for found, expected in zip(replace(wide, filtered=False).competing(evaluation), wide.tests, strict=True):
        assert found.tolist() == expected.tolist()
    answers = wide.answers([WithHats()(trials, 0)(trials.data[rows]) for rows in wide.tests], evaluation)
    assert answers.concepts == ("hat", "dog")
    assert answers.row.tolist() == np.concatenate(dogs).tolist()
    assert (answers.ranks == 1).all()  # hats are always ahead
    assert answers.n_candidates.tolist() == [2] * len(answers)


def test_candidates_must_be_known_and_shown(judging):
    trials = world(6)
    scores = [np.zeros((6, 2), np.float32)]
    with pytest.raises(MismatchError, match="hen not among the decoder's 2"):
        collect(trials, trials.concept_names, [np.arange(6)], scores, judging(candidates=("cat", "hen")))
    wide = [np.zeros((6, 4), np.float32)]
    with pytest.raises(MismatchError, match="nothing to score"):
        collect(trials, ("cat", "dog", "a", "b"), [np.arange(6)], wide, judging(candidates=("a", "b")))


def test_columns_follow_the_names_of_the_decoder(judging):
    trials = replace(world(4, n_recordings=1), concepts=np.array([0, 1, 0, 1]))
    own = np.eye(2, dtype=np.float32)[trials.concepts]
    answers = collect(trials, ("dog", "cat"), [np.arange(4)], [own[:, ::-1]], judging())
    assert headline_value(answers) == 1.0


@pytest.mark.parametrize("shape", [(6, 3), (5, 2)])
def test_scores_of_another_shape_are_refused(shape, judging):
    with pytest.raises(MismatchError, match="expected scores"):
        collect(world(6), NAMES[:2], [np.arange(6)], [np.zeros(shape, np.float32)], judging())


def test_a_trial_that_is_held_out_twice_is_refused(judging):
    scores = [np.zeros((4, 2), np.float32)] * 2
    with pytest.raises(MismatchError, match="in several folds"):
        collect(world(6), NAMES[:2], [np.arange(4), np.arange(2, 6)], scores, judging())


# ----------------------------------------------------------------------------------------------------------- leaks


def test_a_trial_on_both_sides_is_a_leak(judging):
    with pytest.raises(MismatchError, match="split leaks: 1 trials"):
        check_split(world(8), Split(np.arange(5), np.arange(4, 8)), judging())


def test_a_recording_on_both_sides_is_a_leak(judging):
    trials = world(8, n_recordings=2)
    with pytest.raises(MismatchError, match="recording r0"):
        check_split(trials, Split(np.array([0, 1, 4, 5, 6, 7]), np.array([2, 3])), judging())
    check_split(trials, Split(np.arange(4), np.arange(4, 8)), judging())


def test_zero_shot_holds_out_at_least_two_concepts(judging):
    trials = replace(world(8), concepts=np.arange(8) % 4, concept_names=tuple("abcd"))
    evaluation = judging(protocol="zero-shot", by="concept")
    two, one = np.flatnonzero(trials.concepts < 2), np.flatnonzero(trials.concepts == 3)
    check_split(trials, Split(np.setdiff1d(np.arange(8), two), two), evaluation)
    with pytest.raises(MismatchError, match="at least two concepts per fold"):
        check_split(trials, Split(np.setdiff1d(np.arange(8), one), one), evaluation)


def test_zero_shot_shares_no_concept(judging):
    trials = world(8, n_recordings=2)
    evaluation = judging(protocol="zero-shot", by="concept")
    with pytest.raises(MismatchError, match=r"concept (cat|dog) is on both sides"):
        check_split(trials, Split(np.arange(4), np.arange(4, 8)), evaluation)


def test_cross_validation_refuses_a_leaking_split(judging):
    trials = world(8)
    with pytest.raises(MismatchError, match="split leaks"):
        cross_validate(Arm(Guess(), trials, (Split(np.arange(6), np.arange(4, 8)),)), judging())


def test_sessions_of_one_name_in_two_people_are_two(judging):
    trials = world(8, n_recordings=2, n_subjects=2)  # both with a session "1"
    split = Split(np.arange(4), np.arange(4, 8))
    check_split(trials, split, judging(by="session"))
    with pytest.raises(MismatchError, match="session 1"):
        check_split(world(8, n_recordings=2), split, judging(by="session"))


def test_a_recording_copied_under_another_name_is_a_leak(judging):
    trials = world(n_recordings=4)
    data = trials.data.copy()
    data[60:120] = data[:60]
    evaluation = judging()
    with pytest.raises(MismatchError, match="60 tested epochs are trained on as well, bit for bit.* r0 and r1"):
        cross_validate(arm(replace(trials, data=data), Guess(), evaluation), evaluation)


def test_flat_epochs_are_no_copies(judging):
    trials = world()
    evaluation = judging()
    outcome = cross_validate(
        arm(replace(trials, data=np.zeros_like(trials.data)), Guess(), evaluation), evaluation
    )
    assert sum(fold.n_scored for fold in outcome.folds) == len(trials)


# ------------------------------------------------------------------------------------------------------- processes


def test_figures_do_not_depend_on_the_number_of_processes(judging):
    evaluation = judging(permutations=3)
    decoder = arm(world(signal_to_noise=0.1), NearestMean(), evaluation)
    seen = []
    alone = cross_validate(decoder, evaluation, processes=1)
    shared = cross_validate(
        decoder, evaluation, processes=2, progress=lambda done, total: seen.append((done, total))
    )
    assert (alone.headline, alone.folds, alone.controls) == (shared.headline, shared.folds, shared.controls)
    assert seen == [(done, 16) for done in range(1, 17)]


def test_a_failure_in_a_process_comes_back_as_it_is(judging):
    evaluation = judging()
    with pytest.raises(BciError, match="no luck"):
        cross_validate(arm(world(), Failing(), evaluation), evaluation, processes=2)


def test_a_process_that_dies_is_reported(judging):
    evaluation = judging()
    with pytest.raises(BciError, match="--jobs"):
        cross_validate(arm(world(), Dying(), evaluation), evaluation, processes=2)


def test_nothing_to_do_is_done():
    assert list(run_each(abs, [], 4)) == []


SLEEPERS = """
import os, signal, time
from models.pool import run_each

def sleep(seconds):
    if seconds:
        time.sleep(seconds)
    return os.getpid()

if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs ignore it
    for _ in run_each(sleep, [0] + [120] * 5, 2):
        print("running", flush=True)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="sends POSIX signals")
@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_no_process_outlives_a_run_that_is_ended(end, tmp_path):
    script = tmp_path / "sleepers.py"
    script.write_text(SLEEPERS)
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    child = subprocess.Popen(
        [sys.executable, str(script)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    )
    assert child.stdout.readline() == "running\n"
    child.send_signal(end)
    # the pipes close when the last of the processes that share them has ended
    _, errors = child.communicate(timeout=60)
    assert child.returncode != 0
    if end == signal.SIGINT:
        assert errors.strip().endswith("KeyboardInterrupt")


# ----------------------------------------------------------------------------------------- experiments and bundles


@pytest.fixture
def experiment(judging):
    """Make an experiment; keyword arguments are of its evaluation."""

    def make(**evaluation):
        return ExperimentConfig.model_validate(
            {
                "name": "tiny",
                "data": {"reader": "muse"},
                "preprocess": {
                    "channels": ["O1", "Oz", "O2"],
                    "sfreq": 100.0,
                    "tmax": 0.2,
                    "scale": "whiten",
                    "whitening": "channel",
                },
                "targets": {"kind": "text", "model": "made up"},
                "decoder": {
                    "name": "channel_attention",
                    "options": {"dim": 8, "hidden": 16, "width": 8, "heads": 2},
                },
                "train": {"epochs": 4, "batch": 32, "lr": 0.01},
                "evaluation": judging(**evaluation).model_dump(),
            }
        )

    return make


def bank():
    rng = np.random.default_rng(9)
    # in another order than the trials'
    return Bank(("dog", "cat"), rng.normal(size=(2, 6)).astype(np.float32), BankKey(vision_model="m", weights="w"))


def test_an_experiment_is_trained_per_fold_and_reported(tmp_path, experiment):
    config = experiment(permutations=2, prestimulus=(-0.2, 0.0), noise_level=True)
    trials, before = world(signal_to_noise=1.0), replace(world(), tmin=-0.2)
    assert before_stimulus(config, (-0.2, 0.0)).preprocess.n_times == 20
    report = evaluate_config(config, bank(), trials, before).report
    assert report.headline.name == "auc"
    assert report.headline.value > 0.9
    assert {control.name for control in report.controls} == {"shuffled-labels", "pre-stimulus", "noise-level-only"}
    assert all(0.2 < control.figure.value < 0.8 for control in report.controls)
    assert report.card.candidates == ("dog", "cat")
    assert report.card.n_scored == report.card.n_trials == 240
    assert report.card.caveats == ("made up",)
    assert any("2 events" in line for line in report.card.excluded)
    assert set(report.recalls) == {"dog", "cat"}
    body = load_json(save_report(report, tmp_path))
    assert body["headline"]["value"] == report.headline.value
    assert body["card"]["protocol"] == "closed-set"
    assert body["controls"][0]["p"] == pytest.approx(1 / 3)
    json.dumps(body, allow_nan=False)
    assert len(render(report).renderables) >= 4


def test_decoders_trained_in_other_processes_are_the_same(experiment):
    config, trials = experiment(), world(80, signal_to_noise=0.3, n_recordings=2)
    alone = evaluate_config(config, bank(), trials).report
    shared = evaluate_config(config, bank(), trials, processes=2).report
    assert alone.headline == shared.headline
    assert alone.figures == shared.figures


def trained(trials, config):
    from models.train import train  # noqa: PLC0415 (the processes of this file's tests shall not load torch)

    return train(trials, bank(), config)


def test_a_bundle_is_judged_on_what_it_has_not_seen(experiment):
    config, trials = experiment(permutations=1), world(signal_to_noise=1.0)
    seen = np.char.not_equal(trials.groups["recording"], "r3")
    bundle = trained(take(trials, np.flatnonzero(seen)), config)
    report = evaluate_bundle(bundle, take(trials, np.flatnonzero(~seen)), config.evaluation).report
    assert report.headline.value > 0.9
    (control,) = report.controls
    assert control.name == "shuffled-truth"
    assert control.p == pytest.approx(1 / 1001)
    assert control.figure.value == pytest.approx(0.5, abs=0.02)
    with pytest.raises(MismatchError, match="was trained on r0, r1, r2"):
        evaluate_bundle(bundle, trials, config.evaluation)


def test_a_bundle_that_leaves_people_out_refuses_new_recordings_of_the_same_people(experiment):
    config, trials = experiment(by="subject"), world(n_subjects=2)
    seen = np.isin(trials.groups["recording"], ["r0", "r1"])
    bundle = trained(take(trials, np.flatnonzero(seen)), config)
    with pytest.raises(MismatchError, match="subject s0"):
        evaluate_bundle(bundle, take(trials, np.flatnonzero(~seen)), config.evaluation)


def test_no_protocol_lets_a_bundle_be_judged_on_what_it_was_trained_on(judging, experiment):
    config, trials = experiment(), world()
    bundle = trained(trials, config)
    for changes in (
        {"protocol": "seen-concept/new-trial", "by": "repetition"},
        {"protocol": "zero-shot", "by": "concept"},
    ):
        with pytest.raises(MismatchError, match="was trained on r0"):
            evaluate_bundle(bundle, trials, judging(**changes))


def test_zero_shot_ranks_no_concept_of_the_bundle_itself(experiment, judging):
    config, trials = experiment(), world()
    seen = np.char.not_equal(trials.groups["recording"], "r3")
    bundle = trained(take(trials, np.flatnonzero(seen)), config)
    new = take(trials, np.flatnonzero(~seen))
    zero_shot = judging(protocol="zero-shot", by="concept")
    for ranked in (None, bank()):
        with pytest.raises(MismatchError, match="was trained on 2 of the bank's, cat among them"):
            evaluate_bundle(bundle, new, zero_shot, ranked)


# ----------------------------------------------------------------------------------------------- what is looked at


def test_a_view_shows_some_channels_and_the_first_samples_in_training_and_testing(judging):
    trials, evaluation, seen = world(signal_to_noise=1.0), judging(), []
    view = View(channels=(0, 2), n_times=5)
    narrow = replace(arm(trials, Remembering(seen), evaluation), view=view)
    cross_validate(narrow, evaluation)
    assert {(each.labels, each.data.shape[1:]) for each in seen} == {(("O1", "O2"), (2, 5))}
    assert np.array_equal(view.cut(trials.data), trials.data[:, [0, 2], :5])


def test_all_trials_are_trained_on_as_they_are_and_not_copied(judging):
    trials, tested, seen = world(60), world(30, seed=1), []
    whole = Arm(Remembering(seen), trials, (Split(np.arange(60), np.arange(30)),), tested)
    cross_validate(whole, judging())
    assert np.shares_memory(seen[0].data, trials.data)


def test_averages_of_presentations_are_scored_by_the_decoder_of_their_fold(judging):
    evaluation = judging(curves={"repetitions": [1, 4]})
    trials = world(signal_to_noise=0.15)
    outcome = cross_validate(arm(trials, NearestMean(), evaluation), evaluation)
    assert outcome.averaged.keys() == outcome.groups.keys() == {4}
    averaged, groups = outcome.averaged[4], outcome.groups[4]
    assert np.array_equal(averaged.row, groups[:, 0])
    assert len(averaged) == sum(
        np.count_nonzero(outcome.answers.truth[outcome.answers.fold == f] == c) // 4
        for f in range(4)
        for c in (0, 1)
    )
    same_fold = trials.groups["recording"][groups]
    assert (same_fold == same_fold[:, :1]).all()
    assert headline_value(averaged) > headline_value(outcome.answers)


def test_two_concepts_are_too_few_to_be_drawn(judging):
    evaluation = judging(unit="concept")
    with pytest.raises(ConfigError, match="of which there are two"):
        cross_validate(arm(world(), Guess(), evaluation), evaluation)
