"""Honest evaluation of an experiment (one decoder trained per fold) or of a bundle (as it is, on other data).

What is measured is chosen by the config alone; nothing is chosen by what comes out.
"""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bci.bank import Bank
from bci.errors import MismatchError
from bci.preprocess import scale_epochs
from bci.types import TrialSet
from models.config import EvaluationConfig, ExperimentConfig
from models.controls import NoiseLevel, before_stimulus, shuffled_rows, unit_codes
from models.crossval import Arm, Predict, cross_validate, shuffle_control
from models.decoders import family
from models.metrics import recalls, truth_ranks
from models.pool import Progress
from models.report import Card, FoldResult, Report
from models.scoring import Answers, collect, fold_value, further_figures, headline, headline_value
from models.splits import folds

if TYPE_CHECKING:
    from models.bundle import Bundle

__all__ = ["TrainedPerFold", "evaluate_bundle", "evaluate_config"]

PACKAGES = ("bci-live", "numpy", "scipy", "scikit-learn", "torch")
SHUFFLES = 1000
"""Of the truth against the scores of a decoder that is not trained anew."""


@dataclass(frozen=True, slots=True)
class TrainedPerFold:
    """The experiment's own decoder as a `models.crossval.Fit`: whitening, training and ranking, on one thread.

    Parameters
    ----------
    config
        What to train; its seed is replaced by the one asked for.
    bank
        Vectors of the concepts; scores have its order.
    """

    config: ExperimentConfig
    bank: Bank

    def __call__(self, train: TrialSet, seed: int) -> Predict:
        """Train a bundle and return what ranks with it."""
        from models.train import train as train_bundle  # noqa: PLC0415

        settings = self.config.train.model_copy(update={"seed": seed})
        with _one_thread():
            bundle = train_bundle(train, self.bank, self.config.model_copy(update={"train": settings}))
        return bundle_scores(bundle)


def bundle_scores(bundle: "Bundle") -> Predict:
    """Return what scores unscaled epochs against all concepts of a bundle's bank."""
    from models.runtime import load_decoder  # noqa: PLC0415

    decoder = load_decoder(bundle)

    def predict(data: NDArray[np.float32]) -> NDArray[np.float32]:
        with _one_thread():
            return decoder.scores(scale_epochs(data, bundle.preprocess, bundle.whitening))

    return predict


@contextmanager
def _one_thread() -> Iterator[None]:
    """Sums depend on the number of threads; figures must not depend on the number of processes."""
    import torch  # noqa: PLC0415

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


# ---------------------------------------------------------------------------------------------------- experiment


def evaluate_config(
    config: ExperimentConfig,
    bank: Bank,
    trials: TrialSet,
    before: TrialSet | None = None,
    *,
    processes: int = 1,
    progress: Progress | None = None,
) -> Report:
    """Train and judge one decoder per fold, with all controls that the config asks for.

    Parameters
    ----------
    bank
        Vectors of the concepts.
    trials
        Cut with `config.preprocess`, not scaled.
    before
        Cut with `before_stimulus(config, config.evaluation.prestimulus)`; None leaves that control out.
    processes
        Folds trained at a time. Figures do not depend on it.

    Raises
    ------
    MismatchError
        If data, split and protocol do not fit.
    """
    start = time.perf_counter()
    evaluation, seed = config.evaluation, config.train.seed
    decoder = Arm(TrainedPerFold(config, bank), trials, folds(trials, evaluation))
    controls = {}
    if before is not None and evaluation.prestimulus is not None:
        fit = TrainedPerFold(before_stimulus(config, evaluation.prestimulus), bank)
        controls["pre-stimulus"] = Arm(fit, before, folds(before, evaluation))
    if evaluation.noise_level:
        controls["noise-level"] = Arm(NoiseLevel(bank.names), trials, decoder.splits)
    outcome = cross_validate(
        decoder,
        evaluation,
        concepts=bank.names,
        controls=controls,
        seed=seed,
        processes=processes,
        progress=progress,
    )
    answers = outcome.answers
    selection = family(config.decoder.name).selection(config)
    return Report(
        name=config.name,
        headline=outcome.headline,
        card=_card(config, bank, trials, answers, len(decoder.splits), selection),
        figures=further_figures(answers, evaluation, config.loss.temperature, seed),
        folds=outcome.folds,
        recalls=_recalls(answers),
        controls=outcome.controls,
        seconds=time.perf_counter() - start,
        versions=_versions(),
        notes=(f"log_loss and brier: uncalibrated, temperature {config.loss.temperature:g}",),
    )


# -------------------------------------------------------------------------------------------------------- bundle


