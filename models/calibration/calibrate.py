"""A person's calibration from a recording: channels, matrix and, with labels, a decoder that proves itself.

With labels the last block of events is set aside first. Matrix and decoder are fitted to what comes before it and
judged on it, beside the bundle as it was trained; then both are fitted anew, in the same way, to all events. The
accuracy that stands in the artefact is that of the fit that had not seen the block.
"""

import datetime as dt
from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from typing import Literal, cast, get_args

import numpy as np
from numpy.typing import NDArray

from bci.bank import Bank, numbered
from bci.errors import ConfigError
from bci.preprocess import scale_epochs
from bci.ranking import truth_ranks
from bci.types import Recording, TrialSet, read_only
from models.bundle import Bundle, check_bank
from models.calibration.alignment import person_matrix, windows_of
from models.calibration.artefact import Calibration, Check
from models.calibration.blocks import last_block
from models.calibration.channels import channels_left_out
from models.calibration.own import Own, person_data, shown_often, with_own
from models.encoders import ENCODERS
from models.progress import OnProgress, Progress, silent
from models.runtime import load_decoder
from models.training_set import TrainingSet
from replay.trials import cut_trials, take

__all__ = ["FEWEST", "Labels", "Method", "calibrate", "fit_own"]

Method = Literal["classical", "fine-tune"]
Hits = NDArray[np.bool_]

CHECKED = 0.25
"""Share of the events, the last ones, on which a decoder proves itself."""
FEWEST = 40
"""Labelled events below which no decoder is fitted."""

_FITS = {"classical": "classical.fit_classical", "fine-tune": "fine_tune.fit_fine_tuned"}


@dataclass(frozen=True, slots=True)
class Labels:
    """What is done with the events of a recording.

    Parameters
    ----------
    bank
        What they are ranked against.
    method
        How the decoder is fitted; None: a network whose concepts were not all shown often is fine-tuned, and all
        else is joined by a classical decoder.
    floor
        What the lower end of the accuracy's interval must exceed; None: chance.
    force
        Let it be used live even so.
    """

    bank: Bank
    method: Method | None = None
    floor: float | None = None
    force: bool = False


def calibrate(
    recording: Recording,
    bundle: Bundle,
    labels: Labels | None = None,
    *,
    person: str | None = None,
    date: str | None = None,
    report: OnProgress = silent,
) -> Calibration:
    """Fit to a person what a bundle does not know of them.

    Parameters
    ----------
    recording
        Of this person, in microvolts; with labels its markers tell what was shown.
    bundle
        As it was trained.
    labels
        None fits what needs none: channels and matrix.
    person
        Code of the person.
    date
        ISO 8601; by default now.
    report
        Told how far it is.

    Raises
    ------
    ConfigError
        If there is too little of it, too many channels are bad, or the method does not suit the bundle.
    MismatchError
        If recording or bank do not fit the bundle.
    """
    left_out = channels_left_out(recording, bundle)
    told = partial(
        Calibration,
        bundle=bundle.id,
        preprocess=bundle.preprocess.digest,
        person=person,
        date=date or dt.datetime.now(dt.UTC).isoformat(timespec="milliseconds"),
        seconds=len(recording.data) / recording.sfreq,
        left_out=left_out,
    )
    if labels is None:
        matrix = person_matrix(bundle, windows_of(recording, bundle, left_out))
        return told(bank=bundle.bank.id, events=0, matrix=read_only(matrix))
    check_bank(bundle, labels.bank)
    trials = _events(recording, bundle, labels.bank, left_out)
    method = labels.method or _method_for(bundle, trials)
    check = _check(bundle, labels, trials, method, _half(report, 0))
    own = fit_own(bundle, labels.bank, trials, method, _half(report, 1))
    return told(
        bank=labels.bank.id,
        events=len(trials),
        matrix=read_only(own.matrix),
        method=method,
        decoder=own.decoder,
        weights={name: read_only(array) for name, array in own.weights.items()},
        temperature=own.temperature,
        check=check,
        forced=labels.force,
        note=own.note,
    )


def fit_own(bundle: Bundle, bank: Bank, trials: TrialSet, method: Method, report: OnProgress = silent) -> Own:
    """Fit a person's matrix and decoder to all of some events.

    Raises
    ------
    ConfigError
        If the method does not suit the bundle.
    """
    if method not in get_args(Method):
        raise ConfigError(f"expected the method {' or '.join(get_args(Method))}, got {method!r}")
    module, name = _FITS[method].split(".")
    # what a method needs is imported with it: the classical one does without torch
    fit = getattr(import_module(f"models.calibration.{module}"), name)
    return cast("Callable[[Bundle, TrainingSet, OnProgress], Own]", fit)(
        bundle, person_data(bundle, bank, trials), report
    )


def _events(recording: Recording, bundle: Bundle, bank: Bank, left_out: Collection[str]) -> TrialSet:
    """Cut the labelled events of a recording, in the order in which they were shown."""
    events = numbered(bundle.events, bank)
    trials = cut_trials([recording], bundle.preprocess, events, bank.names, left_out=left_out)
    if len(trials) < FEWEST:
        raise ConfigError(
            f"expected at least {FEWEST} events of known concept, got {len(trials)}: record more, or calibrate "
            "without --labelled"
        )
    return trials


def _half(report: OnProgress, number: int) -> OnProgress:
    """Report one of two fits as half of the work."""

    def tell(progress: Progress) -> None:
        report(Progress(number * progress.steps + progress.step, 2 * progress.steps, progress.loss))

    return tell


def _method_for(bundle: Bundle, trials: TrialSet) -> Method:
    network = bundle.config.decoder.name in ENCODERS
    return "fine-tune" if network and not shown_often(trials.concepts, len(trials.concept_names)) else "classical"


def _check(bundle: Bundle, labels: Labels, trials: TrialSet, method: Method, report: OnProgress) -> Check:
    """Fit to what comes before the last block, and judge that fit and the bundle on it."""
    before, block = (take(trials, rows) for rows in last_block(trials, CHECKED))
    own = fit_own(bundle, labels.bank, before, method, report)
    chance = _chance(before, block, len(labels.bank.names))
    return Check(
        n=len(block),
        hits=int(_hits(with_own(bundle, own), labels.bank, block).sum()),
        uncalibrated=int(_hits(bundle, labels.bank, block).sum()),
        candidates=len(labels.bank.names),
        chance=chance,
        floor=chance if labels.floor is None else labels.floor,
    )


def _hits(bundle: Bundle, bank: Bank, trials: TrialSet) -> Hits:
    """Of which events (n,) the truth is the best of all concepts."""
    epochs = scale_epochs(trials.data, bundle.preprocess, bundle.whitening)
    return np.asarray(truth_ranks(load_decoder(bundle, bank).scores(epochs), trials.concepts) == 0)


def _chance(before: TrialSet, block: TrialSet, n_concepts: int) -> float:
    """Accuracy of always naming what was shown most often before, or of guessing if that is more."""
    often = int(np.bincount(before.concepts, minlength=n_concepts).argmax())
    return max(1 / n_concepts, float(np.mean(block.concepts == often)))
