"""Evoked responses: the mean epoch of each concept or category, before scaling, in microvolts."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from bci.types import TrialSet
from models.evaluation.report import Evoked

__all__ = ["evoked_responses"]

MOST_LABELS = 8
"""More concepts or categories are averaged together."""
MOST_CHANNELS = 4
PREFERRED = ("Oz", "PO8", "PO7", "Pz", "TP10", "TP9", "O1", "O2", "P8", "P7", "Cz", "AF8", "AF7")
"""Where visual responses are large, the first ones that exist are shown."""
BLOCK = 2048


def evoked_responses(trials: TrialSet, categories: dict[str, str]) -> Evoked:
    """Average epochs by concept, or by category where concepts are many, or all together.

    Parameters
    ----------
    trials
        In microvolts, not scaled; may be memory-mapped.
    categories
        Concept -> category; may be empty.
    """
    labels, codes = _labelled(trials, categories)
    channels = _shown(trials.labels)
    sums = np.zeros((len(labels), len(channels), trials.data.shape[2]))
    for first in range(0, len(trials), BLOCK):
        np.add.at(sums, codes[first : first + BLOCK], trials.data[first : first + BLOCK][:, channels])
    counts = np.bincount(codes, minlength=len(labels))
    means = np.round(sums / np.maximum(counts, 1)[:, None, None], 3)
    return Evoked(
        times=tuple(np.round(trials.tmin + np.arange(trials.data.shape[2]) / trials.sfreq, 4).tolist()),
        channels=tuple(trials.labels[channel] for channel in channels),
        labels=labels,
        counts=tuple(counts.tolist()),
        means=tuple(tuple(map(tuple, label)) for label in means.tolist()),
    )


def _labelled(trials: TrialSet, categories: dict[str, str]) -> tuple[tuple[str, ...], NDArray[np.int64]]:
    """Names of what is averaged, and which of them each trial belongs to."""
    names = [trials.concept_names[concept] for concept in np.unique(trials.concepts)]
    if len(names) > MOST_LABELS:
        names = sorted({categories.get(name, "none") for name in names}) if categories else []
        label = {name: categories.get(name, "none") for name in trials.concept_names}
    else:
        label = {name: name for name in trials.concept_names}
    if not 0 < len(names) <= MOST_LABELS:
        return ("all trials",), np.zeros(len(trials), np.int64)
    index = {name: number for number, name in enumerate(names)}
    by_concept = np.array([index.get(label[name], -1) for name in trials.concept_names])
    return tuple(names), by_concept[trials.concepts]


def _shown(labels: Sequence[str]) -> list[int]:
    upper = [label.upper() for label in labels]
    found = [upper.index(name.upper()) for name in PREFERRED if name.upper() in upper][:MOST_CHANNELS]
    return found or list(range(min(MOST_CHANNELS, len(labels))))
