"""A calibration is fitted to the person alone and proves itself on events that it never saw."""

from dataclasses import replace

import numpy as np
import pytest

from bci.errors import ConfigError, MismatchError
from bci.preprocess import scale_epochs
from bci.ranking import truth_ranks
from bci.types import read_only
from models.bundle import load_bundle, save_bundle
from models.calibration.applied import apply
from models.calibration.artefact import find, save
from models.calibration.calibrate import Labels, calibrate
from models.runtime import load_decoder
from replay.trials import cut_trials


def scores_on(bundle, recording):
    left_out = () if bundle.personal is None else bundle.personal.left_out
    trials = cut_trials([recording], bundle.preprocess, bundle.events, bundle.bank.names, left_out=left_out)
    epochs = scale_epochs(trials.data, bundle.preprocess, bundle.whitening)
    return load_decoder(bundle, device="cpu").scores(epochs), trials.concepts


def top1(bundle, recording):
    return np.mean(truth_ranks(*scores_on(bundle, recording)) == 0)


@pytest.fixture(scope="module")
def labelled(small):
    labels = Labels(small.bundle.bank, "classical")
    return calibrate(small.record(9, 400), small.bundle, labels, person="P09")


def test_without_labels_nothing_but_the_matrix_is_fitted(small):
    calibration = calibrate(small.record(9, 80), small.bundle)
    assert (calibration.method, calibration.events, calibration.check) == ("unlabelled", 0, None)
    own = apply(small.bundle, calibration)
    assert own.config == small.bundle.config
    assert own.weights is small.bundle.weights
    assert not np.allclose(own.whitening, small.bundle.whitening)


def test_a_person_s_own_decoder_is_better_than_the_bundle(small, labelled):
    """On 600 events of another recording: far more than chance could make of it."""
    other = small.record(9, 600, seed=8, split="test")
    assert top1(apply(small.bundle, labelled), other) > top1(small.bundle, other) + 0.1


def test_the_artefact_tells_what_was_done(small, labelled):
    assert (labelled.bundle, labelled.bank) == (small.bundle.id, small.bundle.bank.id)
    assert (labelled.person, labelled.events, labelled.method) == ("P09", 400, "classical")
    assert labelled.seconds == pytest.approx(400 * 0.5 + 4, abs=0.5)
    assert labelled.check.n == 100
    assert labelled.check.chance >= 0.25
    assert labelled.check.passed
    assert "beside the bundle" in labelled.note


def test_what_comes_back_from_disk_decodes_alike(small, labelled, tmp_path):
    save_bundle(tmp_path / "bundle", small.bundle)
    save(tmp_path / "bundle", labelled)
    bundle = load_bundle(tmp_path / "bundle")
    other = small.record(9, 40, seed=8)
    again = apply(bundle, find(tmp_path / "bundle", "latest", bundle))
    expected, _ = scores_on(apply(small.bundle, labelled), other)
    np.testing.assert_array_equal(scores_on(again, other)[0], expected)


def test_the_check_knows_nothing_of_the_last_block(small):
    """Whatever the last quarter holds: what is fitted for the check stays, and names the same concepts."""
    recording = small.record(9, 200)
    labels = Labels(small.bundle.bank, "classical")
    honest = calibrate(recording, small.bundle, labels).check
    last = len(recording.markers) - 50
    renamed = [
        (sample, value if at < last else small.bundle.bank.names[at % 4])
        for at, (sample, value) in enumerate(recording.markers)
    ]
    shuffled = calibrate(replace(recording, markers=tuple(renamed)), small.bundle, labels).check
    # a fit that had seen the false labels would name some of them
    assert honest.hits > 25
    assert shuffled.hits == pytest.approx(12.5, abs=11)
    assert shuffled.n == honest.n == 50


@pytest.mark.parametrize("floor", [None, 0.99])
def test_labels_that_mean_nothing_do_not_pass(small, floor):
    recording = small.record(9, 200)
    rng = np.random.default_rng(0)
    names = rng.permutation([value for _, value in recording.markers])
    markers = tuple((sample, str(name)) for (sample, _), name in zip(recording.markers, names, strict=True))
    made = calibrate(replace(recording, markers=markers), small.bundle, Labels(small.bundle.bank, floor=floor))
    assert not made.usable
    with pytest.raises(MismatchError, match="below its floor"):
        apply(small.bundle, made)
    forced = Labels(small.bundle.bank, floor=floor, force=True)
    assert calibrate(replace(recording, markers=markers), small.bundle, forced).usable


def test_a_network_is_fine_tuned_from_where_it_stands(small_network):
    bundle = small_network.bundle
    made = calibrate(small_network.record(9, 240), bundle, Labels(bundle.bank, "fine-tune", force=True))
    assert made.method == "fine-tune"
    assert made.decoder == bundle.config.decoder
    assert made.weights.keys() == bundle.weights.keys()
    assert "passes by the log-loss of an inner block" in made.note
    other = small_network.record(9, 400, seed=8, split="test")
    assert top1(apply(bundle, made), other) > top1(bundle, other) + 0.03


def test_fine_tuning_is_the_same_at_every_run(small_network):
    bundle, recording = small_network.bundle, small_network.record(9, 60)
    labels = Labels(bundle.bank, "fine-tune")
    one, other = (calibrate(recording, bundle, labels, date="2026-11-02") for _ in range(2))
    assert one.id == other.id


def test_a_network_is_joined_by_a_classifier_where_its_concepts_were_shown_often(small_network):
    bundle = small_network.bundle
    made = calibrate(small_network.record(9, 120), bundle, Labels(bundle.bank))
    assert made.method == "classical"


def test_only_networks_are_fine_tuned(small):
    with pytest.raises(ConfigError, match="expected a network to fine-tune, the bundle's decoder is 'lda'"):
        calibrate(small.record(9, 60), small.bundle, Labels(small.bundle.bank, "fine-tune"))


def test_too_few_events_are_refused(small):
    with pytest.raises(ConfigError, match="expected at least 40 events of known concept, got 30"):
        calibrate(small.record(9, 30), small.bundle, Labels(small.bundle.bank))


def test_a_dead_channel_is_left_out_of_the_fit_and_of_sessions(small_with):
    small = small_with(preprocess={"missing": "interpolate"})
    recording = small.record(9, 200)
    data = recording.data.copy()
    data[:, 3] = 0
    dead = replace(recording, data=read_only(data))
    made = calibrate(dead, small.bundle, Labels(small.bundle.bank, force=True))
    assert list(made.left_out) == ["Pz"]
    own = apply(small.bundle, made)
    assert own.personal.left_out == ("Pz",)
    assert np.isfinite(scores_on(own, dead)[0]).all()
    np.testing.assert_allclose(scores_on(own, dead)[0], scores_on(own, recording)[0], atol=1e-4)


def test_classifiers_of_another_bank_s_rows_are_not_mixed_up(small):
    """A bank of the same vectors in another order: concepts are found by name, and only vectors are regressed."""
    bank = small.bundle.bank
    order = [2, 0, 3, 1]
    turned = replace(
        bank,
        names=tuple(bank.names[i] for i in order),
        prototypes=read_only(bank.prototypes[order]),
        categories=tuple(bank.categories[i] for i in order),
        images=None,
        owner=None,
        map=None,
    )
    made = calibrate(small.record(9, 120), small.bundle, Labels(turned, "classical", force=True))
    assert "ridge" in made.note
