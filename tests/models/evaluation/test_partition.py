"""A test partition beside cross-validation, on a synthetic world whose ceiling is known."""

from dataclasses import replace

import numpy as np
import pytest
from eight_channels import CHANNELS, eight_channel_experiment

from bci.bank import Bank, BankKey
from bci.errors import ConfigError, MismatchError
from models.config import ExperimentConfig
from models.data import load_bank_of, load_test_bank, load_test_trials, load_trials
from models.evaluation.bundles import evaluate_bundle
from models.evaluation.ceiling import world_oracle
from models.evaluation.experiments import Partition, evaluate_config
from models.evaluation.leaks import check_copies, check_partition
from models.evaluation.splits import Split
from models.train import train
from replay.trials import take

WORLD = f"""
name = "small"
seed = 3
channels = {CHANNELS}
reference = "Fz"
sfreq = 128
[pictures]
dim = 8
categories = 3
train_concepts = 120
test_concepts = 12
pictures = 5
[presentation]
soa = 0.25
train_events = 1200
test_events = 360
[evoked]
components = 4
snr = 0.6
"""


@pytest.fixture(scope="module")
def config(tmp_path_factory):
    path = tmp_path_factory.mktemp("world") / "world-small.toml"
    path.write_text(WORLD)
    evaluation = {
        "protocol": "zero-shot",
        "by": "concept",
        "test": "partition",
        "unit": "concept",
        "resamples": 100,
        "permutations": 3,
        "prestimulus": [-0.2, 0.0],
        "noise_level": True,
        "sequence": True,
        "frontal": True,
        "transductive": "csls",
        "curves": {"repetitions": [1, 4, 8], "window_ends": [0.2, 0.5]},
    }
    return eight_channel_experiment(path, train={"epochs": 1}, evaluation=evaluation)


@pytest.fixture(scope="module")
def data(config):
    before = config.preprocess.model_copy(update={"tmin": -0.2, "tmax": 0.0})
    test = Partition(
        load_test_trials(config),
        load_test_bank(config),
        load_test_trials(config, preprocess=before),
        world_oracle(config),
    )
    return load_trials(config), load_bank_of(config), load_trials(config, preprocess=before), test


@pytest.fixture(scope="module")
def written(config, data):
    trials, bank, before, test = data
    return evaluate_config(config, bank, trials, before, test=test)


def curve(report, name):
    return next(each for each in report.curves if each.name == name)


def test_unseen_concepts_are_decoded_below_the_ceiling_and_the_controls_are_not(written):
    report = written.report
    assert (report.headline.name, report.headline.chance) == ("top1", 1 / 12)
    assert report.headline.interval.speaks_of.startswith("further concepts")
    assert report.headline.value > 0.3
    assert not report.ceiling.alarm
    assert report.ceiling.figures[0].value > report.headline.value
    controls = {control.name: control.figure for control in report.controls}
    assert controls.keys() == {
        "shuffled-training", "pre-stimulus", "noise-level-only", "sequence-only", "frontal-only"
    }  # fmt: skip
    for name in ("shuffled-training", "pre-stimulus", "noise-level-only", "sequence-only"):
        assert controls[name].value < 0.2, name
    assert controls["frontal-only"].value < report.headline.value


def test_averages_and_summed_evidence_are_better_than_single_trials_and_never_counted_as_such(written):
    report = written.report
    for name in ("repetitions-averaged", "repetitions-summed"):
        points = curve(report, name).points
        assert [(point.x, point.n) for point in points] == [(1, 360), (4, 84), (8, 36)]
        values = [point.figures[0].value for point in points]
        assert values[-1] > values[0] + 0.1
    ceiling = [point.ceiling[0].value for point in curve(report, "repetitions-averaged").points]
    decoded = [point.figures[0].value for point in curve(report, "repetitions-averaged").points]
    assert all(best >= own - 0.03 for best, own in zip(ceiling, decoded, strict=True))


def test_a_window_that_ends_earlier_tells_less(written):
    values = {point.x: point.figures[0].value for point in curve(written.report, "window-end").points}
    assert values.keys() == {0.2, 0.5}
    assert values[0.5] == written.report.headline.value
    assert values[0.2] < values[0.5]


def test_the_temperature_is_fitted_to_training_concepts_that_were_left_out(written):
    calibration = written.report.calibration
    assert "120 training trials with 12 candidates" in calibration.fitted_on
    assert (calibration.n_candidates, len(calibration.temperatures)) == (12, 1)
    log_loss = next(figure for figure in written.report.figures if figure.name == "log_loss")
    assert log_loss.value < log_loss.chance


