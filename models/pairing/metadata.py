"""What `metadata.json` says of a folder of pairs: where it comes from, how it was split, what it does not show."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bci.bank import BankKey
from bci.types import TrialSet
from models.pairing.features import PREPROCESS, REFERENCES
from models.pairing.part import PairedPart
from models.pairing.quality import Quality
from replay.digits.pictures import DigitPictures
from replay.mindbigdata.arrays import fingerprint

__all__ = ["BY_CONSTRUCTION", "about_events", "about_features", "about_pictures"]

BY_CONSTRUCTION = "pictures were chosen by label. It says nothing of the EEG"


def about_events(source: Path, trials: TrialSet, rule: str, parts: Sequence[PairedPart]) -> dict[str, Any]:
    """Tell of the events: their source, what was left out of it, and which of them are in which part.

    Parameters
    ----------
    source
        The text that they were converted from.
    trials
        All of its events that were taken.
    rule
        How they were split.
    """
    known = trials.provenance
    return {
        "source": {"file": source.name, **asdict(fingerprint(source))},
        "dataset": known["dataset"],
        "caveats": known["caveats"],
        "left_out": known["left_out"],
        "channels": list(trials.labels),
        "sfreq": trials.sfreq,
        "split": rule,
        "classes": {part.part: _counts(part.digits, trials.concept_names) for part in parts},
        "events": {part.part: trials.groups["event"][part.rows].tolist() for part in parts},
    }


def about_pictures(
    pictures: DigitPictures, parts: Sequence[PairedPart], seed: int, vision: BankKey | None
) -> dict[str, Any]:
    """Tell of the pictures, and that they match.

    Parameters
    ----------
    seed
        With which they were dealt.
    vision
        How they and their names were embedded; None if they were not.
    """
    matching = np.concatenate([pictures.digits[part.pictures] == part.digits for part in parts])
    return {
        "pictures": {
            "source": pictures.title,
            "licence": pictures.licence,
            "shape": list(pictures.pixels.shape[1:]),
            "distinct": {part.part: len(np.unique(part.pictures)) for part in parts},
            "seed": seed,
        },
        "pairing_accuracy": float(matching.mean()),
        "pairing_accuracy_says": f"by construction: {BY_CONSTRUCTION}, and is no decoding accuracy",
        "vision": None if vision is None else vision.model_dump(mode="json"),
    }


def about_features(columns: dict[str, tuple[int, int]], quality: Sequence[Quality]) -> dict[str, Any]:
    """Tell of the features of the EEG: which column is of which family, and how good these are."""
    return {
        "features": {
            "columns": columns,
            "preprocess": PREPROCESS.model_dump(mode="json", exclude_defaults=True),
            "fitted": f"the mean covariance of each band, to at most {REFERENCES} training events, evenly spaced",
        },
        "feature_quality": [
            {**asdict(each), "share_different": round(each.share, 4), "said": each.said} for each in quality
        ],
    }


def _counts(digits: NDArray[np.int64], names: tuple[str, ...]) -> dict[str, int]:
    return dict(zip(names, np.bincount(digits, minlength=len(names)).tolist(), strict=True))
