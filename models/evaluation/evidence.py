"""Calibrated evidence: log-probabilities of single trials, and which of them are presentations of one group.

A temperature belongs to a decoder, a bank, a number of candidates and a number of averaged repetitions. It is
never fitted to the answers that it is judged on: in cross-validation that of a fold is fitted to the answers of
the other folds; with a test partition, to a validation part of the training trials.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from bci.reliability import calibration_error, reliability
from models.evaluation.accumulation import ALPHAS, accumulated, fit_discount, stopping
from models.evaluation.answers import Answers
from models.evaluation.report import Bin, Calibration, Figure, Stopping
from models.temperature import fit_temperature, log_probabilities

__all__ = ["Evidence", "cross_fitted", "fixed", "positions", "validated"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

LEAST_RUNS = 30
"""Runs that a stopping rule is judged by, at least."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What single trials say, and how it adds up.

    Parameters
    ----------
    answers
        (n) trials.
    log_p
        (n, N) log-probabilities of the candidates.
    groups
        Number of presentations -> (m, k) rows of these.
    temperatures, discounts
        One per fold.
    fitted_on
        To which answers, in words; empty if nothing was fitted.
    """

    answers: Answers
    log_p: Floats
    groups: Mapping[int, Ints]
    temperatures: tuple[float, ...]
    discounts: tuple[float, ...]
    fitted_on: str

    def summed(self, k: int) -> Answers:
        """Return answers to groups of k presentations whose evidence is summed."""
        groups = self.groups[k]
        first, answers = groups[:, 0], self.answers
        total = accumulated(self.log_p, groups, self.discount(first))
        chosen = {
            name: getattr(answers, name)[first]
            for name in ("truth", "fold", "row", "recording", "subject", "parts")
        }
        return replace(answers, scores=total.astype(np.float32), **chosen)

    def discount(self, rows: Ints) -> Floats:
        """Return the discount of the folds that some trials were tested in."""
        return np.array(self.discounts)[self.answers.fold[rows]]

    def calibration(self) -> Calibration | None:
        """Sum up how good the probabilities are; None if nothing was fitted."""
        if not self.fitted_on:
            return None
        bins = reliability(np.exp(self.log_p.max(axis=1)), self.answers.ranks == 0)
        error = calibration_error(bins)
        return Calibration(
            fitted_on=self.fitted_on,
            temperatures=self.temperatures,
            discounts=self.discounts,
            n_candidates=int(self.answers.n_candidates.max()),
            repetitions=1,
            figures=() if error is None else (Figure("ece", error),),
            bins=tuple(Bin(each.n, each.confidence, each.accuracy) for each in bins),
        )

    def stopping(self) -> tuple[Stopping, ...]:
        """Judge the stopping rule on the longest runs of which there are enough."""
        enough = [k for k, rows in self.groups.items() if k > 1 and len(rows) >= LEAST_RUNS]
        if not enough or not self.fitted_on:
            return ()
        runs = self.groups[max(enough)]
        discounts = self.discount(runs[:, 0])
        return tuple(stopping(self.log_p, self.answers.truth, runs, discounts, alpha) for alpha in ALPHAS)


def positions(answers: Answers, groups: Mapping[int, Ints]) -> dict[int, Ints]:
    """Translate rows of the trials into rows of the answers; groups that are not among these are left out."""
    place = np.full(int(max(answers.row.max(), *(rows.max(initial=0) for rows in groups.values()), 0)) + 1, -1)
    place[answers.row] = np.arange(len(answers))
    found = {k: place[rows] for k, rows in groups.items()}
    return {k: rows[(rows >= 0).all(axis=1)] for k, rows in found.items()}


def fixed(
    answers: Answers, groups: Mapping[int, Ints], temperatures: tuple[float, ...], fitted_on: str = ""
) -> Evidence:
    """Take the temperature of each fold as it is, and presentations as independent."""
    return Evidence(
        answers,
        log_probabilities(answers.scores, np.array(temperatures)[answers.fold]),
        positions(answers, groups),
        temperatures,
        (0.0,) * len(temperatures),
        fitted_on,
    )


def cross_fitted(answers: Answers, groups: Mapping[int, Ints]) -> Evidence:
    """Fit temperature and discount of each fold to the answers of all other folds."""
    found = positions(answers, groups)
    n_folds = int(answers.fold.max()) + 1
    each = [_fitted(answers, found, np.flatnonzero(answers.fold != fold)) for fold in range(n_folds)]
    temperatures, discounts = zip(*each, strict=True)
    own = fixed(answers, groups, temperatures, "the other folds' held-out answers")
    return replace(own, discounts=discounts)


def _fitted(answers: Answers, groups: Mapping[int, Ints], rows: Ints) -> tuple[float, float]:
    """Temperature and discount that fit some of the answers best; groups are of rows of the answers."""
    temperature = fit_temperature(answers.scores[rows], answers.truth[rows])
    log_p = log_probabilities(answers.scores, temperature)
    within = {k: runs[np.isin(runs[:, 0], rows)] for k, runs in groups.items()}
    return temperature, fit_discount(log_p, answers.truth, within)


def validated(
    answers: Answers, groups: Mapping[int, Ints], validation: Answers, validation_groups: Mapping[int, Ints]
) -> Evidence:
    """Fit temperature and discount to answers to a part of the training trials that was left out for it."""
    every = np.arange(len(validation))
    temperature, discount = _fitted(validation, positions(validation, validation_groups), every)
    n = int(validation.n_candidates.max())
    said = f"{len(validation)} training trials with {n} candidates, by a decoder that was fitted without them"
    n_folds = int(answers.fold.max()) + 1
    return replace(fixed(answers, groups, (temperature,) * n_folds, said), discounts=(discount,) * n_folds)
