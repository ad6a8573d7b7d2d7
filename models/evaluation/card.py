"""The protocol card of a report: what must be said with every figure."""

from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import numpy as np

from bci.bank import Bank
from bci.types import TrialSet
from models.config import ExperimentConfig
from models.evaluation import metrics
from models.evaluation.answers import Answers
from models.evaluation.report import Card
from models.groups import unit_codes

__all__ = ["make_card", "recalls", "versions"]

PACKAGES = ("bci-live", "numpy", "scipy", "scikit-learn", "torch")


def make_card(
    config: ExperimentConfig,
    bank: Bank,
    trials: TrialSet,
    answers: Answers,
    left_out: str,
    n_folds: int,
    selection: str,
) -> Card:
    """Write the protocol down.

    Parameters
    ----------
    bank
        What is ranked.
    trials
        What is judged.
    left_out
        See `Card`.
    """
    spec, evaluation = config.preprocess, config.evaluation
    return Card(
        protocol=evaluation.protocol,
        left_out=left_out,
        n_folds=n_folds,
        gallery=_gallery(config, bank),
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


def _gallery(config: ExperimentConfig, bank: Bank) -> str:
    if config.targets.kind == "classes":
        return "classes, which stand for themselves"
    return f"{GALLERIES[bank.key.kind]} ({bank.key.vision_model}, {bank.key.layer})"


GALLERIES = {"image": "exact image", "template": "concept template", "text": "text"}

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
        said.append(f"{others} trials of concepts that are no candidates, not scored")
    if config.data.reject is not None:
        said.append(f"from training alone: epochs over {config.data.reject:g} microvolts peak to peak")
    return tuple(said)


def _caveats(provenance: Mapping[str, Any]) -> tuple[str, ...]:
    sources = [provenance, *provenance.get("recordings", ())]
    return tuple(dict.fromkeys(str(caveat) for source in sources for caveat in source.get("caveats", ())))


def recalls(answers: Answers) -> dict[str, float]:
    """Return the recall of every candidate that was shown."""
    each = metrics.recalls(answers.ranks == 0, answers.truth, len(answers.concepts))
    return {name: float(share) for name, share in zip(answers.concepts, each, strict=True) if np.isfinite(share)}


def versions() -> dict[str, str]:
    """Return the versions of what computed the figures."""
    found = {}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "not installed"
    return found
