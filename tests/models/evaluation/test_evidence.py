"""Temperatures and discounts whose true values are known, and calibrations that belong to something else."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import log_softmax

from models.config import EvaluationConfig
from models.evaluation.answers import Answers
from models.evaluation.bundles import evaluate_bundle
from models.evaluation.evidence import cross_fitted, validated


def presentations(n_groups, n_concepts, temperature, correlation, seed=0, k=4):
    """Scores of k presentations of each group, and their truths.

    The truth stands out by 1 / temperature from noise of unit variance, so that the softmax of scores over that
    temperature is exact; noise in common makes k of them worth k / (1 + (k - 1) correlation).
    """
    rng = np.random.default_rng(seed)
    truth = np.repeat(rng.integers(n_concepts, size=n_groups), k)
    shared = np.repeat(rng.normal(size=(n_groups, n_concepts)), k, axis=0)
    noise = np.sqrt(correlation) * shared + np.sqrt(1 - correlation) * rng.normal(size=shared.shape)
    return np.eye(n_concepts)[truth] / temperature + noise, truth


def answers_of(scores, truth, fold=0, first_row=0):
    fold = np.broadcast_to(fold, len(truth))
    zeros, rows = np.zeros(len(truth), int), first_row + np.arange(len(truth))
    names = tuple(f"n{i}" for i in range(scores.shape[1]))
    return Answers(names, scores.astype(np.float32), truth, fold, rows, zeros, zeros, zeros)


def runs(n, k=4, first_row=0):
    return {k: first_row + np.arange(n).reshape(-1, k)}


@pytest.mark.parametrize(("temperature", "correlation"), [(0.5, 0.3), (1.0, 0.0)])
def test_the_temperature_and_discount_of_the_validation_part_are_found_and_used(temperature, correlation):
    left_out = answers_of(*presentations(4000, 5, temperature, correlation), first_row=701)
    tested = answers_of(*presentations(50, 3, 2.0, 0.9, seed=1), fold=np.arange(200) // 100)
    evidence = validated(tested, runs(200), left_out, runs(16_000, first_row=701))
    assert evidence.temperatures == pytest.approx((temperature,) * 2, rel=0.05)
    assert evidence.discounts == pytest.approx((correlation,) * 2, abs=0.05)
    assert np.allclose(evidence.log_p, log_softmax(tested.scores / evidence.temperatures[0], axis=1), atol=1e-5)
    assert evidence.fitted_on.startswith("16000 training trials with 5 candidates")


def test_the_discount_of_a_fold_is_that_of_the_other_folds():
    (own, truth), (other, others) = (presentations(3000, 4, 0.7, c, seed) for seed, c in enumerate((0.0, 0.5)))
    scores, truths = np.concatenate([own, other]), np.concatenate([truth, others])
    evidence = cross_fitted(answers_of(scores, truths, fold=np.arange(24_000) // 12_000), runs(24_000))
    assert evidence.discounts == pytest.approx((0.5, 0.0), abs=0.05)
    assert evidence.temperatures == pytest.approx((0.7, 0.7), rel=0.05)


@pytest.mark.parametrize(
    ("change", "used"), [({}, True), ({"n": 5}, False), ({"k": 2}, False), ({"bank": "00000000"}, False)]
)
def test_a_bundles_calibration_is_used_only_where_it_belongs(tiny, fitted, change, used):
    recording = tiny.trials.groups["recording"]
    bundle = fitted(tiny.part(np.flatnonzero(recording == "a")), "lda")
    calibration = {"temperature": 0.37, "discount": 0.25, "bank": tiny.bank.id, "n": 6, "k": 1, **change}
    evaluation = EvaluationConfig(protocol="closed-set", permutations=0, resamples=20)
    new = tiny.part(np.flatnonzero(recording == "b")).trials
    report = evaluate_bundle(replace(bundle, calibration=calibration), new, evaluation).report
    assert (report.calibration is not None) == used
    if used:
        assert (report.calibration.temperatures, report.calibration.discounts) == ((0.37,), (0.25,))
        assert report.calibration.fitted_on == "the bundle's own calibration"
