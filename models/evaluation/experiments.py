"""Honest evaluation of an experiment: decoders trained per fold, or one for the data's own test partition.

What is measured is chosen by the config alone; nothing is chosen by what comes out.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bci.bank import Bank
from bci.errors import ConfigError
from bci.preprocess import scale_epochs
from bci.types import TrialSet
from models.config import ExperimentConfig
from models.decoders import family
from models.evaluation.answers import Answers
from models.evaluation.controls import before_stimulus, narrowed
from models.evaluation.crossval import Arm, Outcome, Predict, View, cross_validate
from models.evaluation.cues import NoiseLevel, PastConcepts, past_concepts
from models.evaluation.evidence import Evidence, cross_fitted, fixed, validated
from models.evaluation.leaks import check_partition
from models.evaluation.montages import frontal, subset
from models.evaluation.repetitions import available
from models.evaluation.splits import Split, check_protocol, folds
from models.evaluation.writing import RankOracle, Written, write
from models.pool import OnDone

if TYPE_CHECKING:
    from models.bundle import Bundle
    from models.decoders import ScoringDecoder

__all__ = ["Partition", "TrainedPerFold", "bundle_scores", "evaluate_config"]

VALIDATION = "validation"
WINDOW, CHANNELS = "window-end", "channels"


@dataclass(frozen=True, slots=True)
class TrainedPerFold:
    """The experiment's own decoder as a `models.evaluation.crossval.Fit`, on one thread.

    Parameters
    ----------
    config
        What to train; its seed is replaced by the one asked for.
    bank
        Vectors of the concepts.
    ranked
        Bank that is ranked instead; scores have its order.
    """

    config: ExperimentConfig
    bank: Bank
    ranked: Bank | None = None

    def __call__(self, train: TrialSet, seed: int) -> Predict:
        """Train a bundle and return what ranks with it."""
        from models.train import train as train_bundle  # noqa: PLC0415

        settings = self.config.train.model_copy(update={"seed": seed})
        with _one_thread():
            bundle = train_bundle(train, self.bank, self.config.model_copy(update={"train": settings}))
        return bundle_scores(bundle, self.ranked)


@dataclass(frozen=True, slots=True)
class BundleScores:
    """A bundle as a `models.evaluation.crossval.Predict`: it scales epochs and ranks them.

    Parameters
    ----------
    decoder
        The bundle's own, over the bank whose order the scores have.
    """

    bundle: "Bundle"
    decoder: "ScoringDecoder"

    @property
    def note(self) -> str:
        """What was chosen in training."""
        return str(self.bundle.card.get("chosen", ""))

    @property
    def temperature(self) -> float:
        """Of the softmax over its scores, as it was fitted."""
        return self.bundle.temperature

    def __call__(self, data: NDArray[np.float32]) -> NDArray[np.float32]:
        """Score unscaled epochs (n, n_channels, n_times)."""
        with _one_thread():
            return self.decoder.scores(scale_epochs(data, self.bundle.preprocess, self.bundle.whitening))


def bundle_scores(bundle: "Bundle", bank: Bank | None = None) -> BundleScores:
    """Return what scores unscaled epochs against all concepts of a bank, by default the bundle's own."""
    from models.runtime import load_decoder  # noqa: PLC0415

    return BundleScores(bundle, load_decoder(bundle, bank))


@contextmanager
def _one_thread() -> Iterator[None]:
    """Sums depend on the number of threads; figures must not depend on the number of processes."""
    import torch  # noqa: PLC0415
    from threadpoolctl import threadpool_limits  # noqa: PLC0415

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with threadpool_limits(1):
            yield
    finally:
        torch.set_num_threads(before)


@dataclass(frozen=True, slots=True)
class Partition:
    """Trials that are never trained on, and the bank that they are ranked against.

    Parameters
    ----------
    trials
        Cut with the experiment's preprocessing, not scaled; may be memory-mapped.
    bank
        Vectors of the candidates.
    before
        The same trials before the stimulus; None leaves that control out.
    oracle
        Ranks the bank's concepts for averages of the trials, in a synthetic world.
    """

    trials: TrialSet
    bank: Bank
    before: TrialSet | None = None
    oracle: RankOracle | None = None