def test_the_card_says_what_it_was(written):
    card = written.report.card
    assert (card.left_out, card.n_folds, card.n_scored, card.n_candidates) == ("partition", 1, 360, (12, 12))
    assert written.report.folds[0].n_train == 1200
    assert written.report.folds[0].held_out == ("test",)
    assert written.report.transductive[0].name == "top1_transductive_csls"
    assert written.report.confusion.of == "concept"


def test_labels_of_the_training_partition_alone_are_shuffled(written):
    control = next(each for each in written.report.controls if each.name == "shuffled-training")
    assert len(control.null) == 3
    assert control.p == 0.25


def test_a_bundle_ranks_another_bank_on_trials_that_it_has_not_seen(config, data):
    trials, bank, _, test = data
    bundle = train(trials, bank, config)
    written = evaluate_bundle(bundle, test.trials, config.evaluation, test.bank, test.oracle)
    assert written.report.headline.value > 0.3
    assert written.report.ceiling is not None
    assert written.report.card.n_candidates == (12, 12)
    known = take(test.trials, np.arange(20))
    with pytest.raises(MismatchError, match="was trained on 120 of the bank's"):
        evaluate_bundle(bundle, known, config.evaluation, bank)
    foreign = replace(test.bank, key=BankKey(vision_model="another", weights="x"))
    with pytest.raises(MismatchError, match="does not fit the decoder"):
        evaluate_bundle(bundle, known, config.evaluation, foreign)


def test_the_oracle_knows_better_the_more_it_sees(data):
    _, _, _, test = data
    truth = test.trials.concepts
    shares = []
    for k in (1, 4, 8):
        groups = np.stack([np.flatnonzero(truth == concept)[:k] for concept in range(12)])
        scores = test.oracle(groups)
        assert scores.shape == (12, 12)
        shares.append(np.mean(scores.argmax(axis=1) == np.arange(12)))
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


def test_better_than_the_oracle_is_an_alarm(config, data):
    trials, bank, _, test = data
    rng = np.random.default_rng(0)
    blind = replace(test, oracle=lambda groups: rng.random((len(groups), 12), np.float32))
    plain = {"permutations": 0, "noise_level": False, "sequence": False, "frontal": False, "calibrate": False}
    config = config.model_copy(update={"evaluation": config.evaluation.model_copy(update=plain)})
    report = evaluate_config(config, bank, trials, test=blind).report
    assert report.ceiling.alarm
    assert report.ceiling.p < 0.001
    assert [figure.name for figure in report.ceiling.figures] == ["top1", "top5"]
    assert report.ceiling.figures[0].value < report.headline.value


def test_no_data_but_a_world_has_an_oracle(config):
    assert (
        world_oracle(config.model_copy(update={"data": config.data.model_copy(update={"reader": "muse"})})) is None
    )


def folded(config, **evaluation):
    changed = {"test": "folds", "protocol": "seen-concept/new-trial", "by": "block", "folds": 2, **evaluation}
    return config.model_copy(update={"evaluation": config.evaluation.model_copy(update=changed)})


def test_the_oracle_of_folds_ranks_the_concepts_of_the_session_that_is_trained_on(config, data):
    trials, bank, _, _ = data
    oracle = world_oracle(folded(config))
    assert len(oracle) == len(trials)
    hits = oracle(np.arange(len(trials))[:, None]).argmax(axis=1) == trials.concepts
    assert hits.mean() > 5 / len(bank.names)


def test_folds_that_rank_part_of_the_concepts_or_hold_several_people_have_no_oracle(config):
    assert world_oracle(folded(config, protocol="zero-shot")) is None
    assert world_oracle(folded(config, candidates=("a", "b"))) is None
    people = config.data.model_copy(update={"subjects": ("1", "2")})
    assert world_oracle(folded(config).model_copy(update={"data": people})) is None


# ---------------------------------------------------------------------------------------------------------- leaks


def bank_of(names, seed, images=False):
    rng = np.random.default_rng(seed)
    vectors = rng.normal(size=(len(names), 4)).astype(np.float32)
    pictures = {"images": vectors + 1, "owner": np.arange(len(names))} if images else {}
    return Bank(tuple(names), vectors, BankKey(vision_model="m", weights="w"), **pictures)


def parts(tiny, names):
    """The tiny world's trials once as they are, once under other names and from another recording."""
    trials = tiny.trials
    groups = {**trials.groups, "recording": np.char.add("test ", trials.groups["recording"])}
    return trials, replace(trials, concept_names=tuple(names), groups=groups, images=np.zeros(len(trials), int))


