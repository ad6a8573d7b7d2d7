"""Ten classes from an EPOC: near the ceiling on left-out stretches, and at chance where labels say nothing."""

import pytest

from bci.config import find_config, read_toml
from models.config import ExperimentConfig
from models.data import load_bank_of, load_trials
from models.evaluation.ceiling import world_oracle
from models.evaluation.controls import before_stimulus
from models.evaluation.experiments import evaluate_config

EVOKED = {"name": "evoked_lda", "options": {"lowpass": 20.0, "window": [0.0, 0.8]}}


@pytest.fixture(scope="module")
def report():
    """The config as it is, but for its decoder's other families, its curves and all but one permutation."""
    raw = read_toml(find_config("epoc-digits-world"))
    raw["evaluation"] |= {"permutations": 1, "sequence": False, "calibrate": False, "curves": {"candidates": []}}
    config = ExperimentConfig.model_validate({**raw, "decoder": EVOKED})
    before = load_trials(config, preprocess=before_stimulus(config, config.evaluation.prestimulus).preprocess)
    written = evaluate_config(
        config, load_bank_of(config), load_trials(config), before, oracle=world_oracle(config)
    )
    return written.report


def test_the_temporal_decoder_is_near_the_oracle_on_left_out_stretches(report):
    oracle = report.ceiling.figures[0]
    assert report.headline.name == oracle.name == "top1"
    assert 0.75 * oracle.value < report.headline.value < oracle.interval.high
    assert not report.ceiling.alarm


def test_controls_are_at_chance(report):
    figures = {control.name: control.figure.value for control in report.controls}
    assert set(figures) == {"shuffled-labels", "pre-stimulus"}
    # three standard deviations of 2,000 guesses among ten
    assert all(abs(value - 0.1) < 0.021 for value in figures.values())