def evaluate_config(
    config: ExperimentConfig,
    bank: Bank,
    trials: TrialSet,
    before: TrialSet | None = None,
    *,
    test: Partition | None = None,
    oracle: RankOracle | None = None,
    processes: int = 1,
    progress: OnDone | None = None,
) -> Written:
    """Train and judge decoders, with all controls and curves that the config asks for.

    Parameters
    ----------
    bank
        Vectors of the concepts.
    trials
        Cut with `config.preprocess`, not scaled.
    before
        Cut with `before_stimulus(config, config.evaluation.prestimulus)`; None leaves that control out.
    test
        Judge one decoder, trained on all of `trials`, on this; None trains one per fold of `trials`.
    oracle
        Ranks the bank's concepts for averages of `trials`, where these are folds of a synthetic world; a test
        partition has its own.
    processes
        Fits at a time. Figures do not depend on it.

    Raises
    ------
    MismatchError
        If data, split and protocol do not fit.
    ConfigError
        If a control or curve cannot be computed from these data.
    """
    start = time.perf_counter()
    evaluation, seed = config.evaluation, config.train.seed
    arms = _Arms(config, bank, trials, test)
    outcome = cross_validate(
        arms.decoder(),
        evaluation,
        beside=dict(arms.beside(before)),
        seed=seed,
        processes=processes,
        progress=progress,
    )
    return write(
        config.name,
        config,
        arms.ranked,
        arms.judged,
        outcome,
        _evidence(config, outcome, trials, arms.validation_rows),
        left_out=evaluation.by if test is None else "partition",
        selection=family(config.decoder.name).selection(config),
        oracle=oracle if test is None else test.oracle,
        retrained=_retrained(outcome, config),
        started=start,
    )


class _Arms:
    """What is trained and judged: the decoder, and beside it controls, curves and a validation part."""

    def __init__(self, config: ExperimentConfig, bank: Bank, trials: TrialSet, test: Partition | None) -> None:
        self._config, self._bank, self._trials, self._test = config, bank, trials, test
        evaluation = config.evaluation
        if test is None:
            self.ranked, self.judged, self._splits = bank, trials, folds(trials, evaluation)
        else:
            check_protocol(evaluation)
            check_partition(trials, bank, test.trials, test.bank, evaluation)
            self.ranked, self.judged, self._splits = test.bank, test.trials, (_whole(trials, test.trials),)
        held_back = None if test is None or not evaluation.calibrate else _validation_split(trials, test, config)
        self._validation = held_back
        self.validation_rows = None if held_back is None else held_back.test

    def decoder(self) -> Arm:
        return self._arm(self._config)

    def _arm(self, config: ExperimentConfig, view: View | None = None) -> Arm:
        fit = TrainedPerFold(config, self._bank, self.ranked)
        tested = None if self._test is None else self._test.trials
        return Arm(fit, self._trials, self._splits, tested, self.ranked.names, view or View())

    def beside(self, before: TrialSet | None) -> Iterator[tuple[str, Arm]]:
        """Yield the name and the arm of all that the config asks for."""
        evaluation, decoder = self._config.evaluation, self.decoder()
        if evaluation.prestimulus is not None and before is not None:
            yield "pre-stimulus", self._before(before, evaluation.prestimulus)
        if evaluation.noise_level:
            yield "noise-level-only", replace(decoder, fit=NoiseLevel(self._config, self._bank, self.ranked))
        if evaluation.sequence:
            yield "sequence-only", self._sequence(decoder)
        if evaluation.frontal:
            yield "frontal-only", self._on_channels(_frontal(self._config))
        yield from self._windows()
        yield from self._montages()
        if self._validation is not None:
            fit = TrainedPerFold(self._config, self._bank)
            yield VALIDATION, Arm(fit, self._trials, (self._validation,), None, self._bank.names, filtered=False)

    def _before(self, before: TrialSet, window: tuple[float, float]) -> Arm:
        """A window before the stimulus: where folds are made from, it may lack a trial or have one more."""
        config = before_stimulus(self._config, window)
        if self._test is None:
            return replace(self._arm(config), trials=before, splits=folds(before, config.evaluation))
        if self._test.before is None:
            raise ConfigError(
                "the pre-stimulus control needs the window before the stimulus of the test trials too"
            )
        splits = (_whole(before, self._test.before),)
        return replace(self._arm(config), trials=before, splits=splits, tested=self._test.before)

    def _sequence(self, decoder: Arm) -> Arm:
        if self._config.preprocess.mode != "continuous":
            raise ConfigError(
                "evaluation.sequence needs the order of presentation, which trials that exist only as epochs do "
                "not tell: set it to false"
            )
        names = tuple(dict.fromkeys((*self._bank.names, *self.ranked.names)))
        fit = PastConcepts(self._config, self._bank, self.ranked, names)
        tested = None if decoder.tested is None else past_concepts(decoder.tested, names)
        return replace(decoder, fit=fit, trials=past_concepts(self._trials, names), tested=tested)

    def _on_channels(self, channels: tuple[int, ...]) -> Arm:
        return self._arm(narrowed(self._config, channels), View(channels=channels))

    def _windows(self) -> Iterator[tuple[str, Arm]]:
        spec = self._config.preprocess
        for end in sorted(self._config.evaluation.curves.window_ends):
            if spec.tmin < end < spec.tmax:
                config = narrowed(self._config, tmax=end)
                yield f"{WINDOW} {end:g}", self._arm(config, View(n_times=config.preprocess.n_times))

    def _montages(self) -> Iterator[tuple[str, Arm]]:
        labels = self._config.preprocess.channels
        for size in sorted(self._config.evaluation.curves.channels):
            if (channels := subset(size, labels)) is not None:
                yield f"{CHANNELS} {len(channels)}", self._on_channels(channels)


