"""From what cross-validation came to, to the report and to the answers that are kept beside it."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from bci.bank import Bank
from bci.types import TrialSet
from models.config import EvaluationConfig, ExperimentConfig
from models.evaluation.answers import Answers, SavedAnswers, collect, fingerprint, saved
from models.evaluation.breakdowns import classes, confusion, ranks, similarity
from models.evaluation.card import make_card, recalls, versions
from models.evaluation.crossval import Outcome
from models.evaluation.curves import Judge, candidate_curve, repetition_curves, retrained_curve
from models.evaluation.evidence import Evidence
from models.evaluation.evoked import evoked_responses
from models.evaluation.report import Ceiling, Curve, Figure, Report
from models.evaluation.retrieval import retrieval
from models.evaluation.scoring import accuracy, further_figures, leading_figures
from models.evaluation.transductive import aligned

__all__ = ["RankOracle", "Written", "write"]

RankOracle = Callable[[NDArray[np.int64]], NDArray[np.float32]]
"""From groups of rows of the judged trials (m, k) to scores (m, N) of the ranked bank for their averages."""

RETRAINED = {
    "window-end": ("seconds after the onset", "decoders trained anew on windows that end there"),
    "channels": ("channels", "decoders trained anew on the channels of a smaller montage that exist here"),
}
"""Curve -> what was varied, and how."""


@dataclass(frozen=True, slots=True)
class Written:
    """A report, the answers that it is about, and what another decoder's answers must be compared by."""

    report: Report
    answers: SavedAnswers
    evaluation: EvaluationConfig
    seed: int


def write(
    name: str,
    config: ExperimentConfig,
    ranked: Bank,
    judged: TrialSet,
    outcome: Outcome,
    evidence: Evidence,
    *,
    left_out: str,
    selection: str,
    started: float,
    oracle: RankOracle | None = None,
    retrained: Mapping[str, Mapping[float, Answers]] | None = None,
    notes: tuple[str, ...] = (),
) -> Written:
    """Sum an evaluation up.

    Parameters
    ----------
    ranked, judged
        Bank and trials.
    left_out
        See `models.evaluation.report.Card`.
    selection
        How settings and checkpoint were chosen.
    started
        `time.perf_counter` at the beginning.
    retrained
        Curve -> x -> answers of decoders that were trained anew.
    """
    evaluation, seed, answers = config.evaluation, config.train.seed, outcome.answers
    truths = None if oracle is None else _OracleAnswers(oracle, ranked, judged, config)
    judge = Judge(evaluation, seed, truths)
    categories = dict(zip(ranked.names, ranked.categories, strict=True)) if ranked.categories else {}
    curves: list[Curve] = [
        *repetition_curves(answers, outcome.averaged, outcome.groups, evidence, judge),
        *candidate_curve(answers, evaluation.curves.candidates, judge),
    ]
    for curve, each in (retrained or {}).items():
        curves += retrained_curve(curve, *RETRAINED[curve], each, judge)
    report = Report(
        name=name,
        headline=outcome.headline,
        card=make_card(config, ranked, judged, answers, left_out, len(outcome.folds), selection),
        figures=further_figures(answers, evaluation, np.exp(evidence.log_p), seed),
        folds=outcome.folds,
        recalls=recalls(answers),
        controls=outcome.controls,
        seconds=time.perf_counter() - started,
        versions=versions(),
        notes=(_probabilities(evidence), *notes),
        curves=tuple(curves),
        histogram=ranks(answers) if len(answers.concepts) > 2 else None,
        similarity=similarity(answers, evaluation, seed),
        confusion=confusion(answers, categories, evaluation, seed),
        classes=classes(answers),
        calibration=evidence.calibration(),
        stopping=evidence.stopping(),
        evoked=evoked_responses(judged, categories),
        transductive=_transductive(answers, config),
        ceiling=None if truths is None else _ceiling(answers, truths, config),
        retrieval=retrieval(answers, judged),
    )
    return Written(report, saved(name, answers, fingerprint(judged)), evaluation, seed)


@dataclass(frozen=True, slots=True)
class _OracleAnswers:
    """The oracle's answers to averages of groups of the judged trials; of each number of presentations once."""

    oracle: RankOracle
    ranked: Bank
    judged: TrialSet
    config: ExperimentConfig
    made: dict[int, Answers] = field(default_factory=dict)

    def __call__(self, groups: NDArray[np.int64]) -> Answers:
        evaluation, k = self.config.evaluation, groups.shape[1]
        if k not in self.made:
            self.made[k] = collect(
                self.judged, self.ranked.names, [groups[:, 0]], [self.oracle(groups)], evaluation, whole_bank=True
            )
        return self.made[k]


def _ceiling(answers: Answers, oracle: _OracleAnswers, config: ExperimentConfig) -> Ceiling:
    """Compare with the oracle on the same single trials; a decoder that beats it must have cheated."""
    from replay.world import leak_alarm  # noqa: PLC0415 (scipy)

    best = oracle(answers.row[:, None])
    k = 5 if len(answers.concepts) > 5 else 1
    alarm = leak_alarm(answers.ranks < k, best.ranks < k)
    figures = tuple(accuracy(best, n, config.evaluation, config.train.seed) for n in sorted({1, k}))
    return Ceiling(figures, alarm.p, alarm.alarm)


def _probabilities(evidence: Evidence) -> str:
    if evidence.fitted_on:
        return f"log_loss and brier: of probabilities whose temperature was fitted to {evidence.fitted_on}"
    as_trained = ", ".join(dict.fromkeys(f"{temperature:.3g}" for temperature in evidence.temperatures))
    return f"log_loss and brier: temperature as trained ({as_trained}), not calibrated on held-out answers"


def _transductive(answers: Answers, config: ExperimentConfig) -> tuple[Figure, ...]:
    how = config.evaluation.transductive
    if how == "none":
        return ()
    figures = leading_figures(aligned(answers, how), config.evaluation, config.train.seed)
    return tuple(replace(figure, name=f"{figure.name}_transductive_{how}") for figure in figures)