def test_zero_shot_shares_no_concept_with_the_training_partition(tiny, judging):
    trials, tested = parts(tiny, "abcdef")
    zero_shot = judging(protocol="zero-shot", by="concept")
    check_partition(trials, tiny.bank, tested, bank_of("abcdef", 0), zero_shot)
    with pytest.raises(MismatchError, match="training partition shows concept 2"):
        check_partition(trials, tiny.bank, tested, bank_of(("a", "concept 2"), 0), zero_shot)


def test_known_concepts_must_have_been_trained_on(tiny, judging):
    trials, tested = parts(tiny, "abcdef")
    with pytest.raises(MismatchError, match="training partition lacks a, b, c and 3 more"):
        check_partition(trials, tiny.bank, tested, bank_of("abcdef", 0), judging())


def test_pictures_are_known_by_their_vectors(tiny, judging):
    trials, tested = parts(tiny, tiny.bank.names)
    new_image = judging(protocol="seen-concept/new-image", by="image")
    check_partition(trials, tiny.bank, tested, bank_of(tiny.bank.names, 1, images=True), new_image)
    with pytest.raises(MismatchError, match="1 of the tested pictures"):
        check_partition(trials, tiny.bank, tested, tiny.bank, new_image)


def test_what_is_left_out_is_on_one_side(tiny, judging):
    trials, tested = parts(tiny, tiny.bank.names)
    check_partition(trials, tiny.bank, tested, tiny.bank, judging(by="recording"))
    with pytest.raises(MismatchError, match="subject 1 is on both sides"):
        check_partition(trials, tiny.bank, tested, tiny.bank, judging(by="subject"))


def test_copied_epochs_are_found_across_partitions(tiny):
    trials, tested = parts(tiny, "abcdef")
    split = Split(np.arange(len(trials)), np.arange(len(tested)))
    with pytest.raises(MismatchError, match="96 tested epochs are trained on as well"):
        check_copies(trials, (split,), tested)
    check_copies(trials, (split,), replace(tested, data=tested.data + np.float32(1)))


def test_controls_that_the_data_do_not_allow_are_refused(tiny_with):
    tiny = tiny_with(evaluation={"frontal": True, "permutations": 0})
    with pytest.raises(ConfigError, match="evaluation.frontal needs"):
        evaluate_config(tiny.config, tiny.bank, tiny.trials)
    tiny = tiny_with(preprocess={"mode": "epoch"}, evaluation={"sequence": True, "permutations": 0})
    with pytest.raises(ConfigError, match="order of presentation"):
        evaluate_config(tiny.config, tiny.bank, tiny.trials)


@pytest.fixture(scope="module")
def in_files(config, tmp_path_factory):
    """The experiment on a world at 100 Hz whose sessions pass through files of THINGS-EEG2."""
    text = WORLD.replace("sfreq = 128", "sfreq = 100").replace("soa = 0.25", "soa = 0.2")
    text = text.replace("pictures = 5", "pictures = 5\ntest_pictures = 1")
    path = tmp_path_factory.mktemp("world") / "world-files.toml"
    path.write_text(text + "[noise]\nline_uv = 0\nline_hz = 40\n")
    raw = config.model_dump()
    raw["data"] = {"reader": "world", "paths": [str(path)], "options": {"form": "things-eeg2"}}
    raw["preprocess"] = {"mode": "epoch", "channels": raw["preprocess"]["channels"], "sfreq": 100.0}
    raw["preprocess"] |= {"tmin": -0.2, "tmax": 0.8}
    raw["evaluation"] |= {"sequence": False}
    return ExperimentConfig.model_validate(raw)


def test_the_oracle_sees_the_presentations_that_files_of_a_world_hold(in_files):
    trials, bank, oracle = load_test_trials(in_files), load_test_bank(in_files), world_oracle(in_files)
    np.testing.assert_array_equal(trials.images, oracle.schedule.images)
    assert [bank.names[concept] for concept in oracle.schedule.concepts] == [
        trials.concept_names[concept] for concept in trials.concepts
    ]
    assert trials.provenance["kind"] == "SYNTHETIC"
    assert trials.provenance["dataset"].startswith("THINGS-EEG2")
    test = Partition(trials, bank, oracle=oracle)
    report = evaluate_config(in_files, load_bank_of(in_files), load_trials(in_files), test=test).report
    singles, *_, means = next(curve for curve in report.curves if curve.name == "repetitions-averaged").points
    assert report.headline.value > 2 / 12
    assert means.ceiling[0].value > singles.ceiling[0].value
    assert report.ceiling.figures[0].value >= report.headline.value
    assert not report.ceiling.alarm


def test_another_form_of_a_world_is_refused(in_files):
    data = in_files.data.model_copy(update={"options": {"form": "things-eeg1"}})
    with pytest.raises(ConfigError, match="knows the form 'things-eeg2', got 'things-eeg1'"):
        load_trials(in_files.model_copy(update={"data": data}))