def _whole(trials: TrialSet, tested: TrialSet) -> Split:
    return Split(np.arange(len(trials)), np.arange(len(tested)))


def _frontal(config: ExperimentConfig) -> tuple[int, ...]:
    labels = config.preprocess.channels
    found = frontal(labels)
    if not 0 < len(found) < len(labels):
        raise ConfigError(
            f"evaluation.frontal needs some channels named Fp, AF or F and some others, got {len(found)} of "
            f"{len(labels)}: set it to false"
        )
    return found


def _validation_split(trials: TrialSet, test: Partition, config: ExperimentConfig) -> Split | None:
    """Leave a part of the training trials out as the test partition is left out; None where that cannot be done.

    Under `zero-shot` as many concepts as are ranked in the test, but no more than a quarter.
    """
    evaluation = config.evaluation
    if evaluation.protocol != "zero-shot":
        try:
            return folds(trials, evaluation)[-1]
        except ConfigError:
            return None
    shown = np.unique(trials.concepts)
    n = min(len(test.bank.names), len(shown) // 4)
    chosen = np.random.default_rng(config.train.seed).permutation(shown)[:n]
    left_out = np.isin(trials.concepts, chosen)
    return Split(np.flatnonzero(~left_out), np.flatnonzero(left_out)) if n > 1 else None


def _evidence(
    config: ExperimentConfig, outcome: Outcome, trials: TrialSet, validation_rows: NDArray[np.int64] | None
) -> Evidence:
    """Fit temperature and discount to what is not tested, or take the decoders' own temperatures."""
    answers, groups = outcome.answers, outcome.groups
    if validation_rows is not None:
        held_out = available(trials, [validation_rows], config.evaluation.curves.repetitions)
        return validated(answers, groups, outcome.beside[VALIDATION], {k: rows[0] for k, rows in held_out.items()})
    if config.evaluation.calibrate and answers.fold.max() > 0:
        return cross_fitted(answers, groups)
    return fixed(answers, groups, outcome.temperatures)


def _retrained(outcome: Outcome, config: ExperimentConfig) -> dict[str, dict[float, Answers]]:
    """Answers of decoders that were trained anew, by curve and by where on it; the whole stands at its end."""
    spec = config.preprocess
    whole = {WINDOW: spec.tmax, CHANNELS: float(len(spec.channels))}
    return {
        name: {
            **{
                float(arm.split()[1]): answers
                for arm, answers in outcome.beside.items()
                if arm.startswith(f"{name} ")
            },
            end: outcome.answers,
        }
        for name, end in whole.items()
    }