def evaluate_bundle(bundle: "Bundle", trials: TrialSet, evaluation: EvaluationConfig) -> Report:
    """Judge a bundle as it is on data that it was not trained on.

    Parameters
    ----------
    trials
        Cut with `bundle.preprocess`, not scaled.
    evaluation
        Candidates and bootstrap; nothing is split.

    Raises
    ------
    MismatchError
        If the bundle was trained on some of the recordings, whatever the protocol, or on some of the subjects if
        the protocol leaves these out.
    """
    start = time.perf_counter()
    unknown = _refuse_trained_on(bundle, trials, evaluation)
    seed = bundle.config.train.seed
    concepts = bundle.bank.names
    rows = [np.arange(len(trials))]
    scores = [bundle_scores(bundle)(trials.data)]
    answers = collect(trials, concepts, rows, scores, evaluation)
    figure = headline(answers, evaluation, seed)
    shuffles = SHUFFLES if evaluation.permutations else 0
    null = [headline_value(_reshuffled(answers, (seed, p))) for p in range(shuffles)]
    held_out = tuple(sorted({str(name) for name in trials.groups["recording"]}))
    n_train = int(bundle.card.get("n_trials", 0))
    return Report(
        name=f"{bundle.config.name} (bundle {bundle.id})",
        headline=figure,
        card=_card(bundle.config, bundle.bank, trials, answers, 1, str(bundle.card.get("selection", "unknown"))),
        figures=further_figures(answers, evaluation, bundle.temperature, seed),
        folds=(FoldResult(held_out, n_train, len(answers), fold_value(answers, 0)),),
        recalls=_recalls(answers),
        controls=(shuffle_control("shuffled-truth", figure, null),) if null else (),
        seconds=time.perf_counter() - start,
        versions=_versions(),
        notes=(
            "controls that train decoders anew need a config instead of a bundle",
            f"log_loss and brier: uncalibrated, temperature {bundle.temperature:g}",
            *unknown,
        ),
    )


def _reshuffled(answers: Answers, seed: tuple[int, ...]) -> Answers:
    return replace(answers, truth=answers.truth[shuffled_rows(answers.recording, seed)])


def _refuse_trained_on(bundle: "Bundle", trials: TrialSet, evaluation: EvaluationConfig) -> tuple[str, ...]:
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
    if evaluation.protocol == "zero-shot":
        return ("a bundle does not tell which concepts it was trained on: zero-shot holds if none of these was",)
    return ()


# ---------------------------------------------------------------------------------------------------- protocol


def _card(
    config: ExperimentConfig, bank: Bank, trials: TrialSet, answers: Answers, n_folds: int, selection: str
) -> Card:
    spec, evaluation = config.preprocess, config.evaluation
    return Card(
        protocol=evaluation.protocol,
        left_out=evaluation.by,
        n_folds=n_folds,
        gallery=f"{config.targets.kind} ({bank.key.vision_model}, {bank.key.layer})",
        concepts=len(bank.names),
        candidates=answers.concepts,
        n_candidates=(int(answers.n_candidates.min()), int(answers.n_candidates.max())),
        averaged=_averaged(trials, spec.mode),
        n_subjects=len(np.unique(unit_codes(trials, "subject"))),
        n_recordings=len(np.unique(unit_codes(trials, "recording"))),
        n_trials=len(trials),
        n_scored=len(answers),
        seeds=tuple(range(config.train.seed, config.train.seed + config.train.members)),
        selection=selection,
        decoder=config.decoder.name,
        channels=spec.channels,
        window=(spec.tmin, spec.tmax),
        sfreq=spec.sfreq,
        causal=CAUSAL[spec.mode],
        excluded=_excluded(config, trials, answers),
        caveats=_caveats(trials.provenance),
    )


CAUSAL = {
    "continuous": "causal: filters run forward over the continuous signal",
    "epoch": "filters restart in every epoch; what was done to the epochs before is not known to be causal",
}


def _averaged(trials: TrialSet, mode: str) -> str:
    """Say how many presentations make a trial: one, where it was cut from a continuous recording."""
    unsaid = "single trials" if mode == "continuous" else "presentations per trial unknown"
    return str(trials.provenance.get("averaged", unsaid))


def _excluded(config: ExperimentConfig, trials: TrialSet, answers: Answers) -> tuple[str, ...]:
    said = []
    if incomplete := trials.provenance.get("incomplete", 0):
        said.append(f"{incomplete} events whose window is incomplete")
    if others := len(trials) - len(answers):
        said.append(f"{others} held-out trials of concepts that are no candidates (trained on, not scored)")
    if config.data.reject is not None:
        said.append(f"from training alone: epochs over {config.data.reject:g} microvolts peak to peak")
    return tuple(said)


def _caveats(provenance: Mapping[str, Any]) -> tuple[str, ...]:
    sources = [provenance, *provenance.get("recordings", ())]
    return tuple(dict.fromkeys(str(caveat) for source in sources for caveat in source.get("caveats", ())))


def _recalls(answers: Answers) -> dict[str, float]:
    """Recall of every candidate that was shown."""
    hits = truth_ranks(answers.scores, answers.truth) == 0
    each = recalls(hits, answers.truth, len(answers.concepts))
    return {name: float(share) for name, share in zip(answers.concepts, each, strict=True) if np.isfinite(share)}


def _versions() -> dict[str, str]:
    found = {}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "not installed"
    return found
