"""Honest evaluation of a bundle: the decoder as it is, on data it was not trained on, perhaps another bank."""

import time
from dataclasses import dataclass, replace

import numpy as np

from bci.bank import Bank
from bci.errors import MismatchError
from bci.types import TrialSet
from models.bundle import Bundle, calibration_for, check_bank
from models.config import EvaluationConfig
from models.evaluation.answers import Answers
from models.evaluation.controls import shuffled_rows
from models.evaluation.crossval import Arm, Outcome, Predict, cross_validate, shuffle_control
from models.evaluation.evidence import Evidence, fixed
from models.evaluation.experiments import bundle_scores
from models.evaluation.scoring import headline_value
from models.evaluation.splits import Split
from models.evaluation.writing import RankOracle, Written, write

__all__ = ["evaluate_bundle"]

SHUFFLES = 1000
"""Of the truth against the scores of a decoder that is not trained anew."""


@dataclass(frozen=True, slots=True)
class _AsItIs:
    """A bundle as a `models.evaluation.crossval.Fit` that fits nothing."""

    bundle: Bundle
    bank: Bank

    def __call__(self, train: TrialSet, seed: int) -> Predict:  # noqa: ARG002 (nothing is fitted)
        return bundle_scores(self.bundle, self.bank)


def evaluate_bundle(
    bundle: Bundle,
    trials: TrialSet,
    evaluation: EvaluationConfig,
    bank: Bank | None = None,
    oracle: RankOracle | None = None,
) -> Written:
    """Judge a bundle as it is on data that it was not trained on.

    Parameters
    ----------
    trials
        Cut with `bundle.preprocess`, not scaled.
    evaluation
        Candidates, bootstrap and curves; nothing is split.
    bank
        What is ranked instead of the bundle's own bank; all of its concepts compete.
    oracle
        Ranks the bank's concepts for averages of the trials, in a synthetic world.

    Raises
    ------
    MismatchError
        If the bundle was trained on some of the recordings, whatever the protocol, on some of the subjects if the
        protocol leaves these out, or under `zero-shot` on some of the other bank's concepts; or if the bank's
        vectors mean something else than the bundle's.
    """
    start = time.perf_counter()
    ranked = bank or bundle.bank
    unknown = _refuse_trained_on(bundle, trials, evaluation, ranked)
    check_bank(bundle, ranked)
    split = Split(np.arange(0), np.arange(len(trials)))
    tested = None if bank is None else trials
    arm = Arm(_AsItIs(bundle, ranked), trials, (split,), tested, ranked.names)
    untrained = evaluation.model_copy(update={"permutations": 0})
    outcome = cross_validate(arm, untrained, seed=bundle.config.train.seed)
    config = bundle.config.model_copy(update={"evaluation": evaluation})
    return write(
        f"{bundle.config.name} (bundle {bundle.id})",
        config,
        ranked,
        trials,
        _with_shuffles(outcome, bundle, evaluation),
        _evidence(bundle, ranked, outcome),
        left_out="bundle",
        selection=str(bundle.card.get("selection", "unknown")),
        started=start,
        oracle=oracle,
        notes=("controls and curves that train decoders anew need a config instead of a bundle", *unknown),
    )


def _with_shuffles(outcome: Outcome, bundle: Bundle, evaluation: EvaluationConfig) -> Outcome:
    """Add the control that a decoder which is not trained anew allows, and how many trials it was trained on."""
    (fold,) = outcome.folds
    folds = (replace(fold, n_train=int(bundle.card.get("n_trials", 0))),)
    if not evaluation.permutations:
        return replace(outcome, folds=folds)
    seed = bundle.config.train.seed
    null = [headline_value(_reshuffled(outcome.answers, (seed, p))) for p in range(SHUFFLES)]
    return replace(outcome, folds=folds, controls=(shuffle_control("shuffled-truth", outcome.headline, null),))


def _reshuffled(answers: Answers, seed: tuple[int, ...]) -> Answers:
    return replace(answers, truth=answers.truth[shuffled_rows(answers.recording, seed)])


def _evidence(bundle: Bundle, bank: Bank, outcome: Outcome) -> Evidence:
    """Use the bundle's calibration where it belongs to this bank, this many candidates, and single trials."""
    answers = outcome.answers
    calibration = calibration_for(bundle, bank, int(answers.n_candidates.max()))
    if calibration is None:
        return fixed(answers, outcome.groups, outcome.temperatures)
    own = fixed(answers, outcome.groups, (float(calibration["temperature"]),), "the bundle's own calibration")
    return replace(own, discounts=(float(calibration.get("discount") or 0.0),))


def _refuse_trained_on(
    bundle: Bundle, trials: TrialSet, evaluation: EvaluationConfig, bank: Bank
) -> tuple[str, ...]:
    """Refuse what was trained on: all trials of the bundle's recordings; return notes of what is unknown."""
    trained = set(bundle.card.get("recordings", ()))
    both = sorted(trained & {str(name) for name in trials.groups["recording"]})
    if both:
        raise MismatchError(
            f"the bundle was trained on {', '.join(both[:3])}{', ...' if len(both) > 3 else ''}: give recordings "
            "that it has not seen, or a config, which trains one decoder per fold"
        )
    people = set(bundle.card.get("subjects", ())) & {str(name) for name in trials.groups["subject"]}
    if people and evaluation.by == "subject":
        raise MismatchError(
            f"the bundle was trained on subject {min(people)}, and its protocol leaves subjects out: give others"
        )
    return _check_concepts(bundle, bank) if evaluation.protocol == "zero-shot" else ()


def _check_concepts(bundle: Bundle, bank: Bank) -> tuple[str, ...]:
    """Under `zero-shot`, refuse to rank concepts that were trained on, as far as the bundle tells."""
    if bundle.card.get("n_concepts") != len(bundle.bank.names):
        return ("a bundle does not tell which concepts it was trained on: zero-shot holds if none of these was",)
    if both := sorted(set(bundle.bank.names) & set(bank.names)):
        raise MismatchError(
            f"zero-shot ranks new concepts, but the bundle was trained on {len(both)} of the bank's, {both[0]} "
            "among them: take a bank without these"
        )
    return ()
