"""Which pictures of an alignment were matched, as it is computed once and kept beside the pairs."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bci.bank import Bank
from bci.storage import load_tensors, save_tensors
from models.alignment.data_config import MatchingConfig
from models.alignment.matching import Matches, above_quantile, candidates, cluster, split
from models.alignment.pairs import PARTS
from replay.nsd.presentations import Presentations
from replay.nsd.stimuli import picture_id
from replay.world.pictures import picture_vectors

__all__ = ["Matched", "load_matched", "match_pictures", "save_matched"]

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Matched:
    """Pairs of pictures.

    Parameters
    ----------
    matches
        `first` are pictures of the EEG's bank, `second` those of the fMRI's.
    clusters
        (n,) int64 K-means cluster of each pair.
    threshold
        Cosine from which on pairs were kept.
    """

    matches: Matches
    clusters: Ints
    threshold: float


def match_pictures(
    eeg: Bank, fmri: Bank, eeg_pictures: Ints, shown: Presentations, options: MatchingConfig
) -> Matched:
    """Match the pictures that were shown on both sides.

    Parameters
    ----------
    eeg, fmri
        Banks of all pictures; those of the fMRI are named as `replay.nsd.stimuli.picture_name` does.
    eeg_pictures
        (n,) pictures that were shown with EEG.
    shown
        Those that were shown in the scanner; what of them was not embedded is left out.

    Raises
    ------
    ConfigError
        If pictures are too few or too unlike, see `models.alignment.matching`.
    """
    first, second = picture_vectors(eeg), fmri.prototypes
    seen = _rows_of(fmri, shown)
    found = candidates(first[eeg_pictures], second[seen], options.neighbours, options.minimum)
    parted = split(eeg_pictures[found[0]], seen[found[1]], found[2], options.seed)
    matches, threshold = above_quantile(parted, options.keep)
    return Matched(matches, cluster(matches, first, second, options.clusters, options.seed), threshold)


def save_matched(path: Path, matched: Matched) -> None:
    """Write what was matched as safetensors."""
    matches = matched.matches
    arrays: dict[str, NDArray[Any]] = {
        "first": matches.first,
        "second": matches.second,
        "similarity": matches.similarity,
        "component": matches.component,
        "part": matches.part,
        "clusters": matched.clusters,
    }
    save_tensors(path, arrays, {"parts": PARTS, "threshold": matched.threshold})


def load_matched(path: Path) -> Matched:
    """Read what `save_matched` wrote.

    Raises
    ------
    FormatError
        If it is missing or damaged.
    """
    arrays, header = load_tensors(path)
    clusters = arrays.pop("clusters")
    return Matched(Matches(**arrays), clusters, header["threshold"])


def _rows_of(fmri: Bank, shown: Presentations) -> Ints:
    """Rows in the bank of the pictures that were shown and embedded."""
    numbers = [picture_id(name) for name in fmri.names]
    known = {number: row for row, number in enumerate(numbers) if number is not None}
    return np.array([known[picture] for picture in shown.pictures.tolist() if picture in known], np.int64)
