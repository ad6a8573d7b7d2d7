from dataclasses import replace

import numpy as np
import pytest
from known_signal import known_config, known_pairs

from bci.errors import MismatchError
from models.alignment.evaluate import Settings, evaluate
from models.alignment.oracle import oracle_ranks
from models.alignment.report import body, page, save_report
from models.alignment.train import train

FEW = Settings(permutations=99, resamples=100)


@pytest.fixture(scope="module")
def trained():
    return train(known_pairs().pairs, known_config(train={"epochs": 8}))


@pytest.fixture(scope="module")
def evaluation(trained):
    return evaluate(trained, known_pairs().pairs, FEW, oracle_ranks(known_pairs()))


def without_query(trained):
    """The same model, deaf to what the fMRI asks."""
    weights = dict(trained.weights)
    weights["query.weight"] = np.zeros_like(weights["query.weight"])
    return replace(trained, weights=weights)


def test_eeg_alone_is_above_shuffled_pairs_and_has_an_interval(evaluation):
    for share in evaluation.headline.shares:
        assert share.value > share.shuffled_high
        assert share.p <= 0.02
        assert share.interval.low <= share.value <= share.interval.high
        assert "groups of matched pictures" in share.interval.speaks_of
    assert evaluation.headline.n_candidates > 5
    assert evaluation.oracle["top1"] > 0.5


def test_a_query_that_gives_its_answer_away_is_named(trained, evaluation):
    loud = dict(trained.weights)
    loud["query.weight"] = 30 * loud["query.weight"]  # the choice among tokens tells who asks
    told = evaluate(replace(trained, weights=loud), known_pairs().pairs, FEW)
    controls = {control.name: control for control in told.by_fmri[1:]}
    assert controls.keys() == {"asked_by_fmri/eeg_shuffled", "asked_by_fmri/eeg_zero"}
    leaks = any(not control.at_chance for control in controls.values())
    assert told.conditioned_name == ("fmri_conditioned" if leaks else "eeg_to_fmri_asked_by_fmri")
    assert told.headline == evaluation.headline  # learned queries ask, whatever the fMRI would


def test_a_query_that_says_nothing_leaves_the_controls_at_chance(trained):
    told = evaluate(without_query(trained), known_pairs().pairs, FEW)
    assert all(control.at_chance for control in told.by_fmri[1:])
    assert told.conditioned_name == "eeg_to_fmri_asked_by_fmri"
    assert not told.by_fmri[0].at_chance  # it is the EEG that tells


def test_only_test_pairs_count(trained, evaluation):
    pairs = known_pairs().pairs
    poisoned = np.array(pairs.eeg)
    poisoned[pairs.part != 2] = np.nan
    assert evaluate(trained, replace(pairs, eeg=poisoned), FEW).headline == evaluation.headline


def test_pairs_of_another_shape_or_without_a_test_part_are_refused(trained):
    pairs = known_pairs().pairs
    with pytest.raises(MismatchError, match=r"expected pairs of 6 channels .* got .* 30 samples"):
        evaluate(trained, replace(pairs, eeg=np.asarray(pairs.eeg)[:, :, :30]), FEW)
    with pytest.raises(MismatchError, match="at least 2 fMRI pictures in the test part"):
        evaluate(trained, replace(pairs, part=np.zeros_like(pairs.part)), FEW)


def test_the_report_calls_things_by_their_names(trained, evaluation, tmp_path):
    leaking = replace(evaluation, conditioned_name="fmri_conditioned")
    told = body(trained, leaking)
    assert "fmri_conditioned" in told["asked_by_fmri"]
    assert told["card"]["data"].startswith("SYNTHETIC pairs")
    shown = page(trained, leaking)
    assert "This is no retrieval accuracy" in shown
    assert "SYNTHETIC data" in shown
    assert "<script" not in shown
    assert [path.name for path in save_report(tmp_path, trained, evaluation)] == ["report.json", "report.html"]
