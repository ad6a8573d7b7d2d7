"""A bundle with a person's calibration in it: what a session decodes with."""

from dataclasses import replace
from typing import Any

from models.bundle import Bundle, Personal
from models.calibration.artefact import Calibration, check_belongs

__all__ = ["apply"]


def apply(bundle: Bundle, calibration: Calibration) -> Bundle:
    """Return a bundle that decodes as the calibration says.

    Its matrix, and its decoder if the calibration has one, are the person's; `personal` tells whose, and which
    channels their sessions do without. It keeps the id that it was trained under. Probabilities are raw again: a
    temperature belongs to the decoder that it was fitted to.

    Parameters
    ----------
    bundle
        As it was trained.

    Raises
    ------
    MismatchError
        If the calibration was made with another bundle, or did not pass its check.
    """
    check_belongs(calibration, bundle)
    personal = Personal(calibration.id, bundle.id, tuple(calibration.left_out), _facts(calibration))
    own = replace(bundle, whitening=calibration.matrix, calibration=None, personal=personal)
    if calibration.decoder is None or calibration.temperature is None:
        return own
    config = bundle.config.model_copy(update={"decoder": calibration.decoder})
    return replace(own, config=config, weights=calibration.weights, temperature=calibration.temperature)


def _facts(calibration: Calibration) -> dict[str, Any]:
    """What screens tell of a calibration."""
    check = calibration.check
    told = {
        "id": calibration.id,
        "person": calibration.person,
        "method": calibration.method,
        "date": calibration.date[:10],
        "minutes": round(calibration.seconds / 60, 1),
        "accuracy": None if check is None else check.accuracy,
        "forced": True if calibration.forced else None,
    }
    return {name: value for name, value in told.items() if value is not None}
