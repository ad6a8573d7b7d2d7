"""A person's own classical decoder beside the bundle's, each weighed by its worth on events it was not fitted to.

Somebody's few minutes are too little to learn from alone, and the bundle knows nothing of them: scores of both are
added up with the two weights, not negative, at which the truth of left-out events is most likely (stacking:
Wolpert 1992, doi:10.1016/S0893-6080(05)80023-1; Breiman 1996, doi:10.1007/BF00117832). A weight of zero is one of
the choices, so that what does not help does not harm either, but for the luck of the events at hand.
"""

import operator
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.bundle import Bundle
from models.calibration.blocks import contiguous_folds
from models.calibration.own import Own, log_loss, ordered, part, shown_often
from models.config import DecoderConfig, ExperimentConfig
from models.decoders import family
from models.decoders.ensemble import member_config
from models.progress import OnProgress, Progress, silent
from models.runtime import load_decoder
from models.training_set import TrainingSet

__all__ = ["fit_classical"]

FOLDS = 4
"""Blocks of neighbouring events that are left out in turn."""

PENALTIES = [1.0, 10.0, 100.0]
CLASSIFIERS = (DecoderConfig(name="toeplitz_lda"), DecoderConfig(name="lda"))
REGRESSIONS = (DecoderConfig(name="ridge", options={"penalties": PENALTIES}),)

Floats = NDArray[np.float64]


def fit_classical(bundle: Bundle, data: TrainingSet, report: OnProgress = silent) -> Own:
    """Fit the candidate that adds most to a bundle, and the weights of both.

    Parameters
    ----------
    bundle
        As it was trained.
    data
        A person's events, in the order in which they were shown.
    """
    assert data.whitening is not None  # noqa: S101 (a person's data always have their matrix)
    own_bank = data.bank.id == bundle.bank.id  # whose rows classifiers are numbered by
    often = shown_often(data.rows, len(data.bank.names))
    candidates = CLASSIFIERS if own_bank and often else REGRESSIONS
    shown, truth = np.unique(data.rows, return_inverse=True)
    known = _scores(bundle, data, bundle.config, bundle.weights)[:, shown]
    tried = []
    for number, candidate in enumerate(candidates):
        weights, loss = _weigh(known, _left_out(bundle, data, candidate)[:, shown], truth)
        tried.append((loss, number, weights))
        report(Progress(number + 1, len(candidates)))
    _, best, weights = min(tried, key=operator.itemgetter(0))
    return _joined(bundle, data, candidates[best], weights)


def _left_out(bundle: Bundle, data: TrainingSet, candidate: DecoderConfig) -> Floats:
    """Scores (n, N) of a candidate for events that it was not fitted to."""
    config = member_config(bundle.config, candidate)
    scores = np.zeros((len(data), len(data.bank.names)))
    for fitted_to, left_out in contiguous_folds(ordered(data), FOLDS):
        weights = family(candidate.name).fit(part(data, fitted_to), config, silent, None).weights
        scores[left_out] = _scores(bundle, part(data, left_out), config, weights)
    return scores


def _scores(bundle: Bundle, data: TrainingSet, config: ExperimentConfig, weights: Mapping[str, Any]) -> Floats:
    """Score events against the bank, (n, N)."""
    fitted = replace(bundle, config=config, weights=weights, whitening=data.whitening)
    decoder = load_decoder(fitted, data.bank)
    return np.concatenate([decoder.scores(block) for block in data.blocks()]).astype(np.float64)


def _weigh(known: Floats, own: Floats, truth: NDArray[np.int64]) -> tuple[Floats, float]:
    """Return the two weights (2,) at which the truth (n,) is most likely, and the log-loss there.

    The log-loss is convex in them.
    """
    from scipy.optimize import minimize  # noqa: PLC0415 (1.3 s to import)

    spreads = np.array([known.std() or 1.0, own.std() or 1.0])

    def loss(weights: Floats) -> float:
        return log_loss(weights[0] / spreads[0] * known + weights[1] / spreads[1] * own, truth)

    found = minimize(loss, np.ones(2), bounds=[(0, None), (0, None)])
    return found.x / spreads, float(found.fun)


def _joined(bundle: Bundle, data: TrainingSet, candidate: DecoderConfig, weights: Floats) -> Own:
    """Fit the candidate to all events and add it to the bundle's decoder, as an ensemble of the two."""
    assert data.whitening is not None  # noqa: S101
    if not weights[1]:
        return Own(data.whitening, note=f"{candidate.name} adds nothing")
    kind = family(candidate.name)
    fitted = kind.fit(data, member_config(bundle.config, candidate), silent, None)
    members = [bundle.config.decoder.model_dump(mode="json"), candidate.model_dump(mode="json")]
    arrays = {f"0/{name}": array for name, array in bundle.weights.items()}
    arrays |= {f"1/{name}": array for name, array in fitted.weights.items()}
    with np.errstate(divide="ignore"):
        arrays["scales"] = 1 / weights  # a weight of 0 is an infinite scale
    decoder = DecoderConfig(name="ensemble", options={"members": members}, label=_label(bundle, candidate))
    # an ensemble takes the mean of its two members: half of the sum that was weighed
    return Own(data.whitening, decoder, arrays, temperature=0.5, note=_note(candidate, weights, fitted.note))


def _label(bundle: Bundle, candidate: DecoderConfig) -> str:
    decoder = bundle.config.decoder
    return f"{decoder.label or decoder.name} + {candidate.name} of the person"


def _note(candidate: DecoderConfig, weights: Floats, chosen: str) -> str:
    told = f"{candidate.name} beside the bundle, weights {weights[0]:.3g} and {weights[1]:.3g}"
    return f"{told}; {chosen}" if chosen else told
