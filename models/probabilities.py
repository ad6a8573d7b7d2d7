"""Calibrated probabilities of a bundle: temperature and discount, fitted to training trials that were left out.

Parts of the training trials are left out in turn as the protocol leaves out its test, a decoder is fitted to the
others, and its answers to the part that it never saw are what temperature (Guo et al. 2017, arXiv:1706.04599) and
discount (`bci.evidence`) are fitted to. Test data have no say. Under `zero-shot` concepts are left out, as many as
the bank that is ranked live has; the calibration then belongs to that bank, because new concepts are alike, not to
that of the training concepts.
"""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bci.bank import Bank
from bci.errors import ConfigError
from bci.types import TrialSet
from models.averages import mean_repetitions
from models.bundle import Bundle
from models.config import ExperimentConfig
from models.evaluation.accumulation import fit_discount
from models.evaluation.repetitions import groups_of
from models.groups import unit_codes
from models.inner import InnerOptions, divide, fitted_to, inner_folds
from models.progress import OnProgress, Progress, silent
from models.temperature import fit_temperature, log_probabilities
from models.training_set import TrainingSet, training_set

__all__ = ["calibrated"]

Ints = NDArray[np.int64]

FOLDS = 5
"""Parts that trials are divided into where fewer are asked for: so many are fitted to, at least."""
REPEATS = (2, 4, 8, 16, 40, 80)
"""Numbers of repeats that a discount is fitted to, as far as there are so many."""
LEAST_GROUPS = 20
"""Runs of each number; fewer tell nothing."""


@dataclass(frozen=True, slots=True)
class _LeftOut:
    """A part of the training trials, and what competes for it.

    Parameters
    ----------
    train, test
        Rows of the training set.
    bank
        What is ranked.
    candidates
        (N,) columns of the bank that compete.
    """

    train: Ints
    test: Ints
    bank: Bank
    candidates: Ints


@dataclass(frozen=True, slots=True)
class _Answers:
    """Scores (n, N) of trials that were left out, column (n,) of the truth, and rows (n,) of the training set."""

    scores: NDArray[np.float32]
    truth: Ints
    rows: Ints


def calibrated(bundle: Bundle, trials: TrialSet, ranked: Bank, report: OnProgress = silent) -> Bundle:
    """Return a bundle with a calibration for a bank.

    Parameters
    ----------
    bundle
        As it was trained; `config.train.calibrate` says on how many parts.
    trials
        What it was trained on.
    ranked
        What is to be ranked live: under `zero-shot` the bank of new concepts, else that of the training concepts.
    report
        Told how far each fit is.

    Raises
    ------
    ConfigError
        If the trials are too few to leave some out, or the bank lacks a concept that they show.
    """
    config = bundle.config
    data = training_set(trials, bundle.bank, config)
    parts, each = list(_parts(data, ranked, config)), []
    for part in parts:
        each.append(_answers(config, data, part, report))
        report(Progress(len(each), len(parts)))
    scores, truth = (np.concatenate([getattr(part, name) for part in each]) for name in ("scores", "truth"))
    temperature = fit_temperature(scores, truth)
    groups = _groups(data, [part.rows for part in each])
    # where nothing was repeated, whether repeats err alike is not known
    discount = fit_discount(log_probabilities(scores, temperature), truth, groups) if groups else None
    told = f"{len(truth)} training trials with {scores.shape[1]} candidates, by decoders fitted without them"
    return replace(bundle, calibration=_facts(bundle, ranked, scores.shape[1], temperature, discount, told))


def _facts(
    bundle: Bundle, ranked: Bank, n: int, temperature: float, discount: float | None, source: str
) -> dict[str, Any]:
    return {
        "temperature": temperature,
        "discount": discount,
        "date": dt.datetime.now(dt.UTC).date().isoformat(),
        "source": source,
        "model": bundle.id,
        "whitening": bundle.whitening_id,
        "bank": ranked.id,
        "n": n,
        "k": 1,
    }


def _parts(data: TrainingSet, ranked: Bank, config: ExperimentConfig) -> Iterator[_LeftOut]:
    wanted = config.train.calibrate
    if config.evaluation.protocol == "zero-shot":
        yield from _left_out_concepts(data, len(ranked.names), wanted, config.train.seed)
        return
    if missing := set(_names(data)) - set(ranked.names):
        raise ConfigError(f"expected a bank with every concept that was trained on, it lacks {min(missing)!r}")
    folds = inner_folds(data, config, InnerOptions(folds=max(FOLDS, wanted)))
    for train, test in folds[:wanted]:
        yield _LeftOut(train, test, ranked, np.arange(len(ranked.names)))


def _left_out_concepts(data: TrainingSet, n: int, wanted: int, seed: int) -> Iterator[_LeftOut]:
    """Leave out as many concepts as are ranked live, no more than a quarter of those that there are."""
    shown = np.unique(data.rows)
    n = min(n, len(shown) // 4)
    if n < 2:
        raise ConfigError(
            f"expected eight concepts to leave two of them out, got {len(shown)}: set train.calibrate = 0"
        )
    drawn = np.random.default_rng(seed).permutation(shown)
    for first in range(0, min(wanted, len(shown) // n) * n, n):
        candidates = np.sort(drawn[first : first + n])
        out = np.isin(data.rows, candidates)
        yield _LeftOut(np.flatnonzero(~out), np.flatnonzero(out), data.bank, candidates)


def _answers(config: ExperimentConfig, data: TrainingSet, part: _LeftOut, report: OnProgress) -> _Answers:
    train, tested = divide(data, (part.train, part.test))
    presented = mean_repetitions(train) if config.train.average else train
    decoder = fitted_to(config, presented, part.bank, report)
    scores = np.concatenate([decoder.scores(block)[:, part.candidates] for block in tested.blocks()])
    column = {part.bank.names[row]: at for at, row in enumerate(part.candidates)}
    truth = np.array([column[name] for name in _names(tested)], np.int64)
    return _Answers(scores, truth, part.test)


def _names(data: TrainingSet) -> list[str]:
    return [data.bank.names[row] for row in data.rows]


def _groups(data: TrainingSet, parts: list[Ints]) -> dict[int, Ints]:
    """Return runs of k repeats, (m, k) rows of the joint answers.

    They are repeats of the same picture if pictures return, else of the same concept.
    """
    known = (data.images >= 0).all()
    return (known and _runs(data, data.images, parts)) or _runs(data, data.rows, parts)


def _runs(data: TrainingSet, shown: Ints, parts: list[Ints]) -> dict[int, Ints]:
    """Return disjoint runs of trials that showed the same, within the parts that one decoder answered."""
    subjects = unit_codes(data.trials, "subject")[data.kept]
    rows, place = np.concatenate(parts), np.full(len(data), -1)
    place[rows] = np.arange(len(rows))
    found = {k: np.concatenate([groups_of(shown, subjects, part, k) for part in parts]) for k in REPEATS}
    return {k: place[each] for k, each in found.items() if len(each) >= LEAST_GROUPS}
